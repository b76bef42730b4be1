//! What is needed for the next phase, as pure evaluation of facts: each criterion says what is needed, what there is, what
//! follows, and what a sample of this size can tell. A certificate binds facts and verdicts together.

/// A week at a broker's paper account.
pub mod broker_paper;
/// What proves that a gate was passed.
pub mod certificate;
/// What the paper gate looks at.
pub mod facts;
/// From paper to a broker's paper account.
pub mod paper;

use serde::{Deserialize, Serialize};

pub use broker_paper::{BrokerPaperFacts, BrokerPaperNeeds, Drills, FlowDay, broker_paper};
pub use certificate::{Certificate, Unproven, canonical, certify, sha256};
pub use facts::{PaperFacts, PaperNeeds, RedFlag};
pub use paper::paper;

use crate::compare::Power;
use crate::figure::{Figure, Undefined, count};
use crate::figures::moments::{sorted, whole};

/// What follows from a criterion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "verdict")]
pub enum Verdict {
    /// What is needed is there.
    Met,
    /// It is not, and more of the same will not change that by itself.
    NotMet,
    /// It is not yet.
    NotYet {
        /// What is missing.
        what: String,
    },
    /// The facts do not say.
    CannotTell {
        /// Why not.
        why: String,
    },
}

impl Verdict {
    pub(crate) fn not_yet(what: impl Into<String>) -> Self {
        Self::NotYet { what: what.into() }
    }

    pub(crate) fn cannot_tell(why: impl Into<String>) -> Self {
        Self::CannotTell { why: why.into() }
    }

    pub(crate) fn of(is_met: bool) -> Self {
        if is_met { Self::Met } else { Self::NotMet }
    }

    /// As it stands in a table.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::NotMet => "NOT MET",
            Self::NotYet { .. } => "not yet",
            Self::CannotTell { .. } => "cannot tell",
        }
    }
}

/// Who asks for a criterion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The gate as it was agreed.
    Agreed,
    /// Evidence with more power than what was agreed has.
    Stronger,
}

/// One thing that is needed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Criterion {
    /// Its name; stable.
    pub name: String,
    /// What is needed.
    pub needed: String,
    /// What there is.
    pub have: String,
    /// What follows.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// On what that rests.
    pub evidence: String,
    /// What a sample of this size can tell.
    pub power: Power,
    /// Who asks for it.
    pub origin: Origin,
}

/// A gate, evaluated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Which gate; stable.
    pub gate: String,
    /// All that was asked.
    pub criteria: Vec<Criterion>,
    /// What follows from all of them.
    pub outcome: Outcome,
    /// What would follow from those alone that were agreed.
    pub agreed: Outcome,
    /// Trades of our own.
    pub own_trades: usize,
    /// Trades of another program.
    pub imported_trades: usize,
    /// Trades that counted.
    pub counted_trades: usize,
}

/// What follows from several criteria.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// All are met.
    Passed,
    /// None failed, and some are open.
    NotYet,
    /// At least one failed.
    Failed,
}

impl Outcome {
    /// Of these criteria.
    pub fn of<'a>(criteria: impl Iterator<Item = &'a Criterion>) -> Self {
        let criteria: Vec<&Criterion> = criteria.collect();
        if criteria.iter().any(|c| c.verdict == Verdict::NotMet) {
            Self::Failed
        } else if criteria.iter().all(|c| c.verdict == Verdict::Met) {
            Self::Passed
        } else {
            Self::NotYet
        }
    }
}

impl Evaluation {
    pub(crate) fn new(
        gate: &str,
        criteria: Vec<Criterion>,
        own: usize,
        imported: usize,
        counted: usize,
    ) -> Self {
        Self {
            gate: gate.to_owned(),
            outcome: Outcome::of(criteria.iter()),
            agreed: Outcome::of(criteria.iter().filter(|c| c.origin == Origin::Agreed)),
            criteria,
            own_trades: own,
            imported_trades: imported,
            counted_trades: counted,
        }
    }

    /// A criterion by its name.
    pub fn criterion(&self, name: &str) -> Option<&Criterion> {
        self.criteria.iter().find(|criterion| criterion.name == name)
    }

    /// How many are met.
    pub fn met(&self) -> usize {
        self.criteria.iter().filter(|c| c.verdict == Verdict::Met).count()
    }
}

/// The 95 % quantile of times, in milliseconds: the smallest that at least 95 % of them do not exceed.
pub(crate) fn p95(times: &[u64]) -> Figure {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of years are far below 2^53")]
    let all: Vec<f64> = times.iter().map(|ms| *ms as f64).collect();
    let order = sorted(&all);
    let place = whole((0.95 * count(order.len())).ceil()).saturating_sub(1);
    order.get(place).map_or(Figure::none(Undefined::TooFew), |ms| Figure::from(*ms))
}

/// What it means that nothing happened in so many cases.
pub(crate) fn none_in(cases: usize) -> Power {
    let at_most = 1.0 - 0.05_f64.powf(1.0 / count(cases.max(1)));
    Power {
        to_see: format!("a failure that comes in {:.1} % of cases, at 95 %", at_most * 100.0),
        value: if cases == 0 { Undefined::TooFew.into() } else { 0.95.into() },
        trades_for_80: Undefined::NotGiven.into(),
    }
}
