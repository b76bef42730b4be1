//! Requests and answers as hyper has them, also answers that are cut in the middle.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame as BodyFrame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::header::{CONTENT_LENGTH, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};

use super::wire::{Reply, Request};

/// The connection closes here, because a fault wants it so.
#[derive(Debug, thiserror::Error)]
#[error("the connection is closed by a fault")]
pub(super) struct Cut;

/// The body of an answer, whole, or cut in its middle.
pub(super) struct Answer {
    bytes: Option<Bytes>,
    is_cut: bool,
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<BodyFrame<Bytes>, Cut>>> {
        match self.bytes.take() {
            Some(bytes) if !bytes.is_empty() => Poll::Ready(Some(Ok(BodyFrame::data(bytes)))),
            _ if self.is_cut => Poll::Ready(Some(Err(Cut))),
            _ => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        !self.is_cut && self.bytes.as_ref().is_none_or(Bytes::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        match &self.bytes {
            Some(bytes) if !self.is_cut => SizeHint::with_exact(bytes.len() as u64),
            None if !self.is_cut => SizeHint::with_exact(0),
            _ => SizeHint::default(),
        }
    }
}

/// The answer as it goes out; only half of its body when it is cut.
pub(super) fn response(reply: Reply, is_cut: bool) -> Response<Answer> {
    let Reply { status, headers, body } = reply;
    let whole = body.len();
    let bytes = if is_cut { body[..whole / 2].to_vec() } else { body };
    let mut response = Response::new(Answer { bytes: Some(bytes.into()), is_cut });
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().append(HeaderName::from_static(name), value);
        }
    }
    if is_cut {
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(whole));
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
