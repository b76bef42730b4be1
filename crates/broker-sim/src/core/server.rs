//! The server: reads requests whole, lets the broker answer one at a time, and does to the wire what faults ask.

use std::fmt;
use std::io;
use std::net::SocketAddr;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use std::time::Duration;

use chrono::TimeDelta;
use hyper::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::control::{self, Control};
use super::faults::{Counted, OnRequest, Rule};
use super::http::{Answer, Cut, read, response, stream};
use super::inner::Inner;
use super::listening;
use super::sockets::{self, Frame, Lines};
use super::wire::{Reply, Request};
use super::wire_log::WireLog;
use super::{Face, Prepared, Unavailable};

/// How often a running clock is looked at when nobody asks.
const TICK: Duration = Duration::from_millis(20);

/// Why a simulator does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// It would be reachable from outside.
    #[error(
        "{0} is not a loopback address; a simulator takes any credentials, so it listens on 127.0.0.1 only"
    )]
    NotLoopback(SocketAddr),
    /// The address cannot be had.
    #[error("{0} cannot be listened on: {1}; choose another port, or 0 for any")]
    Listen(SocketAddr, io::Error),
    /// The wire log cannot be written.
    #[error("the wire log cannot be written: {0}")]
    WireLog(io::Error),
    /// What it was told is not usable.
    #[error("{0}")]
    Settings(String),
}

/// A running simulator, as its tasks and its handles see it.
#[derive(Clone)]
pub struct Host {
    inner: Arc<Mutex<Inner>>,
    closing: Arc<watch::Sender<u64>>,
    down: Arc<watch::Sender<bool>>,
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Host")
    }
}

/// A simulator that is served. Dropping it stops it.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    control: Control,
    stop: watch::Sender<bool>,
}

impl Running {
    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What a client's base address is.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The handle on what it simulates.
    pub fn control(&self) -> Control {
        self.control.clone()
    }

    /// Stops it: no connection is taken any more, and all are closed.
    pub fn stop(self) {
        self.stop.send_replace(true);
        self.control.disconnect();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        self.control.disconnect();
    }
}

impl Host {
    /// Serves a broker on a loopback address until the [`Running`] is dropped. Of more new `connections` in a second than
    /// are taken the others are closed at once.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(
        face: Box<dyn Face>,
        listen: SocketAddr,
        rules: Vec<Rule>,
        log: WireLog,
        clock_runs: bool,
        connections: Option<u32>,
    ) -> Result<Running, StartError> {
        if !listen.ip().is_loopback() {
            return Err(StartError::NotLoopback(listen));
        }
        let listener = TcpListener::bind(listen).await.map_err(|error| StartError::Listen(listen, error))?;
        let address = listener.local_addr().map_err(|error| StartError::Listen(listen, error))?;
        let inner = Inner::new(face, log);
        let (down, is_down) = watch::channel(false);
        let host = Self {
            inner: Arc::new(Mutex::new(inner)),
            closing: Arc::new(watch::Sender::new(0)),
            down: Arc::new(down),
        };
        for rule in rules {
            host.add(rule);
        }
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(listening::accept(host.clone(), listener, connections, is_down, stopped.clone()));
        if clock_runs {
            tokio::spawn(tick(host.clone(), stopped));
        }
        Ok(Running { address, control: Control::new(host), stop })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing that panics under the lock leaves half of a change that matters more than going on.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, rule: Rule) {
        let mut inner = self.lock();
        match rule {
            Rule::Request(rule) => inner.rules.push(Counted::new(rule)),
            other => inner.face.script(other),
        }
    }

    pub(super) fn clear(&self) {
        let mut inner = self.lock();
        inner.rules.clear();
        inner.maintenance_until = None;
        inner.face.clear_script();
    }

    pub(super) fn close_all(&self) {
        self.closing.send_modify(|generation| *generation += 1);
    }

    pub(super) fn set_down(&self, is_down: bool) {
        self.down.send_replace(is_down);
        if is_down {
            self.close_all();
        }
    }

    pub(super) fn closing(&self) -> watch::Receiver<u64> {
        let mut closing = self.closing.subscribe();
        closing.mark_unchanged();
        closing
    }

    pub(super) fn heard(&self, socket: u64, text: &str) {
        let mut inner = self.lock();
        inner.log.frame(socket, "in", "text", text);
        inner.face.catch_up();
        inner.face.heard(socket, text);
    }

    pub(super) fn gone(&self, socket: u64) {
        self.lock().face.gone(socket);
    }

    pub(super) fn log_frame(&self, socket: u64, way: &str, frame: &Frame) {
        let (form, text) = match frame {
            Frame::Text(text) => ("text", text.clone()),
            Frame::Binary(bytes) => ("binary", String::from_utf8_lossy(bytes).into_owned()),
            Frame::Close => ("close", String::new()),
        };
        self.lock().log.frame(socket, way, form, &text);
    }
}

async fn tick(host: Host, mut stopped: watch::Receiver<bool>) {
    let mut interval = tokio::time::interval(TICK);
    loop {
        tokio::select! {
            _ = stopped.changed() => return,
            _ = interval.tick() => host.lock().catch_up(),
        }
    }
}

pub(super) async fn connection(host: Host, stream: TcpStream) {
    let mut closing = host.closing();
    // Whoever asks for all to be closed gets an answer.
    let is_control = AtomicBool::new(false);
    let service = service_fn(|request: hyper::Request<Incoming>| {
        is_control.store(request.uri().path().starts_with(control::PATH), Ordering::Relaxed);
        serve(host.clone(), request)
    });
    let served = http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades();
    tokio::pin!(served);
    loop {
        tokio::select! {
            biased;
            // How a connection ends is the client's affair, or a fault's.
            _ = &mut served => return,
            changed = closing.changed() => {
                if changed.is_err() || !is_control.load(Ordering::Relaxed) {
                    return;
                }
            }
        }
    }
}

/// What is done to the wire once the broker has spoken.
enum Wire {
    Whole,
    Late(Duration),
    Cut,
    Closed,
}

async fn serve(host: Host, mut incoming: hyper::Request<Incoming>) -> Result<Response<Answer>, Cut> {
    let request = read(&mut incoming).await.map_err(|_| Cut)?;
    if request.path.starts_with(control::PATH) {
        return Ok(response(control::answer(&Control::new(host), &request), false));
    }
    let upgrade = incoming.headers().get("sec-websocket-key").cloned();
    let mut lines = None;
    let (reply, wire) = decide(&host, &request, |inner: &mut Inner| {
        if upgrade.is_none() && !inner.face.is_stream(&request) {
            return inner.face.answer(&request);
        }
        inner.sockets += 1;
        let socket = inner.sockets;
        let (to, out) = mpsc::unbounded_channel();
        if let Err(refused) = inner.face.connect(socket, &request, to) {
            return refused;
        }
        let host = host.clone();
        let Some(key) = &upgrade else {
            lines = Some(Lines::new(host, socket, out));
            return Reply::empty(200).with("content-type", &"application/octet-stream");
        };
        let upgraded = hyper::upgrade::on(&mut incoming);
        tokio::spawn(async move {
            match upgraded.await {
                Ok(io) => sockets::serve(host, socket, io, out).await,
                Err(_) => host.gone(socket),
            }
        });
        Reply::empty(101)
            .with("upgrade", &"websocket")
            .with("connection", &"Upgrade")
            .with("sec-websocket-accept", &derive_accept_key(key.as_bytes()))
    });
    match wire {
        Wire::Whole => {}
        Wire::Late(by) => tokio::time::sleep(by).await,
        Wire::Cut => return Ok(response(reply, true)),
        Wire::Closed => return Err(Cut),
    }
    match lines {
        Some(lines) if reply.status == 200 => Ok(stream(reply, lines)),
        _ => Ok(response(reply, false)),
    }
}

/// The answer to a request, and what the faults do to it.
fn decide(host: &Host, request: &Request, process: impl FnOnce(&mut Inner) -> Reply) -> (Reply, Wire) {
    let mut inner = host.lock();
    let inner = &mut *inner;
    inner.catch_up();
    let seq = inner.log.request(request);
    // Every rule counts what it is about; the first whose turn has come acts, and then whoever stands by.
    let met: Vec<_> =
        inner.rules.iter_mut().filter_map(|rule| rule.meets(&request.method, &request.path)).collect();
    let wanted = inner.bystander.as_mut().and_then(|bystander| bystander.request(request));
    let act = met.into_iter().next().or(wanted);
    let fault = act.as_ref().map(OnRequest::name);
    let now = inner.face.now();
    if let Some(OnRequest::Maintenance { millis }) = act {
        inner.maintenance_until = Some(now + TimeDelta::milliseconds(millis));
    }
    if inner.maintenance_until.is_some_and(|until| now < until) {
        let reply = inner.face.refusal(Unavailable::Status(503));
        inner.answered(seq, request, Some(&reply), fault.as_ref());
        return (reply, Wire::Whole);
    }
    inner.maintenance_until = None;
    match &act {
        Some(OnRequest::PartialFill { qty }) => inner.face.prepare(Prepared::PartialFill(*qty)),
        Some(OnRequest::RejectedLater) => inner.face.prepare(Prepared::RejectedLater),
        Some(OnRequest::LateCancel { millis }) => {
            inner.face.prepare(Prepared::LateCancel(TimeDelta::milliseconds(*millis)));
        }
        _ => {}
    }
    let unprocessed = match &act {
        Some(OnRequest::LostRequest) => Some((Reply::empty(499), Wire::Closed)),
        Some(OnRequest::LateRequest { millis }) => {
            inner.late.push((now + TimeDelta::milliseconds(*millis), request.clone()));
            Some((Reply::empty(499), Wire::Closed))
        }
        Some(OnRequest::RateLimited) => Some((inner.face.refusal(Unavailable::TooMany), Wire::Whole)),
        Some(OnRequest::Status { code, processed: false }) => {
            Some((inner.face.refusal(Unavailable::Status(*code)), Wire::Whole))
        }
        Some(OnRequest::Html502 { processed: false }) => Some((Reply::html(502, "Bad Gateway"), Wire::Whole)),
        Some(OnRequest::Reject { status, code, message }) => {
            Some((inner.face.rejection(*status, code, message), Wire::Whole))
        }
        _ => None,
    };
    let (reply, wire) = unprocessed.unwrap_or_else(|| {
        let reply = process(inner);
        match &act {
            Some(OnRequest::LostReply) => (reply, Wire::Closed),
            Some(OnRequest::LateReply { millis }) => (reply, Wire::Late(Duration::from_millis(*millis))),
            Some(OnRequest::CutBody) => (reply, Wire::Cut),
            Some(OnRequest::WrongFigure { name, by }) => (reply.with_figure(name, by.get()), Wire::Whole),
            Some(OnRequest::Status { code, .. }) => {
                (inner.face.refusal(Unavailable::Status(*code)), Wire::Whole)
            }
            Some(OnRequest::Html502 { .. }) => (Reply::html(502, "Bad Gateway"), Wire::Whole),
            Some(OnRequest::MalformedBody) => {
                let half = String::from_utf8_lossy(&reply.body[..reply.body.len() / 2]).into_owned();
                let mut malformed = reply;
                malformed.body = format!("{half}\u{fffd},,").into_bytes();
                (malformed, Wire::Whole)
            }
            _ => (reply, Wire::Whole),
        }
    });
    let said = if matches!(wire, Wire::Closed) { None } else { Some(&reply) };
    inner.answered(seq, request, said, fault.as_ref());
    (reply, wire)
}
