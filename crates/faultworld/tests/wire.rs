//! The schedules over a wire that every test run plays: the adapters to Alpaca and OANDA, each against its simulator, under
//! the checkers of all the other venues. `torture --venue alpaca-wire` and `--venue oanda-wire` play as many as one likes.

#![cfg(feature = "wire")]

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Mutex;

use faultworld::venue::manner::Manner;
use faultworld::world::Options;
use faultworld::{abreast, play};

/// What every test run plays over one wire.
struct Tried {
    manner: fn() -> Manner,
    /// So many schedules, but for the last ones.
    schedules: usize,
    /// Every so manieth seed: neighbours are about the same fault in neighbouring places.
    stride: u64,
    /// Those in which something happens that comes seldom.
    seldom: &'static [u64],
    /// The same of what goes wrong on this one alone.
    alone: &'static [(&'static str, u64)],
}

/// How often each thing that goes wrong on a wire is met at least.
const MET: &[(&str, u64)] = &[
    ("401", 1),
    ("429", 10),
    ("502 as a page, and done", 2),
    ("502 as a page, not done", 2),
    ("503 or 504, and done", 3),
    ("503 or 504, not done", 3),
    ("a frame of the stream comes twice", 2),
    ("a frame of the stream is left out", 2),
    ("all connections are closed", 30),
    ("done, and the connection closes without an answer", 50),
    ("filled before the cancel arrives", 1),
    ("filled in parts", 2),
    ("maintenance: 503 to all", 2),
    ("refused", 3),
    ("somebody trades by hand", 2),
    ("taken, and rejected afterwards", 2),
    ("the answer comes late", 5),
    ("the answer comes later than it is waited for", 10),
    ("the answer ends in the middle of its body", 3),
    ("the answer is no JSON", 3),
    ("the broker closes a position", 1),
    ("the connection is refused", 20),
    ("the connection is reset when the request was read", 10),
    ("the connection is reset, and the request arrives later", 3),
    ("the stream falls mute", 3),
    ("the stream is closed", 3),
    ("two frames of the stream change places", 3),
];

/// What comes seldom: a session that the broker does not know (19), an order that fills before its cancel arrives (89, 223), a broker that closes a position (21, 51), and a
/// second attempt that is refused while the first is still on its way (375).
const ALPACA: Tried = Tried {
    manner: Manner::alpaca_wire,
    schedules: 42,
    stride: 5,
    seldom: &[19, 21, 51, 89, 223, 375],
    alone: &[("an execution is taken back", 1)],
};

/// Nothing is taken back at OANDA. What comes seldom: an order that fills before its cancel arrives (129), and one that fills in
/// parts (283, 285).
const OANDA: Tried = Tried {
    manner: Manner::oanda_wire,
    schedules: 32,
    stride: 7,
    seldom: &[129, 283, 285],
    alone: &[("the log alone is not told for a while", 10)],
};

#[derive(Default)]
struct Sum {
    counting: usize,
    met: BTreeMap<&'static str, u64>,
    wrong: Vec<String>,
}

#[expect(clippy::unwrap_used, reason = "part of two tests")]
fn plays(tried: &Tried) {
    let Tried { schedules, stride, seldom, alone, .. } = tried;
    let asked = [MET, alone].concat();
    let manner = (tried.manner)();
    let all = (0..).map(|n| n * stride).take(*schedules).chain(seldom.iter().copied());
    let seeds: Vec<u64> = all.collect();
    let sum = Mutex::new(Sum::default());
    abreast(seeds.len() as u64, |n| {
        let seed = seeds[usize::try_from(n).unwrap()];
        let played = play(seed, &manner, &Options::default()).unwrap();
        let mut sum = sum.lock().unwrap();
        sum.counting += usize::from(played.counts());
        for (what, count) in &played.met {
            *sum.met.entry(what).or_default() += count;
        }
        if let Some(violation) = &played.violation {
            let venue = manner.name;
            sum.wrong.push(format!("{violation}\n  torture --from {seed} --seeds 1 --venue {venue}"));
        }
        ControlFlow::Continue(())
    });
    let Sum { counting, met, wrong } = sum.into_inner().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let all = seeds.len();
    assert!(counting * 100 >= all * 95, "{counting} of {all} are long and bad enough to count");
    let seldom: Vec<_> = asked
        .iter()
        .map(|(what, least)| (*what, met.get(what).copied().unwrap_or(0), *least))
        .filter(|(_, count, least)| count < least)
        .collect();
    assert!(seldom.is_empty(), "met too seldom (how often, and how often it must be): {seldom:?}\n{met:#?}");
    let unknown: Vec<_> = met.keys().filter(|what| !asked.iter().any(|(known, _)| known == *what)).collect();
    assert!(unknown.is_empty(), "counted, and not asked for: {unknown:?}");
}

#[test]
fn nothing_wrong_happens_over_alpacas_wire_whatever_fails_and_all_comes_to_rest() {
    plays(&ALPACA);
}

#[test]
fn nothing_wrong_happens_over_oandas_wire_whatever_fails_and_all_comes_to_rest() {
    plays(&OANDA);
}

#[test]
fn a_seed_is_one_story_over_the_wire_too() {
    let options = Options { trace: true, ..Options::default() };
    for Tried { manner, .. } in [ALPACA, OANDA] {
        let told = || play(3, &manner(), &options).unwrap().trace;
        assert_eq!(told(), told(), "{}", manner().name);
    }
}
