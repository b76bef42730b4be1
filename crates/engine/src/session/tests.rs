//! Sessions that are written and told again: equal, changed, cut, and by others.

mod scene;

use broker_api::SubmitOutcome;

use super::*;
use crate::Operator;
use scene::{Scene, of, played};

fn session() -> Vec<String> {
    let (session, ..) = played().end();
    String::from_utf8(session).unwrap().lines().map(str::to_owned).collect()
}

fn told(lines: &[String]) -> Reproduced {
    reproduce(text(lines).as_bytes()).unwrap()
}

fn text(lines: &[String]) -> String {
    lines.join("\n") + "\n"
}

/// How many commits stand in so many of the first lines.
fn commits(lines: &[String]) -> u64 {
    lines.iter().filter(|line| line.starts_with("{\"commit\"")).count() as u64
}

#[test]
fn a_session_comes_out_again_with_every_hash_and_the_same_book() {
    let scene = played();
    let names: Vec<_> =
        scene.journal.read(0, 1_000).unwrap().iter().map(|stamped| stamped.record.name()).collect();
    for name in ["intended", "filled", "cancel_started", "closed", "signal_ended", "ask_started", "level_set"]
    {
        assert!(names.contains(&name), "{name}: {names:?}");
    }
    let recorded = scene.writer.recorded();
    let (session, head, book) = scene.end();
    let told = reproduce(session.as_slice()).unwrap();
    assert!(matches!(told.end, End::Stopped) && told.is_equal(), "{:?}", told.end);
    assert_eq!((told.head, told.records(), told.untold), (head, head.seq, 0));
    assert_eq!((told.inputs, told.commits), (recorded.inputs, recorded.commits));
    assert_eq!((&*told.journal, &*told.version, told.from.seq), ("scene", "0", 0));
    assert_eq!(told.book, book);
}

#[test]
fn a_price_that_is_changed_in_one_digit_is_found_at_the_commit_it_went_into() {
    let mut lines = session();
    let at = lines.iter().position(|line| line.contains("\"50000.0\"")).unwrap();
    lines[at] = lines[at].replace("50000.0", "50001.0");
    let told = told(&lines);
    let End::Differs(difference) = &told.end else { panic!("{:?}", told.end) };
    let commit = (at..lines.len())
        .find(|n| {
            lines[*n].starts_with("{\"commit\"") && lines[..*n].iter().any(|l| l.contains("\"signal\":{"))
        })
        .unwrap();
    assert_eq!(difference.line, commit as u64 + 1);
    assert_eq!((difference.commit, told.commits), (commits(&lines[..commit]) + 1, commits(&lines[..commit])));
    assert_eq!((difference.before, told.is_equal()), (told.head, false));
    assert_ne!(difference.now.hash, difference.recorded.hash);
    let payloads: String = difference.records.iter().map(|row| row.payload.as_str()).collect();
    assert!(payloads.contains("50001.0") && difference.froze.is_none(), "{payloads}");
    let of_signal = difference.taken.iter().find(|taken| taken.text.contains("\"signal\":{")).unwrap();
    assert_eq!(*of_signal.text, lines[usize::try_from(of_signal.line).unwrap() - 1]);
    assert!(of_signal.records > 0);
    assert_eq!(
        told.inputs + difference.inputs,
        lines[..commit].iter().filter(|l| l.starts_with("{\"step\"")).count() as u64
    );
}

/// Whatever is done to a session, what stands before it comes out equal, and nothing breaks.
#[test]
fn any_byte_may_change_and_what_stands_before_it_is_still_told() {
    let lines = session();
    let whole = text(&lines);
    let header = lines[0].len() + 1;
    let (mut differs, mut broken, mut equal) = (0, 0, 0);
    for at in (header..whole.len()).step_by(11) {
        let mut bytes = whole.clone().into_bytes();
        bytes[at] = if bytes[at].is_ascii_digit() { b'0' + (bytes[at] - b'0' + 1) % 10 } else { b'~' };
        let before = whole.as_bytes()[..at].split(|byte| *byte == b'\n').count() - 1;
        let told = reproduce(bytes.as_slice()).unwrap();
        assert!(told.commits >= commits(&lines[..before]), "byte {at}: {:?}", told.end);
        match &told.end {
            End::Differs(difference) => {
                assert!(difference.line > before as u64, "byte {at}");
                differs += 1;
            }
            End::Broken(_) => broken += 1,
            _ => equal += 1,
        }
    }
    assert!(differs > 50 && broken > 50, "{differs} differ, {broken} are broken, {equal} are equal");
}

#[test]
fn a_file_that_is_cut_is_told_up_to_there() {
    let lines = session();
    for n in 1..lines.len() {
        let told = told(&lines[..n]);
        assert!(matches!(told.end, End::Open) && told.is_equal(), "{n}: {:?}", told.end);
        assert_eq!(told.commits, commits(&lines[..n]));
        let mut cut = text(&lines[..n]);
        cut.push_str(&lines[n][..lines[n].len() / 2]);
        let told = reproduce(cut.as_bytes()).unwrap();
        let line = n as u64 + 1;
        assert!(
            matches!(&told.end, End::Broken(fault) if *fault == SessionFault::Cut { line }),
            "{:?}",
            told.end
        );
        assert_eq!((told.commits, told.is_equal()), (commits(&lines[..n]), false));
    }
    // The last record waits for a commit that is not there.
    assert_eq!(told(&lines[..lines.len() - 1]).untold, 1);
}

#[test]
fn what_is_no_session_of_this_program_is_said_to_be_none() {
    let good = text(&session());
    let fault = |text: &str| reproduce(text.as_bytes()).unwrap_err();
    let not = |text: &str, word: &str| {
        let fault = fault(text);
        assert!(
            matches!(fault, SessionFault::NotASession { .. }) && fault.to_string().contains(word),
            "{fault}"
        );
    };
    not("", "empty");
    not("hello\n", "line 1");
    not("{\"schema\":\"tradewind.run/1\"}\n", "tradewind.run/1");
    not(&good[..100], "not whole");
    not(&good.replacen("{\"schema\"", "{\"more\":1,\"schema\"", 1), "more");
    not(&good.replacen("\"base\":", "\"more\":1,\"base\":", 1), "more");
    not(&good.replacen("\"settle\":", "\"more\":1,\"settle\":", 1), "more");
    not(&good.replacen("\"journal_seq\":0", "\"journal_seq\":1", 1), "record 1");
    for (from, to, found) in [
        ("session/1", "session/2", "tradewind.session/2"),
        ("\"record_version\":1", "\"record_version\":2", "version 2"),
    ] {
        let fault = fault(&good.replacen(from, to, 1));
        assert!(matches!(fault, SessionFault::Newer { .. }) && fault.to_string().contains(found), "{fault}");
    }
    // A record, an input, a field or a line that only a newer program knows.
    for (from, to) in [
        ("\"record\":\"started\"", "\"record\":\"teleported\""),
        ("\"input\":\"timer\"", "\"input\":\"thunder\""),
        ("\"halted\":false", "\"halted\":false,\"more\":1"),
        ("{\"commit\":", "{\"pause\":"),
        ("{\"quote\":{\"key\":\"paper:ETH", "{\"quote\":{\"key\":\"paper:DOGE"),
    ] {
        let text: Vec<String> = good.replacen(from, to, 1).lines().map(str::to_owned).collect();
        let told = told(&text);
        assert!(matches!(told.end, End::Broken(SessionFault::Unreadable { .. })), "{to}: {:?}", told.end);
    }
}

#[test]
fn a_process_that_froze_freezes_again_and_one_that_did_not_is_another() {
    let mut lines = session();
    let last = lines.len() - 2;
    assert!(lines[last].contains("stopped"), "{}", lines[last]);
    // The life before this one cannot stop.
    lines[last] = lines[last].replace("\"life\":1", "\"life\":7");
    let froze = told(&lines[..=last]);
    assert!(matches!(&froze.end, End::Froze { line, .. } if *line == last as u64 + 1), "{:?}", froze.end);
    assert!(froze.is_equal());
    let went_on = told(&lines);
    let End::Differs(difference) = &went_on.end else { panic!("{:?}", went_on.end) };
    assert_eq!(difference.froze.as_ref().map(|(line, _)| *line), Some(last as u64 + 1));
}

/// A disk with so much room.
struct Disk(usize);

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(self.0);
        self.0 -= taken;
        if taken == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(taken) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_recording_that_fails_says_so_once_and_is_over() {
    let timer = Line::Step { at: Time::UNIX_EPOCH, halted: false, input: &Input::Timer };
    let mut writer = Writer::new(Disk(200));
    let said: Vec<_> = (0..10).filter_map(|_| writer.write(&timer).err()).collect();
    assert_eq!(said.len(), 1);
    assert_eq!(said[0].why.kind(), io::ErrorKind::StorageFull);
    assert_eq!(said[0].line, writer.recorded().lines + 1);
    assert!(writer.is_over() && writer.finish().is_ok());
    assert!(writer.recorded().inputs >= 1);
}

#[test]
fn a_line_that_is_too_long_ends_the_recording_and_what_stands_is_a_session() {
    let mut scene = Scene::new();
    let why: Box<str> = "x".repeat(LINE_MAX).into();
    let long = Input::Submitted { order: of("tw-1"), attempt: 1, outcome: SubmitOutcome::Unknown { why } };
    let line = Line::Step { at: Time::UNIX_EPOCH, halted: false, input: &long };
    let said = scene.writer.write(&line).unwrap_err();
    assert!(said.to_string().contains("line 5") && said.to_string().contains("bytes"), "{said}");
    // The desk goes on, and nobody is told a second time.
    let act = Operator::Flatten { name: "ann".into(), why: "leaving".into() };
    scene.feed(&[Input::Operator(act)]);
    let (session, head, _) = scene.end();
    let told = reproduce(session.as_slice()).unwrap();
    assert!(matches!(told.end, End::Open) && told.head.seq < head.seq, "{:?}", told.end);
    // A file with such a line was not written by us.
    let long = format!("{}{{\"step\":\"{}\"}}\n", String::from_utf8(session).unwrap(), "x".repeat(LINE_MAX));
    let told = reproduce(long.as_bytes()).unwrap();
    let is_named = matches!(&told.end, End::Broken(SessionFault::Unreadable { line: 5, .. }));
    assert!(is_named, "{:?}", told.end);
}

/// What the guard looks at besides the book is in the first line; one of before has it not, and is read all the same.
#[test]
fn times_without_entries_the_drill_and_the_alerts_are_read_back() {
    let at: Time = of("2026-03-04T05:06:07.008Z");
    let blackout = risk::Blackout {
        from: at,
        until: at + chrono::TimeDelta::hours(1),
        symbols: vec![of("BTC/USD")],
        classes: vec![broker_api::AssetClass::Forex],
        why: "a fork".into(),
    };
    let setup =
        Setup { blackouts: [blackout].into(), drilled: Some(at), alerts: Some(false), ..scene::setup() };
    let (book, head) = (Book::default(), Place { seq: 0, hash: state::encode::digest(b"") });
    let line = serde_json::to_value(Header::of("1", at, &setup, &book, "journal", head)).unwrap();
    let read = |line: &serde_json::Value| {
        let text = line.to_string();
        let header: Header<'_> = serde_json::from_str(&text).unwrap();
        header.setup().unwrap()
    };
    let again = read(&line);
    assert_eq!((again.drilled, again.alerts, &again.blackouts), (Some(at), Some(false), &setup.blackouts));
    assert_eq!(again.blackouts.len(), 1);
    let mut before = line;
    let setup = before["setup"].as_object_mut().unwrap();
    for key in ["blackouts", "drilled", "alerts"] {
        assert!(setup.remove(key).is_some(), "{key}");
    }
    assert!(setup["limits"].as_object_mut().unwrap().remove("drill_age_days").is_some());
    let again = read(&before);
    assert_eq!((again.drilled, again.alerts, again.blackouts.len()), (None, None, 0));
    assert_eq!(again.limits, risk::Limits::paper());
    // A breaker that was not there stops nothing.
    let (later, limits) = (["daily_loss_crypto_percent", "diverged_max"], &mut before["setup"]["limits"]);
    assert!(later.iter().all(|key| limits.as_object_mut().unwrap().remove(*key).is_some()));
    assert_eq!(read(&before).limits, risk::Limits::paper().widened(&later));
}
