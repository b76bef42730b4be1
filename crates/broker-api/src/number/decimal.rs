//! What bare decimals are asked: how they are read, compared, and brought to whole steps.

use std::cmp::Ordering;

use rust_decimal::{Decimal, RoundingStrategy};

use super::BadNumber;

/// The powers of ten that fit into 64 bits.
const POWERS: [i64; 19] = {
    let mut powers = [1; 19];
    let mut n = 1;
    while n < powers.len() {
        powers[n] = powers[n - 1] * 10;
        n += 1;
    }
    powers
};

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
#[inline]
pub(super) fn is_plain_multiple(value: Decimal, step: Decimal) -> bool {
    step.mantissa() == 1 && value.scale() <= step.scale()
}

/// As decimals compare; quicker where both have few digits, which figures mostly have.
#[inline]
pub(super) fn compare(a: Decimal, b: Decimal) -> Ordering {
    let (one, other) = (a.unpack(), b.unpack());
    if one.scale != other.scale {
        return apart(a, b);
    }
    if one.negative || other.negative || one.hi != 0 || other.hi != 0 {
        return a.mantissa().cmp(&b.mantissa());
    }
    let low = |mid: u32, lo: u32| u64::from(mid) << 32 | u64::from(lo);
    low(one.mid, one.lo).cmp(&low(other.mid, other.lo))
}

/// The same of decimals that have not as many places.
#[inline(never)]
fn apart(a: Decimal, b: Decimal) -> Ordering {
    let (scale, other) = (a.scale(), b.scale());
    // Brought to as many places, both are far within 128 bits.
    let wide = |value: Decimal, by: u32| {
        let factor = POWERS.get(by as usize)?;
        i64::try_from(value.mantissa()).ok().map(|mantissa| i128::from(mantissa) * i128::from(*factor))
    };
    let brought = if scale < other {
        wide(a, other - scale).map(|a| a.cmp(&b.mantissa()))
    } else {
        wide(b, scale - other).map(|b| a.mantissa().cmp(&b))
    };
    brought.unwrap_or_else(|| a.cmp(&b))
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
#[inline]
pub(super) fn is_small(value: Decimal) -> bool {
    !value.is_sign_negative() && value.mantissa() <= 1_000_000_000_000
}
