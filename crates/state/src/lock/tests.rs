//! One holder at a time, in this process and in others; the file says who.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use super::*;
use crate::testing::at;

const PATH: &str = "TRADEWIND_TEST_LOCK";

#[test]
fn a_lock_is_held_once_and_says_by_whom() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("paper-state.json.lock");
    let lock = Lock::take(&path, "tradewind 1.0", at(5)).unwrap();
    let LockError::Held { holder, .. } = Lock::take(&path, "other", at(6)).unwrap_err() else { panic!() };
    let holder = holder.unwrap();
    assert_eq!(holder, Holder::this("tradewind 1.0", at(5)));
    assert_eq!(holder.pid, std::process::id());
    if cfg!(target_os = "linux") {
        assert_eq!(holder.runs(), Some(true));
        assert_eq!(Holder { born: Some(1), ..holder.clone() }.runs(), Some(false));
        assert_eq!(Holder { host: "elsewhere".into(), ..holder }.runs(), None);
    }
    let text = Lock::take(&path, "other", at(6)).unwrap_err().to_string();
    assert!(text.contains("tradewind 1.0, process ") && text.contains("1970-01-01T00:00:05Z"), "{text}");
    assert!(text.contains(".lock"), "{text}");
    drop(lock);
    assert_eq!(read(&path), None);
    assert_eq!(Lock::take(&path, "other", at(7)).unwrap().path(), path);
}

#[test]
fn what_an_earlier_holder_left_does_not_matter() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.lock");
    std::fs::write(&path, "x".repeat(9_000)).unwrap();
    let lock = Lock::take(&path, "t", at(5)).unwrap();
    assert_eq!(read(&path).unwrap().program, "t".into());
    std::fs::write(&path, "nonsense").unwrap();
    let text = Lock::take(&path, "t", at(5)).unwrap_err().to_string();
    assert!(text.contains("it has not said which"), "{text}");
    drop(lock);
    let missing = folder.path().join("no").join("a.lock");
    let text = Lock::take(&missing, "t", at(5)).unwrap_err().to_string();
    assert!(text.contains("cannot be taken"), "{text}");
}

/// Not a test by itself: the other process of the next one.
#[test]
fn other_process() {
    let Some(path) = std::env::var_os(PATH) else { return };
    let _lock = Lock::take(Path::new(&path), "child", at(1)).unwrap();
    println!("\nheld");
    drop(std::io::stdin().read_line(&mut String::new()));
}

#[test]
fn another_process_holds_it_until_it_dies() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.lock");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "lock::tests::other_process", "--nocapture"])
        .env(PATH, &path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line == "held"));
    let LockError::Held { holder, .. } = Lock::take(&path, "t", at(2)).unwrap_err() else { panic!() };
    let holder = holder.unwrap();
    assert_eq!((holder.pid, &*holder.program), (child.id(), "child"));
    child.kill().unwrap();
    child.wait().unwrap();
    Lock::take(&path, "t", at(3)).unwrap();
    if cfg!(target_os = "linux") {
        assert_eq!(holder.runs(), Some(false));
    }
}
