//! The lines of a session file as they are written and read. A field that is not known is refused: a session that was
//! read in part would be another session.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use broker_api::{
    Account, Activity, AssetClass, CancelOutcome, Capabilities, Catalog, ClientOrderId, Code, Currency,
    Digest, Finding, Holdings, Instrument, Key, Left, Quote, Record, Signal, SubmitOutcome, Symbol, Time,
    VenueDay, VenueId, millis, record,
};
use chrono::TimeDelta;
use orders::Policy;
use risk::{Blackout, Limits, Stage};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use state::Book;

use super::{Place, SCHEMA};
use crate::calendar::Calendar;
use crate::desk::Setup;
use crate::input::{Input, Operator};

/// What tells whether a file is a session at all, and of which kind.
#[derive(Deserialize)]
pub(super) struct Kind {
    pub(super) schema: Box<str>,
}

/// The first line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header<'a> {
    schema: Cow<'a, str>,
    /// The version of the program.
    pub(super) tradewind: Cow<'a, str>,
    /// The version of the records: another one gives other hashes.
    pub(super) record_version: u32,
    pub(super) at: Time,
    pub(super) journal: JournalAt<'a>,
    setup: SetUp<'a>,
    pub(super) book: Cow<'a, Book>,
}

/// A journal, and where it ended.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct JournalAt<'a> {
    pub(super) id: Cow<'a, str>,
    pub(super) seq: u64,
    pub(super) hash: Digest,
}

/// A [`Setup`] without what is part of the program.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SetUp<'a> {
    base: Currency,
    policy: Cow<'a, Policy>,
    #[serde(deserialize_with = "limits")]
    limits: Cow<'a, Limits>,
    venues: Cow<'a, BTreeMap<VenueId, Capabilities>>,
    bars: BTreeMap<AssetClass, Span>,
    stage: Stage,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    buckets: BTreeMap<Symbol, Code>,
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    blackouts: Cow<'a, [Blackout]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    drilled: Option<Time>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    alerts: Option<bool>,
    /// Whether the hours of venues went before ours.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    behind_venues: bool,
    catalog: Vec<Cow<'a, Instrument>>,
}

/// A limit that sessions were written without, since it came later: it is asked of accounts of real money alone, and there were
/// none.
const DRILL: &str = "drill_age_days";
/// Limits of breakers that came later: sessions without them were decided as if nothing tripped.
const BREAKERS: [&str; 9] = [
    "daily_loss_equity_percent",
    "daily_loss_forex_percent",
    "daily_loss_crypto_percent",
    "slippage_equity_bps",
    "slippage_forex_bps",
    "slippage_crypto_bps",
    "answer_seconds_max",
    "diverged_max",
    "clock_milliseconds",
];

fn limits<'de, D: Deserializer<'de>>(from: D) -> Result<Cow<'static, Limits>, D::Error> {
    let mut table = serde_json::Map::deserialize(from)?;
    let usual = serde_json::to_value(Limits::paper().widened(&BREAKERS)).map_err(D::Error::custom)?;
    for key in BREAKERS.into_iter().chain([DRILL]) {
        table.entry(key).or_insert_with(|| usual[key].clone());
    }
    serde_json::from_value(table.into()).map(Cow::Owned).map_err(D::Error::custom)
}

#[derive(Serialize, Deserialize)]
pub(super) struct Span(#[serde(with = "millis")] TimeDelta);

impl<'a> Header<'a> {
    pub(super) fn of(
        version: &'a str,
        at: Time,
        setup: &'a Setup,
        book: &'a Book,
        journal: &'a str,
        head: Place,
    ) -> Self {
        // Taken apart field by field, so that one which is added cannot be left out of sessions unseen.
        let Setup {
            catalog,
            policy,
            limits,
            calendar,
            base,
            venues,
            bars,
            stage,
            buckets,
            blackouts,
            drilled,
            alerts,
        } = setup;
        Self {
            schema: SCHEMA.into(),
            tradewind: version.into(),
            record_version: record::VERSION,
            at,
            journal: JournalAt { id: journal.into(), seq: head.seq, hash: head.hash },
            setup: SetUp {
                base: *base,
                policy: Cow::Borrowed(policy),
                limits: Cow::Borrowed(limits),
                venues: Cow::Borrowed(venues),
                bars: bars.iter().map(|(class, span)| (*class, Span(*span))).collect(),
                stage: *stage,
                buckets: buckets.clone(),
                blackouts: Cow::Borrowed(blackouts),
                drilled: *drilled,
                alerts: *alerts,
                behind_venues: calendar.is_behind_venues(),
                catalog: catalog.iter().map(|(_, instrument)| Cow::Borrowed(instrument)).collect(),
            },
            book: Cow::Borrowed(book),
        }
    }

    /// What the desk decided by.
    ///
    /// # Errors
    /// A catalog that cannot be one.
    pub(super) fn setup(&self) -> Result<Setup, Box<str>> {
        let SetUp {
            base,
            policy,
            limits,
            venues,
            bars,
            stage,
            buckets,
            blackouts,
            drilled,
            alerts,
            behind_venues,
            catalog,
        } = &self.setup;
        let rows = catalog.iter().map(|row| row.clone().into_owned()).collect();
        Ok(Setup {
            catalog: Arc::new(Catalog::new(rows).map_err(|twice| twice.to_string())?),
            policy: policy.clone().into_owned(),
            limits: limits.clone().into_owned(),
            calendar: if *behind_venues { Calendar::behind_venues() } else { Calendar::new() },
            base: *base,
            venues: venues.clone().into_owned(),
            bars: bars.iter().map(|(class, span)| (*class, span.0)).collect(),
            stage: *stage,
            buckets: buckets.clone(),
            blackouts: blackouts.as_ref().into(),
            drilled: *drilled,
            alerts: *alerts,
        })
    }
}

/// Any other line.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Row {
    Put { at: Time, record: Record },
    Step { at: Time, halted: bool, input: Told },
    Commit { seq: u64, hash: Digest },
}

/// An [`Input`] that says which instrument it is about by its name.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Told {
    Signal { signal: Signal, digest: Digest },
    Quote { key: Key, quote: Quote },
    Activity { venue: VenueId, activity: Activity },
    Submitted { order: ClientOrderId, attempt: u32, outcome: SubmitOutcome },
    Cancelled { order: ClientOrderId, outcome: CancelOutcome },
    Found { order: ClientOrderId, finding: Option<Finding> },
    Snapshot { account: Account },
    Left { left: Left },
    Holdings { venue: VenueId, holdings: Holdings },
    Clock { venue: VenueId, ahead: Span },
    Closing { key: Key, outcome: CancelOutcome },
    Days { venue: VenueId, class: AssetClass, days: Vec<VenueDay> },
    Timer,
    Operator(Operator),
}

impl Told {
    /// The input, for a file.
    ///
    /// # Errors
    /// A price of an instrument that the catalog does not have.
    pub(super) fn of(input: &Input, catalog: Option<&Catalog>) -> Result<Self, Box<str>> {
        Ok(match input {
            Input::Signal { signal, digest } => Self::Signal { signal: *signal, digest: *digest },
            Input::Quote { ix, quote } => {
                let row = catalog.and_then(|catalog| catalog.get(*ix));
                let key = row.ok_or("a price of an instrument that is not in the catalog")?.key;
                Self::Quote { key, quote: *quote }
            }
            Input::Activity { venue, activity } => {
                Self::Activity { venue: *venue, activity: activity.clone() }
            }
            Input::Submitted { order, attempt, outcome } => {
                Self::Submitted { order: *order, attempt: *attempt, outcome: outcome.clone() }
            }
            Input::Cancelled { order, outcome } => {
                Self::Cancelled { order: *order, outcome: outcome.clone() }
            }
            Input::Found { order, finding } => Self::Found { order: *order, finding: finding.clone() },
            Input::Snapshot { account } => Self::Snapshot { account: *account },
            Input::Left { left } => Self::Left { left: left.clone() },
            Input::Holdings { venue, holdings } => {
                Self::Holdings { venue: *venue, holdings: holdings.clone() }
            }
            Input::Clock { venue, ahead } => Self::Clock { venue: *venue, ahead: Span(*ahead) },
            Input::Closing { key, outcome } => Self::Closing { key: *key, outcome: outcome.clone() },
            Input::Days { venue, class, days } => {
                Self::Days { venue: *venue, class: *class, days: days.clone() }
            }
            Input::Timer => Self::Timer,
            Input::Operator(act) => Self::Operator(act.clone()),
        })
    }

    /// The input, for a desk.
    ///
    /// # Errors
    /// A price of an instrument that the catalog does not have.
    pub(super) fn input(self, catalog: &Catalog) -> Result<Input, Box<str>> {
        Ok(match self {
            Self::Signal { signal, digest } => Input::Signal { signal, digest },
            Self::Quote { key, quote } => {
                let ix =
                    catalog.find(key).ok_or_else(|| format!("the first line lists no instrument {key}"))?;
                Input::Quote { ix, quote }
            }
            Self::Activity { venue, activity } => Input::Activity { venue, activity },
            Self::Submitted { order, attempt, outcome } => Input::Submitted { order, attempt, outcome },
            Self::Cancelled { order, outcome } => Input::Cancelled { order, outcome },
            Self::Found { order, finding } => Input::Found { order, finding },
            Self::Snapshot { account } => Input::Snapshot { account },
            Self::Left { left } => Input::Left { left },
            Self::Holdings { venue, holdings } => Input::Holdings { venue, holdings },
            Self::Clock { venue, ahead } => Input::Clock { venue, ahead: ahead.0 },
            Self::Closing { key, outcome } => Input::Closing { key, outcome },
            Self::Days { venue, class, days } => Input::Days { venue, class, days },
            Self::Timer => Input::Timer,
            Self::Operator(act) => Input::Operator(act),
        })
    }
}
