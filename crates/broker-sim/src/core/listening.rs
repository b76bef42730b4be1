//! Who listens, and what is refused: more connections in a second than are taken, and all of them while it is down.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;

use super::server::{Host, connection};

/// In which new connections are counted.
const SECOND: Duration = Duration::from_secs(1);
/// How many connections may wait to be taken.
const BACKLOG: u32 = 1_024;

/// Takes connections until it is stopped.
pub(super) async fn accept(
    host: Host,
    listener: TcpListener,
    most: Option<u32>,
    mut down: watch::Receiver<bool>,
    mut stopped: watch::Receiver<bool>,
) {
    let (mut seconds, mut taken_in_it) = (tokio::time::interval(SECOND), 0);
    let Ok(address) = listener.local_addr() else { return };
    let mut listener = Some(listener);
    // While it is down nobody listens, and its port is kept: whoever connects is refused, as by a machine that is there.
    let mut kept: Option<TcpSocket> = None;
    loop {
        let is_down = *down.borrow_and_update();
        if is_down && listener.take().is_some() {
            kept = keep(address);
        }
        if !is_down && listener.is_none() {
            listener = kept.take().or_else(|| keep(address)).and_then(|socket| socket.listen(BACKLOG).ok());
        }
        let taken = async {
            match &listener {
                Some(listener) => listener.accept().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = stopped.changed() => return,
            changed = down.changed() => if changed.is_err() { return },
            _ = seconds.tick() => taken_in_it = 0,
            taken = taken => {
                if let Ok((stream, _)) = taken {
                    taken_in_it += 1;
                    if most.is_some_and(|most| taken_in_it > most) {
                        continue;
                    }
                    let _ = stream.set_nodelay(true);
                    tokio::spawn(connection(host.clone(), stream));
                }
            }
        }
    }
}

/// A socket that has the address and does not listen.
fn keep(address: SocketAddr) -> Option<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }.ok()?;
    socket.set_reuseaddr(true).ok()?;
    socket.bind(address).ok()?;
    Some(socket)
}
