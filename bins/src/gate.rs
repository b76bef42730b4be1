//! What a gate looks at, filled from the book and its journal, and where evaluations are put away. The evaluation itself is
//! the crate `evidence`, which knows nothing of either.

mod backtest;
mod facts;
mod flags;
mod flow;
mod kept;
mod shown;

pub use backtest::{backtest, pairs};
pub use facts::{Gathered, closed, gather};
pub use flags::{Answers, Flag};
pub use flow::flow;
pub use kept::{Earlier, earlier, keep, of, take_over};
pub use shown::{GATE, show};

/// The first numbers of closed trades at which a gate is evaluated; then every hundred.
const MARKS: [usize; 5] = [50, 75, 100, 150, 200];
/// From the last of them on.
const STEP: usize = 100;

/// The largest number of trades, of those there are, at which a gate is evaluated; and the next one. Who asks after each
/// trade passes sooner or later, with an edge or without one.
pub fn marks(counted: usize) -> (Option<usize>, usize) {
    let last = MARKS[MARKS.len() - 1];
    if counted >= last {
        let mark = last + (counted - last) / STEP * STEP;
        return (Some(mark), mark + STEP);
    }
    let reached = MARKS.iter().rposition(|mark| *mark <= counted);
    let next = reached.map_or(0, |at| at + 1);
    (reached.map(|at| MARKS[at]), MARKS[next])
}

#[cfg(test)]
mod tests {
    use super::marks;

    #[test]
    fn a_gate_is_evaluated_at_numbers_that_are_known_before() {
        let at: Vec<_> = [0, 49, 50, 74, 75, 149, 150, 199, 200, 299, 300, 1234].map(marks).into();
        let expected = [
            (None, 50),
            (None, 50),
            (Some(50), 75),
            (Some(50), 75),
            (Some(75), 100),
            (Some(100), 150),
            (Some(150), 200),
            (Some(150), 200),
            (Some(200), 300),
            (Some(200), 300),
            (Some(300), 400),
            (Some(1200), 1300),
        ];
        assert_eq!(at, expected);
    }
}
