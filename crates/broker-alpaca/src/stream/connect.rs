//! A websocket over TLS, or over plain TCP on loopback. No redirects, no proxies, no compression.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use broker_http::Base;

/// The most bytes of a message: an order with its legs has a few thousand.
const MESSAGE_MAX: usize = 1 << 20;

pub(super) type Socket = WebSocketStream<Wire>;

/// What the bytes go over.
pub(super) enum Wire {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Plain(wire) => Pin::new(wire).poll_read(cx, buf),
            Self::Tls(wire) => Pin::new(wire.as_mut()).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(wire) => Pin::new(wire).poll_write(cx, bytes),
            Self::Tls(wire) => Pin::new(wire.as_mut()).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Plain(wire) => Pin::new(wire).poll_flush(cx),
            Self::Tls(wire) => Pin::new(wire.as_mut()).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Plain(wire) => Pin::new(wire).poll_shutdown(cx),
            Self::Tls(wire) => Pin::new(wire.as_mut()).poll_shutdown(cx),
        }
    }
}

/// Connects and shakes hands.
pub(super) async fn connect(base: &Base, tls: Arc<ClientConfig>) -> Result<Socket, String> {
    let tcp = TcpStream::connect((base.host.as_str(), base.port)).await.map_err(|why| why.to_string())?;
    let wire = if base.is_tls {
        let name = ServerName::try_from(base.host.clone()).map_err(|why| why.to_string())?;
        let wire = TlsConnector::from(tls).connect(name, tcp).await.map_err(|why| why.to_string())?;
        Wire::Tls(Box::new(wire))
    } else {
        Wire::Plain(tcp)
    };
    let limits =
        WebSocketConfig::default().max_message_size(Some(MESSAGE_MAX)).max_frame_size(Some(MESSAGE_MAX));
    // A handshake that is answered with 429 (another connection of this account is open) is an error like any other.
    let (socket, _) = client_async_with_config(base.text.as_str(), wire, Some(limits))
        .await
        .map_err(|why| why.to_string())?;
    Ok(socket)
}
