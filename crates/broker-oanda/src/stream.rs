//! The stream of transactions: every line is a hint that there is something to read, and never a fact.
//!
//! One background task holds the connection. It begins with the first question for a hint and ends with the adapter. After
//! every connection it hints, since the stream replays nothing. A heartbeat comes every five seconds and tells the last
//! transaction: one that the log was not read to is a hint too, for a line may have been lost; and a connection on which
//! nothing comes for three heartbeats is none.

mod lines;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use broker_http::{Base, Clock, StartError, told};
use reqwest::Client;
use reqwest::header::HeaderMap;
use rustls::ClientConfig;
use serde::Deserialize;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

use crate::wire::Id;
use lines::Lines;

/// How long the stream is waited for, in what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// For a connection and the beginning of its answer.
    pub(crate) answer: Duration,
    /// How much silence is its end.
    pub(crate) quiet: Duration,
    /// Before the second attempt; doubled from one to the next. Two connections a second are taken from one address.
    pub(crate) first: Duration,
    /// Before any later attempt.
    pub(crate) longest: Duration,
}

/// Between two attempts at most: weekends have hours of maintenance.
pub(crate) const LONGEST: Duration = Duration::from_mins(1);

impl Default for Patience {
    fn default() -> Self {
        Self {
            answer: Duration::from_secs(15),
            quiet: Duration::from_secs(15),
            first: Duration::from_secs(1),
            longest: LONGEST,
        }
    }
}

/// What the task and the adapter share.
struct Stream {
    client: Client,
    base: String,
    headers: HeaderMap,
    patience: Patience,
    clock: Clock,
    hint: Notify,
    /// The transaction that the log was read to.
    read_to: AtomicU64,
}

/// The adapter's hand on the stream: the task ends when it is dropped.
pub(crate) struct Handle {
    stream: Arc<Stream>,
    task: OnceLock<AbortHandle>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        if let Some(task) = self.task.get() {
            task.abort();
        }
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handle({})", self.stream.base)
    }
}

impl Handle {
    pub(crate) fn new(
        base: &Base,
        tls: ClientConfig,
        headers: HeaderMap,
        clock: Clock,
    ) -> Result<Self, StartError> {
        Self::with_patience(base, tls, headers, clock, Patience::default())
    }

    fn with_patience(
        base: &Base,
        tls: ClientConfig,
        headers: HeaderMap,
        clock: Clock,
        patience: Patience,
    ) -> Result<Self, StartError> {
        // How long it may take as a whole is not bounded: it does not end.
        let client = broker_http::builder(tls).build().map_err(|why| StartError::because(&why))?;
        let stream = Stream {
            client,
            base: base.text.clone(),
            headers,
            patience,
            clock,
            hint: Notify::new(),
            read_to: AtomicU64::new(0),
        };
        Ok(Self { stream: Arc::new(stream), task: OnceLock::new() })
    }

    /// Waits for a hint. One that came while nobody waited is kept. Where the account is asked for, it is only asked before
    /// the first connection.
    pub(crate) async fn hint(&self, account: impl Future<Output = String>) {
        if self.task.get().is_none() {
            let account = account.await;
            self.task.get_or_init(|| {
                let stream = Arc::clone(&self.stream);
                tokio::spawn(async move { stream.run(&account).await }).abort_handle()
            });
        }
        self.stream.hint.notified().await;
    }

    /// The log was read to this transaction.
    pub(crate) fn read_to(&self, id: Id) {
        self.stream.read_to.fetch_max(id.0, Ordering::AcqRel);
    }
}

impl Stream {
    async fn run(&self, account: &str) {
        let mut failures: u32 = 0;
        loop {
            let mut lived = false;
            // Whatever ended it, it is made anew; what it was, nobody can act upon.
            let _ = self.session(account, &mut lived).await;
            failures = if lived { 0 } else { failures.saturating_add(1) };
            sleep(self.pause(failures)).await;
        }
    }

    /// How long before the next attempt: doubled each time, and spread by a fifth, so that many do not come at once.
    fn pause(&self, failures: u32) -> Duration {
        let Patience { first, longest, .. } = self.patience;
        let pause = first.saturating_mul(1 << failures.min(10)).min(longest);
        let spread = (self.clock)().timestamp_subsec_nanos() % 400;
        pause.saturating_mul(800 + spread) / 1000
    }

    /// One connection, from its beginning to its end.
    async fn session(&self, account: &str, lived: &mut bool) -> Result<(), String> {
        let late = |_| "nothing came in time".to_owned();
        let url = format!("{}/v3/accounts/{account}/transactions/stream", self.base);
        let request = self.client.get(url).headers(self.headers.clone());
        let answer = timeout(self.patience.answer, request.send()).await.map_err(late)?;
        let mut response = answer.map_err(|why| told("the stream of transactions", &why))?;
        if response.status() != 200 {
            return Err(format!("the stream of transactions: {}", response.status()));
        }
        // What happened before is in the log only.
        *lived = true;
        self.hint.notify_one();
        let mut lines = Lines::default();
        loop {
            let chunk = timeout(self.patience.quiet, response.chunk()).await.map_err(late)?;
            let chunk = chunk.map_err(|why| told("the stream of transactions", &why))?.ok_or("closed")?;
            for line in lines.take_in(&chunk)? {
                if self.is_new(&line) {
                    self.hint.notify_one();
                }
            }
        }
    }

    /// Whether a line tells of what the log was not read to yet. One that is not understood may.
    fn is_new(&self, line: &[u8]) -> bool {
        tells_of(line).is_none_or(|id| id.0 > self.read_to.load(Ordering::Acquire))
    }
}

/// The transaction that a line tells of; nothing where that is not understood.
fn tells_of(line: &[u8]) -> Option<Id> {
    #[derive(Deserialize)]
    struct Line {
        #[serde(rename = "type")]
        kind: Option<String>,
        id: Option<Id>,
        #[serde(rename = "lastTransactionID")]
        last: Option<Id>,
    }
    let line = serde_json::from_slice::<Line>(line).ok()?;
    if line.kind.as_deref() == Some("HEARTBEAT") { line.last } else { line.id }
}

/// What a stretch of the stream tells, line by line.
#[cfg(feature = "probe")]
pub(crate) fn told_by(bytes: &[u8]) -> Result<String, String> {
    let lines = Lines::default().take_in(bytes)?;
    Ok(format!("{:?}", lines.iter().map(|line| tells_of(line)).collect::<Vec<_>>()))
}

#[cfg(test)]
mod tests;
