//! What an order costs within this process, from the signal in hand: to the answer of its broker, to its bytes on the
//! socket, and where the time goes.

use std::time::{Duration, Instant};

use engine::watch::Note;
use tempfile::TempDir;

use crate::floor::{Floor, Took};
use crate::inside::Inside;
use crate::rounds::{Line, ROUNDS, Series, Span};

/// How many trades there are in a round.
const EACH: usize = 12;
/// How long it rests before a signal, and so does each floor.
const REST: Duration = Duration::from_millis(150);
/// The same where one thing follows the other.
const NO_REST: Duration = Duration::from_millis(2);
const WITHIN: Duration = Duration::from_secs(20);

/// What the spans are of an order up to its answer.
const SPANS: [&str; 3] = ["the step", "the commit, to the task that sends", "the task, to the answer"];
/// And those of its floor.
const FLOOR_SPANS: [&str; 2] = ["append and fdatasync", "the request, to the answer"];

/// Up to the answer, without anybody between the client and its broker.
#[derive(Default)]
struct Answered {
    ours: Series,
    spans: [Series; 3],
    grows: Series,
    grows_spans: [Series; 2],
    has_room: Series,
}

/// Up to the socket, through a tap.
#[derive(Default)]
struct Sent {
    ours: Series,
    tidied: Series,
    append: Series,
    tidied_append: Series,
    request: Series,
    commit: Series,
}

/// All of it.
#[derive(Default)]
pub(crate) struct Measured {
    rested: Answered,
    at_once: Answered,
    sent: Sent,
}

impl Measured {
    /// All rounds.
    pub(crate) fn all() -> Self {
        let mut measured = Self::default();
        Self::default().round(3);
        for _ in 0..ROUNDS {
            measured.round(EACH);
        }
        measured
    }

    fn round(&mut self, trades: usize) {
        self.rested.round(trades, REST);
        self.at_once.round(trades, NO_REST);
        self.sent.round(trades);
    }

    pub(crate) fn lines(&self) -> Vec<Line> {
        let mut lines = self.rested.lines("after a rest");
        lines.extend(self.at_once.lines("right after another"));
        lines.extend(self.sent.lines());
        lines
    }

    /// Where the time went, in sentences.
    pub(crate) fn profile(&self) -> Vec<String> {
        [("after a rest", &self.rested), ("right after another", &self.at_once)]
            .into_iter()
            .map(|(when, measured)| measured.profile(when))
            .collect()
    }
}

impl Answered {
    fn round(&mut self, trades: usize, rest: Duration) {
        let Self { ours, spans, grows, grows_spans, has_room } = self;
        let all = [ours, grows, has_room].into_iter().chain(spans).chain(grows_spans);
        all.for_each(Series::round);
        let folder = TempDir::new().unwrap();
        let mut inside = Inside::new(1, false);
        let [mut grows, mut has_room] = Floor::both(folder.path());
        inside.tidies();
        inside.price(100);
        for trade in 0..trades {
            // Each of another size: an equal one would be taken for the one before.
            let shares = 10 + trade;
            let records = self.ours(&mut inside, shares, rest);
            std::thread::sleep(rest);
            let Took { write, whole } = grows.order(&records, shares);
            self.grows.put(whole);
            self.grows_spans
                .iter_mut()
                .zip([write, whole.saturating_sub(write)])
                .for_each(|(series, span)| series.put(span));
            std::thread::sleep(rest);
            self.has_room.put(has_room.order(&records, shares).whole);
            inside.sells_all();
            grows.sells_all();
            has_room.sells_all();
        }
    }

    /// One of ours; gives the bytes of its records.
    fn ours(&mut self, inside: &mut Inside, shares: usize, rest: Duration) -> Vec<u8> {
        let _ = inside.follow();
        inside.price(100);
        std::thread::sleep(rest);
        let signal = inside.signal(0, shares, &format!("bench/{shares}"));
        drop(inside.notes());
        let began = Instant::now();
        inside.act(&[signal]);
        let mut notes = Vec::new();
        let spans = loop {
            inside.goes_on();
            notes.extend(inside.notes());
            let first =
                |is_it: fn(&Note) -> bool| notes.iter().find(|(note, _)| is_it(note)).map(|(_, at)| *at);
            if let Some(answered) = first(|note| matches!(note, Note::Outcome { .. })) {
                let commits = first(|note| matches!(note, Note::Commit { .. })).unwrap();
                let sends = first(|note| matches!(note, Note::Send { .. })).unwrap();
                self.ours.put(answered - began);
                break [commits - began, sends - commits, answered - sends];
            }
            assert!(began.elapsed() < WITHIN, "no answer came");
        };
        self.spans.iter_mut().zip(spans).for_each(|(series, span)| series.put(span));
        inside.settles(1);
        let repeated = inside.repeated();
        inside.mirror.bytes(&repeated.records)
    }

    fn lines(&self, when: &str) -> Vec<Line> {
        let ours = format!("order: a signal in hand to its broker's answer, {when}");
        vec![
            Line::new(
                &ours,
                &self.ours,
                "append and fdatasync of the same bytes, and its request by reqwest to the answer",
                &self.grows,
            ),
            Line::new(&ours, &self.ours, "the same into a file that has its room already", &self.has_room),
        ]
    }

    fn profile(&self, when: &str) -> String {
        let (ours, floor) = (parts(&SPANS, &self.spans), parts(&FLOOR_SPANS, &self.grows_spans));
        format!("Of an order up to its answer, {when}, p50 (p99): {ours}. Of its floor: {floor}.")
    }
}

fn parts(names: &[&str], spans: &[Series]) -> String {
    let part = |(what, series): (&&str, &Series)| {
        format!("{what} {} ({})", Span(series.all(50)), Span(series.all(99)))
    };
    names.iter().zip(spans).map(part).collect::<Vec<_>>().join("; ")
}

impl Sent {
    fn round(&mut self, trades: usize) {
        let Self { ours, tidied, append, tidied_append, request, commit } = self;
        [ours, tidied, append, tidied_append, request, commit].into_iter().for_each(Series::round);
        let mut inside = Inside::new(1, true);
        inside.tidies();
        inside.price(100);
        for trade in 0..2 * trades {
            self.trade(&mut inside, trade, trade % 2 == 1);
        }
    }

    fn trade(&mut self, inside: &mut Inside, trade: usize, is_tidied: bool) {
        if is_tidied {
            inside.tidies();
        }
        let _ = inside.follow();
        std::thread::sleep(REST);
        inside.price(100);
        let signal = inside.signal(0, 10 + trade, &format!("bench/{trade}"));
        inside.simulator.tap.forget();
        let began = Instant::now();
        inside.act(&[signal]);
        let came = loop {
            inside.goes_on();
            if let Some(came) = inside.simulator.tap.order_so_far() {
                break came;
            }
            assert!(began.elapsed() < WITHIN, "no order came");
        };
        let took = came.at.duration_since(began);
        inside.settles(1);
        std::thread::sleep(REST);
        let repeated = inside.repeated();
        std::thread::sleep(REST);
        let floor = inside.mirror.write(&repeated.records, &came.bytes);
        if is_tidied {
            self.tidied.put(took);
            self.tidied_append.put(floor.append);
        } else {
            self.ours.put(took);
            self.append.put(floor.append);
            self.request.put(floor.sent);
            self.commit.put(repeated.took);
        }
        inside.sells_all();
    }

    fn lines(&self) -> Vec<Line> {
        let ours = "order within this process: a signal in hand to its order's bytes on the socket";
        let append = "append and fdatasync of the same bytes";
        vec![
            Line::new(ours, &self.ours, append, &self.append),
            Line::new(ours, &self.ours, "the same, and its request by a bare client", &self.request),
            Line::new(ours, &self.ours, "one commit of the same records", &self.commit),
            Line::new(
                "the same, when the journal was tidied up just before",
                &self.tidied,
                append,
                &self.tidied_append,
            ),
        ]
    }
}
