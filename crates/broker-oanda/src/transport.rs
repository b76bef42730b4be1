//! The way to one account at OANDA, and what its answers have in common. How one request becomes one answer is shared with
//! the other adapters: `broker-http`.

use broker_api::{QueryFailed, Time};
use broker_http::{Answer, Client, Clock, Failure, Host, Limits, StartError, Told, query_failed};
use chrono::TimeDelta;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use rustls::ClientConfig;
use serde::de::DeserializeOwned;
use tokio::sync::OnceCell;

use crate::classify::Refusal;
use crate::config::Config;
use crate::convert;
use crate::wire::Accounts;

pub(crate) type Request = broker_http::Request<()>;

/// OANDA counts the requests of one second, from one address.
const WINDOW: TimeDelta = TimeDelta::seconds(1);
/// How long nothing leaves after a refusal for too many requests that does not say how long; none is promised to say it.
const PAUSE: TimeDelta = TimeDelta::seconds(2);

/// RFC3339 in requests and answers. A header of another spelling is passed over.
const DATES: HeaderName = HeaderName::from_static("accept-datetime-format");
const AGENT: HeaderName = HeaderName::from_static("oanda-agent");

/// See the module.
pub(crate) struct Transport {
    http: Client,
    host: Host,
    wanted: Option<String>,
    found: OnceCell<String>,
}

/// What goes with every request.
pub(crate) fn headers(config: &Config) -> Result<HeaderMap, StartError> {
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, config.credentials.header().map_err(|why| StartError::because(&why))?);
    headers.insert(DATES, HeaderValue::from_static("RFC3339"));
    headers.insert(AGENT, HeaderValue::from_static("tradewind"));
    Ok(headers)
}

impl Transport {
    pub(crate) fn new(config: &Config, tls: ClientConfig, clock: Clock) -> Result<Self, StartError> {
        let limits = Limits::new(config.requests_per_second, WINDOW, PAUSE);
        Ok(Self {
            http: Client::new(tls, headers(config)?, config.credentials.secrets(), clock)?,
            host: Host::new(&config.rest, limits, told),
            wanted: config.account.clone(),
            found: OnceCell::new(),
        })
    }

    pub(crate) fn now(&self) -> Time {
        self.http.now()
    }

    /// The account's id, as far as it is known.
    pub(crate) fn known(&self) -> Option<&str> {
        self.found.get().map(String::as_str).or(self.wanted.as_deref())
    }

    /// The account's id: the one that was named, or the only one that the token sees.
    pub(crate) async fn account(&self) -> Result<&str, QueryFailed> {
        if let Some(named) = self.wanted.as_deref().filter(|_| self.found.get().is_none()) {
            return Ok(named);
        }
        let found = self.found.get_or_try_init(|| async {
            let seen: Accounts = self.read(Request::get("/v3/accounts")).await?;
            convert::only_account(&seen)
        });
        found.await.map(String::as_str)
    }

    /// A question about the account; `path` begins behind its id.
    pub(crate) async fn of_account(&self, path: &str) -> Result<Request, QueryFailed> {
        Ok(Request::get(format!("/v3/accounts/{}{path}", self.account().await?)))
    }

    /// Sends a request, once, and reads its answer whole.
    pub(crate) async fn exchange(&self, request: Request) -> Result<Answer, Failure> {
        self.http.exchange(&self.host, request).await
    }

    /// What a refusal says, as short as a person needs it.
    pub(crate) fn told(&self, answer: &Answer) -> String {
        let Refusal { code, message, .. } = Refusal::read(answer);
        let code = code.map(|code| format!(" ({code})")).unwrap_or_default();
        let id = self.http.header(&answer.headers, "requestid");
        let id = id.map(|id| format!(" [request {id}]")).unwrap_or_default();
        format!("{} {message}{code}{id}", answer.status)
    }

    /// Reads an answer of a form; nothing when OANDA says that it has nothing of that name.
    pub(crate) async fn ask<T: DeserializeOwned>(&self, request: Request) -> Result<Option<T>, QueryFailed> {
        let what = format!("{} {}", request.method, request.path);
        let answer =
            self.exchange(request).await.map_err(|failure| query_failed(failure.to_string(), true))?;
        if (200..300).contains(&answer.status) {
            return serde_json::from_slice(&answer.body).map(Some).map_err(|why| {
                let text = format!("{what}: {} with a body that cannot be read ({why})", answer.status);
                query_failed(text, true)
            });
        }
        if answer.status == 404 && Refusal::read(&answer).says_absent() {
            return Ok(None);
        }
        let transient = matches!(answer.status, 408 | 429 | 500..);
        Err(query_failed(format!("{what}: {}", self.told(&answer)), transient))
    }

    /// Reads an answer that must be there.
    pub(crate) async fn read<T: DeserializeOwned>(&self, request: Request) -> Result<T, QueryFailed> {
        let what = format!("{} {}", request.method, request.path);
        self.ask(request).await?.ok_or_else(|| query_failed(format!("{what}: 404 not found"), false))
    }
}

/// What the headers say of the rate limit: nothing is documented, and what is there counts.
fn told(headers: &HeaderMap, now: Time) -> Told {
    let wait = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse::<i64>().ok());
    let retry_at = wait.and_then(TimeDelta::try_seconds).and_then(|wait| now.checked_add_signed(wait));
    Told { retry_at, ..Told::default() }
}
