//! One request, one answer. HTTP/1 without retries, redirects or proxies; bounded in size and time; and an error tells
//! whether anything can have left us.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use broker_api::{ClientOrderId, QueryFailed, Time, planted};
use chrono::TimeDelta;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Client, Method, redirect, retry};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt as _;
use serde::de::DeserializeOwned;

use crate::broker::Clock;
use crate::classify::Refusal;
use crate::config::{Base, Config};
use crate::limits::{Limits, Priority, Told};
use crate::secret::Credentials;

/// The most bytes of an answer that are read: 10,000 bars have two million.
const BODY_MAX: usize = 16 << 20;
/// How long a connection may take. Within it nothing of a request has left.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// How long an answer may take, from the first byte sent to its last one read.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);
/// A connection that was idle for longer is not used again: the other side may be closing it.
const IDLE_MAX: Duration = Duration::from_secs(15);
/// How long a read waits for its turn under the rate limit.
const TURN_WITHIN: TimeDelta = TimeDelta::seconds(10);

/// Why an adapter cannot start: the system has no certificates to trust, or its TLS does not work.
#[derive(Debug)]
pub struct StartError(String);

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StartError {}

/// Which host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    Trading,
    Data,
}

/// One request. Its path begins with a slash; what stands in it is encoded already.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) at: At,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) priority: Priority,
}

impl Request {
    pub(crate) fn get(path: impl Into<String>) -> Self {
        let (path, query) = (path.into(), Vec::new());
        Self { at: At::Trading, method: Method::GET, path, query, body: None, priority: Priority::Read }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    pub(crate) fn at(self, at: At) -> Self {
        Self { at, ..self }
    }

    pub(crate) fn first(self, priority: Priority) -> Self {
        Self { priority, ..self }
    }
}

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

/// No answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Nothing of the request left us.
    NotSent(String),
    /// Nothing left us, because the rate limit is used up.
    Full(Time),
    /// Something may have arrived.
    Lost(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSent(why) | Self::Lost(why) => f.write_str(why),
            Self::Full(until) => write!(f, "the rate limit of Alpaca is used up until {until}"),
        }
    }
}

struct Host {
    base: String,
    limits: Mutex<Limits>,
}

/// The way to both hosts.
pub(crate) struct Transport {
    client: Client,
    headers: HeaderMap,
    credentials: Credentials,
    trading: Host,
    data: Host,
    clock: Clock,
    /// The entries that brought other orders with them, and their ids there, by the name that Alpaca gives them all.
    pub(crate) groups: Mutex<BTreeMap<String, (ClientOrderId, String)>>,
    #[cfg(feature = "probe")]
    tap: Option<crate::probe::Tap>,
}

/// TLS as the system trusts it; without any trust where nothing goes over TLS.
pub(crate) fn tls(needed: bool) -> Result<ClientConfig, StartError> {
    let failed = |why: rustls::Error| {
        StartError(format!(
            "TLS does not work here: {why}; install the system's certificates (package ca-certificates)"
        ))
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(failed)?;
    Ok(if needed {
        builder.with_platform_verifier().map_err(failed)?.with_no_client_auth()
    } else {
        builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth()
    })
}

impl Transport {
    pub(crate) fn new(config: &Config, tls: ClientConfig, clock: Clock) -> Result<Self, StartError> {
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .http1_only()
            .retry(retry::never())
            .redirect(redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .connect_timeout(CONNECT_WITHIN)
            .timeout(ANSWER_WITHIN)
            .pool_idle_timeout(IDLE_MAX)
            .user_agent(concat!("tradewind/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|why| StartError(format!("the HTTP client cannot be built: {why}")))?;
        let host = |base: &Base| Host {
            base: base.text.clone(),
            limits: Mutex::new(Limits::new(config.requests_per_minute)),
        };
        let headers = config.credentials.headers().map_err(|why| StartError(why.to_string()))?;
        Ok(Self {
            client,
            headers,
            credentials: config.credentials.clone(),
            trading: host(&config.trading),
            data: host(&config.data),
            clock,
            groups: Mutex::default(),
            #[cfg(feature = "probe")]
            tap: config.tap.clone(),
        })
    }

    pub(crate) fn now(&self) -> Time {
        (self.clock)()
    }

    const fn host(&self, at: At) -> &Host {
        match at {
            At::Trading => &self.trading,
            At::Data => &self.data,
        }
    }

    /// Sends a request, once, and reads its answer whole.
    pub(crate) async fn exchange(&self, request: Request) -> Result<Answer, Failure> {
        self.turn(self.host(request.at), request.priority).await?;
        self.send(request).await
    }

    /// The same without a turn.
    #[cfg(feature = "probe")]
    pub(crate) async fn send(&self, request: Request) -> Result<Answer, Failure> {
        let Some(tap) = &self.tap else { return self.send_on(request).await };
        let mut told = crate::probe::Exchange {
            method: request.method.to_string(),
            path: request.path.clone(),
            query: request.query.clone(),
            body: request.body.as_ref().map(|body| String::from_utf8_lossy(body).into_owned()),
            ..crate::probe::Exchange::default()
        };
        let host = self.host(request.at);
        let came = self.send_on(request).await;
        match &came {
            Ok(answer) => {
                told.status = Some(answer.status);
                told.answer = String::from_utf8_lossy(&answer.body).into_owned();
                told.limit = Some(lock(&host.limits).limit());
            }
            Err(failure) => told.answer = failure.to_string(),
        }
        (tap.0)(&told);
        came
    }

    #[cfg(not(feature = "probe"))]
    async fn send(&self, request: Request) -> Result<Answer, Failure> {
        self.send_on(request).await
    }

    async fn send_on(&self, request: Request) -> Result<Answer, Failure> {
        let host = self.host(request.at);
        let Request { method, path, query, body, .. } = request;
        let what = format!("{method} {path}");
        let mut builder =
            self.client.request(method, format!("{}{path}", host.base)).headers(self.headers.clone());
        if !query.is_empty() {
            builder = builder.query(&query);
        }
        if let Some(body) = body {
            builder = builder.header(CONTENT_TYPE, "application/json").body(body);
        }
        let request = builder.build().map_err(|why| Failure::NotSent(told(&what, &why)))?;
        // A connection that could not be made carried nothing; any other error may have come after the first byte.
        let again = if planted!(PostRepeated) { request.try_clone() } else { None };
        let mut answered = self.client.execute(request).await;
        if let (Err(why), Some(again)) = (&answered, again)
            && !why.is_connect()
        {
            answered = self.client.execute(again).await;
        }
        let mut response = answered.map_err(|why| {
            let text = told(&what, &why);
            if why.is_connect() { Failure::NotSent(text) } else { Failure::Lost(text) }
        })?;
        let (now, said) = (self.now(), headers(response.headers(), self.now()));
        lock(&host.limits).observe(now, said);
        let status = response.status().as_u16();
        let until = (status == 429).then(|| lock(&host.limits).too_many(now, said));
        let request = response.headers().get("x-request-id").and_then(|id| id.to_str().ok()).map(|id| {
            let masked = self.credentials.mask(id.as_bytes().to_vec());
            short(&String::from_utf8_lossy(&masked), 64)
        });
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|why| Failure::Lost(told(&what, &why)))? {
            if body.len() + chunk.len() > BODY_MAX {
                return Err(Failure::Lost(format!("{what}: the answer has more than {BODY_MAX} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer {
            status,
            body: self.credentials.mask(body),
            request,
            until,
            #[cfg(feature = "probe")]
            has_retry_after: said.retry_at.is_some(),
        })
    }

    /// Waits for a turn under the rate limit: reads a little, commands not at all.
    async fn turn(&self, host: &Host, priority: Priority) -> Result<(), Failure> {
        let began = self.now();
        loop {
            let now = self.now();
            let Err(until) = lock(&host.limits).take(now, priority) else { return Ok(()) };
            if priority != Priority::Read || until - began > TURN_WITHIN {
                return Err(Failure::Full(until));
            }
            tokio::time::sleep((until - now).to_std().unwrap_or_default().max(Duration::from_millis(50)))
                .await;
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

pub(crate) fn query_failed(why: String, transient: bool) -> QueryFailed {
    QueryFailed { why: why.into(), transient }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// At most so many characters of a text, for errors.
pub(crate) fn short(text: &str, most: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(most).collect()
}

/// An error with its causes, and without the query.
fn told(what: &str, error: &reqwest::Error) -> String {
    let mut text =
        if error.is_timeout() { format!("{what}: no answer in time") } else { format!("{what}: no answer") };
    let mut cause = std::error::Error::source(error);
    while let Some(why) = cause {
        text.push_str(": ");
        text.push_str(&why.to_string());
        cause = why.source();
    }
    text
}

fn headers(headers: &HeaderMap, now: Time) -> Told {
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
