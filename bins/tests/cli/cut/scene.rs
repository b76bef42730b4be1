//! How a scene is played, whole and cut off.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;

use super::{Cut, END, Ended, How, Power, Traced, When, traced};

/// A folder to trade in, and what is beside it.
pub trait Stage: Sync {
    fn folder(&self) -> &Path;
    /// The program with these words, not started yet.
    fn command(&self, words: &[&str]) -> Command;
    /// What a verb says to programs.
    fn told(&self, words: &[&str]) -> Value;
}

/// What is cut off in every run.
#[derive(Clone, Copy, Debug)]
pub enum Which {
    /// All operations, each at two places.
    All,
    /// Those whose names end so, once each; other scenes have the rest.
    Once(&'static [&'static str]),
    /// Those whose names end so, before and after each call.
    Each(&'static [&'static str]),
}

impl Which {
    fn has(self, what: &str) -> bool {
        match self {
            Self::All => true,
            Self::Once(names) | Self::Each(names) => names.iter().any(|name| what.ends_with(name)),
        }
    }
}

/// A pass or a verb that is cut off, and how it is seen that all is well in the end.
pub struct Scene<D> {
    /// The desk before it.
    pub before: fn() -> D,
    pub words: &'static [&'static str],
    /// What goes on beside it, until it is over; gives whether a halt is journaled by then, and must be found.
    pub beside: fn(&D, &Running) -> bool,
    /// What must be so in the end, when it is run again; the text tells where it was cut off.
    pub after: fn(&D, &str),
    /// What it cannot do without, as names of operations.
    pub must: &'static [&'static [&'static str]],
    pub which: Which,
}

/// Nothing goes on beside it, and nothing is promised.
pub fn nothing<D>(_: &D, running: &Running) -> bool {
    while running.goes_on() {}
    false
}

/// A process that is traced by another thread.
pub struct Running {
    pub pid: Receiver<nix::unistd::Pid>,
    over: Receiver<()>,
}

impl Running {
    /// Waits a little; false when it is over.
    pub fn goes_on(&self) -> bool {
        use std::sync::mpsc::RecvTimeoutError;
        match self.over.recv_timeout(Duration::from_millis(20)) {
            Err(RecvTimeoutError::Timeout) => true,
            Ok(()) | Err(RecvTimeoutError::Disconnected) => false,
        }
    }

    /// Waits until something is so; false when it is over before.
    pub fn until(&self, is_so: impl Fn() -> bool) -> bool {
        (0..300).any(|_| is_so() || !self.goes_on()) && self.goes_on()
    }
}

/// Runs a scene's command at a new desk, with what goes on beside it, and looks that all is well in the end.
fn played<D: Stage>(scene: &Scene<D>, cut: Option<&Cut>) -> Traced {
    let desk = (scene.before)();
    let why = cut.map_or_else(|| "not cut off".to_owned(), |cut| format!("{cut:?}"));
    let command = desk.command(scene.words);
    let (tells_pid, pid) = channel();
    let (ends, over) = channel();
    let (traced, is_halted) = std::thread::scope(|threads| {
        let folder = desk.folder();
        let tracer = threads.spawn(move || {
            let traced = traced(&command, folder, cut, Some(&tells_pid));
            drop(ends);
            traced
        });
        let is_halted = (scene.beside)(&desk, &Running { pid, over });
        (tracer.join().unwrap(), is_halted)
    });
    if is_halted {
        assert_eq!(desk.told(&["status"])["level"], "reduce-only", "{why}: a halt was answered and is gone");
    }
    (scene.after)(&desk, &why);
    traced
}

/// The power goes when it has ended.
pub fn after_the_end() -> Cut {
    Cut { what: END.to_owned(), nth: 1, when: When::After, how: How::Power(Power::Gone) }
}

/// Cuts a scene off everywhere, or at two places of each operation.
#[expect(clippy::print_stdout, reason = "what was cut off how often is what the run is for")]
pub fn cut_off<D: Stage>(scene: &Scene<D>) {
    let whole = played(scene, None);
    let power = played(scene, Some(&after_the_end()));
    for done in [&whole, &power] {
        assert!(
            matches!(done.ended, Ended::With(status) if matches!(status.code(), Some(0 | 3))),
            "{done:?}"
        );
    }
    let seed = std::env::var("TRADEWIND_CUT_SEED").map_or(1, |text| text.parse().unwrap());
    let wanted = std::env::var("TRADEWIND_CUTS").ok();
    let is_all = wanted.is_some();
    let is_wanted = |what: &str| match wanted.as_deref() {
        Some(wanted) => wanted == "all" || wanted == what,
        None => scene.which.has(what),
    };
    let is_few = !is_all && matches!(scene.which, Which::Once(_));
    let each = !is_all && matches!(scene.which, Which::Each(_));
    println!("seed {seed}: again with TRADEWIND_CUT_SEED={seed}");
    for must in scene.must.iter().copied().flatten() {
        assert!(whole.counts.contains_key(*must), "it did not {must}: {:#?}", whole.counts);
    }
    let mut hits: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
    let mut late = 0;
    let all = whole.counts.iter().filter(|(what, _)| is_wanted(what));
    let cuts = all.flat_map(|(what, times)| {
        if each { before_and_after(what, *times, seed) } else { places(what, *times, seed, is_all) }
    });
    let cuts = cuts.enumerate();
    // Of two for each operation, one or the other in turns.
    let is_turn = |n: usize| !is_few || (n + n / 2).is_multiple_of(2);
    for (_, mut cut) in cuts.filter(|(n, _)| is_turn(*n)) {
        let mut ended = played(scene, Some(&cut)).ended;
        if matches!(ended, Ended::With(_)) && cut.nth > 1 {
            // What is done by the clock is not done as often each time.
            cut.nth = 1;
            late += 1;
            ended = played(scene, Some(&cut)).ended;
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

/// A number that follows from a seed and an operation.
fn mix(what: &str, seed: u64) -> u64 {
    what.bytes().fold(seed, |mix, byte| {
        (mix ^ u64::from(byte)).wrapping_mul(6_364_136_223_846_793_005).rotate_left(17)
    })
}

/// Before and after each call of an operation: killed there, or with the power gone, or, before one, on a disk that is full.
fn before_and_after(what: &str, times: usize, seed: u64) -> Vec<Cut> {
    let places = (1..=times).flat_map(|nth| [(nth, When::Before), (nth, When::After)]);
    let cut = |(nth, when): (usize, When)| {
        let mix =
            mix(what, seed).wrapping_add(u64::try_from(nth).unwrap().wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let how = match (mix >> 60, when) {
            (0..=5, _) => How::Killed,
            (6..=8, _) => How::Power(Power::Gone),
            (9..=10, When::Before) => How::Full,
            _ => How::Power(Power::Torn(mix)),
        };
        Cut { what: what.to_owned(), nth, when, how }
    };
    places.map(cut).collect()
}

/// Where an operation is cut off that is done so many times.
fn places(what: &str, times: usize, seed: u64, is_all: bool) -> Vec<Cut> {
    let cut = |nth: usize, when: When, how: How| Cut { what: what.to_owned(), nth, when, how };
    let mix = mix(what, seed);
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
