//! The only place that prints. Data on standard output, talk on standard error; a closed pipe ends quietly.

use std::io::{self, IsTerminal, Write};

use broker_api::Time;
use serde_json::{Value, json};

use crate::failure::{Failure, plain};
use crate::help::{self, Kind};

/// Where a verb writes to.
#[derive(Clone, Copy, Debug)]
pub struct Out {
    json: bool,
    quiet: bool,
    verbose: bool,
}

/// What stands above every output: which account it is about and how much trading is allowed.
#[derive(Clone, Debug, Default)]
pub struct Heading {
    /// `PAPER`, `PRACTICE` or `LIVE`; nothing before a book is bound to an account.
    pub mode: Option<String>,
    /// The venue and its account.
    pub account: Option<String>,
    /// The level.
    pub level: Option<String>,
    /// The journal's id, the seq and the hash of its last record.
    pub journal: Option<(String, u64, String)>,
}

impl Out {
    /// As the command line asks.
    pub const fn new(json: bool, quiet: bool, verbose: bool) -> Self {
        Self { json, quiet, verbose }
    }

    /// The same for what only serves to look: nothing of it is told.
    pub const fn unwatched(self) -> Self {
        Self { json: self.json, quiet: true, verbose: false }
    }

    /// Whether more is wanted.
    pub const fn is_verbose(self) -> bool {
        self.verbose
    }

    /// Whether programs read what is printed.
    pub const fn is_json(self) -> bool {
        self.json
    }

    /// Whether a person looks at standard error.
    pub fn is_watched(self) -> bool {
        !self.quiet && !self.json && io::stderr().is_terminal()
    }

    /// Data for people, unless JSON was asked for.
    ///
    /// # Errors
    /// When standard output cannot be written, save that nobody reads it any more.
    pub fn text(self, text: &str) -> Result<(), Failure> {
        if self.json { Ok(()) } else { print(text) }
    }

    /// Talk: what is going on, on standard error.
    pub fn say(self, text: &str) {
        if !self.quiet && !self.json {
            // Talk that nobody can hear is no reason to stop.
            let _ = writeln!(io::stderr().lock(), "{}", plain(text));
        }
    }

    /// A step of a pass, as it begins: for `--verbose`, on standard error.
    pub fn step(self, text: &str) {
        if self.verbose {
            let _ = writeln!(io::stderr().lock(), "step: {text}");
        }
    }

    /// Who is told what the runner is doing; nobody without `--verbose`.
    pub fn watch(self) -> Option<engine::watch::Watch> {
        self.verbose
            .then(|| std::sync::Arc::new(move |note: engine::watch::Note| self.step(&note.to_string())) as _)
    }

    /// A warning, with the code of its page: on standard error, whatever was asked for.
    #[expect(clippy::unused_self, reason = "said like everything else that is said")]
    pub fn warn(self, code: &'static str, text: &str) {
        let number = help::number(Kind::Warning, code).unwrap_or(code);
        let _ = writeln!(io::stderr().lock(), "warning[{number}]: {}", plain(text));
    }

    /// Help or a version that was asked for, as the parser of the command line has it.
    #[expect(clippy::unused_self, reason = "said like everything else that is said")]
    pub fn help(self, text: &clap::Error) {
        // Nobody reads it any more, or it cannot be written: nothing was to be done but this.
        let _ = text.print();
    }

    /// The one document of `--json`.
    ///
    /// # Errors
    /// As [`Out::text`].
    pub fn document(self, verb: &str, heading: &Heading, as_of: Time, data: &Value) -> Result<(), Failure> {
        if !self.json {
            return Ok(());
        }
        let document = document(verb, heading, as_of, data);
        print(&format!("{document:#}\n"))
    }

    /// A failure: on standard error for people, as a document for programs.
    pub fn failed(self, failure: &Failure, as_of: Time) {
        let _ = writeln!(io::stderr().lock(), "{failure}");
        let data = json!({
            "exit": failure.exit.code(),
            "code": failure.code,
            "number": failure.number(),
            "what": failure.what,
            "causes": failure.causes,
            "fix": failure.fix,
        });
        let _ = self.document("error", &Heading::default(), as_of, &data);
    }
}

/// A document as programs read it, with its versions and what it is about.
pub fn document(verb: &str, heading: &Heading, as_of: Time, data: &Value) -> Value {
    let journal =
        heading.journal.as_ref().map(|(id, seq, hash)| json!({ "id": id, "seq": seq, "hash": hash }));
    json!({
        "schema": format!("tradewind.{verb}/1"),
        "tradewind": env!("CARGO_PKG_VERSION"),
        "mode": heading.mode,
        "account": heading.account,
        "level": heading.level,
        "as_of": as_of,
        "journal": journal,
        "data": data,
    })
}

/// Writes to standard output.
///
/// # Errors
/// When that fails, save that nobody reads it any more.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => {
            let what = "standard output cannot be written";
            Err(Failure::new(crate::failure::Exit::Unexpected, "no_output", what).because(&error))
        }
        Ok(()) => Ok(()),
    }
}
