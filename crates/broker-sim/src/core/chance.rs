//! Chance that can be repeated: one seed, one sequence.

use std::fmt::Write as _;

use broker_api::Time;

/// A sequence of numbers that follows from its seed (splitmix64).
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// The sequence of a seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// True in `percent` of a hundred cases.
    pub fn percent(&mut self, percent: u8) -> bool {
        percent > 0 && self.draw() % 100 < u64::from(percent)
    }

    /// A number from 1 to `max`; 1 when that is nought.
    pub fn up_to(&mut self, max: u64) -> u64 {
        self.draw() % max.max(1) + 1
    }

    /// A UUID of version 4.
    pub fn uuid(&mut self) -> String {
        let (a, b) = (self.draw(), self.draw());
        let (a, b) = ((a & !0xf000) | 0x4000, (b & !(0b11 << 62)) | (0b10 << 62));
        format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            a >> 32,
            (a >> 16) & 0xffff,
            a & 0xffff,
            b >> 48,
            b & 0xffff_ffff_ffff
        )
    }

    /// A ULID of a moment: 26 characters that sort by time.
    pub fn ulid(&mut self, at: Time) -> String {
        const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let millis = u64::try_from(at.timestamp_millis()).unwrap_or_default();
        let mut text = String::with_capacity(26);
        let mut put = |bits: u64, count: u32| {
            for place in (0..count).rev() {
                let _ = text.write_char(char::from(LETTERS[(bits >> (5 * place) & 31) as usize]));
            }
        };
        put(millis, 10);
        put(self.draw(), 8);
        put(self.draw(), 8);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_is_one_sequence() {
        let (mut a, mut b) = (Chance::new(7), Chance::new(7));
        let uuid = a.uuid();
        assert_eq!(uuid, b.uuid());
        assert_eq!(uuid.len(), 36);
        assert_eq!(&uuid[14..15], "4");
        assert!(matches!(&uuid[19..20], "8" | "9" | "a" | "b"), "{uuid}");
        assert_ne!(a.uuid(), uuid);
        assert_eq!(a.ulid(Time::UNIX_EPOCH).len(), 26);
    }
}
