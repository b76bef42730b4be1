//! Numbers of other programs: digits, an exponent as Python writes small ones, or a text of the same.

use rust_decimal::Decimal;

use super::tree::Node;

/// The number, exactly.
pub(super) fn decimal(node: &Node) -> Result<Decimal, String> {
    let text = match node {
        Node::Number(digits) => digits.as_str(),
        Node::Text(text) => text.trim(),
        _ => return Err("is no number".to_owned()),
    };
    let plain = text.strip_prefix('+').unwrap_or(text);
    let digits = plain.bytes().filter(u8::is_ascii_digit).count();
    let known = |c: u8| c.is_ascii_digit() || matches!(c, b'.' | b'-' | b'e' | b'E' | b'+');
    if digits == 0 || !plain.bytes().all(known) {
        return Err(format!("{text:?} is no number; write digits with a point, like 227.10"));
    }
    let read = match plain.split_once(['e', 'E']) {
        None => Decimal::from_str_exact(plain).ok(),
        Some((mantissa, exponent)) => scaled(mantissa, exponent),
    };
    read.ok_or_else(|| format!("{text:?} does not fit into 28 digits, or is no number"))
}

/// The mantissa with its point moved, and nothing rounded.
fn scaled(mantissa: &str, exponent: &str) -> Option<Decimal> {
    let number = Decimal::from_str_exact(mantissa).ok()?.normalize();
    let exponent: i64 = exponent.strip_prefix('+').unwrap_or(exponent).parse().ok()?;
    let scale = i64::from(number.scale()).checked_sub(exponent)?;
    if scale >= 0 {
        return Decimal::try_from_i128_with_scale(number.mantissa(), u32::try_from(scale).ok()?).ok();
    }
    let by = 10_i128.checked_pow(u32::try_from(scale.checked_neg()?).ok()?)?;
    Decimal::try_from_i128_with_scale(number.mantissa().checked_mul(by)?, 0).ok()
}
