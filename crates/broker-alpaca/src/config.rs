//! Hosts and settings of one account. Pure: the environment is handed in.

use std::num::NonZeroU32;

use broker_api::{Mode, VenueId};
use broker_http::{Base, ConfigError, Scheme, is_loopback};

use crate::secret::Credentials;

pub(crate) const KEY_ID: &str = "APCA_API_KEY_ID";
pub(crate) const SECRET_KEY: &str = "APCA_API_SECRET_KEY";
pub(crate) const BEARER: &str = "APCA_API_OAUTH";
const BEARER_OLD: &str = "APCA_API_OAUTH_TOKEN";
const KEY_ID_NEW: &str = "ALPACA_API_KEY";
const SECRET_KEY_NEW: &str = "ALPACA_SECRET_KEY";
const PAPER: &str = "ALPACA_PAPER_TRADE";
const BASE_URL: &str = "APCA_API_BASE_URL";
const DATA_URL: &str = "APCA_API_DATA_URL";
const STREAM_URL: &str = "APCA_API_STREAM_URL";

pub(crate) const PAPER_HOST: &str = "paper-api.alpaca.markets";
pub(crate) const LIVE_HOST: &str = "api.alpaca.markets";
const DATA_HOST: &str = "data.alpaca.markets";

/// How many requests a minute Alpaca takes from one key, if its headers say nothing else.
const REQUESTS_PER_MINUTE: NonZeroU32 = match NonZeroU32::new(200) {
    Some(number) => number,
    None => NonZeroU32::MIN,
};

/// Whose quotes and bars of stocks are read. What an account may read is a matter of its subscription.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Feed {
    /// One exchange, 2 to 3 % of the volume: its quote is not the best one. What every account may read.
    #[default]
    Iex,
    /// All exchanges. Needs a paid subscription.
    Sip,
    /// All exchanges, 15 minutes late. Daily bars come from the same.
    DelayedSip,
}

impl Feed {
    /// As latest quotes name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Iex => "iex",
            Self::Sip => "sip",
            Self::DelayedSip => "delayed_sip",
        }
    }

    /// As the past names it: there is no late feed of it.
    pub(crate) const fn of_the_past(self) -> &'static str {
        match self {
            Self::Iex => "iex",
            Self::Sip | Self::DelayedSip => "sip",
        }
    }
}

/// One account and how it is reached.
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) venue: VenueId,
    pub(crate) mode: Mode,
    pub(crate) credentials: Credentials,
    pub(crate) trading: Base,
    pub(crate) data: Base,
    pub(crate) stream: Base,
    pub(crate) feed: Feed,
    pub(crate) has_fractions: bool,
    pub(crate) requests_per_minute: NonZeroU32,
    #[cfg(feature = "probe")]
    pub(crate) tap: Option<crate::probe::Tap>,
}

impl Config {
    /// An account at Alpaca's own hosts. The mode chooses the host; the broker must confirm it.
    ///
    /// # Errors
    /// A mode that is neither practice nor live.
    pub fn new(venue: VenueId, mode: Mode, credentials: Credentials) -> Result<Self, ConfigError> {
        let host = match mode {
            Mode::Practice => PAPER_HOST,
            Mode::Live => LIVE_HOST,
            Mode::Paper => {
                let why = "the embedded paper venue is no account at Alpaca; choose practice or live";
                return Err(ConfigError::new("mode", why.to_owned()));
            }
        };
        Ok(Self {
            venue,
            mode,
            credentials,
            trading: base(BASE_URL, &format!("https://{host}"), Scheme::Http)?,
            data: base(DATA_URL, &format!("https://{DATA_HOST}"), Scheme::Http)?,
            stream: base(STREAM_URL, &format!("wss://{host}/stream"), Scheme::WebSocket)?,
            feed: Feed::default(),
            has_fractions: false,
            requests_per_minute: REQUESTS_PER_MINUTE,
            #[cfg(feature = "probe")]
            tap: None,
        })
    }

    /// An account as the environment names it: `lookup` gives the value of a variable. An empty one is none.
    ///
    /// # Errors
    /// The variable that is missing, contradicts another or the mode, or cannot be read. No value of a secret is in it.
    pub fn from_lookup(
        venue: VenueId,
        mode: Mode,
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let get = |name: &'static str| lookup(name).filter(|value| !value.trim().is_empty());
        let mut config = Self::new(venue, mode, credentials(&get)?)?;
        let says_paper = get(PAPER).map(|text| switch(PAPER, &text)).transpose()?;
        if says_paper.is_some_and(|paper| paper != (mode == Mode::Practice)) {
            let why = format!(
                "it asks for another account than the mode {mode}; make both say the same, or unset it"
            );
            return Err(ConfigError::new(PAPER, why));
        }
        if let Some(url) = get(BASE_URL) {
            config = config.with_base_url(&url)?;
        }
        if let Some(url) = get(DATA_URL) {
            config = config.with_data_url(&url)?;
        }
        if let Some(url) = get(STREAM_URL) {
            config = config.with_stream_url(&url)?;
        }
        Ok(config)
    }

    /// Another host for orders, account and calendar; the stream is expected beside it, under `/stream`.
    ///
    /// # Errors
    /// Not a URL, neither TLS nor loopback, or Alpaca's host of the other mode.
    pub fn with_base_url(mut self, url: &str) -> Result<Self, ConfigError> {
        let trading = base(BASE_URL, url, Scheme::Http)?;
        let other = match trading.host.as_str() {
            PAPER_HOST => Mode::Practice,
            LIVE_HOST => Mode::Live,
            _ => self.mode,
        };
        if other != self.mode {
            let why = format!(
                "{} is the {other} host, and the mode is {}; change one of them",
                trading.host, self.mode
            );
            return Err(ConfigError::new(BASE_URL, why));
        }
        let scheme = if trading.is_tls { "wss" } else { "ws" };
        let rest = trading.text.split_once("://").map_or("", |(_, rest)| rest);
        self.stream = base(STREAM_URL, &format!("{scheme}://{rest}/stream"), Scheme::WebSocket)?;
        self.trading = trading;
        Ok(self)
    }

    /// Another host for prices.
    ///
    /// # Errors
    /// Not a URL, or neither TLS nor loopback.
    pub fn with_data_url(mut self, url: &str) -> Result<Self, ConfigError> {
        self.data = base(DATA_URL, url, Scheme::Http)?;
        Ok(self)
    }

    /// Another place for the stream `trade_updates`.
    ///
    /// # Errors
    /// Not a URL of a websocket, or neither TLS nor loopback.
    pub fn with_stream_url(mut self, url: &str) -> Result<Self, ConfigError> {
        self.stream = base(STREAM_URL, url, Scheme::WebSocket)?;
        Ok(self)
    }

    /// Another feed of stock prices.
    #[must_use]
    pub const fn with_feed(mut self, feed: Feed) -> Self {
        self.feed = feed;
        self
    }

    /// Whether stocks are traded in parts of a share. An order for a fraction is a day order without a bracket, so its
    /// stop does not outlive the session: off unless asked for.
    #[must_use]
    pub const fn with_fractions(mut self, has_fractions: bool) -> Self {
        self.has_fractions = has_fractions;
        self
    }

    /// How many requests a minute the key may send, where it is not Alpaca's usual number.
    #[must_use]
    pub const fn with_requests_per_minute(mut self, number: NonZeroU32) -> Self {
        self.requests_per_minute = number;
        self
    }

    /// Whether orders go to this machine: to a simulator.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.trading.host)
    }

    /// Tells somebody of every request and what came of it.
    #[cfg(feature = "probe")]
    #[must_use]
    pub fn with_tap(mut self, tap: crate::probe::Tap) -> Self {
        self.tap = Some(tap);
        self
    }

    /// Whether anything of it goes over TLS.
    pub(crate) const fn needs_tls(&self) -> bool {
        self.trading.is_tls || self.data.is_tls || self.stream.is_tls
    }
}

/// Key and secret of one pair of names, or a token.
fn credentials(get: &impl Fn(&'static str) -> Option<String>) -> Result<Credentials, ConfigError> {
    let mut found = None;
    for (id, secret) in [(KEY_ID, SECRET_KEY), (KEY_ID_NEW, SECRET_KEY_NEW)] {
        let missing = |name, has: &str| {
            Err(ConfigError::new(name, format!("not set, though {has} is; both belong together")))
        };
        let pair = match (get(id), get(secret)) {
            (Some(key), Some(value)) => (key, value),
            (Some(_), None) => return missing(secret, id),
            (None, Some(_)) => return missing(id, secret),
            (None, None) => continue,
        };
        if found.as_ref().is_some_and(|known| *known != pair) {
            let why = format!("it names another key than {KEY_ID}; unset one of the two pairs");
            return Err(ConfigError::new(id, why));
        }
        found = Some(pair);
    }
    let token = get(BEARER).or_else(|| get(BEARER_OLD));
    match (found, token) {
        (Some(_), Some(_)) => {
            let why = format!("set beside {KEY_ID}; use a key or a token, not both");
            Err(ConfigError::new(BEARER, why))
        }
        (Some((id, secret)), None) => Credentials::key(id, secret),
        (None, Some(token)) => Credentials::bearer(token),
        (None, None) => {
            let why = format!(
                "not set, so there is no key to Alpaca; set it and {SECRET_KEY} (or {KEY_ID_NEW} and {SECRET_KEY_NEW}, or {BEARER})"
            );
            Err(ConfigError::new(KEY_ID, why))
        }
    }
}

/// A host; the paths have the version that people write behind it.
fn base(variable: &'static str, text: &str, scheme: Scheme) -> Result<Base, ConfigError> {
    Base::read(variable, text, scheme, "/v2")
}

fn switch(name: &'static str, text: &str) -> Result<bool, ConfigError> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" => Ok(true),
        "false" | "0" | "no" => Ok(false),
        _ => Err(ConfigError::new(name, format!("{text:?} is neither true nor false"))),
    }
}

#[cfg(test)]
mod tests;
