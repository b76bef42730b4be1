//! The way to Alpaca's hosts, and what its answers have in common. How one request becomes one answer is shared with the
//! other adapters: `broker-http`.

use std::collections::BTreeMap;
use std::sync::Mutex;

use broker_api::{ClientOrderId, QueryFailed, Time};
use broker_http::{Base, Client, Clock, Host, Limits, Told};
use chrono::TimeDelta;
use reqwest::header::HeaderMap;
use rustls::ClientConfig;
use serde::de::DeserializeOwned;

use crate::classify::Refusal;
use crate::config::Config;

pub use broker_http::StartError;
pub(crate) use broker_http::{Failure, lock, query_failed, short, tls};

/// Alpaca counts requests per key and minute.
const WINDOW: TimeDelta = TimeDelta::seconds(60);
/// How long nothing leaves after a refusal for too many requests that does not say how long.
const PAUSE: TimeDelta = TimeDelta::seconds(5);

/// Which host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum At {
    #[default]
    Trading,
    Data,
}

/// One request to one of the two.
pub(crate) type Request = broker_http::Request<At>;

/// A whole answer, whatever it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    /// Alpaca's name of the request: its support asks for it.
    pub(crate) request: Option<String>,
    /// For a refusal for too many requests: not before.
    pub(crate) until: Option<Time>,
    /// Whether it says itself when to come back.
    #[cfg(feature = "probe")]
    pub(crate) has_retry_after: bool,
}

impl Answer {
    pub(crate) const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }

    /// What a refusal says, as short as a person needs it.
    pub(crate) fn told(&self) -> String {
        let Refusal { code, message, others, .. } = Refusal::read(self);
        let code = code.map(|code| format!(" ({code})")).unwrap_or_default();
        let others = others.join(", ");
        let others = if others.is_empty() { others } else { format!("; in its way: {others}") };
        let request = self.request.as_deref().map(|id| format!(" [request {id}]")).unwrap_or_default();
        format!("{} {message}{code}{others}{request}", self.status)
    }
}

/// The way to both hosts.
pub(crate) struct Transport {
    http: Client,
    trading: Host,
    data: Host,
    /// The entries that brought other orders with them, and their ids there, by the name that Alpaca gives them all.
    pub(crate) groups: Mutex<BTreeMap<String, (ClientOrderId, String)>>,
    #[cfg(feature = "probe")]
    tap: Option<crate::probe::Tap>,
}

impl Transport {
    pub(crate) fn new(config: &Config, tls: ClientConfig, clock: Clock) -> Result<Self, StartError> {
        let headers = config.credentials.headers().map_err(|why| StartError::because(&why))?;
        let host = |base: &Base| {
            Host::new(base, Limits::new(config.requests_per_minute, WINDOW, PAUSE), headers_told)
        };
        Ok(Self {
            http: Client::new(tls, headers, config.credentials.secrets(), clock)?,
            trading: host(&config.trading),
            data: host(&config.data),
            groups: Mutex::default(),
            #[cfg(feature = "probe")]
            tap: config.tap.clone(),
        })
    }

    pub(crate) fn now(&self) -> Time {
        self.http.now()
    }

    const fn host(&self, at: At) -> &Host {
        match at {
            At::Trading => &self.trading,
            At::Data => &self.data,
        }
    }

    /// Sends a request, once, and reads its answer whole.
    pub(crate) async fn exchange(&self, request: Request) -> Result<Answer, Failure> {
        #[cfg(feature = "probe")]
        let told = self.tap.as_ref().map(|_| crate::probe::Exchange::of(&request));
        let host = self.host(request.at);
        let came = self.http.exchange(host, request).await.map(|answer| self.answer(answer));
        #[cfg(feature = "probe")]
        self.tell(told, host, &came);
        came
    }

    /// The same without a turn.
    #[cfg(feature = "probe")]
    pub(crate) async fn send(&self, request: Request) -> Result<Answer, Failure> {
        let told = self.tap.as_ref().map(|_| crate::probe::Exchange::of(&request));
        let host = self.host(request.at);
        let came = self.http.send(host, request).await.map(|answer| self.answer(answer));
        self.tell(told, host, &came);
        came
    }

    /// Tells who listens, unless nothing was sent.
    #[cfg(feature = "probe")]
    fn tell(&self, told: Option<crate::probe::Exchange>, host: &Host, came: &Result<Answer, Failure>) {
        let (Some(tap), Some(mut told)) = (&self.tap, told) else { return };
        match came {
            Ok(answer) => {
                told.status = Some(answer.status);
                told.answer = String::from_utf8_lossy(&answer.body).into_owned();
                told.limit = Some(host.limit());
            }
            Err(Failure::Full(_)) => return,
            Err(failure) => told.answer = failure.to_string(),
        }
        (tap.0)(&told);
    }

    fn answer(&self, answer: broker_http::Answer) -> Answer {
        Answer {
            status: answer.status,
            request: self.http.header(&answer.headers, "x-request-id"),
            until: answer.until,
            #[cfg(feature = "probe")]
            has_retry_after: answer.told.retry_at.is_some(),
            body: answer.body,
        }
    }

    /// Reads an answer of a form; nothing when the venue has nothing of that name.
    pub(crate) async fn ask<T: DeserializeOwned>(&self, request: Request) -> Result<Option<T>, QueryFailed> {
        let what = format!("{} {}", request.method, request.path);
        let answer =
            self.exchange(request).await.map_err(|failure| query_failed(failure.to_string(), true))?;
        if answer.is_success() {
            return serde_json::from_slice(&answer.body).map(Some).map_err(|why| {
                query_failed(
                    format!("{what}: {} with a body that cannot be read ({why})", answer.status),
                    true,
                )
            });
        }
        if answer.status == 404 && Refusal::read(&answer).says_absent() {
            return Ok(None);
        }
        let transient = matches!(answer.status, 408 | 429 | 500..);
        Err(query_failed(format!("{what}: {}", answer.told()), transient))
    }

    /// Reads an answer that must be there.
    pub(crate) async fn read<T: DeserializeOwned>(&self, request: Request) -> Result<T, QueryFailed> {
        let what = format!("{} {}", request.method, request.path);
        self.ask(request).await?.ok_or_else(|| query_failed(format!("{what}: 404 not found"), false))
    }
}

/// What the headers say of the rate limit.
fn headers_told(headers: &HeaderMap, now: Time) -> Told {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<i64>().ok();
    let count = |name: &str| number(name).and_then(|n| u32::try_from(n).ok());
    Told {
        limit: count("x-ratelimit-limit"),
        remaining: count("x-ratelimit-remaining"),
        reset: number("x-ratelimit-reset").and_then(|seconds| Time::from_timestamp(seconds, 0)),
        retry_at: number("retry-after")
            .and_then(TimeDelta::try_seconds)
            .and_then(|wait| now.checked_add_signed(wait)),
    }
}
