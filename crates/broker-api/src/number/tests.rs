//! What rounding, reading and overflow promise.

use super::*;
use proptest::prelude::*;

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

#[test]
fn reads_only_plain_decimals() {
    for bad in ["", "-", ".", "1.", ".5", "1e3", "NaN", "inf", "+1", " 1", "1 ", "1,5", "0x1", "1_0"] {
        assert_eq!(bad.parse::<Amount>(), Err(BadNumber::Text), "{bad:?}");
    }
    assert_eq!("1".repeat(40).parse::<Amount>(), Err(BadNumber::TooManyDigits));
    assert_eq!("0".parse::<Price>(), Err(BadNumber::Sign));
    assert_eq!("-1".parse::<Qty>(), Err(BadNumber::Sign));
    assert_eq!("1000000000001".parse::<Price>(), Err(BadNumber::Absurd));
    assert_eq!("227.10".parse::<Price>().unwrap().to_string(), "227.10");
}

#[test]
fn rounding_goes_where_its_name_says() {
    let tick = price("0.05");
    assert_eq!(price("1.07").round_down_to(tick).unwrap(), price("1.05"));
    assert_eq!(price("1.07").round_up_to(tick).unwrap(), price("1.10"));
    assert_eq!(price("1.075").round_nearest_to(tick).unwrap(), price("1.10"));
    assert_eq!(price("0.01").round_down_to(tick), Err(Overflow));
    let qty: Qty = "7.9".parse().unwrap();
    assert_eq!(qty.round_down_to("1".parse().unwrap()).unwrap().to_string(), "7");
}

#[test]
fn overflow_is_an_error() {
    let big: Price = "1000000000000".parse().unwrap();
    let much: Qty = "1000000000000000".parse().unwrap();
    assert!(big.times(much).is_ok());
    let amount: Amount = "9999999999999999999999999999".parse().unwrap();
    assert_eq!(amount.times("100".parse().unwrap()), Err(Overflow));
}

proptest! {
    #[test]
    fn text_round_trips(mantissa in any::<i64>(), scale in 0u32..18) {
        let amount = Amount::new(Decimal::new(mantissa, scale)).unwrap();
        prop_assert_eq!(amount.to_string().parse::<Amount>().unwrap(), amount);
        let json = serde_json::to_string(&amount).unwrap();
        prop_assert_eq!(serde_json::from_str::<Amount>(&json).unwrap(), amount);
    }

    #[test]
    fn rounding_brackets_the_value(mantissa in 1i64..1_000_000_000_000, tick in 1i64..1_000_000) {
        let (p, t) = (Price(Decimal::new(mantissa, 6)), Price(Decimal::new(tick, 6)));
        let up = p.round_up_to(t).unwrap();
        prop_assert!(up >= p && up.is_multiple_of(t) && up.0 - p.0 < t.0);
        if let Ok(down) = p.round_down_to(t) {
            prop_assert!(down <= p && down.is_multiple_of(t) && p.0 - down.0 < t.0);
        }
    }
}

#[test]
fn nothing_is_written_without_a_sign_and_every_other_figure_as_it_is() {
    for (amount, text) in [
        (Amount::ZERO.negated(), "0"),
        ("0.00".parse::<Amount>().unwrap().negated(), "0.00"),
        ("1.50".parse::<Amount>().unwrap().negated(), "-1.50"),
        ("0.10".parse::<Amount>().unwrap(), "0.10"),
    ] {
        assert_eq!((String::from(amount), amount.to_string()), (text.to_owned(), text.to_owned()));
        let back: Amount = text.parse().unwrap();
        assert_eq!(String::from(back), text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn the_quick_ways_say_what_decimals_say(
        a in (any::<i64>(), 0_u32..=28, 0_u32..64),
        b in (any::<i64>(), 0_u32..=28, 0_u32..64),
        tick in 0_u32..6,
    ) {
        let decimal = |(mantissa, scale, shift): (i64, u32, u32)| Decimal::new(mantissa >> shift, scale);
        let (x, y) = (decimal(a), decimal(b));
        for (x, y) in [(x, y), (x, x), (x, x.normalize()), (x, -x), (Decimal::MAX, y), (x, Decimal::MIN)] {
            let (x_amount, y_amount) = (Amount::new(x).unwrap(), Amount::new(y).unwrap());
            prop_assert_eq!(x_amount.cmp(&y_amount), x.cmp(&y), "{} {}", x, y);
            prop_assert_eq!(x_amount == y_amount, x == y);
        }
        for value in [x, x.abs(), x.abs() * Decimal::from(1_000)] {
            let is_price = value > Decimal::ZERO && value <= Decimal::from(PRICE_MAX);
            prop_assert_eq!(Price::new(value).is_ok(), is_price, "{}", value);
            let is_qty = value >= Decimal::ZERO && value <= Decimal::from(QTY_MAX);
            prop_assert_eq!(Qty::new(value).is_ok(), is_qty, "{}", value);
        }
        let tick = Price::new(Decimal::new(1, tick)).unwrap();
        if let Ok(price) = Price::new(x) && let Ok(down) = price.round_down_to(tick) {
            prop_assert_eq!(down.get() % tick.get(), Decimal::ZERO);
            prop_assert!(down <= price && price.get() - down.get() < tick.get());
            prop_assert_eq!(price.is_multiple_of(tick), (price.get() % tick.get()).is_zero());
        }
    }
}
