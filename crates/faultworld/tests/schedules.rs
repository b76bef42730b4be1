//! The schedules that every test run plays; `torture` plays as many as one likes.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use faultworld::venue::manner::Manner;
use faultworld::world::Options;
use faultworld::{Histogram, play};

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
    let (next, sum) = (AtomicU64::new(0), Mutex::new(Sum::default()));
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= SEEDS {
                        return;
                    }
                    for manner in &manners {
                        let played = play(seed, manner, &Options::default()).unwrap();
                        let mut sum = sum.lock().unwrap();
                        sum.counting += u64::from(played.counts());
                        sum.histogram.count(&played.hits);
                        if let Some(violation) = &played.violation {
                            let venue = manner.name;
                            sum.wrong.push(format!(
                                "{violation}\n  torture --from {seed} --seeds 1 --venue {venue}"
                            ));
                        }
                    }
                }
            });
        }
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
