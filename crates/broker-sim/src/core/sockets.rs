//! Sockets, and streams of lines in an answer: frames go out through a queue, so that whoever speaks never waits.

use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::server::Host;

/// What goes out on a socket, or on a stream of lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A text frame; a line on a stream of lines, without its end.
    Text(String),
    /// A binary frame; bytes as they are on a stream of lines.
    Binary(Vec<u8>),
    /// The socket closes.
    Close,
}

/// The way out on a socket.
pub type Outgoing = UnboundedSender<Frame>;

/// The lines of an answer that ends when one of the two sides ends it.
pub(super) struct Lines {
    host: Host,
    socket: u64,
    out: UnboundedReceiver<Frame>,
}

impl Lines {
    pub(super) const fn new(host: Host, socket: u64, out: UnboundedReceiver<Frame>) -> Self {
        Self { host, socket, out }
    }

    /// The next bytes; nothing at the end.
    pub(super) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        self.out.poll_recv(context).map(|frame| {
            let frame = frame?;
            self.host.log_frame(self.socket, "out", &frame);
            match frame {
                Frame::Text(line) => Some(Bytes::from(line + "\n")),
                Frame::Binary(bytes) => Some(bytes.into()),
                Frame::Close => None,
            }
        })
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.host.gone(self.socket);
    }
}

/// Serves a socket until one of the two sides ends it.
pub(super) async fn serve(host: Host, socket: u64, io: Upgraded, mut out: UnboundedReceiver<Frame>) {
    let mut wire = WebSocketStream::from_raw_socket(TokioIo::new(io), Role::Server, None).await;
    let mut closing = host.closing();
    loop {
        tokio::select! {
            _ = closing.changed() => break,
            frame = out.recv() => {
                let Some(frame) = frame else { break };
                host.log_frame(socket, "out", &frame);
                let message = match frame {
                    Frame::Text(text) => Message::text(text),
                    Frame::Binary(bytes) => Message::binary(bytes),
                    Frame::Close => Message::Close(None),
                };
                let is_last = matches!(message, Message::Close(_));
                // A client that does not read must not keep it from being let go.
                tokio::select! {
                    _ = closing.changed() => break,
                    sent = wire.send(message) => if sent.is_err() || is_last {
                        break;
                    },
                }
            }
            heard = wire.next() => match heard {
                Some(Ok(Message::Text(text))) => host.heard(socket, text.as_str()),
                Some(Ok(Message::Binary(bytes))) => host.heard(socket, &String::from_utf8_lossy(&bytes)),
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
            },
        }
    }
    host.gone(socket);
}
