//! A simulated Alpaca in a thread of its own with a tap before it, and a folder in which the real program trades there.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use broker_api::Time;
use broker_sim::alpaca::{Alpaca, Control, Settings};
use broker_sim::core::{Clock, Market};
use chrono::TimeDelta;
use rust_decimal::Decimal;
use tempfile::TempDir;
use tokio::sync::oneshot;

use crate::tap::Tap;

/// How long a process may take to be ready, and to end.
const WITHIN: Duration = Duration::from_mins(5);
/// What it says then.
const READY: &str = "Serving.";
/// The names of the keys that a simulator takes whatever they are.
const KEYS: [(&str, &str); 2] = [("APCA_API_KEY_ID", "PKBENCH"), ("APCA_API_SECRET_KEY", "a-key-of-a-bench")];

/// A moment in the middle of a session of the exchange.
pub(crate) fn friday() -> Time {
    "2026-10-02T14:00:00Z".parse().unwrap()
}

/// The time that a simulation began at, and goes on from as time does.
#[derive(Clone, Copy)]
pub(crate) struct Now {
    from: Time,
    began: Instant,
}

impl Now {
    pub(crate) fn from(from: Time) -> Self {
        Self { from, began: Instant::now() }
    }

    pub(crate) fn get(self) -> Time {
        self.from + TimeDelta::from_std(self.began.elapsed()).unwrap()
    }
}

/// A simulated Alpaca. It ends when it is dropped.
pub(crate) struct Simulator {
    pub(crate) control: Control,
    pub(crate) now: Now,
    pub(crate) tap: Tap,
    address: SocketAddr,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Simulator {
    /// With so much cash, and what is traded.
    pub(crate) fn start(from: Time, cash: u64, prices: Vec<(String, Decimal)>) -> Self {
        let now = Now::from(from);
        let settings = Settings {
            market: Market::Open,
            cash: cash.into(),
            prices,
            clock: Clock::Real(std::sync::Arc::new(move || now.get())),
            ..Settings::stepped(from)
        };
        let ((tell, told), (end, ended)) = (channel(), oneshot::channel());
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let running = Alpaca::start(settings).await.unwrap();
                tell.send((running.control(), running.address())).unwrap();
                // Whoever drops the other end ends it.
                let _ = ended.await;
            });
        });
        let (control, address) = told.recv().unwrap();
        let (end, thread) = (Some(end), Some(thread));
        Self { control, now, tap: Tap::before(address), address, end, thread }
    }
}

impl Simulator {
    /// Where it listens itself.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// A base address that leads there without the tap.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        drop(self.end.take());
        drop(self.thread.take().map(JoinHandle::join));
    }
}

/// The release build that lies where this bench was built.
pub(crate) fn program() -> Option<PathBuf> {
    let bench = std::env::current_exe().ok()?;
    let program = bench.parent()?.parent()?.join(format!("tradewind{}", std::env::consts::EXE_SUFFIX));
    program.is_file().then_some(program)
}

/// A folder in which the program trades at a simulator.
pub(crate) struct Desk {
    program: PathBuf,
    pub(crate) folder: TempDir,
    url: String,
}

impl Desk {
    /// A new one, with what `init` writes.
    pub(crate) fn new(program: &Path, url: String) -> Self {
        let desk = Self { program: program.to_owned(), folder: tempfile::tempdir().unwrap(), url };
        let made = desk.command(&["init", "--venue", "alpaca"]).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        desk
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn journal(&self) -> PathBuf {
        self.at("paper-state.journal.sqlite")
    }

    /// The program with these words, not started yet. Nothing of the environment changes what it does.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(words).current_dir(self.folder.path());
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            if ["TRADEWIND_", "APCA_", "ALPACA_", "NOTIFY_"].iter().any(|of| name.starts_with(of)) {
                command.env_remove(&*name);
            }
        }
        command.env("APCA_API_BASE_URL", &self.url).envs(KEYS);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// A process that serves these words of the command line, ready.
    pub(crate) fn serve(&self, words: &[&str]) -> Server {
        let words = [&["serve"], words].concat();
        let mut command = self.command(&words);
        command.stdin(Stdio::piped()).stderr(Stdio::piped());
        let began = Instant::now();
        let mut child = command.spawn().unwrap();
        let (input, said) = (child.stdin.take(), listen(child.stderr.take().unwrap()));
        let mut server = Server { child, input, said, took: Duration::ZERO };
        let mut before = String::new();
        loop {
            let line = server.said.recv_timeout(WITHIN);
            let line = line.unwrap_or_else(|why| panic!("it is not ready ({why}): {before}"));
            if line.contains(READY) {
                server.took = began.elapsed();
                return server;
            }
            before.push_str(&line);
            before.push('\n');
        }
    }
}

/// What somebody says, line by line.
fn listen(from: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (tell, told) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            let _ = tell.send(line);
        }
    });
    told
}

/// A process that serves. It is killed when it is dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) input: Option<ChildStdin>,
    said: Receiver<String>,
    /// How long it took to be ready.
    pub(crate) took: Duration,
}

impl Server {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it said since it was ready.
    pub(crate) fn said(&self) -> String {
        self.said.try_iter().collect::<Vec<_>>().join("\n")
    }

    /// Ends it as a service manager does.
    pub(crate) fn ends(mut self) {
        drop(self.input.take());
        let asked = Command::new("kill").args(["-TERM", &self.pid().to_string()]).status();
        assert!(asked.unwrap().success());
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has ended already, mostly.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The most memory that a process has had so far, in KiB, where the system tells.
pub(crate) fn memory(pid: u32) -> Option<u64> {
    let mut text = String::new();
    std::fs::File::open(format!("/proc/{pid}/status")).ok()?.read_to_string(&mut text).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

/// Whether these are all bytes of an answer.
pub(crate) fn is_whole(answer: &[u8]) -> bool {
    let Some(head) = answer.windows(4).position(|some| some == b"\r\n\r\n") else { return false };
    let text = String::from_utf8_lossy(&answer[..head]).to_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.expect("a length").trim().parse().unwrap();
    answer.len() >= head + 4 + length
}
