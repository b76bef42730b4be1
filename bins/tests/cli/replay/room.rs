//! Results that cannot be written: the exit code says so, and neither half a result nor a folder on the way stays.

use std::process::Output;

use super::Past;
use crate::place::{code, stderr};

/// A replay in which no file may grow beyond `blocks` of half a KiB: writing on fails as on a full disk. (The limit of
/// a process, with its signal ignored; a disk of its own would need more rights than a test has.)
fn cramped(past: &Past, blocks: u32, words: &[&str]) -> Output {
    let script = format!("trap '' XFSZ; ulimit -f {blocks} || exit 99; exec \"$0\" \"$@\"");
    let mut command = past.command("sh");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_tradewind")]).args(words);
    let output = command.output().unwrap();
    assert_ne!(code(&output), 99, "the shell cannot limit the size of files");
    output
}

#[test]
fn without_room_nothing_half_is_left() {
    let past = Past::new();
    past.signals(&[("in", "2024-01-03", "enter"), ("out", "2024-01-04", "exit")]);
    let short = [&super::given("out")[..], &["--signals", "signals.jsonl", "--to", "2024-01-10"]].concat();
    let long = super::breakout("out");
    let kept = [&long[..], &["--journal"]].concat();
    let before = past.everything();
    let fail = |blocks: u32, words: &[&str], named: &str| {
        let output = cramped(&past, blocks, words);
        let text = stderr(&output);
        assert_eq!(code(&output), 1, "{blocks} blocks, {named}: {text}");
        assert!(text.contains(named), "{blocks} blocks: {text}");
        text
    };
    fail(0, &short, "cannot be written");
    // All files but the last are small enough.
    fail(2, &short, "summary.json");
    fail(4, &long, "cannot be written");
    fail(4, &kept, "written");
    fail(200, &kept, "nothing was written");
    assert!(past.everything() == before, "something was left: {:?}", past.everything().keys());
    // With room the same words succeed; and what then fails leaves that result as it is.
    assert_eq!(code(&cramped(&past, 100_000, &kept)), 0);
    let before = past.everything();
    fail(4, &long, "cannot be written");
    assert!(past.everything() == before, "the earlier result changed");
}

#[test]
fn where_nothing_can_be_made_nothing_is() {
    let past = Past::new();
    past.write("file", "no folder");
    let before = past.everything();
    for out in ["file", "file/out", "file/deep/out"] {
        let output = past.breakout(out, &[]);
        assert_ne!(code(&output), 0, "{out}");
        assert!(stderr(&output).contains("file"), "{out}: {}", stderr(&output));
    }
    assert!(past.everything() == before, "something was left");
}

#[cfg(unix)]
#[test]
fn a_folder_that_may_not_be_written_stays_as_it_is() {
    use std::os::unix::fs::PermissionsExt as _;
    let past = Past::new();
    let locked = past.file("locked");
    std::fs::create_dir(&locked).unwrap();
    let set = |mode| std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(mode)).unwrap();
    set(0o555);
    // Root may write everywhere; then a place where nobody can is taken instead.
    let is_root = std::fs::write(locked.join("probe"), "").is_ok();
    let out = if is_root { "/proc/self/tradewind" } else { "locked/out" };
    if is_root {
        std::fs::remove_file(locked.join("probe")).unwrap();
    }
    let before = past.everything();
    let output = past.breakout(out, &[]);
    assert_ne!(code(&output), 0, "{out}");
    assert!(stderr(&output).contains("cannot be written"), "{}", stderr(&output));
    assert!(past.everything() == before, "something was left");
    set(0o755);
}

#[cfg(target_os = "linux")]
#[test]
fn a_report_that_cannot_be_printed_is_a_failure_and_the_result_is_whole() {
    let past = Past::new();
    assert_eq!(code(&past.breakout("good", &[])), 0);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = past.command(env!("CARGO_BIN_EXE_tradewind"));
    let output = command.args(super::breakout("out")).stdout(full).output().unwrap();
    assert_eq!(code(&output), 1, "{}", stderr(&output));
    assert!(stderr(&output).contains("standard output cannot be written"), "{}", stderr(&output));
    for name in super::FILES {
        assert!(past.read(&format!("good/{name}")) == past.read(&format!("out/{name}")), "{name}");
    }
}
