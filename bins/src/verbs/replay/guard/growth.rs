//! Growth for a year, in decimals: natural logarithm and power by their series, the same on every machine.

use broker_api::{Amount, Ratio};
use chrono::TimeDelta;
use rust_decimal::Decimal;

/// How small the last term of a series is.
const LEAST: Decimal = Decimal::from_parts(1, 0, 0, false, 24);
/// The natural logarithm of two.
const LN_TWO: Decimal = Decimal::from_parts(0xAA7A_65BF, 0x81F5_2F01, 0x1665_943F, false, 28);
/// More would be no growth that a person can read.
const POWER_MOST: Decimal = Decimal::from_parts(40, 0, 0, false, 0);

/// The natural logarithm of a number above zero: taken down to between 0.7 and 1.5 by twos, then by the series of the
/// inverse hyperbolic tangent.
fn ln(mut x: Decimal) -> Option<Decimal> {
    if x <= Decimal::ZERO {
        return None;
    }
    let mut twos = 0_i32;
    while x > Decimal::new(15, 1) {
        (x, twos) = (x / Decimal::TWO, twos.checked_add(1)?);
    }
    while x < Decimal::new(7, 1) {
        (x, twos) = (x.checked_mul(Decimal::TWO)?, twos.checked_sub(1)?);
    }
    let z = (x - Decimal::ONE).checked_div(x + Decimal::ONE)?;
    let (square, mut power, mut sum, mut odd) = (z * z, z, Decimal::ZERO, Decimal::ONE);
    while power.abs() > LEAST {
        sum += power / odd;
        (power, odd) = (power * square, odd + Decimal::TWO);
    }
    LN_TWO.checked_mul(Decimal::from(twos))?.checked_add(sum * Decimal::TWO)
}

/// The power of e, by its series over a sixteenth and four squares.
fn exp(y: Decimal) -> Option<Decimal> {
    if y.abs() > POWER_MOST {
        return None;
    }
    let part = y / Decimal::from(16);
    let (mut term, mut sum, mut n) = (Decimal::ONE, Decimal::ONE, Decimal::ONE);
    while term.abs() > LEAST {
        term = term * part / n;
        (sum, n) = (sum + term, n + Decimal::ONE);
    }
    for _ in 0..4 {
        sum = sum.checked_mul(sum)?;
    }
    Some(sum)
}

/// The growth for a year of 365.25 days from one amount to another over a span; nothing when there is no span, or
/// nothing is left, or the figure is beyond reading.
pub fn yearly(from: Amount, to: Amount, span: TimeDelta) -> Option<Ratio> {
    if from <= Amount::ZERO || span <= TimeDelta::zero() {
        return None;
    }
    let years = Decimal::from(span.num_seconds()).checked_div(Decimal::from(31_557_600))?;
    let growth = ln(to.get().checked_div(from.get())?)?.checked_div(years)?;
    Ratio::new((exp(growth)? - Decimal::ONE).round_dp(8).normalize()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn logarithms_and_powers_are_those_of_the_tables() {
        let near = |is: Option<Decimal>, known: &str| (is.unwrap() - d(known)).abs() < Decimal::new(1, 15);
        assert_eq!(LN_TWO, d("0.6931471805599453094172321215"));
        assert!(near(ln(d("10")), "2.302585092994045684"));
        assert!(near(ln(d("0.01")), "-4.605170185988091368"));
        assert!(near(ln(Decimal::ONE), "0"));
        assert!(near(exp(Decimal::ONE), "2.718281828459045235"));
        assert!(near(exp(d("-2")), "0.135335283236612692"));
        assert!((exp(ln(d("26.3")).unwrap()).unwrap() - d("26.3")).abs() < Decimal::new(1, 14));
        assert_eq!((ln(Decimal::ZERO), ln(d("-1")), exp(d("41"))), (None, None, None));
    }

    #[test]
    fn growth_is_for_a_year() {
        let money = |text: &str| text.parse::<Amount>().unwrap();
        let days = |hundredths: i64| TimeDelta::seconds(hundredths * 864);
        let growth =
            |from: &str, to: &str, span| yearly(money(from), money(to), span).map(|of| of.to_string());
        // eleven years, ten thousand to 263 thousand
        assert_eq!(growth("10000", "263000", days(11 * 36_525)), Some("0.34612964".to_owned()));
        assert_eq!(growth("100", "121", days(2 * 36_525)), Some("0.1".to_owned()));
        assert_eq!(growth("100", "100", days(36_525)), Some("0".to_owned()));
        assert_eq!(growth("100", "50", days(36_525)), Some("-0.5".to_owned()));
        for (to, span) in [("0", days(36_525)), ("-5", days(36_525)), ("100", days(0)), ("200", days(1))] {
            assert_eq!(growth("100", to, span), None, "{to}");
        }
    }
}
