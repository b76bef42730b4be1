//! The file as such: how it may be written, and what is no such file.

use crate::place::{Place, code, stderr};

fn good(place: &Place) -> String {
    std::fs::read_to_string(place.file("tradewind.toml")).unwrap()
}

/// What `run` says; it must end with 2 and leave everything as it was.
#[track_caller]
fn refused(place: &Place) -> String {
    let before = place.bytes();
    let ran = place.tradewind(&["run"]);
    assert_eq!(code(&ran), 2, "{}", stderr(&ran));
    assert!(place.bytes() == before, "a file changed");
    stderr(&ran)
}

#[test]
fn a_mark_at_the_beginning_other_line_ends_and_a_link_are_no_faults() {
    let place = Place::new();
    let text = good(&place);
    for written in [
        format!("\u{feff}{text}"),
        text.replace('\n', "\r\n"),
        format!("\u{feff}{}", text.replace('\n', "\r\n")),
    ] {
        place.write("tradewind.toml", &written);
        let ran = place.tradewind(&["run"]);
        assert_eq!(code(&ran), 0, "{}", stderr(&ran));
    }
    // and lines are counted as before
    let wrong = text.replace("positions_max = 10", "positions_max = 0");
    let line = wrong.lines().position(|line| line == "positions_max = 0").unwrap() + 1;
    place.write("tradewind.toml", &format!("\u{feff}{}", wrong.replace('\n', "\r\n")));
    assert!(refused(&place).contains(&format!("tradewind.toml:{line}:17: limits.positions_max")));
}

#[test]
fn a_limit_that_the_file_does_not_name_is_missing_and_all_are_told() {
    let place = Place::new();
    place.write("tradewind.toml", "");
    let said = refused(&place);
    assert!(said.contains("tradewind.toml:1: limits: 61 keys are missing: daily_loss_percent, "), "{said}");
    assert!(said.contains("drill_age_days"), "{said}");
    place.write("tradewind.toml", "# nothing\n\n[limits]\npositions_max = 5\n");
    let said = refused(&place);
    assert!(
        said.contains("tradewind.toml:3:2: limits: 60 keys are missing") && !said.contains("positions_max"),
        "{said}"
    );
    // nothing else completes a file
    let mut command = place.command(&["run", "--set", "limits.cooldown_hours=5"]);
    let said = stderr(&command.output().unwrap());
    assert!(said.contains("60 keys are missing"), "{said}");
    place.write("tradewind.toml", &good(&Place::new()).replace("equal_slots = ", "# equal_slots = "));
    assert!(refused(&place).contains("sizing names no way to size"));
}

#[test]
fn what_is_no_toml_is_told_once_with_its_place() {
    let place = Place::new();
    let text = good(&place);
    for (from, to, told) in [
        ("positions_max = 10", "positions_max = 10\npositions_max = 11", "duplicate key"),
        ("positions_max = 10", "positions_max", "tradewind.toml:"),
        ("positions_max = 10", "positions_max = ten", "tradewind.toml:"),
        ("account = \"paper-1\"", "account = \"paper-1", "tradewind.toml:13:"),
    ] {
        place.write("tradewind.toml", &text.replacen(from, to, 1));
        let said = refused(&place);
        assert!(said.contains("is no TOML") && said.contains(told), "{to}: {said}");
        assert!(!said.contains("faults"), "{to}: {said}");
    }
}

#[test]
fn what_is_not_utf_8_is_told_with_its_line() {
    let place = Place::new();
    let mut bytes = good(&place).into_bytes();
    let line = bytes.iter().take(600).filter(|byte| **byte == b'\n').count() + 1;
    bytes[600] = 0xff;
    std::fs::write(place.file("tradewind.toml"), bytes).unwrap();
    let said = refused(&place);
    assert!(said.contains(&format!("tradewind.toml is not UTF-8: line {line}, byte 601")), "{said}");
    let wide: Vec<u8> = "\u{feff}[limits]\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    std::fs::write(place.file("tradewind.toml"), wide).unwrap();
    assert!(refused(&place).contains("it looks like UTF-16"));
}

#[test]
fn what_is_no_file_of_a_usual_size_is_refused_without_waiting() {
    let place = Place::new();
    let text = good(&place);
    place.write("tradewind.toml", &format!("{text}{}", "# long\n".repeat(150_000)));
    assert!(refused(&place).contains("has more than 1000000 bytes"));
    std::fs::remove_file(place.file("tradewind.toml")).unwrap();
    std::fs::create_dir(place.file("folder")).unwrap();
    for (words, told) in [
        (["--config", "folder"], "folder is a folder"),
        (["--config", "none.toml"], "none.toml cannot be read"),
    ] {
        let ran = place.tradewind(&[&["run"], &words[..]].concat());
        assert!(code(&ran) == 2 && stderr(&ran).contains(told), "{}", stderr(&ran));
    }
}

#[cfg(unix)]
#[test]
fn a_link_is_followed_and_one_that_leads_nowhere_or_a_pipe_is_refused() {
    let place = Place::new();
    std::fs::rename(place.file("tradewind.toml"), place.file("real.toml")).unwrap();
    std::os::unix::fs::symlink("real.toml", place.file("tradewind.toml")).unwrap();
    assert_eq!(code(&place.tradewind(&["run"])), 0);
    std::fs::remove_file(place.file("real.toml")).unwrap();
    let ran = place.tradewind(&["run"]);
    assert!(code(&ran) == 2 && stderr(&ran).contains("tradewind.toml cannot be read"), "{}", stderr(&ran));
    std::fs::remove_file(place.file("tradewind.toml")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(place.file("tradewind.toml")).status();
    if made.is_ok_and(|status| status.success()) {
        let ran = place.tradewind(&["run"]);
        assert!(code(&ran) == 2 && stderr(&ran).contains("no regular file but a pipe"), "{}", stderr(&ran));
    } else {
        println!("skipped: no mkfifo here to make a pipe with");
    }
}
