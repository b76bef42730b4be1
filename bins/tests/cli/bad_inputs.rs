//! A table of bad inputs. Each is said to be one, with its place and its field; the exit code is the one that is listed;
//! nothing waits for ever; and every file of the folder is afterwards as it was.

mod bars;
mod config;
mod prices;
mod signals;
mod state;
mod world;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::place::{Place, enter};

/// How long a program may take to say no, in seconds: much longer than it needs, for tests run beside each other.
const PATIENCE: u64 = 60;
/// A pass on a copy: nothing at all may change.
const DRY: &[&str] = &["run", "--dry-run", "--signals", "signals.json"];
/// The same without a copy.
const WET: &[&str] = &["run", "--signals", "signals.json"];

/// A bad input, and what comes of it.
struct Row {
    name: String,
    /// Makes it, in a folder with a configuration, fresh prices, and one position.
    make: Box<dyn Fn(&Place) + Sync>,
    words: &'static [&'static str],
    exit: i32,
    /// What is said, on standard error or in the report.
    says: Vec<String>,
    /// Whether the verb goes on without the bad input, and reports.
    goes_on: bool,
}

impl Row {
    /// An input that is refused: exit code 2, nothing on standard output.
    fn refused(
        name: impl Into<String>,
        words: &'static [&'static str],
        make: impl Fn(&Place) + Sync + 'static,
        says: &[&str],
    ) -> Self {
        let says = says.iter().map(|part| (*part).to_owned()).collect();
        Self { name: name.into(), make: Box::new(make), words, exit: 2, says, goes_on: false }
    }

    /// The same for one that the rest of the pass does without.
    fn goes_on(mut self) -> Self {
        self.goes_on = true;
        self
    }

    fn ends(mut self, exit: i32) -> Self {
        self.exit = exit;
        self
    }

    /// What is wrong with how the program takes it.
    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut fault = |what: String| faults.push(format!("{}: {what}", self.name));
        let place = template().copy();
        place.prices();
        (self.make)(&place);
        let before = everything(place.path());
        let ended = bounded(place.command(self.words), PATIENCE);
        if ended.code != Some(self.exit) {
            fault(format!("ends with {:?}, not {}: {}", ended.code, self.exit, ended.told()));
        }
        for part in self.says.iter().filter(|part| !ended.err.contains(*part) && !ended.out.contains(*part)) {
            fault(format!("does not say {part:?}: {}", ended.told()));
        }
        if !self.goes_on && !ended.out.is_empty() {
            fault(format!("prints {:?}", ended.out));
        }
        let changed = changes(&before, &everything(place.path()));
        if !changed.is_empty() {
            fault(format!("{changed:?} changed"));
        }
        let json = bounded(place.command(&[self.words, &["--json"]].concat()), PATIENCE);
        match serde_json::from_str::<Value>(&json.out) {
            Ok(document) if document["data"]["exit"] == self.exit => {}
            Ok(document) => fault(format!("with --json: {document}")),
            Err(why) => fault(format!("with --json: {why}: {:?}", json.out)),
        }
        if self.words == DRY {
            // Where it counts the pass may be written down, but nothing was taken in and nothing sent.
            let counts = || ["signals", "orders", "fills"].map(|list| place.data(&[list, "--all"]).len());
            let known = counts();
            let wet = bounded(place.command(WET), PATIENCE);
            if wet.code != Some(self.exit) || counts() != known {
                fault(format!("without --dry-run {:?}, {known:?}, {:?}", wet.code, counts()));
            }
        }
        faults
    }
}

/// Fails with everything that is wrong with a table.
#[track_caller]
fn check(rows: &[Row]) {
    let (next, faults) = (AtomicUsize::new(0), std::sync::Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while let Some(row) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let found = row.faults();
                    faults.lock().unwrap().extend(found);
                }
            });
        }
    });
    let faults = faults.into_inner().unwrap();
    assert!(faults.is_empty(), "{} faults in {} rows:\n{}", faults.len(), rows.len(), faults.join("\n"));
}

/// What becomes of these inputs is not what is listed yet: held is only that no file is lost.
#[track_caller]
/// A folder in which one pass took one signal in.
fn template() -> &'static Place {
    static TEMPLATE: OnceLock<Place> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let place = Place::new();
        place.signals(&[enter("one", "BTC/USD", "80000")]);
        assert_eq!(place.run().status.code(), Some(0));
        place.write("signals.json", "[]\n");
        place
    })
}

/// How a program ended.
struct Ended {
    /// Nothing when it was killed for being late, or by a signal.
    code: Option<i32>,
    out: String,
    err: String,
}

impl Ended {
    fn told(&self) -> String {
        let mut text = String::new();
        for part in [&self.err, &self.out] {
            write!(text, "\n    {}", part.chars().take(600).collect::<String>().replace('\n', "\n    "))
                .unwrap();
        }
        text
    }
}

/// Runs a program and kills it when it takes too long.
#[expect(clippy::disallowed_methods, reason = "it waits for another process")]
fn bounded(mut command: Command, seconds: u64) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let file = |name: &str| Stdio::from(fs::File::create(path(name)).unwrap());
    let mut child = command.stdin(Stdio::null()).stdout(file("out")).stderr(file("err")).spawn().unwrap();
    let began = Instant::now();
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break Some(status),
            None if began.elapsed() > Duration::from_secs(seconds) => break None,
            None => std::thread::sleep(Duration::from_millis(3)),
        }
    };
    if status.is_none() {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let read = |name: &str| String::from_utf8_lossy(&fs::read(path(name)).unwrap()).into_owned();
    let (out, err) = (read("out"), read("err"));
    let err = if status.is_none() { format!("killed after {seconds} s; {err}") } else { err };
    Ended { code: status.and_then(|status| status.code()), out, err }
}

/// Everything in a folder, by its path: a file's bytes, and what else there is by what it is.
fn everything(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(inner) = folders.pop() {
        for entry in fs::read_dir(&inner).unwrap() {
            let path = entry.unwrap().path();
            let kind = fs::symlink_metadata(&path).unwrap().file_type();
            let name = path.strip_prefix(folder).unwrap().display().to_string();
            let bytes = if kind.is_symlink() {
                format!("a link to {}", fs::read_link(&path).unwrap().display()).into_bytes()
            } else if kind.is_dir() {
                folders.push(path);
                b"a folder".to_vec()
            } else if kind.is_fifo() {
                b"a pipe".to_vec()
            } else {
                fs::read(&path).unwrap()
            };
            found.insert(name, bytes);
        }
    }
    found
}

/// Names of what is there only once, or otherwise. The lock's file stays, empty, wherever a lock was asked for.
fn changes(before: &BTreeMap<String, Vec<u8>>, after: &BTreeMap<String, Vec<u8>>) -> Vec<String> {
    let names = before.keys().chain(after.keys().filter(|name| !before.contains_key(*name)));
    let is_lock = |name: &str| Path::new(name).extension().is_some_and(|end| end == "lock");
    let is_changed = |name: &&String| before.get(*name) != after.get(*name) && !is_lock(name);
    names.filter(is_changed).cloned().collect()
}

/// Writes bytes that are no text.
fn bytes(name: &'static str, bytes: &'static [u8]) -> impl Fn(&Place) + Sync + 'static {
    move |place| fs::write(place.file(name), bytes).unwrap()
}

/// Writes a text.
fn text(name: &'static str, text: impl Into<String>) -> impl Fn(&Place) + Sync + 'static {
    let text = text.into();
    move |place| place.write(name, &text)
}

/// Puts a link there; what it leads to is up to the caller.
fn link(name: &'static str, to: &'static str) -> impl Fn(&Place) + Sync + 'static {
    move |place| {
        let _ = fs::remove_file(place.file(name));
        std::os::unix::fs::symlink(to, place.file(name)).unwrap();
    }
}

/// Puts a folder there.
fn folder(name: &'static str) -> impl Fn(&Place) + Sync + 'static {
    move |place| {
        let _ = fs::remove_file(place.file(name));
        fs::create_dir(place.file(name)).unwrap();
    }
}

/// Puts a pipe there, into which nobody writes.
fn pipe(name: &'static str) -> impl Fn(&Place) + Sync + 'static {
    move |place| {
        let _ = fs::remove_file(place.file(name));
        assert!(Command::new("mkfifo").arg(place.file(name)).status().unwrap().success());
    }
}

#[test]
fn the_table_has_its_rows() {
    let tables = [signals::rows(), state::rows(), config::rows(), bars::rows(), prices::rows()];
    let rows: usize = tables.iter().map(Vec::len).sum();
    assert!(rows >= 120, "only {rows} rows");
    let names: std::collections::BTreeSet<String> =
        tables.iter().flatten().map(|row| row.name.clone()).collect();
    assert_eq!(names.len(), rows, "a row is there twice");
}
