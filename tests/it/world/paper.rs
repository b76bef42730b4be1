//! A paper venue in a folder of its own, a runner on it, and bars that are played through both as a pass plays them.

use std::path::Path;
use std::sync::Arc;

use broker_api::{Bar, Time};
use broker_paper::matching::{Costs, Moment, Settings};
use broker_paper::venue::PaperVenue;
use chrono::TimeDelta;
use engine::calendar::Calendar;
use engine::session::Recorder;
use engine::watch::Onlookers;
use engine::{Desk, Frozen, Input, Runner, Venue};
use state::{Book, Files, Journal, Store};
use tempfile::TempDir;

use super::{CASH, Stepped, account_ref, catalog, ix, of, setup};

/// A paper venue that charges nothing, and the clock it stands under. Its files go when it goes.
pub(crate) struct Paper {
    pub(crate) venue: Arc<PaperVenue>,
    pub(crate) clock: Stepped,
    folder: TempDir,
}

impl Paper {
    /// A new account.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let venue = Arc::new(open(folder.path()));
        let clock = Stepped::new();
        venue.set_time(clock.now());
        Self { venue, clock, folder }
    }

    /// Where the files of the book belong.
    pub(crate) fn files(&self) -> Files {
        Files::beside(&self.folder.path().join("paper-state.json"))
    }

    /// A runner that goes on where `book` and `journal` end.
    pub(crate) async fn runner<S: Store>(&self, book: Book, journal: Journal<S>) -> Runner<S> {
        self.recorded(book, journal, None).await
    }

    /// The same, with somebody who writes its session down.
    pub(crate) async fn recorded<S: Store>(
        &self,
        book: Book,
        journal: Journal<S>,
        recorder: Option<Recorder>,
    ) -> Runner<S> {
        let broker: Arc<dyn broker_api::Broker> = Arc::clone(&self.venue) as Arc<dyn broker_api::Broker>;
        let ours = Venue::new(broker, self.clock.clock(), self.files().halt);
        let desk = Desk::new(setup(ours.capabilities().clone()));
        let clock = self.clock.clock();
        Runner::start(desk, book, journal, vec![ours], clock, "0", Onlookers { watch: None, recorder })
            .await
            .expect("a start")
    }

    /// Plays all moments of a bar of the next minute, and steps the clock to its end.
    pub(crate) async fn bar<S: Store>(
        &self,
        mut runner: Runner<S>,
        symbol: &str,
        prices: [&str; 4],
    ) -> Result<Runner<S>, Frozen> {
        let bar = minute(self.clock.now(), prices);
        let ix = ix(symbol);
        for moment in [Moment::Open { ix, bar }, Moment::Range { ix, bar }, Moment::Close { ix, bar }] {
            self.clock.forward(moment.at() - self.clock.now());
            self.venue.set_time(moment.at());
            runner = self.play(runner.refresh().await?, &moment).await?;
        }
        Ok(runner)
    }

    /// Plays one moment: the venue meets it first, then the desk sees the price and, event by event, what it
    /// brought about.
    async fn play<S: Store>(&self, mut runner: Runner<S>, moment: &Moment) -> Result<Runner<S>, Frozen> {
        let catalog = catalog();
        let instrument = catalog.get(moment.ix()).expect("one of the three");
        let class = instrument.asset_class;
        let is_tradable = !matches!(moment, Moment::Quote { .. })
            || Calendar::new().open(class, moment.at(), None).is_trading();
        if is_tradable {
            self.venue.play(moment).expect("a venue that works");
        }
        if let Some(quote) = moment.quote_in_ticks(instrument, &Costs::FREE) {
            runner = runner.turn(vec![Input::Quote { ix: moment.ix(), quote }]).await?;
        }
        while is_tradable && self.venue.next_event().expect("a venue that works") {
            runner = runner.catch_up().await?;
        }
        Ok(runner)
    }
}

fn open(folder: &Path) -> PaperVenue {
    let of_account = account_ref();
    let settings = Settings {
        currency: of_account.currency,
        cash: of(CASH),
        costs: Costs::FREE,
        participation: None,
        latency: TimeDelta::zero(),
        account: of_account.account,
        venue: of_account.venue,
    };
    PaperVenue::open(&folder.join("paper-venue.sqlite"), catalog(), settings).expect("a new account")
}

/// A bar of one minute: open, high, low, close.
fn minute(opens: Time, [open, high, low, close]: [&str; 4]) -> Bar {
    Bar {
        opens,
        closes: opens + TimeDelta::minutes(1),
        open: of(open),
        high: of(high),
        low: of(low),
        close: of(close),
        volume: None,
        spread: None,
    }
}

#[cfg(test)]
mod tests {
    use broker_api::{Direction, Ending, Record};
    use state::{Checkpoint, MemoryStore, SqliteStore, checkpoint};

    use super::super::{arrives, enter, key, plan, signal};
    use super::*;

    const AROUND_200: [&str; 4] = ["200", "200.5", "199.5", "200"];

    /// A long position in AAPL, opened by the second of two bars.
    async fn held<S: Store>(paper: &Paper, mut runner: Runner<S>) -> Runner<S> {
        runner = paper.bar(runner, "AAPL", AROUND_200).await.expect("nothing fails");
        let wanted = enter(Direction::Long, plan("190", "210"));
        let entry = signal("enter-AAPL", "AAPL", wanted, paper.clock.now());
        runner = runner.turn(vec![arrives(entry)]).await.expect("nothing fails");
        paper.bar(runner, "AAPL", AROUND_200).await.expect("nothing fails")
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_bar_that_falls_through_the_stop_ends_the_position_and_its_target() {
        let paper = Paper::new();
        let journal = Journal::open(MemoryStore::new("paper")).expect("an empty journal");
        let mut runner = held(&paper, paper.runner(Book::default(), journal).await).await;
        assert_eq!(runner.book().held(key("AAPL")), of("50"));
        assert_eq!(runner.book().open_orders().len(), 2, "a stop and a target");
        runner = paper.bar(runner, "AAPL", ["200", "201", "189", "189.5"]).await.expect("nothing fails");
        let trades: Vec<_> = runner.book().trades().map(|trade| trade.exit).collect();
        assert_eq!(trades, [broker_api::Purpose::Stop]);
        assert_eq!((runner.book().positions().len(), runner.book().open_orders().len()), (0, 0));
        let ended = runner.book().signal(of("enter-AAPL")).and_then(|state| state.ended.clone());
        assert_eq!(ended.map(|ended| ended.ending), Some(Ending::Filled));
    }

    #[tokio::test(flavor = "current_thread")]
    async fn another_process_goes_on_from_the_files_and_sends_nothing_again() {
        let paper = Paper::new();
        let files = paper.files();
        let journal = Journal::open(SqliteStore::create(&files.journal).expect("a new file")).expect("empty");
        let runner = held(&paper, paper.runner(Book::default(), journal).await).await;
        let (book, journal) = runner.stop(0).expect("nothing fails");
        let cut = Checkpoint::cut(&book, &journal, paper.clock.now(), "0").expect("level");
        checkpoint::write(&files, &cut).expect("a file");
        drop(journal);

        let started = state::start::open(&files).expect("files that fit each other");
        assert_eq!(started.book, book);
        let before = book.seq();
        let runner = paper.runner(started.book, started.journal).await;
        let (book, journal) = runner.stop(0).expect("nothing fails");
        let news = journal.read(before, 100).expect("rows");
        let kinds: Vec<_> = news.iter().map(|stamped| stamped.record.name()).collect();
        assert_eq!(kinds, ["started", "stopped"]);
        let orders = journal.read(0, 1_000).expect("rows").into_iter();
        let intents = orders.filter(|stamped| matches!(stamped.record, Record::Intended { .. })).count();
        assert_eq!((intents, book.open_orders().len()), (3, 2), "an entry, a stop, a target");
    }
}
