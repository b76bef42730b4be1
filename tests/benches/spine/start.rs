//! How long `tradewind run` takes from its start to its end, when nothing is to be done.
//!
//! The program is the one that lies beside this bench: build it first.

use std::cell::RefCell;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use state::{Batch, Book, Journal, SqliteStore};
use tempfile::TempDir;

use super::ratio::{Row, pair, timed};
use super::world::World;

const ROUNDS: usize = 40;
/// How many records an old journal has.
const RECORDS: usize = 10_000;
const JOURNAL: &str = "paper-state.journal.sqlite";
const STATE: [&str; 2] = ["paper-state.json", "paper-state.json.previous"];

/// A new journal with the records of this world.
pub(crate) fn written(path: &Path, world: &World) -> Journal<SqliteStore> {
    let mut journal = Journal::open(SqliteStore::create(path).unwrap()).unwrap();
    let mut book = Book::default();
    for part in world.records.chunks(5_000) {
        let mut batch = Batch::<()>::new(book.seq() + 1);
        for stamped in part {
            let _ = batch.put(&mut book, stamped.record.clone(), stamped.at).unwrap();
        }
        drop(journal.commit(batch).unwrap());
    }
    journal.maintain().unwrap();
    journal
}

/// The rows of the table; none when the program is not there.
pub(crate) fn rows() -> Vec<Row> {
    let Some(program) = program() else {
        println!("no tradewind beside this bench: build it with `cargo build --release -p bins`");
        return Vec::new();
    };
    let folder = tempfile::tempdir().unwrap();
    let made = |name: &str| {
        let made = folder.path().join(name);
        fs::create_dir(&made).unwrap();
        made
    };
    let (nothing, young, old, bare) = (made("nothing"), made("young"), made("old"), made("bare"));
    run(&program, &young);
    let mut world = World::new(0);
    world.trade(RECORDS);
    world.forget_the_log("0");
    drop(written(&old.join(JOURNAL), &world));
    run(&program, &old);
    copy(&old, &bare);
    for name in STATE {
        drop(fs::remove_file(bare.join(name)));
    }
    let row = |what, template: PathBuf| {
        let copied = RefCell::new(None::<TempDir>);
        let ours = || {
            let folder = tempfile::tempdir().unwrap();
            copy(&template, folder.path());
            let took = run(&program, folder.path());
            copied.replace(Some(folder)); // the one before goes now, outside of what is timed
            took
        };
        let floor = || timed(|| ended(command(&program).arg("--version"))).0;
        pair((what, "`tradewind --version`"), ROUNDS, ours, floor)
    };
    vec![
        row("`tradewind run` in an empty folder", nothing),
        row("`tradewind run` on a journal without trades", young),
        row("`tradewind run` on 10,000 records, state file there", old),
        row("`tradewind run` on 10,000 records, state file gone", bare),
    ]
}

/// The release build that lies where this bench was built.
fn program() -> Option<PathBuf> {
    let bench = std::env::current_exe().ok()?;
    let program = bench.parent()?.parent()?.join(format!("tradewind{}", std::env::consts::EXE_SUFFIX));
    program.is_file().then_some(program)
}

fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn ended(command: &mut Command) {
    let status = command.status().unwrap();
    assert!(status.success(), "{command:?} ended with {status}");
}

fn run(program: &Path, folder: &Path) -> Duration {
    timed(|| ended(command(program).arg("run").current_dir(folder))).0
}

/// Copies what lies in a folder, onto the disk, so that the program does not pay for it.
fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let copy = to.join(entry.file_name());
        fs::copy(entry.path(), &copy).unwrap();
        File::open(&copy).unwrap().sync_all().unwrap();
    }
}
