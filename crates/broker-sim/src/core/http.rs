//! Requests and answers as hyper has them, also answers that are cut in the middle, and those that never end.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame as BodyFrame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::header::{CONTENT_LENGTH, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};

use super::sockets::Lines;
use super::wire::{Reply, Request};

/// The connection closes here, because a fault wants it so.
#[derive(Debug, thiserror::Error)]
#[error("the connection is closed by a fault")]
pub(super) struct Cut;

/// The body of an answer: whole, cut in its middle, or a stream of lines.
pub(super) enum Answer {
    Body { bytes: Option<Bytes>, is_cut: bool },
    Lines(Lines),
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<BodyFrame<Bytes>, Cut>>> {
        match self.get_mut() {
            Self::Lines(lines) => lines.poll_next(context).map(|bytes| Some(Ok(BodyFrame::data(bytes?)))),
            Self::Body { bytes, is_cut } => match bytes.take() {
                Some(bytes) if !bytes.is_empty() => Poll::Ready(Some(Ok(BodyFrame::data(bytes)))),
                _ if *is_cut => Poll::Ready(Some(Err(Cut))),
                _ => Poll::Ready(None),
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Body { bytes, is_cut: false } if bytes.as_ref().is_none_or(Bytes::is_empty))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Body { bytes, is_cut: false } => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            _ => SizeHint::default(),
        }
    }
}

/// The answer as it goes out; only half of its body when it is cut.
pub(super) fn response(reply: Reply, is_cut: bool) -> Response<Answer> {
    let Reply { status, headers, body } = reply;
    let whole = body.len();
    let bytes = if is_cut { body[..whole / 2].to_vec() } else { body };
    let mut response = headed(status, headers, Answer::Body { bytes: Some(bytes.into()), is_cut });
    if is_cut {
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(whole));
    }
    response
}

/// An answer whose body is a stream of lines.
pub(super) fn stream(reply: Reply, lines: Lines) -> Response<Answer> {
    headed(reply.status, reply.headers, Answer::Lines(lines))
}

fn headed(status: u16, headers: Vec<(&'static str, String)>, body: Answer) -> Response<Answer> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().append(HeaderName::from_static(name), value);
        }
    }
    response
}

/// Reads a request whole.
///
/// # Errors
/// The client went away.
pub(super) async fn read(incoming: &mut hyper::Request<Incoming>) -> Result<Request, hyper::Error> {
    let method = incoming.method().to_string();
    let path = decoded(incoming.uri().path());
    let query = incoming.uri().query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    let query = query
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decoded(&name.replace('+', " ")), decoded(&value.replace('+', " "))))
        .collect();
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers =
        incoming.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    let body = incoming.body_mut().collect().await?.to_bytes().to_vec();
    Ok(Request { method, path, query, headers, body })
}

/// A text of a URL without its percent signs; one that is wrong stays as it is.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        let hex = |digit: &u8| char::from(*digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        match (first, behind) {
            (b'%', [high, low, after @ ..]) if hex(high).is_some() && hex(low).is_some() => {
                bytes.push(hex(high).unwrap_or_default() * 16 + hex(low).unwrap_or_default());
                rest = after;
            }
            _ => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
