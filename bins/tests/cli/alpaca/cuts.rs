//! A pass, a process that serves and a person's halt are cut off before and after each operation on a file or a line, killed or
//! with the power of the machine: what comes after finds out what arrived, and nothing is there twice or lost.
//!
//! Each operation is cut off at places that follow from a seed; `TRADEWIND_CUTS=all` takes all of them, and the name of an
//! operation, as `write lock`, all of it alone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

use super::desk::Desk;
use crate::cut::{Cut, END, Ended, How, Power, Traced, When, traced};
use crate::place::{code, stderr, stdout};

/// A pass or a verb that is cut off, and how it is seen that all is well in the end.
struct Scene {
    /// The desk before it.
    before: fn() -> Desk,
    words: &'static [&'static str],
    /// What goes on beside it, until it is over.
    beside: fn(&Desk, &Running),
    /// What must be so in the end, when it is run again; the text tells where it was cut off.
    after: fn(&Desk, &str),
    /// What it cannot do without, as names of operations.
    must: &'static [&'static [&'static str]],
    /// What is cut off here in every run, once each, where other scenes have the rest; empty for all of it, twice.
    own: &'static [&'static str],
}

/// A process that is traced by another thread.
struct Running {
    pid: Receiver<nix::unistd::Pid>,
    over: Receiver<()>,
}

impl Running {
    /// Waits a little; false when it is over.
    fn goes_on(&self) -> bool {
        use std::sync::mpsc::RecvTimeoutError;
        match self.over.recv_timeout(Duration::from_millis(20)) {
            Err(RecvTimeoutError::Timeout) => true,
            Ok(()) | Err(RecvTimeoutError::Disconnected) => false,
        }
    }

    /// Waits until something is so; false when it is over before.
    fn until(&self, is_so: impl Fn() -> bool) -> bool {
        (0..300).any(|_| is_so() || !self.goes_on()) && self.goes_on()
    }
}

/// Runs a scene's command, with what goes on beside it.
fn played(desk: &Desk, scene: &Scene, cut: Option<&Cut>) -> Traced {
    let command = desk.command(scene.words);
    let (tells_pid, pid) = channel();
    let (ends, over) = channel();
    std::thread::scope(|threads| {
        let folder = desk.folder.path();
        let tracer = threads.spawn(move || {
            let traced = traced(&command, folder, cut, Some(&tells_pid));
            drop(ends);
            traced
        });
        (scene.beside)(desk, &Running { pid, over });
        tracer.join().unwrap()
    })
}

/// Cuts a scene off everywhere, or at two places of each operation.
#[expect(clippy::print_stdout, reason = "what was cut off how often is what the run is for")]
fn cut_off(scene: &Scene) {
    let desk = (scene.before)();
    let whole = played(&desk, scene, None);
    assert!(matches!(whole.ended, Ended::With(status) if matches!(status.code(), Some(0 | 3))), "{whole:?}");
    (scene.after)(&desk, "not cut off");
    let seed = std::env::var("TRADEWIND_CUT_SEED").map_or(1, |text| text.parse().unwrap());
    let wanted = std::env::var("TRADEWIND_CUTS").ok();
    let is_all = wanted.is_some();
    let is_wanted = |what: &str| match wanted.as_deref() {
        Some(wanted) => wanted == "all" || wanted == what,
        None => scene.own.is_empty() || scene.own.iter().any(|own| what.ends_with(own)),
    };
    let is_few = !is_all && !scene.own.is_empty();
    println!("seed {seed}: again with TRADEWIND_CUT_SEED={seed}");
    for must in scene.must.iter().copied().flatten() {
        assert!(whole.counts.contains_key(*must), "it did not {must}: {:#?}", whole.counts);
    }
    let end = Cut { what: END.to_owned(), nth: 1, when: When::After, how: How::Power(Power::Gone) };
    let desk = (scene.before)();
    assert_eq!(played(&desk, scene, Some(&end)).ended, Ended::Cut);
    (scene.after)(&desk, "the power goes after its end");
    let mut hits: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
    let mut late = 0;
    let all = whole.counts.iter().filter(|(what, _)| is_wanted(what));
    let cuts = all.flat_map(|(what, times)| places(what, *times, seed, is_all)).enumerate();
    // Of two for each operation, one or the other in turns.
    let is_turn = |n: usize| !is_few || (n + n / 2).is_multiple_of(2);
    for (_, mut cut) in cuts.filter(|(n, _)| is_turn(*n)) {
        let play = |cut: &Cut| {
            let desk = (scene.before)();
            let traced = played(&desk, scene, Some(cut));
            (scene.after)(&desk, &format!("{cut:?}"));
            traced.ended
        };
        let mut ended = play(&cut);
        if matches!(ended, Ended::With(_)) && cut.nth > 1 {
            // What is done by the clock is not done as often each time.
            cut.nth = 1;
            late += 1;
            ended = play(&cut);
        }
        if let Ended::With(_) = ended {
            late += 1;
            continue;
        }
        let (what, _) = whole.counts.get_key_value(&cut.what).unwrap();
        let which = match (cut.how, cut.when) {
            (How::Killed, When::Before) => 0,
            (How::Killed, When::After) => 1,
            (How::Power(_), _) => 2,
            (How::Full, _) => 3,
        };
        hits.entry(what).or_default()[which] += 1;
    }
    println!("killed before, after; power gone; disk full; of how many:");
    for (what, times) in &whole.counts {
        let counts = hits.get(what.as_str()).copied().unwrap_or_default();
        println!("{:>5} {:>5} {:>5} {:>5}  {times:>5} {what}", counts[0], counts[1], counts[2], counts[3]);
        assert!(counts.iter().sum::<usize>() > 0 || !is_wanted(what), "`{what}` was never cut off");
    }
    println!("{} cuts, {late} too late", hits.values().flatten().sum::<usize>());
}

/// Where an operation is cut off that is done so many times.
fn places(what: &str, times: usize, seed: u64, is_all: bool) -> Vec<Cut> {
    let cut = |nth: usize, when: When, how: How| Cut { what: what.to_owned(), nth, when, how };
    let mix = what.bytes().fold(seed, |mix, byte| {
        (mix ^ u64::from(byte)).wrapping_mul(6_364_136_223_846_793_005).rotate_left(17)
    });
    let is_of_a_file = !what.ends_with("a line");
    if is_all {
        let each = (1..=times).flat_map(|nth| {
            let torn = How::Power(Power::Torn(mix.wrapping_add(u64::try_from(nth).unwrap())));
            let mut all = vec![
                cut(nth, When::Before, How::Killed),
                cut(nth, When::After, How::Killed),
                cut(nth, When::Before, torn),
                cut(nth, When::After, How::Power(Power::Gone)),
                cut(nth, When::After, torn),
            ];
            all.extend(is_of_a_file.then(|| cut(nth, When::Before, How::Full)));
            all
        });
        return each.collect();
    }
    let nth = 1 + usize::try_from(mix >> 33).unwrap() % times;
    let power = if mix & 1 == 0 { Power::Gone } else { Power::Torn(mix) };
    let [one, other] = if mix & 2 == 0 { [When::Before, When::After] } else { [When::After, When::Before] };
    let how = if is_of_a_file && mix & 0b1100 == 0 { How::Full } else { How::Power(power) };
    vec![cut(1, one, How::Killed), cut(nth, other, how)]
}

fn nothing(_: &Desk, running: &Running) {
    while running.goes_on() {}
}

/// The orders that there ever were of a symbol: bought, sold.
fn sides(desk: &Desk, symbol: &str) -> [usize; 2] {
    let orders = desk.orders();
    ["buy", "sell"]
        .map(|side| orders.iter().filter(|order| order["symbol"] == symbol && order["side"] == side).count())
}

/// Passes until these symbols are held behind their stops, or are not held; then there must be so many orders of each.
#[track_caller]
fn comes_to_rest(desk: &Desk, why: &str, words: &[&str], held: bool, orders: &[(&str, [usize; 2])]) {
    let words = [&["run", "--settle", "0"], words].concat();
    let is_there = || {
        orders.iter().all(|(symbol, _)| {
            let position = desk.position(symbol);
            if held { position["protected"] == "yes" } else { position.is_null() }
        })
    };
    for round in 0.. {
        let ran = desk.tradewind(&words);
        assert!(matches!(code(&ran), 0 | 5), "{why}: {}{}", stdout(&ran), stderr(&ran));
        desk.seconds(5);
        if code(&ran) == 0 && is_there() {
            break;
        }
        assert!(round < 12, "{why}: {}{} {:#?}", stdout(&ran), stderr(&ran), desk.orders());
    }
    let ran = desk.tradewind(&words);
    assert_eq!(code(&ran), 0, "{why}: {}{}", stdout(&ran), stderr(&ran));
    let found: Vec<_> = orders.iter().map(|(symbol, _)| (*symbol, sides(desk, symbol))).collect();
    assert_eq!(found, orders, "{why}: {:#?}", desk.orders());
    let names: BTreeSet<String> =
        desk.orders().iter().map(|order| order["client_order_id"].to_string()).collect();
    assert_eq!(names.len(), desk.orders().len(), "{why}: one name is one order");
    for verb in [["journal", "verify"], ["state", "verify"]] {
        let ran = desk.tradewind(&verb);
        assert_eq!(code(&ran), 0, "{why}: {}{}", stdout(&ran), stderr(&ran));
    }
    for signal in desk.json(&["signals", "--all"]).as_array().unwrap() {
        assert_eq!(signal["outcome"], "filled", "{why}: {signal:#}");
    }
}

fn write(desk: &Desk, name: &str, signals: &[Value]) {
    std::fs::write(desk.folder.path().join(name), json!(signals).to_string()).unwrap();
}

/// What a first pass does besides.
const FIRST: [&str; 3] = ["create new journal", "link to journal", "create lock"];

/// What a halt does.
const HALT: [&str; 5] =
    ["create halt file", "write halt file", "flush halt file", "flush folder", "flush log of the journal"];

/// What every pass does that sends something.
const PASS: [&str; 10] = [
    "write lock",
    "flush folder",
    "write log of the journal",
    "flush log of the journal",
    "create new state file",
    "flush new state file",
    "rename to state file",
    "open a line",
    "write to a line",
    "read from a line",
];

#[test]
fn a_pass_that_is_cut_off_while_it_enters_has_one_order_with_its_stop_in_the_end() {
    let before = || {
        let desk = Desk::new("100000");
        write(&desk, "signals.json", &[desk.enter("in", "AAPL", "219")]);
        desk
    };
    cut_off(&Scene {
        before,
        words: &["run", "--settle", "0", "--signals", "signals.json"],
        beside: nothing,
        after: |desk, why| {
            comes_to_rest(desk, why, &["--signals", "signals.json"], true, &[("AAPL", [1, 1])]);
        },
        must: &[&FIRST, &PASS],
        own: &[],
    });
}

#[test]
fn a_pass_that_is_cut_off_while_it_exits_has_sold_once_in_the_end() {
    let before = || {
        let desk = Desk::new("100000");
        desk.pass(0, &[desk.enter("in", "AAPL", "219")], &[]);
        write(&desk, "signals.json", &[desk.exit("out", "AAPL")]);
        desk
    };
    cut_off(&Scene {
        before,
        words: &["run", "--settle", "0", "--signals", "signals.json"],
        beside: nothing,
        after: |desk, why| {
            comes_to_rest(desk, why, &["--signals", "signals.json"], false, &[("AAPL", [1, 2])]);
        },
        must: &[&PASS],
        own: &[],
    });
}

/// Whether a file lies in the folder.
fn lies(desk: &Desk, path: &str) -> bool {
    Path::new(desk.folder.path()).join(path).exists()
}

#[test]
fn a_process_that_serves_and_is_cut_off_has_each_order_once_in_the_end_and_forgets_no_halt() {
    let before = || {
        let desk = Desk::new("100000");
        std::fs::create_dir(desk.folder.path().join("in")).unwrap();
        write(&desk, "in/day.json", &[desk.enter("in", "AAPL", "219")]);
        write(&desk, "signals.json", &[desk.enter("hand", "KO", "60")]);
        desk
    };
    // By the folder, by a pass that hands over, by a person; then it is ended.
    let beside = |desk: &Desk, running: &Running| {
        let pid = running.pid.recv().unwrap();
        let is_held = |symbol| {
            desk.seconds(1);
            desk.position(symbol)["protected"] == "yes"
        };
        if !running.until(|| lies(desk, "paper-state.json") && is_held("AAPL")) {
            return;
        }
        desk.tradewind(&["run", "--settle", "0", "--signals", "signals.json"]);
        if !running.until(|| is_held("KO")) {
            return;
        }
        let halted = desk.tradewind(&["halt", "--why", "odd"]);
        if code(&halted) == 0 {
            let is_halted =
                desk.json(&["status"])["level"] == "paused" || lies(desk, "paper-state.json.halt");
            assert!(is_halted, "{}{}", stdout(&halted), stderr(&halted));
        }
        if !running.goes_on() {
            return;
        }
        desk.tradewind(&["resume", "--why", "fine"]);
        // It has ended meanwhile, when it was cut off.
        let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM);
        while running.goes_on() {}
    };
    let after = |desk: &Desk, why: &str| {
        if desk.json(&["status"])["level"] == "paused" || lies(desk, "paper-state.json.halt") {
            assert_eq!(code(&desk.tradewind(&["resume", "--why", "fine"])), 0, "{why}");
        }
        // What was put into the folder waits there, is being taken, or is done.
        let kept = ["in", "in/.taking", "in/done"].map(|folder| format!("{folder}/day.json"));
        let file =
            kept.iter().find(|file| lies(desk, file)).unwrap_or_else(|| panic!("{why}: the file is gone"));
        let all = ["--signals", file, "--signals", "signals.json"];
        comes_to_rest(desk, why, &all[..2], true, &[("AAPL", [1, 1])]);
        comes_to_rest(desk, why, &all[2..], true, &[("AAPL", [1, 1]), ("KO", [1, 1])]);
    };
    cut_off(&Scene {
        before,
        words: &["serve", "--signals", "in", "--poll", "1", "--record", "sessions"],
        beside,
        after,
        must: &[&[
            "rename to file that is taken",
            "rename to file that was taken in",
            "rename to sign of life",
            "remove ask",
            "flush new message",
            "rename to answer",
            "write recording",
            "rename to state file",
            "write to a line",
            "read from a line",
        ]],
        own: &[
            "signals",
            "taken",
            "taken in",
            "message",
            "ask",
            "answer",
            "recording",
            "folder",
            "sign of life",
        ],
    });
}

#[test]
fn a_halt_that_is_cut_off_is_there_when_its_verb_was_done_and_can_be_given_again() {
    let before = || {
        let desk = Desk::new("100000");
        desk.pass(0, &[desk.enter("in", "AAPL", "219")], &[]);
        desk
    };
    let after = |desk: &Desk, why: &str| {
        let halted = desk.tradewind(&["halt", "--why", "odd"]);
        assert_eq!(code(&halted), 0, "{why}: {}{}", stdout(&halted), stderr(&halted));
        assert_eq!(desk.json(&["status"])["level"], "paused", "{why}");
        let resumed = desk.tradewind(&["resume", "--why", "fine"]);
        assert_eq!(code(&resumed), 0, "{why}: {}{}", stdout(&resumed), stderr(&resumed));
        comes_to_rest(desk, why, &[], true, &[("AAPL", [1, 1])]);
    };
    let desk = before();
    // It cannot be asked, so the file is all there is.
    let mut holds =
        desk.command(&["serve", "--poll", "1"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let is_served = || desk.json(&["status"])["trader"]["serves"] == true;
    assert!((0..600).any(|_| is_served()));
    let holds_pid = nix::unistd::Pid::from_raw(holds.id().cast_signed());
    nix::sys::signal::kill(holds_pid, nix::sys::signal::Signal::SIGSTOP).unwrap();
    let end = Cut { what: END.to_owned(), nth: 1, when: When::After, how: How::Power(Power::Gone) };
    let halted = traced(&desk.command(&["halt", "--why", "odd"]), desk.folder.path(), Some(&end), None);
    assert_eq!(halted.ended, Ended::Cut);
    holds.kill().unwrap();
    holds.wait().unwrap();
    assert!(lies(&desk, "paper-state.json.halt"), "a halt that was given is gone with the power");
    cut_off(&Scene {
        before,
        words: &["halt", "--why", "odd"],
        beside: nothing,
        after,
        must: &[&HALT],
        own: &["halt file", "folder"],
    });
}
