//! One request, one answer. HTTP/1 without retries, redirects or proxies; bounded in size and time; and an error tells
//! whether anything can have left us.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use broker_api::{QueryFailed, Time, planted};
use chrono::TimeDelta;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{ClientBuilder, Method, redirect, retry};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt as _;
use secrecy::SecretString;

use crate::base::Base;
use crate::limits::{Limits, Priority, Told};
use crate::secret::masked;

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

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Time + Send + Sync>;

/// Why an adapter cannot start: the system has no certificates to trust, or its TLS does not work.
#[derive(Debug)]
pub struct StartError(String);

impl StartError {
    /// For this reason.
    pub fn because(why: &dyn fmt::Display) -> Self {
        Self(why.to_string())
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StartError {}

/// One request. Its path begins with a slash; what stands in it is encoded already. `H` says which of an adapter's hosts.
#[derive(Clone, Debug)]
pub struct Request<H = ()> {
    /// Which host.
    pub at: H,
    /// What is asked.
    pub method: Method,
    /// From its slash on.
    pub path: String,
    /// Encoded when it is sent.
    pub query: Vec<(&'static str, String)>,
    /// JSON.
    pub body: Option<Vec<u8>>,
    /// Who goes first.
    pub priority: Priority,
}

impl<H: Default> Request<H> {
    /// A question.
    pub fn get(path: impl Into<String>) -> Self {
        let (path, query) = (path.into(), Vec::new());
        Self { at: H::default(), method: Method::GET, path, query, body: None, priority: Priority::Read }
    }
}

impl<H> Request<H> {
    /// The same with one more parameter.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// The same to another host.
    #[must_use]
    pub fn at(self, at: H) -> Self {
        Self { at, ..self }
    }

    /// The same with another priority.
    #[must_use]
    pub fn first(self, priority: Priority) -> Self {
        Self { priority, ..self }
    }
}

/// A whole answer, whatever it says.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// All of it, with credentials masked.
    pub body: Vec<u8>,
    /// For a refusal for too many requests: not before.
    pub until: Option<Time>,
    /// What its headers say of the rate limit.
    pub told: Told,
}

/// No answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
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
            Self::Full(until) => write!(f, "the rate limit of the broker is used up until {until}"),
        }
    }
}

/// A host, with what may be asked of it.
pub struct Host {
    base: String,
    limits: Mutex<Limits>,
    told: fn(&HeaderMap, Time) -> Told,
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Host({})", self.base)
    }
}

impl Host {
    /// `told` reads what the headers of its answers say of the rate limit.
    pub fn new(base: &Base, limits: Limits, told: fn(&HeaderMap, Time) -> Told) -> Self {
        Self { base: base.text.clone(), limits: Mutex::new(limits), told }
    }

    /// How many requests there may be in a window, by the last word on it.
    pub fn limit(&self) -> u32 {
        lock(&self.limits).limit()
    }
}

/// The way to all hosts of one account.
pub struct Client {
    inner: reqwest::Client,
    headers: HeaderMap,
    secrets: Vec<SecretString>,
    clock: Clock,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client")
    }
}

/// TLS as the system trusts it; without any trust where nothing goes over TLS.
///
/// # Errors
/// The system has no certificates.
pub fn tls(needed: bool) -> Result<ClientConfig, StartError> {
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

/// What every client of ours is: HTTP/1, once, straight there. How long an answer may take its user says.
pub fn builder(tls: ClientConfig) -> ClientBuilder {
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .http1_only()
        .retry(retry::never())
        .redirect(redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .connect_timeout(CONNECT_WITHIN)
        .pool_idle_timeout(IDLE_MAX)
        .user_agent(concat!("tradewind/", env!("CARGO_PKG_VERSION")))
}

impl Client {
    /// `headers` go with every request; `secrets` are masked in every answer.
    ///
    /// # Errors
    /// The HTTP client cannot be built.
    pub fn new(
        tls: ClientConfig,
        headers: HeaderMap,
        secrets: Vec<SecretString>,
        clock: Clock,
    ) -> Result<Self, StartError> {
        let inner = builder(tls)
            .timeout(ANSWER_WITHIN)
            .build()
            .map_err(|why| StartError(format!("the HTTP client cannot be built: {why}")))?;
        Ok(Self { inner, headers, secrets, clock })
    }

    /// The time.
    pub fn now(&self) -> Time {
        (self.clock)()
    }

    /// Sends a request in its turn, once, and reads its answer whole.
    ///
    /// # Errors
    /// [`Failure`]: whether anything can have left us.
    pub async fn exchange<H>(&self, host: &Host, request: Request<H>) -> Result<Answer, Failure> {
        self.turn(host, request.priority).await?;
        self.send(host, request).await
    }

    /// The same without waiting for a turn.
    ///
    /// # Errors
    /// See [`Self::exchange`].
    pub async fn send<H>(&self, host: &Host, request: Request<H>) -> Result<Answer, Failure> {
        let Request { method, path, query, body, .. } = request;
        let what = format!("{method} {path}");
        let mut builder =
            self.inner.request(method, format!("{}{path}", host.base)).headers(self.headers.clone());
        if !query.is_empty() {
            builder = builder.query(&query);
        }
        if let Some(body) = body {
            builder = builder.header(CONTENT_TYPE, "application/json").body(body);
        }
        let request = builder.build().map_err(|why| Failure::NotSent(told(&what, &why)))?;
        // A connection that could not be made carried nothing; any other error may have come after the first byte.
        let again = if planted!(PostRepeated) { request.try_clone() } else { None };
        let mut answered = self.inner.execute(request).await;
        if let (Err(why), Some(again)) = (&answered, again)
            && !why.is_connect()
        {
            answered = self.inner.execute(again).await;
        }
        let mut response = answered.map_err(|why| {
            let text = told(&what, &why);
            if why.is_connect() { Failure::NotSent(text) } else { Failure::Lost(text) }
        })?;
        let now = self.now();
        let said = (host.told)(response.headers(), now);
        lock(&host.limits).observe(now, said);
        let status = response.status().as_u16();
        let until = (status == 429).then(|| lock(&host.limits).too_many(now, said));
        let headers = std::mem::take(response.headers_mut());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|why| Failure::Lost(told(&what, &why)))? {
            if body.len() + chunk.len() > BODY_MAX {
                return Err(Failure::Lost(format!("{what}: the answer has more than {BODY_MAX} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, headers, body: self.mask(body), until, told: said })
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

    /// Without our credentials.
    pub fn mask(&self, bytes: Vec<u8>) -> Vec<u8> {
        masked(&self.secrets, bytes)
    }

    /// A header of an answer, as short as a person needs it, without our credentials.
    pub fn header(&self, headers: &HeaderMap, name: &str) -> Option<String> {
        let text = headers.get(name)?.to_str().ok()?;
        Some(short(&String::from_utf8_lossy(&self.mask(text.as_bytes().to_vec())), 64))
    }
}

/// A question that got no usable answer.
pub fn query_failed(why: String, transient: bool) -> QueryFailed {
    QueryFailed { why: why.into(), transient }
}

/// The lock, whoever died with it.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// At most so many characters of a text, for errors.
pub fn short(text: &str, most: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(most).collect()
}

/// An error with its causes, and without the query.
pub fn told(what: &str, error: &reqwest::Error) -> String {
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
