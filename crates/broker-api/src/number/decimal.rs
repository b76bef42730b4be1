//! What bare decimals are asked: how they are read, compared, and brought to whole steps.

use std::cmp::Ordering;

use rust_decimal::{Decimal, RoundingStrategy};

use super::BadNumber;

pub(super) fn parse(text: &str) -> Result<Decimal, BadNumber> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !plain(whole) || !plain(fraction) {
        return Err(BadNumber::Text);
    }
    Decimal::from_str_exact(text).map_err(|_| BadNumber::TooManyDigits)
}

/// Whether `value` is a multiple of `step` by its looks: `step` is 0.01 or the like, and `value` has no more places.
pub(super) fn is_plain_multiple(value: Decimal, step: Decimal) -> bool {
    step.mantissa() == 1 && value.scale() <= step.scale()
}

/// As decimals compare; quicker where both have as many places, which prices of one instrument mostly have.
pub(super) fn compare(a: Decimal, b: Decimal) -> Ordering {
    if a.scale() == b.scale() { a.mantissa().cmp(&b.mantissa()) } else { a.cmp(&b) }
}

pub(super) fn multiple(value: Decimal, step: Decimal, strategy: RoundingStrategy) -> Option<Decimal> {
    if is_plain_multiple(value, step) {
        return Some(value);
    }
    let steps = value.checked_div(step)?.round_dp_with_strategy(0, strategy);
    Some(steps.checked_mul(step)?.normalize())
}

/// Nothing has no sign: `-0` is not read back as it was written.
pub(super) fn plain(value: Decimal) -> Decimal {
    if value.is_zero() { value.abs() } else { value }
}

/// Whether a figure is not negative and has so few digits that it is within every bound, wherever its point stands.
pub(super) fn is_small(value: Decimal) -> bool {
    !value.is_sign_negative() && value.mantissa() <= 1_000_000_000_000
}
