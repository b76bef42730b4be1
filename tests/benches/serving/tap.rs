//! Who stands between a process and the simulator and hands on every byte: when the bytes of an order come, and when
//! those of an execution go, is noted on the socket itself.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

/// How long anything is waited for.
const WITHIN: Duration = Duration::from_secs(20);
/// What the first bytes of an order are.
const ORDER: &[u8] = b"POST /v2/orders";
/// What the first bytes of the stream are.
const STREAM: &[u8] = b"GET /stream";
/// What an execution says on the stream.
const EXECUTION: &[u8] = b"\"event\":\"fill\"";

/// When an order came, and as what.
pub(crate) struct Came {
    pub(crate) at: Instant,
    pub(crate) bytes: Vec<u8>,
}

/// See the module. It ends when it is dropped.
pub(crate) struct Tap {
    address: SocketAddr,
    orders: Receiver<Came>,
    executions: Receiver<Instant>,
    is_over: Arc<AtomicBool>,
}

impl Tap {
    /// Stands before an address.
    pub(crate) fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let ((tell, orders), (tell_executions, executions)) = (channel(), channel());
        let is_over = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&is_over);
        std::thread::spawn(move || {
            for line in listener.incoming().map_while(Result::ok) {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                // Who stops listening meanwhile is met by who asks.
                if let Ok(there) = TcpStream::connect(server) {
                    hand_on(line, there, tell.clone(), tell_executions.clone());
                }
            }
        });
        Self { address, orders, executions, is_over }
    }

    /// What a client's base address is.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Forgets what was noted.
    pub(crate) fn forget(&self) {
        while self.orders.try_recv().is_ok() || self.executions.try_recv().is_ok() {}
    }

    /// Waits for an order.
    pub(crate) fn order(&self) -> Came {
        self.orders.recv_timeout(WITHIN).expect("an order")
    }

    /// An order that came already.
    pub(crate) fn order_so_far(&self) -> Option<Came> {
        self.orders.try_recv().ok()
    }

    /// Waits for an execution: when its bytes went.
    pub(crate) fn execution(&self) -> Instant {
        self.executions.recv_timeout(WITHIN).expect("an execution")
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        // It waits for a line; this is the last one.
        drop(TcpStream::connect(self.address));
    }
}

fn hand_on(here: TcpStream, there: TcpStream, orders: Sender<Came>, executions: Sender<Instant>) {
    let is_stream = Arc::new(AtomicBool::new(false));
    let notes_stream = Arc::clone(&is_stream);
    let (back, forth) = (there.try_clone().unwrap(), here.try_clone().unwrap());
    std::thread::spawn(move || {
        carry(here, there, |at, bytes| {
            if bytes.starts_with(ORDER) {
                let _ = orders.send(Came { at, bytes: bytes.to_vec() });
            } else if bytes.starts_with(STREAM) {
                notes_stream.store(true, Ordering::Relaxed);
            }
        });
    });
    std::thread::spawn(move || {
        carry(back, forth, |at, bytes| {
            if is_stream.load(Ordering::Relaxed)
                && bytes.windows(EXECUTION.len()).any(|some| some == EXECUTION)
            {
                let _ = executions.send(at);
            }
        });
    });
}

fn carry(mut from: TcpStream, mut to: TcpStream, mut note: impl FnMut(Instant, &[u8])) {
    let _ = to.set_nodelay(true);
    let mut buffer = vec![0; 64 << 10];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        note(Instant::now(), &buffer[..read]);
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

/// A bare client and who listens to it: bytes on a line, and when they came.
pub(crate) struct Line {
    line: TcpStream,
    came: Receiver<Instant>,
}

impl Line {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let line = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        line.set_nodelay(true).unwrap();
        let (tell, came) = channel();
        let (mut heard, _) = listener.accept().unwrap();
        std::thread::spawn(move || {
            let mut buffer = vec![0; 64 << 10];
            while let Ok(1..) = heard.read(&mut buffer) {
                let _ = tell.send(Instant::now());
            }
        });
        Self { line, came }
    }

    /// Writes bytes, and gives when they came.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> Instant {
        self.line.write_all(bytes).unwrap();
        self.came.recv_timeout(WITHIN).expect("bytes on a line")
    }
}
