//! No key and no secret of a broker is written down or said anywhere: every verb of the program is run with keys that
//! are known, in every way it may go wrong, and then everything that it said and wrote is searched.

mod search;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::place::{Place, enter, stdout};
use search::{Needles, Watch, command_lines};

/// An API key and its secret, with what is written otherwise in URLs, in JSON and in base64.
pub const KEY: &str = "PKtwKEYmark7Q/+=&k9Zend";
/// See [`KEY`].
pub const SECRET: &str = "twSECRETmark\"w4+/=%Xq8end";
/// How long anything may take.
const WITHIN: Duration = Duration::from_mins(1);

#[expect(clippy::disallowed_methods, reason = "what is waited for here happens in another process")]
fn clock() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "what is waited for here happens in another process")]
fn pause() {
    std::thread::sleep(Duration::from_millis(20));
}

/// The verbs of the program as it lists them itself, those of a verb with verbs of its own behind it.
fn verbs(command: &dyn Fn(&[&str]) -> Command) -> BTreeSet<String> {
    fn below(command: &dyn Fn(&[&str]) -> Command, verb: &[String], all: &mut BTreeSet<String>) {
        let words: Vec<&str> = verb.iter().map(String::as_str).chain(["--help"]).collect();
        let help = stdout(&command(&words).output().unwrap());
        let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
        let listed: Vec<&str> = listed.take_while(|line| !line.is_empty()).collect();
        // What is listed stands two letters in; what goes on from the line before further.
        for line in listed.iter().filter(|line| line.starts_with("  ") && !line.starts_with("   ")) {
            let name = line.split_whitespace().next().unwrap().to_owned();
            below(command, &[verb, &[name]].concat(), all);
        }
        // One with verbs of its own may be one by itself too.
        if listed.is_empty() || !verb.is_empty() && help.contains(" [COMMAND]") {
            all.insert(verb.join(" "));
        }
    }
    let mut all = BTreeSet::new();
    below(command, &[], &mut all);
    all
}

/// One folder in which every verb is run, and all that is looked at.
pub struct Round<'a> {
    folder: PathBuf,
    command: &'a dyn Fn(&[&str]) -> Command,
    verbs: BTreeSet<String>,
    ran: RefCell<BTreeSet<String>>,
    /// The verbs that did what they do at least once.
    done: RefCell<BTreeSet<String>>,
    /// Whether what takes long and knows nothing of an account is done too, or only begun.
    is_whole: bool,
    watch: Watch,
}

impl<'a> Round<'a> {
    /// Begins to look at a folder; `except` are the files where the keys are kept.
    pub fn new(
        folder: &Path,
        command: &'a dyn Fn(&[&str]) -> Command,
        except: &[PathBuf],
        is_whole: bool,
    ) -> Self {
        std::fs::create_dir_all(folder.join("tmp")).unwrap();
        Self {
            folder: folder.to_owned(),
            command,
            verbs: verbs(command),
            ran: RefCell::default(),
            done: RefCell::default(),
            is_whole,
            watch: Watch::over(folder, Needles::of(&[KEY, SECRET]), except),
        }
    }

    /// The verb that words begin with.
    fn verb_of(&self, words: &[&str]) -> String {
        let begins = |verb: &&String| words.starts_with(&verb.split(' ').collect::<Vec<_>>());
        let longest = self.verbs.iter().filter(begins).max_by_key(|verb| verb.len());
        longest.unwrap_or_else(|| panic!("{words:?} begin with no verb")).clone()
    }

    /// A process with these words begins, of which the verb is noted and the command line looked at.
    fn begin(&self, words: &[&str], into: impl Fn() -> Stdio) -> Child {
        let verb = self.verb_of(words);
        self.ran.borrow_mut().insert(verb);
        let mut command = (self.command)(words);
        command.env("TMPDIR", self.folder.join("tmp")).stdin(Stdio::null());
        let child = command.stdout(into()).stderr(into()).spawn().unwrap();
        self.watch.note(&format!("the command line of {words:?}"), &command_lines(child.id()));
        child
    }

    /// Runs the program, whatever comes of it.
    pub fn run(&self, words: &[&str]) -> Output {
        let output = self.begin(words, Stdio::piped).wait_with_output().unwrap();
        self.watch.look();
        self.watch.note(&format!("standard output of {words:?}"), &output.stdout);
        self.watch.note(&format!("standard error of {words:?}"), &output.stderr);
        if output.status.success() {
            self.done.borrow_mut().insert(self.verb_of(words));
        }
        output
    }

    /// The same for people who want to know all, and for programs.
    fn each_way(&self, words: &[&str]) {
        for way in [&["--verbose"], &["--json"]] {
            self.run(&[words, &way[..]].concat());
        }
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.join(name), text).unwrap();
    }

    /// What goes on by itself: begun, used, and ended.
    fn beside(&self, words: &[&str], is_ready: &str, used: impl Fn()) {
        let said = self.folder.join("tmp").join("beside");
        let file = std::fs::File::create(&said).unwrap();
        let mut child = self.begin(words, || file.try_clone().unwrap().into());
        let is_there =
            || String::from_utf8_lossy(&std::fs::read(&said).unwrap_or_default()).contains(is_ready);
        let began = clock();
        while !is_there() && began.elapsed() < WITHIN && child.try_wait().unwrap().is_none() {
            pause();
        }
        self.watch.note(&format!("the command line of {words:?}"), &command_lines(child.id()));
        used();
        // It may have ended by itself.
        let _ = Command::new("kill").args(["-INT", &child.id().to_string()]).output();
        let status = child.wait().unwrap();
        self.watch.note(&format!("what {words:?} said"), &std::fs::read(&said).unwrap());
        // A process that was told to close everything ends with 3.
        if status.success() || status.code() == Some(3) {
            self.done.borrow_mut().insert(self.verb_of(words));
        }
    }

    /// Every verb, in an order in which each has something to do. `entry` makes an entry of a name decided now, `other`
    /// one of another instrument; `differs` makes the account hold KO beside the book.
    pub fn every_verb(
        &self,
        entry: &dyn Fn(&str) -> Value,
        other: &dyn Fn(&str) -> Value,
        differs: &dyn Fn(),
    ) {
        self.write("signals.json", &json!([entry("one")]).to_string());
        self.run(&["run", "--signals", "signals.json", "--settle", "2", "--record", "session.jsonl", "-v"]);
        self.write("more.json", &json!([other("two"), { "id": "bad" }]).to_string());
        self.each_way(&["run", "--signals", "more.json", "--settle", "2", "--dry-run"]);
        self.each_way(&["run", "--signals", "more.json", "--settle", "2"]);
        self.each_way(&["reconcile"]);
        differs();
        self.run(&["run", "--settle", "2", "--json"]);
        for words in [
            &["status"][..],
            &["positions"],
            &["orders", "--all"],
            &["fills", "--all"],
            &["trades", "--all"],
            &["signals", "--all"],
            &["explain", "one"],
            &["journal", "tail", "--last", "500"],
            &["journal", "verify"],
            &["state", "verify"],
            &["state", "schema", "output"],
            &["reproduce", "session.jsonl"],
            &["doctor"],
            &["doctor", "--config"],
            &["help", "TW0102"],
            &["completions", "bash"],
            &["limits"],
            &["limits", "history"],
            &["gate", "paper"],
            &["report"],
            &["report", "--format", "html"],
            &["twin"],
            &["limits", "confirm", "positions_max", "--reason", "more", "--set", "limits.positions_max=30"],
            &["disarm", "--why", "done for today"],
            &["repair", "ignore", "KO", "--reason", "my own"],
            &["status", "--config", "gone.toml"],
            &["explain", "nothing"],
        ] {
            self.each_way(words);
        }
        for (n, words) in [
            &["state", "export", "--out"][..],
            &["state", "backup", "--out"],
            &["init", "--out"],
            &["init", "--venue", "alpaca", "--out"],
        ]
        .into_iter()
        .enumerate()
        {
            for (m, way) in ["--verbose", "--json"].into_iter().enumerate() {
                self.run(&[words, &[&format!("out-{n}-{m}"), way]].concat());
            }
        }
        self.run(&["state", "restore", "out-1-0", "-v"]);
        self.write("old.json", &json!({ "cash": "1000", "positions": [] }).to_string());
        self.each_way(&["state", "import", "old.json", "--reason", "moved", "--dry-run"]);
        self.each_way(&["state", "import", "old.json", "--reason", "moved"]);
        self.each_way(&["halt", "--why", "odd prices"]);
        self.each_way(&["resume", "--why", "fine again"]);
        let account = self.account();
        self.each_way(&["drill", "--confirm", &account]);
        self.each_way(&["arm", "--account", &account, "--for", "8h", "--why", "to begin", "--notify", "cat"]);
        self.beside(&["watchdog", "--verbose"], "Watching", || {});
        self.served(entry);
        self.each_way(&["flatten", "--why", "leaving", "--confirm", &account]);
        self.researched();
        for ending in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(self.folder.join(format!("paper-state.journal.sqlite{ending}")));
        }
        self.run(&["run"]);
        self.run(&["state", "adopt", "--reason", "the disk died", "-v"]);
        self.each_way(&["run", "--settle", "1"]);
    }

    /// The account as the book has it.
    fn account(&self) -> String {
        let told: Value = serde_json::from_slice(&self.run(&["status", "--json"]).stdout).unwrap_or_default();
        let account = told["account"].as_str().unwrap_or("none:none");
        account.split_once(':').unwrap().1.to_owned()
    }

    /// The process that serves, with signals in its folder and by hand, and a person's acts.
    fn served(&self, entry: &dyn Fn(&str) -> Value) {
        let account = self.account();
        std::fs::create_dir_all(self.folder.join("in")).unwrap();
        let words = ["serve", "--signals", "in", "--poll", "1", "--record", "sessions", "--verbose"];
        self.beside(&words, "Serving.", || {
            self.write("in/.coming", &json!([entry("served")]).to_string());
            std::fs::rename(self.folder.join("in/.coming"), self.folder.join("in/day.json")).unwrap();
            self.write("in/.coming", "[{\"id\": \"half");
            std::fs::rename(self.folder.join("in/.coming"), self.folder.join("in/bad.json")).unwrap();
            self.write("handed.json", &json!([entry("handed")]).to_string());
            self.each_way(&["run", "--signals", "handed.json", "--settle", "1"]);
            self.each_way(&["status"]);
            self.run(&["halt", "--why", "odd prices", "-v"]);
            self.run(&["resume", "--why", "fine again", "--json"]);
            self.run(&["flatten", "--why", "leaving", "--confirm", &account, "-v"]);
            self.run(&["resume", "--why", "fine again", "-v"]);
        });
    }

    /// What knows nothing of an account, and has its keys in its environment all the same.
    fn researched(&self) {
        self.run(&["demo", "--out", if self.is_whole { "look" } else { "." }]);
        std::fs::create_dir_all(self.folder.join("past")).unwrap();
        let rows: Vec<String> = (1..29).map(|day| format!("2024-02-{day:02},100,101,99,100,1\n")).collect();
        self.write("past/BTC-USD.csv", &format!("date,open,high,low,close,volume\n{}", rows.concat()));
        self.write("symbols.csv", "symbol,asset_class,tick,lot,shortable\nBTC/USD,crypto,0.01,0.0001,no\n");
        let words = ["--symbols", "symbols.csv", "--strategy", "breakout", "--out", "replayed", "--verbose"];
        self.run(&[&["replay", "--bars", "past"], &words[..]].concat());
        #[cfg(feature = "conformance")]
        {
            let words = [
                "conformance",
                "--venue",
                "alpaca",
                "--simulated",
                "--cases",
                "1,30",
                "--wire-log",
                "cases.jsonl",
            ];
            self.run(&words);
            let practice =
                ["conformance", "--venue", "alpaca", "--symbol", "AAPL", "--cases", "4", "--out", "answers"];
            self.run(&practice);
        }
        #[cfg(feature = "sim")]
        for broker in ["alpaca", "oanda"] {
            self.beside(&["sim", broker, "--wire-log", "served.jsonl", "--verbose"], "Ctrl-C", || {});
        }
    }

    /// What was found, whichever verbs were run.
    pub fn found(self) -> BTreeSet<String> {
        self.watch.ends().0
    }

    /// Nothing was found, no verb was left out; those that did not do their work but once are given.
    #[track_caller]
    pub fn ends(self) -> (BTreeSet<String>, BTreeSet<String>) {
        let left: Vec<&String> =
            self.verbs.iter().filter(|verb| !self.ran.borrow().contains(*verb)).collect();
        assert!(left.is_empty(), "no run of these verbs is searched: {left:?}");
        let failed = self.verbs.difference(&self.done.borrow()).cloned().collect();
        let (found, seen) = self.watch.ends();
        assert!(found.is_empty(), "{found:#?}");
        (failed, seen)
    }
}

/// The files that must have been searched, wherever there was a book.
pub const FILES: [&str; 9] = [
    "paper-state.json",
    "paper-state.json.previous",
    "paper-state.journal.sqlite",
    "paper-state.journal.sqlite-wal",
    "paper-state.json.lock",
    "paper-state.json.halt",
    "paper-state.json.control/",
    "session.jsonl",
    "sessions/",
];

/// Whether a file of each kind was searched.
#[track_caller]
pub fn assert_searched(seen: &BTreeSet<String>) {
    for wanted in FILES {
        assert!(seen.iter().any(|file| file.starts_with(wanted)), "{wanted} was not searched: {seen:?}");
    }
}

#[test]
fn no_verb_tells_a_secret_at_the_embedded_broker() {
    let place = Place::new();
    let command = |words: &[&str]| {
        let mut command = place.command(words);
        // It has no use for them, and no reason to look.
        command.env("APCA_API_KEY_ID", KEY).env("APCA_API_SECRET_KEY", SECRET);
        command.env("APCA_API_BASE_URL", "http://127.0.0.1:9").env_remove("APCA_API_DATA_URL");
        command
    };
    let round = Round::new(place.path(), &command, &[], true);
    let entry = |id: &str| {
        place.prices();
        enter(id, "BTC/USD", "80000")
    };
    round.every_verb(&entry, &|id| enter(id, "ETH/USD", "2800"), &|| {});
    let (failed, seen) = round.ends();
    assert_searched(&seen);
    // What the embedded broker holds nobody else changes, none of it is real money, a gate needs fifty trades, and a twin bars.
    let expected: BTreeSet<String> = ["arm", "gate", "repair", "twin"].map(str::to_owned).into();
    assert_eq!(failed, expected, "the verbs that did not do their work");
}
