//! Bid and ask around a price, against their definition: to the last digit, also where digits are rounded away.

use broker_api::Price;
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;
use crate::matching::prices::Spread;

proptest! {
    #[test]
    fn a_share_lies_half_on_each_side(
        (digits, scale) in (1_i128..=9_999_999_999_999_999_999_999_999_999, 0_u32..=28),
        (share, places) in (1_i64..=2_500_000_000, 0_u32..=28),
        short in any::<bool>(),
    ) {
        let digits = if short { digits % 1_000_000 + 1 } else { digits };
        let Ok(mid) = Price::new(Decimal::from_i128_with_scale(digits, scale)) else { return Ok(()) };
        let share = Decimal::new(share, places);
        let equity = ClassCosts { spread: broker_api::Ratio::new(share).unwrap(), ..ClassCosts::FREE };
        let costs = Costs { equity, ..Costs::FREE };
        let half = mid.get().checked_mul(share * Decimal::new(5, 1));
        let price = |value: Option<Decimal>| value.and_then(|value| Price::new(value).ok());
        let bid = price(half.and_then(|half| mid.get().checked_sub(half)));
        let ask = price(half.and_then(|half| mid.get().checked_add(half)));
        let mark = Spread::configured(AssetClass::Equity, &costs).around(mid).ok();
        let text = |bid: Price, ask: Price| format!("{bid} {ask}");
        prop_assert_eq!(mark.map(|mark| text(mark.bid, mark.ask)), bid.zip(ask).map(|(bid, ask)| text(bid, ask)));
    }
}
