//! Sockets: frames go out through a queue, so that whoever speaks never waits.

use futures_util::{SinkExt as _, StreamExt as _};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::server::Host;

/// What goes out on a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A text frame.
    Text(String),
    /// A binary frame.
    Binary(Vec<u8>),
    /// The socket closes.
    Close,
}

/// The way out on a socket.
pub type Outgoing = UnboundedSender<Frame>;

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
