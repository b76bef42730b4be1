//! Looking at the wire itself: requests as they are given, the stream frame by frame, and everything that passes, for who
//! writes down what a practice account answers. Not for trading: a live account is not spoken to.

mod bodies;

use std::fmt;
use std::sync::Arc;

use broker_api::Mode;
use reqwest::Method;

use crate::broker::Alpaca;
use crate::transport::{At, Request};
use broker_http::Priority;

pub use crate::stream::Overheard;
pub use bodies::Body;

/// One request and what came of it. Headers are not in it, so no secret is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exchange {
    /// `GET`, `POST` …
    pub method: String,
    /// The path, from its slash on.
    pub path: String,
    /// The query.
    pub query: Vec<(&'static str, String)>,
    /// What was sent.
    pub body: Option<String>,
    /// The status of the answer; nothing when there was no answer.
    pub status: Option<u16>,
    /// The answer's body, or why there was none.
    pub answer: String,
    /// How many requests a minute the answer says that there may be.
    pub limit: Option<u32>,
}

impl Exchange {
    /// A request, before its answer.
    pub(crate) fn of(request: &Request) -> Self {
        Self {
            method: request.method.to_string(),
            path: request.path.clone(),
            query: request.query.clone(),
            body: request.body.as_ref().map(|body| String::from_utf8_lossy(body).into_owned()),
            ..Self::default()
        }
    }
}

/// Is told of every request, after its answer.
#[derive(Clone)]
pub struct Tap(pub Arc<dyn Fn(&Exchange) + Send + Sync>);

impl fmt::Debug for Tap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tap")
    }
}

/// An answer as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raw {
    /// The HTTP status.
    pub status: u16,
    /// The body, as text.
    pub body: String,
    /// Whether it says when to come back.
    pub has_retry_after: bool,
}

/// A frame of the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overhearing {
    /// Whether it is a text frame, and not a binary one.
    pub is_text: bool,
    /// What is in it.
    pub body: String,
}

impl Alpaca {
    /// Sends a request to the trading host as it is given, once, whatever is left of the rate limit.
    ///
    /// # Errors
    /// A live account, a word that is no method, or no answer.
    pub async fn ask_raw(
        &self,
        method: &str,
        path: &str,
        query: &[(&'static str, &str)],
        body: Option<String>,
    ) -> Result<Raw, String> {
        self.is_for_practice()?;
        let method = Method::from_bytes(method.as_bytes()).map_err(|why| why.to_string())?;
        let query = query.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let body = body.map(String::into_bytes);
        let request = Request {
            at: At::Trading,
            method,
            path: path.to_owned(),
            query,
            body,
            priority: Priority::Urgent,
        };
        let answer = self.0.transport.send(request).await.map_err(|failure| failure.to_string())?;
        Ok(Raw {
            status: answer.status,
            body: String::from_utf8_lossy(&answer.body).into_owned(),
            has_retry_after: answer.has_retry_after,
        })
    }

    /// Connects to the stream `trade_updates` beside the adapter's own connection.
    ///
    /// # Errors
    /// A live account, or why there is no connection: a status of the handshake is named in it.
    pub async fn overhear(&self) -> Result<Overheard, String> {
        self.is_for_practice()?;
        self.0.stream.overhear().await
    }

    fn is_for_practice(&self) -> Result<(), String> {
        if self.0.mode == Mode::Practice { Ok(()) } else { Err("a live account is not probed".to_owned()) }
    }
}
