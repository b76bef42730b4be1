//! How things are written in the venue's file: by symbol, never by a place in the catalog, which may change.

use broker_api::{
    AccountId, Amount, Bar, Catalog, ClientOrderId, Code, Currency, Instrument, InstrumentIx, Intent, Key,
    Price, Qty, Quote, Ratio, Time, VenueEvent, VenueId, VenueOrderId,
};
use chrono::{SecondsFormat, TimeDelta};
use serde::{Deserialize, Serialize};

use super::machine::Op;
use crate::matching::{Costs, Moment, Settings, TransferIn, Transferred};

/// A moment of time as the file has it.
pub(super) fn time(at: Time) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// One row of the log.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Row {
    /// An order was taken.
    Accepted(Box<AcceptedText>),
    /// An order was refused; its id is used up.
    Refused(Box<RefusedText>),
    /// Positions and cash came from outside.
    Transferred(Box<TransferredText>),
    /// What the cursor tells.
    Event(Box<VenueEvent>),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AcceptedText {
    pub at: Time,
    pub venue_order: Option<VenueOrderId>,
    pub intent: Intent,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RefusedText {
    pub at: Time,
    pub code: Code,
    pub text: Box<str>,
    pub intent: Intent,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TransferredText {
    pub at: Time,
    pub transfer: TransferIn,
    pub done: Transferred,
}

impl Row {
    pub(super) fn at(&self) -> Time {
        match self {
            Self::Accepted(row) => row.at,
            Self::Refused(row) => row.at,
            Self::Transferred(row) => row.at,
            Self::Event(event) => match &**event {
                VenueEvent::Filled(fill) => fill.at,
                VenueEvent::Busted { at, .. }
                | VenueEvent::NonTrade(broker_api::NonTrade { at, .. })
                | VenueEvent::Corrected { at, .. }
                | VenueEvent::Closed { at, .. } => *at,
            },
        }
    }

    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Accepted(_) => "accepted",
            Self::Refused(_) => "refused",
            Self::Transferred(_) => "transferred",
            Self::Event(_) => "event",
        }
    }

    pub(super) fn payload(&self) -> serde_json::Result<String> {
        match self {
            Self::Accepted(row) => serde_json::to_string(row),
            Self::Refused(row) => serde_json::to_string(row),
            Self::Transferred(row) => serde_json::to_string(row),
            Self::Event(event) => serde_json::to_string(event),
        }
    }
}

/// [`Op`] in the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum OpText {
    Accept { at: Time, intent: Box<Intent> },
    Cancel { at: Time, order: ClientOrderId },
    Transfer { at: Time, transfer: Box<TransferIn> },
    Begin(MomentText),
    Next,
}

/// [`Moment`] in the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MomentText {
    of: Key,
    is: PricesText,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PricesText {
    Open(BarText),
    Range(BarText),
    Close(BarText),
    Quote(Quote),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BarText {
    opens: Time,
    closes: Time,
    open: Price,
    high: Price,
    low: Price,
    close: Price,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    volume: Option<Qty>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    spread: Option<Price>,
}

impl From<Bar> for BarText {
    fn from(Bar { opens, closes, open, high, low, close, volume, spread }: Bar) -> Self {
        Self { opens, closes, open, high, low, close, volume, spread }
    }
}

impl From<BarText> for Bar {
    fn from(BarText { opens, closes, open, high, low, close, volume, spread }: BarText) -> Self {
        Self { opens, closes, open, high, low, close, volume, spread }
    }
}

impl MomentText {
    /// Nothing for an instrument that is not in the catalog.
    pub(super) fn of(moment: &Moment, catalog: &Catalog) -> Option<Self> {
        let is = match *moment {
            Moment::Open { bar, .. } => PricesText::Open(bar.into()),
            Moment::Range { bar, .. } => PricesText::Range(bar.into()),
            Moment::Close { bar, .. } => PricesText::Close(bar.into()),
            Moment::Quote { quote, .. } => PricesText::Quote(quote),
        };
        Some(Self { of: catalog.get(moment.ix())?.key, is })
    }

    /// Nothing for an instrument that is not in the catalog.
    pub(super) fn read(self, catalog: &Catalog) -> Option<Moment> {
        let ix: InstrumentIx = catalog.find(self.of)?;
        Some(match self.is {
            PricesText::Open(bar) => Moment::Open { ix, bar: bar.into() },
            PricesText::Range(bar) => Moment::Range { ix, bar: bar.into() },
            PricesText::Close(bar) => Moment::Close { ix, bar: bar.into() },
            PricesText::Quote(quote) => Moment::Quote { ix, quote },
        })
    }
}

impl OpText {
    /// Nothing for an instrument that is not in the catalog.
    pub(super) fn of(op: &Op, catalog: &Catalog) -> Option<Self> {
        Some(match op {
            Op::Accept { at, intent } => Self::Accept { at: *at, intent: intent.clone() },
            Op::Cancel { at, order } => Self::Cancel { at: *at, order: *order },
            Op::Transfer { at, transfer } => Self::Transfer { at: *at, transfer: transfer.clone() },
            Op::Begin(moment) => Self::Begin(MomentText::of(moment, catalog)?),
            Op::Next => Self::Next,
        })
    }

    /// Nothing for an instrument that is not in the catalog.
    pub(super) fn read(self, catalog: &Catalog) -> Option<Op> {
        Some(match self {
            Self::Accept { at, intent } => Op::Accept { at, intent },
            Self::Cancel { at, order } => Op::Cancel { at, order },
            Self::Transfer { at, transfer } => Op::Transfer { at, transfer },
            Self::Begin(moment) => Op::Begin(moment.read(catalog)?),
            Self::Next => Op::Next,
        })
    }
}

/// Settings and catalog in the file: what was valid for the steps that are in it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RulesText {
    pub venue: VenueId,
    pub account: AccountId,
    pub currency: Currency,
    cash: Amount,
    costs: Costs,
    participation: Option<Ratio>,
    latency_s: i64,
    latency_ns: i32,
    instruments: Vec<Instrument>,
}

impl RulesText {
    pub(super) fn of(settings: &Settings, catalog: &Catalog) -> Self {
        let Settings { currency, cash, costs, participation, latency, account, venue } = settings;
        Self {
            venue: *venue,
            account: *account,
            currency: *currency,
            cash: *cash,
            costs: *costs,
            participation: *participation,
            latency_s: latency.num_seconds(),
            latency_ns: latency.subsec_nanos(),
            instruments: catalog.iter().map(|(_, instrument)| instrument.clone()).collect(),
        }
    }

    /// Nothing when they contradict themselves.
    pub(super) fn read(self) -> Option<(Settings, Catalog)> {
        let latency = TimeDelta::try_seconds(self.latency_s)?
            .checked_add(&TimeDelta::nanoseconds(i64::from(self.latency_ns)))?;
        let settings = Settings {
            currency: self.currency,
            cash: self.cash,
            costs: self.costs,
            participation: self.participation,
            latency,
            account: self.account,
            venue: self.venue,
        };
        Some((settings, Catalog::new(self.instruments).ok()?))
    }
}
