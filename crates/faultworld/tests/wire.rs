//! The schedules over a wire that every test run plays: the adapter to Alpaca against its simulator, under the checkers of
//! all the other venues. `torture --venue alpaca-wire` plays as many as one likes.

#![cfg(feature = "wire")]

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Mutex;

use faultworld::venue::manner::Manner;
use faultworld::world::Options;
use faultworld::{abreast, play};

/// So many schedules, but for the last ones.
const SCHEDULES: usize = 42;
/// Every so manieth seed: neighbours are about the same fault in neighbouring places.
const STRIDE: u64 = 5;
/// What comes seldom: a session that the broker does not know (19), an order that fills before its cancel arrives (89, 223), a broker that closes a position (21, 51), and a
/// second attempt that is refused while the first is still on its way (375).
const SELDOM: [u64; 6] = [19, 21, 51, 89, 223, 375];

/// How often each thing that goes wrong on the wire is met at least.
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
    ("an execution is taken back", 1),
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

#[derive(Default)]
struct Sum {
    counting: usize,
    met: BTreeMap<&'static str, u64>,
    wrong: Vec<String>,
}

#[test]
fn nothing_wrong_happens_over_the_wire_whatever_fails_and_all_comes_to_rest() {
    let manner = Manner::wire();
    let seeds: Vec<u64> = (0..).map(|n| n * STRIDE).take(SCHEDULES).chain(SELDOM).collect();
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
            sum.wrong.push(format!("{violation}\n  torture --from {seed} --seeds 1 --venue alpaca-wire"));
        }
        ControlFlow::Continue(())
    });
    let Sum { counting, met, wrong } = sum.into_inner().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let all = seeds.len();
    assert!(counting * 100 >= all * 95, "{counting} of {all} are long and bad enough to count");
    let seldom: Vec<_> = MET
        .iter()
        .map(|(what, least)| (*what, met.get(what).copied().unwrap_or(0), *least))
        .filter(|(_, count, least)| count < least)
        .collect();
    assert!(seldom.is_empty(), "met too seldom (how often, and how often it must be): {seldom:?}\n{met:#?}");
    let unknown: Vec<_> = met.keys().filter(|what| !MET.iter().any(|(known, _)| known == *what)).collect();
    assert!(unknown.is_empty(), "counted, and not asked for: {unknown:?}");
}

#[test]
fn a_seed_is_one_story_over_the_wire_too() {
    let options = Options { trace: true, ..Options::default() };
    let told = || play(3, &Manner::wire(), &options).unwrap().trace;
    assert_eq!(told(), told());
}
