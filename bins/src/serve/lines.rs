//! What comes from outside while nobody waits for it: lines of standard input.

use std::io::{self, BufRead as _, Read as _};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};

use broker_api::Time;
use engine::intake::{self, Defaults, Intake};
use tokio::sync::Notify;

use super::{Batch, From};
use crate::ending::no_thread;
use crate::failure::Failure;
use crate::out::Out;

/// How many lines wait; more are left with who writes them.
const WAIT: usize = 1_000;

/// Lines of standard input, each a signal.
#[derive(Debug)]
pub struct Lines {
    read: Receiver<io::Result<Vec<u8>>>,
    bell: Arc<Notify>,
}

impl Lines {
    /// Begins to read.
    ///
    /// # Errors
    /// No thread to read in.
    pub fn read() -> Result<Self, Failure> {
        let (sender, receiver) = sync_channel(WAIT);
        let bell = Arc::new(Notify::new());
        let rings = Arc::clone(&bell);
        let read = move || {
            let mut input = io::stdin().lock();
            loop {
                let mut line = Vec::new();
                let most = u64::try_from(intake::ENTRY_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(2);
                let came = input.by_ref().take(most).read_until(b'\n', &mut line);
                let is_over = !matches!(came, Ok(bytes) if bytes > 0);
                if sender.send(came.map(|_| line)).is_err() {
                    return;
                }
                rings.notify_one();
                if is_over {
                    return;
                }
            }
        };
        std::thread::Builder::new()
            .name("standard input".into())
            .spawn(read)
            .map_err(|error| no_thread(&error))?;
        Ok(Self { read: receiver, bell })
    }

    /// Waits until one has come since this was last waited for. It is not taken by that.
    pub async fn come(&self) {
        self.bell.notified().await;
    }

    /// What came since the last time; nothing when nothing did.
    pub fn take(&self, out: Out, now: Time, defaults: &Defaults) -> Option<Batch> {
        let mut all = Intake::default();
        for _ in 0..WAIT {
            match self.read.try_recv() {
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
