//! `trade_updates`: every message is a hint that there is something to read, and never a fact.
//!
//! One background task holds the one connection that an account may have. It begins with the first question for a hint
//! and ends with the adapter. After every connection that listens it hints, since the stream replays nothing. It is
//! noticed in two ways that a connection is open but mute, neither of which counts a ping (Alpaca has no heartbeat of
//! its own, and silence is normal): after a silence it listens once more, which must be acknowledged; and when the log
//! tells of something new that the stream should have told, it is closed.

mod connect;
#[cfg(feature = "probe")]
mod overheard;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use broker_api::Time;
use chrono::TimeDelta;
use futures_util::{Sink, SinkExt as _, StreamExt as _};
use rustls::ClientConfig;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::Message;

use crate::transport::{lock, short};
use broker_http::Base;
use broker_http::Clock;
use connect::{Socket, connect};
#[cfg(feature = "probe")]
pub use overheard::Overheard;

const LISTEN: &str = r#"{"action":"listen","data":{"streams":["trade_updates"]}}"#;
const UPDATES: &str = "trade_updates";
const LATE: &str = "no answer in time";

/// How long the stream is waited for, in what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// For a connection, and for each answer to it.
    pub(crate) answer: Duration,
    /// How much silence before it is asked whether anybody is there.
    pub(crate) quiet: Duration,
    /// Before the second attempt; doubled from one to the next.
    pub(crate) first: Duration,
    /// Before any later attempt.
    pub(crate) longest: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            answer: Duration::from_secs(10),
            quiet: Duration::from_secs(30),
            first: Duration::from_secs(1),
            longest: Duration::from_secs(30),
        }
    }
}

/// How late the stream may be behind the log before it counts as mute.
const LATE_MAX: TimeDelta = TimeDelta::seconds(10);

/// What the task and the adapter share.
pub(crate) struct Stream {
    base: Base,
    tls: Arc<ClientConfig>,
    authenticate: SecretString,
    patience: Patience,
    clock: Clock,
    hint: Notify,
    give_up: Notify,
    is_amended: AtomicBool,
    heard: Mutex<Heard>,
}

/// When the connection began to listen, and when it last told something.
#[derive(Clone, Copy, Debug, Default)]
struct Heard {
    listens_since: Option<Time>,
    told_at: Option<Time>,
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

impl Handle {
    pub(crate) fn new(base: Base, tls: ClientConfig, authenticate: SecretString, clock: Clock) -> Self {
        Self::with_patience(base, tls, authenticate, clock, Patience::default())
    }

    pub(crate) fn with_patience(
        base: Base,
        tls: ClientConfig,
        authenticate: SecretString,
        clock: Clock,
        patience: Patience,
    ) -> Self {
        let stream = Arc::new(Stream {
            base,
            tls: Arc::new(tls),
            authenticate,
            patience,
            clock,
            hint: Notify::new(),
            give_up: Notify::new(),
            is_amended: AtomicBool::new(false),
            heard: Mutex::default(),
        });
        Self { stream, task: OnceLock::new() }
    }

    /// Waits for a hint. One that came while nobody waited is kept.
    pub(crate) async fn hint(&self) {
        self.task.get_or_init(|| {
            let stream = Arc::clone(&self.stream);
            tokio::spawn(async move { stream.run().await }).abort_handle()
        });
        self.stream.hint.notified().await;
    }

    /// Whether the stream told, since this was last asked, that an execution was amended.
    pub(crate) fn take_amended(&self) -> bool {
        self.stream.is_amended.swap(false, Ordering::AcqRel)
    }

    /// Holds the log against the stream: an event of the log that it should have told, and did not, is its end.
    pub(crate) fn log_told(&self, newest: Time) {
        let now = (self.stream.clock)();
        let heard = *lock(&self.stream.heard);
        let Some(since) = heard.listens_since else { return };
        let is_of_its_time = newest > since + LATE_MAX && now - newest > LATE_MAX;
        if is_of_its_time && heard.told_at.is_none_or(|told| told + LATE_MAX < newest) {
            self.stream.give_up.notify_one();
        }
    }
}

impl Stream {
    async fn run(&self) {
        let mut failures: u32 = 0;
        loop {
            let has_listened = self.session().await.is_ok();
            let was_listening = lock(&self.heard).listens_since.is_some();
            *lock(&self.heard) = Heard::default();
            failures = if has_listened || was_listening { 0 } else { failures.saturating_add(1) };
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
    async fn session(&self) -> Result<(), String> {
        let Patience { answer, quiet, .. } = self.patience;
        let late = |_| LATE.to_owned();
        let mut socket =
            timeout(answer, connect(&self.base, Arc::clone(&self.tls))).await.map_err(late)??;
        // What the log told before this connection says nothing about it.
        while timeout(Duration::ZERO, self.give_up.notified()).await.is_ok() {}
        say(&mut socket, self.authenticate.expose_secret(), answer).await?;
        timeout(answer, authorized(&mut socket)).await.map_err(late)??;
        say(&mut socket, LISTEN, answer).await?;
        let silence = sleep(answer);
        tokio::pin!(silence);
        let mut is_asked = true;
        loop {
            tokio::select! {
                frame = socket.next() => {
                    let frame = frame.ok_or("closed")?.map_err(|why| why.to_string())?;
                    // Pings and pongs are not of the application: they prove a socket, not a stream.
                    let Some(frame) = Frame::read(&frame)? else { continue };
                    self.take_in(&frame)?;
                    silence.set(sleep(quiet));
                    is_asked = false;
                }
                () = &mut silence => {
                    if is_asked {
                        return Err("open, and mute".to_owned());
                    }
                    say(&mut socket, LISTEN, answer).await?;
                    silence.set(sleep(answer));
                    is_asked = true;
                }
                () = self.give_up.notified() => return Err("the log told of what the stream did not".to_owned()),
            }
        }
    }

    fn take_in(&self, frame: &Frame) -> Result<(), String> {
        let now = (self.clock)();
        match frame.stream.as_deref() {
            Some("listening") => {
                if !frame.data.streams.iter().any(|stream| stream == UPDATES) {
                    return Err(format!("{UPDATES} is not among the streams that are sent"));
                }
                let mut heard = lock(&self.heard);
                if heard.listens_since.is_none() {
                    heard.listens_since = Some(now);
                    // What happened before is in the log only.
                    self.hint.notify_one();
                }
            }
            Some("authorization") if frame.data.status.as_deref() == Some("unauthorized") => {
                return Err("not authorized".to_owned());
            }
            Some(UPDATES) => {
                lock(&self.heard).told_at = Some(now);
                if matches!(frame.data.event.as_deref(), Some("trade_bust" | "trade_correct" | "restated")) {
                    self.is_amended.store(true, Ordering::Release);
                }
                self.hint.notify_one();
            }
            _ if frame.action.as_deref() == Some("error") => {
                return Err(format!(
                    "an error: {}",
                    short(frame.data.error_message.as_deref().unwrap_or(""), 200)
                ));
            }
            _ => self.hint.notify_one(),
        }
        Ok(())
    }
}

/// Says something to who reads; one who does not is none that answers.
async fn say<S>(socket: &mut S, text: &str, within: Duration) -> Result<(), String>
where
    S: Sink<Message, Error: fmt::Display> + Unpin,
{
    match timeout(within, socket.send(Message::text(text))).await {
        Ok(said) => said.map_err(|why| why.to_string()),
        Err(_) => Err(LATE.to_owned()),
    }
}

/// Waits until the connection is authorized.
async fn authorized(socket: &mut Socket) -> Result<(), String> {
    loop {
        let frame = socket.next().await.ok_or("closed")?.map_err(|why| why.to_string())?;
        let Some(frame) = Frame::read(&frame)? else { continue };
        return match (frame.stream.as_deref(), frame.data.status.as_deref()) {
            (Some("authorization"), Some("authorized")) => Ok(()),
            _ => Err("not authorized".to_owned()),
        };
    }
}

/// A message, as far as it matters.
#[derive(Debug, Deserialize)]
struct Frame {
    stream: Option<String>,
    action: Option<String>,
    #[serde(default)]
    data: Data,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Data {
    status: Option<String>,
    streams: Vec<String>,
    event: Option<String>,
    error_message: Option<String>,
}

/// What a message of the stream says, as far as it matters.
#[cfg(feature = "probe")]
pub(crate) fn told(bytes: &[u8]) -> Result<String, String> {
    Frame::read(&Message::Binary(bytes.to_vec().into())).map(|frame| format!("{frame:?}"))
}

impl Frame {
    /// The message of a text or binary frame (the practice host sends JSON in binary ones); nothing for a control frame.
    fn read(message: &Message) -> Result<Option<Self>, String> {
        let bytes: &[u8] = match message {
            Message::Text(text) => text.as_bytes(),
            Message::Binary(bytes) => bytes,
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => return Ok(None),
            Message::Close(_) => return Err("closed".to_owned()),
        };
        serde_json::from_slice(bytes)
            .map(Some)
            .map_err(|why| format!("a message that is no JSON of the stream: {why}"))
    }
}

#[cfg(test)]
mod tests;
