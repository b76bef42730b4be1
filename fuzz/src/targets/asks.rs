//! What lies in the folder of questions: one that can be read is written down as the same, and no other is taken for one.

use super::world::assert_said;

/// A file that ends in `.ask`.
pub fn asks(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match cli::check_ask(text) {
        Ok(written) => assert_eq!(cli::check_ask(&written).as_ref(), Ok(&written), "from {text:?}"),
        Err(said) => assert_said(&said),
    }
}
