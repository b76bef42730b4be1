//! Credentials: a type that cannot be printed, logged, serialised or put in a URL. They leave as headers of a request
//! and in the first message of the stream, both over TLS or on loopback.

use std::fmt;

use broker_http::ConfigError;
use broker_http::secret::{checked, header};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName};
use secrecy::{ExposeSecret, SecretString};

use crate::config::{BEARER, KEY_ID, SECRET_KEY};

const KEY_HEADER: HeaderName = HeaderName::from_static("apca-api-key-id");
const SECRET_HEADER: HeaderName = HeaderName::from_static("apca-api-secret-key");

/// What proves to Alpaca who asks.
#[derive(Clone)]
pub struct Credentials(Kind);

#[derive(Clone)]
enum Kind {
    Key { id: SecretString, secret: SecretString },
    Bearer(SecretString),
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Kind::Key { .. } => "Credentials(an API key)",
            Kind::Bearer(_) => "Credentials(an OAuth token)",
        })
    }
}

impl Credentials {
    /// An API key with its secret, as the dashboard shows them.
    ///
    /// # Errors
    /// One of them is empty, or holds what cannot stand in a header. The text is not repeated.
    pub fn key(id: String, secret: String) -> Result<Self, ConfigError> {
        Ok(Self(Kind::Key { id: checked(KEY_ID, id)?, secret: checked(SECRET_KEY, secret)? }))
    }

    /// An OAuth token.
    ///
    /// # Errors
    /// As [`Credentials::key`].
    pub fn bearer(token: String) -> Result<Self, ConfigError> {
        Ok(Self(Kind::Bearer(checked(BEARER, token)?)))
    }

    /// As headers of every request, marked as sensitive so that nothing prints them.
    pub(crate) fn headers(&self) -> Result<HeaderMap, ConfigError> {
        let mut headers = HeaderMap::new();
        match &self.0 {
            Kind::Key { id, secret } => {
                headers.insert(KEY_HEADER, header(KEY_ID, "", id)?);
                headers.insert(SECRET_HEADER, header(SECRET_KEY, "", secret)?);
            }
            Kind::Bearer(token) => {
                headers.insert(AUTHORIZATION, header(BEARER, "Bearer ", token)?);
            }
        }
        Ok(headers)
    }

    /// What an answer must not repeat.
    pub(crate) fn secrets(&self) -> Vec<SecretString> {
        match &self.0 {
            Kind::Key { id, secret } => vec![secret.clone(), id.clone()],
            Kind::Bearer(token) => vec![token.clone()],
        }
    }

    /// As the first message of the stream.
    pub(crate) fn authenticate(&self) -> SecretString {
        let data = match &self.0 {
            Kind::Key { id, secret } => {
                serde_json::json!({"key_id": id.expose_secret(), "secret_key": secret.expose_secret()})
            }
            Kind::Bearer(token) => serde_json::json!({"oauth_token": token.expose_secret()}),
        };
        SecretString::from(serde_json::json!({"action": "authenticate", "data": data}).to_string())
    }
}

#[cfg(test)]
mod tests {
    use broker_http::secret;

    use super::*;

    #[test]
    fn nothing_prints_a_secret() {
        let key = Credentials::key("PKTEST".into(), "hush".into()).unwrap();
        let token = Credentials::bearer("hush".into()).unwrap();
        for text in [format!("{key:?}"), format!("{token:?}"), format!("{:?}", key.headers().unwrap())] {
            assert!(!text.contains("hush") && !text.contains("PKTEST"), "{text}");
        }
        let refused = Credentials::key("PKTEST".into(), "hush hush".into()).unwrap_err().to_string();
        assert!(refused.starts_with("APCA_API_SECRET_KEY: ") && !refused.contains("hush"), "{refused}");
    }

    #[test]
    fn an_answer_that_repeats_a_secret_loses_it() {
        let key = Credentials::key("PKAAAAAAAAAAAAAA".into(), "hush\"hushhushhush".into()).unwrap();
        let masked = |text: &str| String::from_utf8(secret::masked(&key.secrets(), text.into())).unwrap();
        assert_eq!(masked("PKAAAAAAAAAAAAAA and PKAAAAAAAAAAAAAA, no PKAA"), "*** and ***, no PKAA");
        assert_eq!(masked(r#"{"message":"bad hush\"hushhushhush"}"#), r#"{"message":"bad ***"}"#);
        assert_eq!(masked(r#"bad hush"hushhushhush"#), "bad ***");
        let token = Credentials::bearer("hushhushhush".into()).unwrap();
        assert_eq!(secret::masked(&token.secrets(), b"hushhushhush!".to_vec()), b"***!");
        // A simulator takes any text for a key.
        let short = Credentials::key("any".into(), "any".into()).unwrap();
        assert_eq!(secret::masked(&short.secrets(), b"a company".to_vec()), b"a company");
    }

    #[test]
    fn the_stream_is_told_in_its_own_words() {
        let told = |credentials: Credentials| credentials.authenticate().expose_secret().to_owned();
        assert_eq!(
            told(Credentials::key("k".into(), "s".into()).unwrap()),
            r#"{"action":"authenticate","data":{"key_id":"k","secret_key":"s"}}"#
        );
        assert_eq!(
            told(Credentials::bearer("t".into()).unwrap()),
            r#"{"action":"authenticate","data":{"oauth_token":"t"}}"#
        );
    }
}
