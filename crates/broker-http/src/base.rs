//! A host that may be spoken to, and a setting that does not work.

use std::fmt;

use reqwest::Url;

/// A setting that does not work: which variable, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    variable: &'static str,
    why: String,
}

impl ConfigError {
    /// This variable does not work, for this reason.
    pub const fn new(variable: &'static str, why: String) -> Self {
        Self { variable, why }
    }

    /// The environment variable to change; `mode` when it is the mode itself.
    pub const fn variable(&self) -> &'static str {
        self.variable
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.variable, self.why)
    }
}

impl std::error::Error for ConfigError {}

/// What a base URL must begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// `https`, or `http` on this machine.
    Http,
    /// `wss`, or `ws` on this machine.
    WebSocket,
}

/// A host that may be spoken to: over TLS, or on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// Without a slash at its end.
    pub text: String,
    /// Its name or address, without brackets.
    pub host: String,
    /// Its port, also where it is the usual one.
    pub port: u16,
    /// Whether it is spoken to over TLS.
    pub is_tls: bool,
}

impl Base {
    /// Reads the URL that `variable` names. People write the version behind the host, and the paths have it already: a
    /// `version` (`/v2`) at its end is left away.
    ///
    /// # Errors
    /// Not a URL of this scheme, neither TLS nor loopback, or one with more than a host and a path.
    pub fn read(
        variable: &'static str,
        text: &str,
        scheme: Scheme,
        version: &str,
    ) -> Result<Self, ConfigError> {
        let bad = |why: String| ConfigError::new(variable, why);
        let url = Url::parse(text.trim()).map_err(|why| bad(format!("not a URL ({why})")))?;
        let (tls, plain) = match scheme {
            Scheme::Http => ("https", "http"),
            Scheme::WebSocket => ("wss", "ws"),
        };
        if !url.username().is_empty()
            || url.password().is_some()
            || url.query().is_some()
            || url.fragment().is_some()
        {
            return Err(bad(
                "a URL holds a host and a path only; credentials have variables of their own".to_owned()
            ));
        }
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let is_tls = url.scheme() == tls;
        if !is_tls && url.scheme() != plain {
            return Err(bad(format!("it begins with {}://, not with {tls}://", url.scheme())));
        }
        if !is_tls && !is_loopback(&host) {
            return Err(bad(format!("{host} is another machine; only {tls}:// may leave this one")));
        }
        let Some(port) = url.port_or_known_default().filter(|_| !host.is_empty()) else {
            return Err(bad("it names no host".to_owned()));
        };
        let text = url.as_str().trim_end_matches('/');
        let text = text.strip_suffix(version).unwrap_or(text).to_owned();
        Ok(Self { text, host, port, is_tls })
    }
}

/// Whether a host is this machine.
pub fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}
