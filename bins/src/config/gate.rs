//! `[backtest]` and `[gate]`: what a gate holds trades against, and how. Nothing else reads them.

use broker_api::Ratio;
use evidence::compare::Headline;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::keys::Key;
use super::values::Kind;

/// The backtest that live trades are held against.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Backtest {
    /// Its closed trades, CSV or JSON, relative to the configuration; empty for none.
    pub ledger: String,
    /// Trades a week, where the backtest itself does not tell; 0 for not told.
    pub per_week: Ratio,
    /// Its figures, where its trades are not there.
    pub headline: Told,
}

/// Headline figures; 0 is not told.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Told {
    /// Closed trades.
    pub trades: u32,
    /// Wins by all trades.
    pub win_rate: Ratio,
    /// Sum of wins by size of the sum of losses.
    pub profit_factor: Ratio,
    /// Mean win by mean loss.
    pub payoff: Ratio,
    /// How long it took.
    pub years: Ratio,
    /// What one became.
    pub multiple: Ratio,
    /// The annual Sharpe ratio.
    pub sharpe: Ratio,
    /// The deepest drawdown, as a share.
    pub max_drawdown: Ratio,
    /// Most losses in a row.
    pub longest_losing_streak: u32,
}

/// How gates are evaluated.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GateSettings {
    /// Whether trades of another program count.
    pub count_imported: bool,
    /// What everything that is drawn follows from.
    pub seed: u32,
    /// What the backtest's engine makes of the same signals; empty for nothing.
    pub pairs: String,
    /// The bars that the shadows of trades are computed on; empty for none.
    pub bars: String,
    /// Why trades come as often as they do; empty for no answer.
    pub rate_answer: String,
    /// Answers to red flags, each behind the flag's name; empty for none.
    pub answers: String,
}

impl Default for Backtest {
    fn default() -> Self {
        Self { ledger: String::new(), per_week: Ratio::ZERO, headline: Told::default() }
    }
}

impl Default for Told {
    fn default() -> Self {
        let zero = Ratio::ZERO;
        Self {
            trades: 0,
            win_rate: zero,
            profit_factor: zero,
            payoff: zero,
            years: zero,
            multiple: zero,
            sharpe: zero,
            max_drawdown: zero,
            longest_losing_streak: 0,
        }
    }
}

impl Default for GateSettings {
    fn default() -> Self {
        let empty = String::new;
        Self {
            count_imported: false,
            seed: 1,
            pairs: empty(),
            bars: empty(),
            rate_answer: empty(),
            answers: empty(),
        }
    }
}

impl Told {
    /// As evidence reads them; nothing when none are told.
    pub fn headline(&self) -> Option<Headline> {
        let number = |ratio: Ratio| evidence::ledger::number(ratio.get());
        let told = |ratio: Ratio| (ratio.get() > Decimal::ZERO).then(|| number(ratio));
        let count = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
        (self.trades > 0).then(|| Headline {
            trades: count(self.trades),
            win_rate: number(self.win_rate),
            profit_factor: number(self.profit_factor),
            payoff: told(self.payoff),
            years: told(self.years),
            multiple: told(self.multiple),
            sharpe: told(self.sharpe),
            max_drawdown: told(self.max_drawdown),
            longest_losing_streak: (self.longest_losing_streak > 0)
                .then(|| count(self.longest_losing_streak)),
        })
    }
}

/// Their keys, as `init` writes them.
pub fn keys() -> Vec<Key> {
    let key = |path: &str, kind, unit: &str, default: &str, basis: &str| Key {
        path: path.to_owned(),
        kind,
        unit: unit.to_owned(),
        default: Some(default.to_owned()),
        basis: basis.to_owned(),
    };
    let figure = |path: &str, most, unit: &str, basis: &str| {
        key(path, Kind::Decimal { least: "0", most }, unit, "\"0\"", basis)
    };
    let count = |most| Kind::Count { least: 0, most };
    vec![
        key(
            "backtest.ledger",
            Kind::File,
            "",
            "\"\"",
            "The closed trades of the backtest that a gate holds live trades against: CSV or JSON, relative to the configuration.",
        ),
        figure(
            "backtest.per_week",
            "1000",
            "trades",
            "How many trades a week the backtest has, where its trades and years do not tell; 0 is not told.",
        ),
        key(
            "backtest.headline.trades",
            count(10_000_000),
            "trades",
            "0",
            "Closed trades of the backtest, where only its figures are known; 0 is none, and in all below it is not told.",
        ),
        figure("backtest.headline.win_rate", "1", "share", "Wins by all trades: \"0.42\"."),
        figure("backtest.headline.profit_factor", "1000", "times", "Sum of wins by the sum of losses."),
        figure("backtest.headline.payoff", "1000", "times", "Mean win by mean loss."),
        figure("backtest.headline.years", "200", "years", "How long the backtest took."),
        figure(
            "backtest.headline.multiple",
            "1000000",
            "times",
            "What one became: the end by the beginning.",
        ),
        figure("backtest.headline.sharpe", "100", "a year", "The annual Sharpe ratio."),
        figure("backtest.headline.max_drawdown", "1", "share", "The deepest drawdown, as a positive share."),
        key(
            "backtest.headline.longest_losing_streak",
            count(1_000_000),
            "losses",
            "0",
            "Most losses in a row.",
        ),
        key(
            "gate.count_imported",
            Kind::Flag,
            "",
            "false",
            "Whether closed trades that were taken over from another program count for a gate; both counts are shown.",
        ),
        key(
            "gate.seed",
            Kind::Count { least: 0, most: u32::MAX },
            "seed",
            "1",
            "What all samples that a gate draws follow from: the same seed, the same bands.",
        ),
        key(
            "gate.pairs",
            Kind::File,
            "",
            "\"\"",
            "What the backtest's engine makes of the same signals, as a ledger whose ids are those of the signals that entered.",
        ),
        key(
            "gate.bars",
            Kind::File,
            "",
            "\"\"",
            "Bars on which a replay plays the signals again, a folder or a tape: the pairs of a gate are computed from them, instead of gate.pairs.",
        ),
        key(
            "gate.rate_answer",
            Kind::Words,
            "",
            "\"\"",
            "Why trades come as often as they do, when chance does not explain it beside the backtest; it stands in the certificate.",
        ),
        key(
            "gate.answers",
            Kind::Words,
            "",
            "\"\"",
            "Your answers to red flags by their names, with semicolons between them: \"412: restarted the strategy; 977: my own order\".",
        ),
    ]
}
