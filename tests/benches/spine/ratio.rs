//! Ours beside its floor, in turns, in one run: only their ratio means something on a machine that others use.

use std::fmt;
use std::time::{Duration, Instant};

/// What was measured of one pair.
pub(crate) struct Row {
    what: &'static str,
    floor_is: &'static str,
    each: u32,
    ours: Vec<Duration>,
    floor: Vec<Duration>,
}

/// How long it takes, and what it gives.
pub(crate) fn timed<T>(act: impl FnOnce() -> T) -> (Duration, T) {
    let began = Instant::now();
    let given = act();
    (began.elapsed(), given)
}

/// How long many of them take, with what each gives dropped on the way.
pub(crate) fn timed_many<T>(times: u32, mut act: impl FnMut() -> T) -> Duration {
    timed(|| (0..times).for_each(|_| drop(std::hint::black_box(act())))).0
}

/// Measures both so many times, now the one first, now the other. Each says itself how long it took, so that what
/// it prepares is not counted.
pub(crate) fn pair(
    (what, floor_is): (&'static str, &'static str),
    rounds: usize,
    mut ours: impl FnMut() -> Duration,
    mut floor: impl FnMut() -> Duration,
) -> Row {
    let mut row = Row { what, floor_is, each: 1, ours: Vec::new(), floor: Vec::new() };
    let _ = (ours(), floor()); // warms up
    for round in 0..rounds {
        if round.is_multiple_of(2) {
            row.ours.push(ours());
            row.floor.push(floor());
        } else {
            row.floor.push(floor());
            row.ours.push(ours());
        }
    }
    row
}

/// The value that so many percent of the others lie below.
fn at<T: Copy + PartialOrd>(values: &[T], percent: usize) -> Option<T> {
    let mut sorted = values.to_vec();
    sorted.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    sorted.get(sorted.len().saturating_sub(1) * percent / 100).copied()
}

impl Row {
    /// The heading of the table. Low is the tenth part of the rounds in which the least stood in the way.
    pub(crate) const HEADING: &'static str = "\
| ours | floor | rounds | ours: low, median, p99 | floor: low, median, p99 | ratio of lows | ratio: median [p10 .. p90] |
|---|---|---|---|---|---|---|";

    /// Says that each measurement was of so many of them.
    pub(crate) fn of_each(self, each: u32) -> Self {
        Self { each, ..self }
    }

    fn low(&self) -> Option<f64> {
        Some(at(&self.ours, 10)?.div_duration_f64(at(&self.floor, 10)?))
    }

    fn spans(&self, values: &[Duration]) -> String {
        let span =
            |percent| Span(at(values, percent).unwrap_or_default().as_secs_f64() / f64::from(self.each));
        format!("{}, {}, {}", span(10), span(50), span(99))
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs = self.ours.iter().zip(&self.floor);
        let ratios: Vec<f64> = pairs.map(|(ours, floor)| ours.div_duration_f64(*floor)).collect();
        let ratio = |percent| at(&ratios, percent).unwrap_or_default();
        let (what, floor_is, rounds) = (self.what, self.floor_is, ratios.len());
        let (ours, floor) = (self.spans(&self.ours), self.spans(&self.floor));
        let (low, median) = (self.low().unwrap_or_default(), ratio(50));
        write!(f, "| {what} | {floor_is} | {rounds} | {ours} | {floor} | {low:.2} | {median:.2} ")?;
        write!(f, "[{:.2} .. {:.2}] |", ratio(10), ratio(90))
    }
}

/// A span of time in the unit that suits it, from seconds.
struct Span(f64);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            ..1e-6 => write!(f, "{:.1} ns", self.0 * 1e9),
            ..1e-3 => write!(f, "{:.1} µs", self.0 * 1e6),
            _ => write!(f, "{:.2} ms", self.0 * 1e3),
        }
    }
}
