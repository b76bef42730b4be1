//! Hosts and settings of one account. Pure: the environment is handed in.

use std::num::NonZeroU32;

use broker_api::{Mode, VenueId};
use broker_http::{Base, ConfigError, Scheme, is_loopback};

use crate::capabilities::Exits;
use crate::secret::Credentials;

pub(crate) const TOKEN: &str = "OANDA_ACCESS_TOKEN";
pub(crate) const ACCOUNT: &str = "OANDA_ACCOUNT_ID";
const ENVIRONMENT: &str = "OANDA_ENVIRONMENT";
const BASE_URL: &str = "OANDA_BASE_URL";
const STREAM_URL: &str = "OANDA_STREAM_URL";

pub(crate) const PRACTICE_HOST: &str = "api-fxpractice.oanda.com";
pub(crate) const LIVE_HOST: &str = "api-fxtrade.oanda.com";
const PRACTICE_STREAM: &str = "stream-fxpractice.oanda.com";
const LIVE_STREAM: &str = "stream-fxtrade.oanda.com";

/// How many requests a second leave. OANDA takes 120 from one address, of all programs there.
const REQUESTS_PER_SECOND: NonZeroU32 = match NonZeroU32::new(80) {
    Some(number) => number,
    None => NonZeroU32::MIN,
};

/// One account and how it is reached.
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) venue: VenueId,
    pub(crate) mode: Mode,
    pub(crate) credentials: Credentials,
    /// Nothing: the one that the token sees.
    pub(crate) account: Option<String>,
    pub(crate) rest: Base,
    pub(crate) stream: Base,
    pub(crate) exits: Exits,
    pub(crate) requests_per_second: NonZeroU32,
}

impl Config {
    /// The account that a token sees, at OANDA's own hosts. The mode chooses the hosts; the account must confirm it.
    ///
    /// # Errors
    /// A mode that is neither practice nor live.
    pub fn new(venue: VenueId, mode: Mode, credentials: Credentials) -> Result<Self, ConfigError> {
        let (rest, stream) = match mode {
            Mode::Practice => (PRACTICE_HOST, PRACTICE_STREAM),
            Mode::Live => (LIVE_HOST, LIVE_STREAM),
            Mode::Paper => {
                let why = "the embedded paper venue is no account at OANDA; choose practice or live";
                return Err(ConfigError::new("mode", why.to_owned()));
            }
        };
        Ok(Self {
            venue,
            mode,
            credentials,
            account: None,
            rest: base(BASE_URL, &format!("https://{rest}"))?,
            stream: base(STREAM_URL, &format!("https://{stream}"))?,
            exits: Exits::default(),
            requests_per_second: REQUESTS_PER_SECOND,
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
        let Some(token) = get(TOKEN) else {
            let why = "not set, so there is no token for OANDA; create one in the account's portal";
            return Err(ConfigError::new(TOKEN, why.to_owned()));
        };
        let mut config = Self::new(venue, mode, Credentials::token(token)?)?;
        if let Some(text) = get(ENVIRONMENT) {
            let said = match text.trim().to_ascii_lowercase().as_str() {
                "practice" => Mode::Practice,
                "live" => Mode::Live,
                _ => {
                    let why = format!("{text:?} is neither practice nor live");
                    return Err(ConfigError::new(ENVIRONMENT, why));
                }
            };
            if said != mode {
                let why = format!(
                    "it asks for another account than the mode {mode}; make both say the same, or unset it"
                );
                return Err(ConfigError::new(ENVIRONMENT, why));
            }
        }
        if let Some(account) = get(ACCOUNT) {
            config = config.with_account(account.trim())?;
        }
        if let Some(url) = get(BASE_URL) {
            config = config.with_base_url(&url)?;
        }
        if let Some(url) = get(STREAM_URL) {
            config = config.with_stream_url(&url)?;
        }
        Ok(config)
    }

    /// This account of those that the token sees.
    ///
    /// # Errors
    /// Not of the form of an account's id, or one of the other mode by its first number.
    pub fn with_account(mut self, account: &str) -> Result<Self, ConfigError> {
        if !is_account(account) {
            let why = format!("{account:?} is no id of a v20 account; one reads 101-004-1234567-001");
            return Err(ConfigError::new(ACCOUNT, why));
        }
        if let Some(is) = mode_of(account).filter(|is| *is != self.mode) {
            let why =
                format!("{account} is a {is} account, and the mode is {}; change one of them", self.mode);
            return Err(ConfigError::new(ACCOUNT, why));
        }
        self.account = Some(account.to_owned());
        Ok(self)
    }

    /// Another host for everything but the streams; on this machine, for them too.
    ///
    /// # Errors
    /// Not a URL, neither TLS nor loopback, or OANDA's host of the other mode.
    pub fn with_base_url(mut self, url: &str) -> Result<Self, ConfigError> {
        let rest = base(BASE_URL, url)?;
        self.of_this_mode(BASE_URL, &rest)?;
        if is_loopback(&rest.host) {
            self.stream = rest.clone();
        }
        self.rest = rest;
        Ok(self)
    }

    /// Another host for the streams.
    ///
    /// # Errors
    /// As [`Self::with_base_url`].
    pub fn with_stream_url(mut self, url: &str) -> Result<Self, ConfigError> {
        let stream = base(STREAM_URL, url)?;
        self.of_this_mode(STREAM_URL, &stream)?;
        self.stream = stream;
        Ok(self)
    }

    /// How exits are placed.
    #[must_use]
    pub const fn with_exits(mut self, exits: Exits) -> Self {
        self.exits = exits;
        self
    }

    /// How many requests a second may leave, where it is not 80.
    #[must_use]
    pub const fn with_requests_per_second(mut self, number: NonZeroU32) -> Self {
        self.requests_per_second = number;
        self
    }

    /// Whether orders go to this machine: to a simulator.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.rest.host)
    }

    /// Whether anything of it goes over TLS.
    pub(crate) const fn needs_tls(&self) -> bool {
        self.rest.is_tls || self.stream.is_tls
    }

    fn of_this_mode(&self, variable: &'static str, base: &Base) -> Result<(), ConfigError> {
        let other = match base.host.as_str() {
            PRACTICE_HOST | PRACTICE_STREAM => Mode::Practice,
            LIVE_HOST | LIVE_STREAM => Mode::Live,
            _ => self.mode,
        };
        if other == self.mode {
            return Ok(());
        }
        let why =
            format!("{} is the {other} host, and the mode is {}; change one of them", base.host, self.mode);
        Err(ConfigError::new(variable, why))
    }
}

/// A host; the paths have the version that people write behind it.
fn base(variable: &'static str, text: &str) -> Result<Base, ConfigError> {
    Base::read(variable, text, Scheme::Http, "/v3")
}

/// Whether a text has the form of an account's id: site, division, user and number. Older accounts have digits alone.
pub(crate) fn is_account(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    parts.len() == 4
        && text.len() <= 40
        && parts.iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}

/// What kind of account it is by its site: `101` is practice, `001` real money.
pub(crate) fn mode_of(account: &str) -> Option<Mode> {
    match account.split_once('-')?.0 {
        "101" => Some(Mode::Practice),
        "001" => Some(Mode::Live),
        _ => None,
    }
}

/// Whether it is an account in the United States, whose trades with stops of their own must differ in size.
pub(crate) fn is_us(account: &str) -> bool {
    account.split('-').nth(1) == Some("001")
}

#[cfg(test)]
mod tests;
