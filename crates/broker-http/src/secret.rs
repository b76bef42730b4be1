//! Credentials: texts that cannot be printed, logged, serialised or put in a URL. They leave as headers, and in the first
//! message of a stream, over TLS or on loopback.

use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

use crate::base::ConfigError;

/// What stands in the place of a secret that an answer repeats.
const MASK: &[u8] = b"***";
/// Shorter texts are no key that a broker gives, and stand in answers by chance.
const MASKED_MIN: usize = 12;

/// A text that can be a credential.
///
/// # Errors
/// Empty, or with what cannot stand in a header. The text is not repeated.
pub fn checked(variable: &'static str, text: String) -> Result<SecretString, ConfigError> {
    let text = SecretString::from(text);
    let shown = text.expose_secret();
    if shown.is_empty() || !shown.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(unfit(variable));
    }
    Ok(text)
}

/// As a header, marked as sensitive so that nothing prints it; behind `prefix`.
///
/// # Errors
/// A text that cannot stand in a header.
pub fn header(variable: &'static str, prefix: &str, text: &SecretString) -> Result<HeaderValue, ConfigError> {
    let whole = SecretString::from(format!("{prefix}{}", text.expose_secret()));
    let mut value = HeaderValue::from_str(whole.expose_secret()).map_err(|_| unfit(variable))?;
    value.set_sensitive(true);
    Ok(value)
}

/// An answer without these credentials, should it repeat them: what a broker says is told, and journaled.
pub fn masked(secrets: &[SecretString], answer: Vec<u8>) -> Vec<u8> {
    let shown = secrets.iter().map(SecretString::expose_secret).filter(|s| s.len() >= MASKED_MIN);
    shown.fold(answer, |answer, secret| {
        let escaped = serde_json::Value::from(secret).to_string();
        let answer = without(answer, secret.as_bytes());
        without(answer, escaped.trim_matches('"').as_bytes())
    })
}

/// The same bytes with something in the place of each `secret`.
fn without(bytes: Vec<u8>, secret: &[u8]) -> Vec<u8> {
    let find = |bytes: &[u8]| bytes.windows(secret.len()).position(|some| some == secret);
    let Some(mut at) = find(&bytes) else { return bytes };
    let (mut kept, mut rest) = (Vec::with_capacity(bytes.len()), bytes.as_slice());
    loop {
        kept.extend_from_slice(&rest[..at]);
        kept.extend_from_slice(MASK);
        rest = &rest[at + secret.len()..];
        let Some(next) = find(rest) else { break };
        at = next;
    }
    kept.extend_from_slice(rest);
    kept
}

fn unfit(variable: &'static str) -> ConfigError {
    ConfigError::new(
        variable,
        "is empty, or holds spaces or characters that no key has; copy it anew".to_owned(),
    )
}
