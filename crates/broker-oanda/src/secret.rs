//! The token: a type that cannot be printed, logged, serialised or put in a URL. It leaves as a header of every request,
//! over TLS or on loopback.

use std::fmt;

use broker_http::ConfigError;
use broker_http::secret::{checked, header};
use reqwest::header::HeaderValue;
use secrecy::SecretString;

use crate::config::TOKEN;

/// What proves to OANDA who asks: a personal access token.
#[derive(Clone)]
pub struct Credentials(SecretString);

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(an access token)")
    }
}

impl Credentials {
    /// A token as the account's portal shows it.
    ///
    /// # Errors
    /// It is empty, or holds what cannot stand in a header: a line break at its end, say. The text is not repeated.
    pub fn token(token: String) -> Result<Self, ConfigError> {
        checked(TOKEN, token).map(Self)
    }

    /// As a header of every request.
    pub(crate) fn header(&self) -> Result<HeaderValue, ConfigError> {
        header(TOKEN, "Bearer ", &self.0)
    }

    /// What an answer must not repeat.
    pub(crate) fn secrets(&self) -> Vec<SecretString> {
        vec![self.0.clone()]
    }
}

#[cfg(test)]
mod tests {
    use broker_http::secret::masked;

    use super::*;

    #[test]
    fn nothing_prints_the_token_and_no_answer_repeats_it() {
        let token = Credentials::token("hushhushhushhush".into()).unwrap();
        let shown = [format!("{token:?}"), format!("{:?}", token.header().unwrap())];
        assert!(shown.iter().all(|text| !text.contains("hush")), "{shown:?}");
        let refused = Credentials::token("hush\n".into()).unwrap_err().to_string();
        assert!(refused.starts_with("OANDA_ACCESS_TOKEN: ") && !refused.contains("hush"), "{refused}");
        let answer = masked(&token.secrets(), b"a bad hushhushhushhush!".to_vec());
        assert_eq!(answer, b"a bad ***!");
    }
}
