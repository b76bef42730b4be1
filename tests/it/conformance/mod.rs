//! Every case of the conformance suite, on every venue that there is: what is skipped where stands in `skips.txt`, and each
//! case is seen to fail at a venue that lies in just its point.

mod liar;
mod lies;
mod lying;
mod page;
mod practice;

use std::collections::BTreeMap;

use broker_api::conformance::{Case, Done, Stage, Stop, all};
use broker_sim::alpaca::{InitialStatus, Quirks, Settings};
use broker_sim::oanda::Quirks as OandaQuirks;
use chrono::TimeDelta;
use cli::conformance::{AlpacaStage, OandaStage, PaperStage, Simulated, SimulatedOanda};

const SKIPS: &str = include_str!("skips.txt");

/// A venue that every case is played on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Venue {
    Paper,
    /// The adapter over the simulator.
    Alpaca,
    /// The same where nothing happens at once.
    SlowAlpaca,
    /// The same where the wire is as it is by the other half of the reports.
    OddAlpaca,
    /// The adapter over the simulator.
    Oanda,
    /// The same in an account that hedges, where the wire is as it is by the other half of the reports.
    OddOanda,
}

impl Venue {
    /// Its name in the table.
    const fn name(self) -> &'static str {
        match self {
            Self::Paper => "paper",
            Self::Alpaca => "alpaca",
            Self::SlowAlpaca => "alpaca-slow",
            Self::OddAlpaca => "alpaca-odd",
            Self::Oanda => "oanda",
            Self::OddOanda => "oanda-odd",
        }
    }

    async fn stage(self) -> Box<dyn Stage> {
        // Nothing is left to chance.
        let usual = Settings::stepped("2026-11-20T15:00:00Z".parse().expect("a time")).quirks;
        let quirks = match self {
            Self::Paper => return Box::new(PaperStage::new().expect("a stage")),
            Self::Oanda => return oanda(SimulatedOanda::default()).await,
            Self::OddOanda => return oanda(odd_oanda()).await,
            Self::Alpaca => usual,
            Self::SlowAlpaca => Quirks {
                route_after: TimeDelta::milliseconds(700),
                cancel_after: TimeDelta::milliseconds(1_200),
                visible_after: TimeDelta::milliseconds(900),
                initial_status: InitialStatus::Accepted,
                ..usual
            },
            Self::OddAlpaca => Quirks {
                text_frames: true,
                accepted_event: false,
                leg_events: true,
                stop_leg_new_id: true,
                held_can_be_replaced: false,
                duplicate_status: 409,
                wash_trade_status: 422,
                retry_after: true,
                fill_id_is_execution_id: true,
                sell_short_side: true,
                shuffled_activities: true,
                one_stream: false,
                legacy: true,
                easy_to_borrow: false,
                replace_ignores_fills: true,
                page_edge_misses: true,
                coin_sales_have_least: false,
                quotes_age: true,
                fraction_gtc: true,
                htb_short: true,
                initial_status: InitialStatus::New,
                group_ids: false,
                unknown_asset_status: 404,
                bare_429: true,
                checks_backwards: true,
                ..usual
            },
        };
        let fractions = self == Self::OddAlpaca;
        let set = Simulated { quirks, fractions, ..Simulated::default() };
        Box::new(AlpacaStage::start(set).await.expect("a stage"))
    }
}

async fn oanda(set: SimulatedOanda) -> Box<dyn Stage> {
    Box::new(OandaStage::start(set).await.expect("a stage"))
}

fn odd_oanda() -> SimulatedOanda {
    let quirks = OandaQuirks {
        past_gtd_refused: false,
        finished_orders_served: false,
        reissue: false,
        ioc_rest_cancelled: true,
        unknown_account_status: 401,
        beyond_last_status: 400,
        retry_after: true,
        coded_429: true,
        losing_take_profit: false,
        flat_side_forgiven: true,
        state_tells_balance: false,
        client_request_id: true,
        since_id_most: 3,
        never_reset_is_nought: false,
        ..OandaQuirks::default()
    };
    SimulatedOanda { quirks, hedging: true, ..SimulatedOanda::default() }
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(future)
}

fn play(case: &Case, venue: Venue) -> Done {
    wait(async { case.on(venue.stage().await).await })
}

/// The rows of a venue: the numbers of its cases, with the reasons why they are skipped.
fn skips(venue: &str) -> BTreeMap<u16, String> {
    let row = |line: &str| {
        let (name, rest) = line.split_once(' ')?;
        let (number, why) = rest.split_once(' ')?;
        (name == venue).then(|| (number.parse().expect("a number"), why.to_owned()))
    };
    SKIPS.lines().filter(|line| !line.starts_with('#')).filter_map(row).collect()
}

/// Plays all cases at a venue; they must pass, but for those that its table skips for that very reason.
fn conforms(venue: Venue) {
    let (mut skipped, mut failed) = (BTreeMap::new(), Vec::new());
    for case in all() {
        match play(&case, venue) {
            Ok(()) => {}
            Err(Stop::Skipped(why)) => drop(skipped.insert(case.number, why)),
            Err(Stop::Failed(what)) => failed.push(format!("{case:?}: {}\n    {what}", case.demands)),
        }
    }
    assert!(
        failed.is_empty(),
        "{venue:?} fails {} of {} cases:\n{}",
        failed.len(),
        all().len(),
        failed.join("\n")
    );
    assert_eq!(skipped, skips(venue.name()), "what is skipped at {venue:?} is not what skips.txt says");
}

#[test]
fn the_paper_venue_conforms() {
    conforms(Venue::Paper);
}

#[test]
fn alpaca_conforms() {
    conforms(Venue::Alpaca);
}

#[test]
fn alpaca_conforms_where_nothing_happens_at_once() {
    conforms(Venue::SlowAlpaca);
}

#[test]
fn alpaca_conforms_where_the_wire_is_otherwise() {
    conforms(Venue::OddAlpaca);
}

#[test]
fn oanda_conforms() {
    conforms(Venue::Oanda);
}

#[test]
fn oanda_conforms_where_it_hedges_and_the_wire_is_otherwise() {
    conforms(Venue::OddOanda);
}

/// Where names are free again, the case about that says so.
#[test]
fn a_broker_that_forgets_names_is_found_out() {
    let quirks = Quirks { ids_come_back: true, partial_percent: 0, ..Quirks::default() };
    let set = Simulated { quirks, ..Simulated::default() };
    let case = all().into_iter().find(|case| case.name == "an_executed_name_is_taken").expect("a case");
    let done = wait(async { case.on(Box::new(AlpacaStage::start(set).await.expect("a stage"))).await });
    assert!(
        matches!(&done, Err(Stop::Failed(what)) if what.starts_with("it must say that the name is taken")),
        "{done:?}"
    );
}

#[test]
fn numbers_and_names_are_given_once() {
    let cases = all();
    assert!(cases.is_sorted_by(|one, two| one.number < two.number), "{cases:?}");
    let names: std::collections::BTreeSet<_> = cases.iter().map(|case| case.name).collect();
    assert_eq!(names.len(), cases.len());
    assert!(cases.len() >= 70, "{}", cases.len());
}

/// Every case fails once a venue lies in its point, and says just that: at paper, or where paper cannot play it at Alpaca or OANDA.
#[test]
fn each_case_finds_its_liar() {
    let mut missed = Vec::new();
    for case in all() {
        let (lie, says) = lies::of(case.number).unwrap_or_else(|| panic!("{case:?} has no liar"));
        let at = |venue: Venue| {
            wait(async { case.on(Box::new(lying::Lying::new(venue.stage().await, lie))).await })
        };
        let skipped = |done: &Done| matches!(done, Err(Stop::Skipped(_)));
        let mut done = at(Venue::Paper);
        for venue in [Venue::Alpaca, Venue::OddAlpaca, Venue::Oanda] {
            if skipped(&done) {
                done = at(venue);
            }
        }
        match done {
            Err(Stop::Failed(what)) if !says.is_empty() && what.contains(says) => {}
            done => missed.push(format!("{case:?} does not say {says:?} of {lie:?}: {done:?}")),
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}
