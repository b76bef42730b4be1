//! What comes from outside while nobody waits for it: lines of standard input, and the signal to end.

use std::io::{self, BufRead as _, Read as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};

use broker_api::Time;
use engine::intake::{self, Defaults, Intake};

use super::{Batch, From};
use crate::failure::{Exit, Failure};
use crate::out::Out;

/// How many lines wait; more are left with who writes them.
const WAIT: usize = 1_000;

/// Lines of standard input, each a signal.
#[derive(Debug)]
pub struct Lines(Receiver<io::Result<Vec<u8>>>);

impl Lines {
    /// Begins to read.
    ///
    /// # Errors
    /// No thread to read in.
    pub fn read() -> Result<Self, Failure> {
        let (sender, receiver) = sync_channel(WAIT);
        let read = move || {
            let mut input = io::stdin().lock();
            loop {
                let mut line = Vec::new();
                let most = u64::try_from(intake::ENTRY_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(2);
                let came = input.by_ref().take(most).read_until(b'\n', &mut line);
                let is_over = !matches!(came, Ok(bytes) if bytes > 0);
                if sender.send(came.map(|_| line)).is_err() || is_over {
                    return;
                }
            }
        };
        std::thread::Builder::new()
            .name("standard input".into())
            .spawn(read)
            .map_err(|error| no_thread(&error))?;
        Ok(Self(receiver))
    }

    /// What came since the last time; nothing when nothing did.
    pub fn take(&self, out: Out, now: Time, defaults: &Defaults) -> Option<Batch> {
        let mut all = Intake::default();
        for _ in 0..WAIT {
            match self.0.try_recv() {
                Ok(Ok(line)) if line.is_empty() => break,
                Ok(Ok(line)) => {
                    let Intake { signals, faults } = match String::from_utf8(line) {
                        Ok(text) if text.trim().is_empty() => continue,
                        Ok(text) => intake::read(&text, "standard input", now, defaults),
                        Err(_) => {
                            out.warn("bad_signal", "standard input: a line is not UTF-8; it was left out");
                            continue;
                        }
                    };
                    for fault in &faults {
                        out.warn("bad_signal", &fault.to_string());
                    }
                    all.signals.extend(signals);
                }
                Ok(Err(error)) => {
                    out.warn("bad_signal", &format!("standard input cannot be read any more: {error}"));
                    break;
                }
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
            }
        }
        (!all.signals.is_empty()).then_some(Batch { intake: all, from: From::Line })
    }
}

/// Whether somebody wants it to end.
#[derive(Clone, Debug)]
pub struct Ending(Arc<AtomicBool>);

impl Ending {
    /// Begins to listen for it.
    ///
    /// # Errors
    /// When the system does not let it.
    pub fn watch() -> Result<Self, Failure> {
        let wanted = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&wanted);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
        let runtime = runtime.map_err(|error| no_thread(&error))?;
        let signals = {
            let _inside = runtime.enter();
            listened().map_err(|error| no_thread(&error))?
        };
        let listen = move || {
            runtime.block_on(signals);
            told.store(true, Ordering::Release);
        };
        std::thread::Builder::new()
            .name("signals".into())
            .spawn(listen)
            .map_err(|error| no_thread(&error))?;
        Ok(Self(wanted))
    }

    /// Whether it does.
    pub fn is_wanted(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

#[cfg(unix)]
fn listened() -> io::Result<impl Future<Output = ()> + Send> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupted, mut ended) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = ended.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn listened() -> io::Result<impl Future<Output = ()> + Send> {
    Ok(async {
        // Without it the process ends as the system ends it, which loses nothing.
        let _ = tokio::signal::ctrl_c().await;
    })
}

fn no_thread(error: &dyn std::error::Error) -> Failure {
    Failure::new(Exit::Unexpected, "no_runtime", "a part of the process could not be begun")
        .because(error)
        .fix("free what the cause names, and start again; nothing was taken in")
}
