//! The stream as it comes, frame by frame, for who looks at the wire itself.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use secrecy::ExposeSecret as _;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use super::connect::{Socket, connect};
use super::{Handle, LISTEN};
use crate::probe::Overhearing;

/// A connection of its own, authorized; it does not listen yet.
pub struct Overheard {
    socket: Socket,
}

impl std::fmt::Debug for Overheard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Overheard")
    }
}

impl Handle {
    pub(crate) async fn overhear(&self) -> Result<Overheard, String> {
        let stream = &self.stream;
        let answer = stream.patience.answer;
        let connected = timeout(answer, connect(&stream.base, Arc::clone(&stream.tls))).await;
        let mut socket = connected.map_err(|_| "no connection in time".to_owned())??;
        let hello = Message::text(stream.authenticate.expose_secret());
        socket.send(hello).await.map_err(|why| why.to_string())?;
        Ok(Overheard { socket })
    }
}

impl Overheard {
    /// Asks for `trade_updates`.
    ///
    /// # Errors
    /// The connection is gone.
    pub async fn listen(&mut self) -> Result<(), String> {
        self.socket.send(Message::text(LISTEN)).await.map_err(|why| why.to_string())
    }

    /// The next frame that is no ping or pong; nothing when none comes in time.
    ///
    /// # Errors
    /// The connection is gone.
    pub async fn frame(&mut self, within: Duration) -> Result<Option<Overhearing>, String> {
        let next = async {
            loop {
                let frame = self.socket.next().await.ok_or("closed")?.map_err(|why| why.to_string())?;
                let (is_text, bytes) = match &frame {
                    Message::Text(text) => (true, text.as_bytes()),
                    Message::Binary(bytes) => (false, bytes.as_ref()),
                    Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => continue,
                    Message::Close(_) => return Err("closed".to_owned()),
                };
                return Ok(Overhearing { is_text, body: String::from_utf8_lossy(bytes).into_owned() });
            }
        };
        timeout(within, next).await.ok().transpose()
    }
}
