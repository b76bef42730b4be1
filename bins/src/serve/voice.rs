//! What a process that serves prints, by a thread of its own: a reader that does not read holds up nobody who decides. What
//! does not fit is counted, said, and stands in the journal all the same.

use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use broker_api::Stamped;
use serde_json::json;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::clock::{self, Stopwatch};
use crate::figures;
use crate::out::{self, Out};

/// How many lines wait.
const WAIT: usize = 1_000;
/// How long the last ones are waited for.
const ENDS_WITHIN: Duration = Duration::from_secs(1);

/// See the module.
pub struct Voice {
    out: Out,
    lines: Option<SyncSender<String>>,
    left_out: AtomicU64,
    printer: Option<JoinHandle<()>>,
}

impl Voice {
    /// Begins to print.
    pub fn new(out: Out) -> Self {
        let (lines, printed) = sync_channel::<String>(WAIT);
        let print = move || {
            for line in printed {
                if out::print(&line).is_err() {
                    return;
                }
            }
        };
        let printer = std::thread::Builder::new().name("printer".into()).spawn(print).ok();
        Self { out, lines: Some(lines), left_out: AtomicU64::new(0), printer }
    }

    /// A record, in a line: for programs as JSON.
    pub fn record(&self, stamped: &Stamped, sentence: &str) {
        let (seq, at) = (stamped.seq, stamped.at);
        self.say(if self.out.is_json() {
            format!(
                "{}\n",
                json!({ "schema": "tradewind.serve/1", "seq": seq, "at": at, "record": stamped.record })
            )
        } else {
            format!("{}  {seq:>7}  {sentence}\n", figures::time(at))
        });
    }

    /// A line.
    pub fn say(&self, line: String) {
        let left_out = self.left_out.load(Ordering::Relaxed);
        let line = if left_out > 0 && !self.out.is_json() {
            format!("({left_out} lines were left out)\n{line}")
        } else {
            line
        };
        let Some(lines) = &self.lines else { return };
        match lines.try_send(line) {
            Ok(()) => self.left_out.store(0, Ordering::Relaxed),
            Err(TrySendError::Full(_)) => self.left_out.store(left_out + 1, Ordering::Relaxed),
            // Nobody reads any more.
            Err(TrySendError::Disconnected(_)) => {}
        }
    }
}

impl Drop for Voice {
    fn drop(&mut self) {
        self.lines = None;
        let began = Stopwatch::start();
        while self.printer.as_ref().is_some_and(|printer| !printer.is_finished())
            && began.elapsed() < ENDS_WITHIN
        {
            clock::pause(Duration::from_millis(5));
        }
    }
}
