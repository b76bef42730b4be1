//! The configuration: what is accepted can be written down whole and means the same then; what is not is explained.

use super::world::assert_said;

/// A `tradewind.toml`.
pub fn config(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match cli::check_config(text) {
        Ok(written) => assert_eq!(cli::check_config(&written).as_ref(), Ok(&written), "from {text:?}"),
        Err(said) => {
            assert_said(&said);
            assert!(said.len() <= 2 * text.len() + 20_000, "{} bytes are said of {}", said.len(), text.len());
        }
    }
}
