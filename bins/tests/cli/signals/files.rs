//! What is not a whole text of signals is refused, says why, and leaves every file as it was.

use std::io::Write;
use std::process::Stdio;

use chrono::TimeDelta;

use crate::place::{Place, code, enter, now, stderr, stdout};

/// Runs over `name` and expects that nothing was touched; gives what was said.
#[track_caller]
fn refused(place: &Place, name: &str) -> String {
    let before = place.bytes();
    let ran = place.tradewind(&["run", "--signals", name]);
    assert_eq!(code(&ran), 2, "{name}: {}", stdout(&ran));
    assert!(place.bytes() == before, "{name}: a file was changed or made");
    assert!(
        stderr(&ran).contains("error[TW0202]") && stderr(&ran).contains("nothing was taken in"),
        "{}",
        stderr(&ran)
    );
    stderr(&ran)
}

#[test]
fn what_is_no_regular_file_is_refused_and_not_waited_for() {
    let place = Place::new();
    std::fs::create_dir(place.file("folder")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(place.file("pipe")).status().unwrap();
    assert!(made.success());
    std::os::unix::fs::symlink(place.file("pipe"), place.file("link")).unwrap();
    std::os::unix::fs::symlink(place.file("nowhere"), place.file("loose")).unwrap();
    for (name, why) in [
        ("folder", "is a folder"),
        ("pipe", "a pipe, a socket or a device"),
        ("link", "a pipe, a socket or a device"),
        ("/dev/zero", "a pipe, a socket or a device"),
        ("loose", "cannot be read"),
        ("none.json", "cannot be read"),
    ] {
        let began = now();
        let mut command = place.command(&["run", "--signals", name]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        while child.try_wait().unwrap().is_none() {
            if now() - began > TimeDelta::minutes(1) {
                child.kill().unwrap();
                panic!("{name} is waited for");
            }
            std::thread::yield_now();
        }
        let ran = child.wait_with_output().unwrap();
        assert_eq!(code(&ran), 2, "{name}");
        assert!(stderr(&ran).contains(why) && stderr(&ran).contains(name), "{name}: {}", stderr(&ran));
        assert!(!place.file("paper-state.json").exists(), "{name}");
    }
}

#[test]
fn a_file_that_is_too_large_is_not_read() {
    let place = Place::new();
    let file = std::fs::File::create(place.file("large.json")).unwrap();
    file.set_len(64 << 20).unwrap();
    // All of it is read, and it is no JSON.
    let ran = place.tradewind(&["run", "--signals", "large.json"]);
    assert!(stderr(&ran).contains("large.json: file: "), "{}", stderr(&ran));
    file.set_len((64 << 20) + 1).unwrap();
    assert!(refused(&place, "large.json").contains("has more than 67108864 bytes"));
    // A terabyte that takes no room on the disk is refused by its size alone.
    file.set_len(1 << 40).unwrap();
    let ran = place.tradewind(&["run", "--signals", "large.json"]);
    assert_eq!(code(&ran), 2);
    assert!(stderr(&ran).contains("large.json has more than 67108864 bytes"), "{}", stderr(&ran));
    std::fs::remove_file(place.file("large.json")).unwrap();
    // Standard input has no size: it is left at the bound.
    let mut child = place
        .command(&["run", "--signals", "-"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let block = vec![b' '; 1 << 20];
    let written = (0..200).take_while(|_| stdin.write_all(&block).is_ok()).count();
    drop(stdin);
    let ran = child.wait_with_output().unwrap();
    assert_eq!(code(&ran), 2);
    assert!(stderr(&ran).contains("standard input has more than 67108864 bytes"), "{}", stderr(&ran));
    assert!(written < 200, "it reads no further");
}

#[test]
fn what_is_not_utf8_is_named_with_line_and_byte() {
    let place = Place::new();
    let mut bytes = format!("{}\n", enter("one", "BTC/USD", "80000")).into_bytes();
    let at = bytes.len() + 1;
    bytes.extend(b"\xe9\n");
    std::fs::write(place.file("latin.jsonl"), &bytes).unwrap();
    let told = refused(&place, "latin.jsonl");
    assert!(told.contains(&format!("line 2, byte {at} of the file is 0xe9")), "{told}");
    let utf16: Vec<u8> = [0xfeff].into_iter().chain("[]".encode_utf16()).flat_map(u16::to_le_bytes).collect();
    std::fs::write(place.file("wide.json"), utf16).unwrap();
    assert!(refused(&place, "wide.json").contains("UTF-16"));
}

#[test]
fn a_file_that_is_being_written_is_never_taken_in_part() {
    let place = Place::new();
    place.prices();
    let stop = std::sync::atomic::AtomicBool::new(false);
    let filler: Vec<_> = (0..400).map(|n| enter(&format!("s{n}"), "BTC/USD", "80000")).collect();
    let whole = serde_json::json!(filler).to_string();
    let (mut refused, mut taken) = (0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // A writer without care: the file is cut, and then grows piece by piece.
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                let mut file = std::fs::File::create(place.file("growing.json")).unwrap();
                for piece in whole.as_bytes().chunks(4_096) {
                    file.write_all(piece).unwrap();
                }
            }
        });
        for _ in 0..12 {
            let ran = place.tradewind(&["run", "--signals", "growing.json", "--strict"]);
            match code(&ran) {
                // Half of it, or none of it yet, is refused whole.
                2 => refused += 1,
                0 => taken += 1,
                other => panic!("{other}: {}", stderr(&ran)),
            }
            let known = if place.file("paper-state.journal.sqlite").exists() {
                place.data(&["signals", "--all"]).len()
            } else {
                0
            };
            assert!(known == 0 || known == filler.len(), "{known} of {} were taken in", filler.len());
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    assert_eq!(refused + taken, 12);
}

#[test]
fn a_cut_table_is_refused_whole_and_a_last_line_of_json_needs_no_break() {
    let place = Place::new();
    let signal = enter("one", "BTC/USD", "80000");
    let head = "id,symbol,action,side,decided_at,expires_at,stop";
    let row = |id: &str, symbol: &str, stop: &str| {
        let time = |key: &str| signal[key].as_str().unwrap().to_owned();
        format!("{id},{symbol},enter,long,{},{},{stop}", time("decided_at"), time("expires_at"))
    };
    // The last cell was to be 2800; cut to 280 it would be a stop far away.
    place.write(
        "cut.csv",
        &format!("{head}\n{}\n{}", row("one", "BTC/USD", "80000"), row("two", "ETH/USD", "280")),
    );
    place.prices();
    let ran = place.tradewind(&["run", "--signals", "cut.csv"]);
    assert_eq!(code(&ran), 2, "{}", stdout(&ran));
    assert!(stderr(&ran).contains("does not end with a line break"), "{}", stderr(&ran));
    assert!(place.data(&["signals", "--all"]).is_empty());
    place.write("lines.jsonl", &format!("{signal}\n{}", enter("two", "ETH/USD", "2800")));
    place.prices();
    assert_eq!(code(&place.tradewind(&["run", "--signals", "lines.jsonl"])), 0);
    assert_eq!(place.data(&["signals", "--all"]).len(), 2);
}
