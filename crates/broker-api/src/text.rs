//! Short text that lives inline and is `Copy`: what every identifier is made of.
//!
//! An identifier in Tradewind is at most a few dozen bytes, is compared far more often than it is made, and
//! travels in every record. Held inline it needs no allocation and no lifetime.

use std::cmp::Ordering;
use std::fmt;

/// At most `N` bytes of printable ASCII, without spaces. Orders as the text does.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Text<const N: usize> {
    bytes: [u8; N], // zero after the end, so that the derived order is the order of the text
    len: u8,
}

/// Why a text cannot be an identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadText {
    /// Nothing there.
    Empty,
    /// Longer than the identifier's limit, in bytes.
    TooLong {
        /// Bytes given.
        len: usize,
        /// Bytes allowed.
        max: usize,
    },
    /// A character that this identifier may not hold.
    Character(char),
}

impl fmt::Display for BadText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "is empty"),
            Self::TooLong { len, max } => write!(f, "has {len} bytes, at most {max} are allowed"),
            Self::Character(c) => write!(f, "holds the character {c:?}, which is not allowed here"),
        }
    }
}

impl std::error::Error for BadText {}

/// As the text orders; sixteen bytes at once, for maps are searched by identifiers all the time.
impl<const N: usize> Ord for Text<N> {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        let ((ours, rest), (theirs, other_rest)) =
            (self.bytes.as_chunks::<16>(), other.bytes.as_chunks::<16>());
        for (one, two) in ours.iter().zip(theirs) {
            let (one, two) = (u128::from_be_bytes(*one), u128::from_be_bytes(*two));
            if one != two {
                return one.cmp(&two);
            }
        }
        rest.cmp(other_rest)
    }
}

impl<const N: usize> PartialOrd for Text<N> {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<const N: usize> Text<N> {
    /// Takes `text` if it is not empty, fits, and `allowed` holds for each byte.
    ///
    /// # Errors
    /// The first reason why not.
    pub(crate) fn checked(text: &str, allowed: impl Fn(u8) -> bool) -> Result<Self, BadText> {
        if text.is_empty() {
            return Err(BadText::Empty);
        }
        if text.len() > N || text.len() > usize::from(u8::MAX) {
            return Err(BadText::TooLong { len: text.len(), max: N });
        }
        let may_be = |b: u8| b.is_ascii_graphic() && allowed(b);
        if !text.bytes().all(may_be)
            && let Some(c) = text.chars().find(|c| !u8::try_from(*c).is_ok_and(may_be))
        {
            return Err(BadText::Character(c));
        }
        let mut bytes = [0; N];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        // The cast cannot lose: the length was compared with u8::MAX above.
        Ok(Self { bytes, len: u8::try_from(text.len()).unwrap_or(u8::MAX) })
    }

    /// `text`, for names written in the program itself: lower-case letters, digits and `_` only.
    ///
    /// # Panics
    /// On anything else; in a constant that is an error of the compiler.
    pub(crate) const fn fixed(text: &'static str) -> Self {
        let given = text.as_bytes();
        assert!(!given.is_empty() && given.len() <= N && N < 256, "a fixed name has the wrong length");
        let mut bytes = [0; N];
        let mut at = 0;
        while at < given.len() {
            let b = given[at];
            assert!(b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_', "a fixed name is lower case");
            bytes[at] = b;
            at += 1;
        }
        #[expect(clippy::cast_possible_truncation, reason = "N is below 256, asserted above")]
        let len = given.len() as u8;
        Self { bytes, len }
    }

    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        // Only ASCII ever enters, so this is never the fallback.
        std::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or("")
    }
}

impl<const N: usize> fmt::Display for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl<const N: usize> fmt::Debug for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_as_the_text_does() {
        let t = |s| Text::<8>::checked(s, |_| true).unwrap();
        assert!(t("a") < t("aa") && t("aa") < t("b") && t("B") < t("a"));
        let words = [
            "a",
            "ab",
            "abcdefghijklmnop",
            "abcdefghijklmnopq",
            "abcdefghijklmnopqrstuvwxyz012345678",
            "b",
            "abcdefghijklmnoq",
        ];
        for (one, two) in words.iter().flat_map(|one| words.iter().map(move |two| (*one, *two))) {
            let long = |s| Text::<40>::checked(s, |_| true).unwrap();
            assert_eq!(long(one).cmp(&long(two)), one.cmp(two), "{one} {two}");
        }
    }

    #[test]
    fn refuses_with_the_reason() {
        let c = |s| Text::<3>::checked(s, |b| b != b'-').unwrap_err();
        assert_eq!(c(""), BadText::Empty);
        assert_eq!(c("abcd"), BadText::TooLong { len: 4, max: 3 });
        assert_eq!(c("a-"), BadText::Character('-'));
        assert_eq!(c("a b"), BadText::Character(' '));
        assert_eq!(c("ä"), BadText::Character('ä'));
    }
}
