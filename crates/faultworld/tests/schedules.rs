//! The schedules that every test run plays; `torture` plays as many as one likes.

use std::ops::ControlFlow;
use std::sync::Mutex;

use faultworld::venue::manner::Manner;
use faultworld::world::Options;
use faultworld::{Histogram, abreast, play};

/// Seeds, each at every venue: 3,000 schedules.
const SEEDS: u64 = 750;
/// So often each combination of fault and place is met at least.
const OFTEN: u64 = 1;

#[derive(Default)]
struct Sum {
    counting: u64,
    histogram: Histogram,
    wrong: Vec<String>,
}

#[test]
fn nothing_wrong_happens_whatever_fails_and_all_comes_to_rest() {
    let manners = Manner::all();
    let sum = Mutex::new(Sum::default());
    abreast(SEEDS, |seed| {
        for manner in &manners {
            let played = play(seed, manner, &Options::default()).unwrap();
            let mut sum = sum.lock().unwrap();
            sum.counting += u64::from(played.counts());
            sum.histogram.count(&played.hits);
            if let Some(violation) = &played.violation {
                let venue = manner.name;
                sum.wrong.push(format!("{violation}\n  torture --from {seed} --seeds 1 --venue {venue}"));
            }
        }
        ControlFlow::Continue(())
    });
    let Sum { counting, histogram, wrong } = sum.into_inner().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let all = SEEDS * 4;
    assert!(counting * 100 >= all * 98, "{counting} of {all} schedules are long and bad enough to count");
    let missed = histogram.missed(&manners, OFTEN);
    let lines: Vec<_> = missed
        .iter()
        .map(|(place, fault, count)| format!("{count:>4}  {place}: {}", fault.as_str()))
        .collect();
    assert!(lines.is_empty(), "met too seldom:\n{}", lines.join("\n"));
}
