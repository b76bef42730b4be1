//! Ours beside its floor, round by round: a ratio is of medians within one round, and what is told is the median of
//! the rounds' ratios with the least and the greatest of them.

use std::fmt;
use std::time::Duration;

/// How many rounds there are.
pub(crate) const ROUNDS: usize = 10;

/// What was measured in one round after the other.
#[derive(Clone, Default)]
pub(crate) struct Series(Vec<Vec<Duration>>);

impl Series {
    /// Begins a round.
    pub(crate) fn round(&mut self) {
        self.0.push(Vec::new());
    }

    /// Notes a measurement of the round.
    pub(crate) fn put(&mut self, took: Duration) {
        if let Some(round) = self.0.last_mut() {
            round.push(took);
        }
    }

    /// The value that so many percent of all lie below.
    pub(crate) fn all(&self, percent: usize) -> Duration {
        at(&self.0.concat(), percent)
    }
}

/// The value that so many percent of the others lie below.
fn at<T: Copy + PartialOrd + Default>(values: &[T], percent: usize) -> T {
    let mut sorted = values.to_vec();
    sorted.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    sorted.get(sorted.len().saturating_sub(1) * percent / 100).copied().unwrap_or_default()
}

/// One line of the table.
pub(crate) struct Line {
    what: String,
    floor_is: &'static str,
    ours: Series,
    floor: Series,
}

impl Line {
    /// The heading of the table.
    pub(crate) const HEADING: &'static str = "\
| ours | its floor | rounds | ours: p50, p99 | floor: p50, p99 | ours / floor, p50: median [least .. greatest] | over the floor |
|---|---|---|---|---|---|---|";

    pub(crate) fn new(
        what: impl Into<String>,
        ours: &Series,
        floor_is: &'static str,
        floor: &Series,
    ) -> Self {
        Self { what: what.into(), floor_is, ours: ours.clone(), floor: floor.clone() }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs = self.ours.0.iter().zip(&self.floor.0);
        let ratios: Vec<f64> =
            pairs.map(|(ours, floor)| at(ours, 50).div_duration_f64(at(floor, 50))).collect();
        let each = self.ours.0.first().map_or(0, Vec::len);
        let (rounds, low, median, high) = (ratios.len(), at(&ratios, 0), at(&ratios, 50), at(&ratios, 100));
        let spans = |series: &Series| format!("{}, {}", Span(series.all(50)), Span(series.all(99)));
        let (what, floor_is, ours, floor) =
            (&self.what, self.floor_is, spans(&self.ours), spans(&self.floor));
        write!(f, "| {what} | {floor_is} | {rounds} of {each} | {ours} | {floor} | ")?;
        write!(f, "**{median:.2}** [{low:.2} .. {high:.2}] | {:+.0} % |", (median - 1.0) * 100.0)
    }
}

/// A span of time in the unit that suits it.
pub(crate) struct Span(pub(crate) Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_secs_f64() {
            seconds @ ..1e-3 => write!(f, "{:.0} µs", seconds * 1e6),
            seconds @ ..1.0 => write!(f, "{:.2} ms", seconds * 1e3),
            seconds => write!(f, "{seconds:.2} s"),
        }
    }
}
