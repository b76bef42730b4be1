//! The gate from paper to a broker's paper account.
//!
//! Agreed: 50 closed trades, an expectancy above zero, fewer than 40 losses in a row, win rate, profit factor and reward to
//! risk near the backtest's, signal to fill in time, no red flag. With so few trades that screens for plumbing and not for
//! an edge, so evidence with more power stands beside it: paired trades, orders, the trade rate, gross breakage.

use super::facts::PaperFacts;
use super::{Criterion, Evaluation, Origin, Verdict, none_in, p95};
use crate::bands::Metric;
use crate::compare::pairs::{PairFigures, pairs_needed, pairs_power};
use crate::compare::power::{exact, orders_for_quantile};
use crate::compare::proportion::wilson;
use crate::compare::{Power, RateFigures, Reference, streak};
use crate::figure::count;
use crate::figures::Moments;
use crate::special::normal_inverse;
use crate::{Figure, TradeFigures, Undefined};

/// The numbers that most criteria look at.
struct Sample<'a> {
    facts: &'a PaperFacts,
    reference: Option<&'a Reference>,
    values: Vec<f64>,
    money: TradeFigures,
    figures: TradeFigures,
    n: usize,
}

/// Evaluates the gate. `reference` is drawn for as many trades as count; without one, what needs it cannot be told.
pub fn paper(facts: &PaperFacts, reference: Option<&Reference>) -> Evaluation {
    let counted = if facts.count_imported { facts.ledger.clone() } else { facts.ledger.own() };
    let unit = reference.map_or(crate::ledger::Unit::R, |r| r.unit);
    let values = counted.values(unit).unwrap_or_else(|_| counted.money());
    let sample = Sample {
        facts,
        reference,
        money: TradeFigures::of(&counted.money()),
        figures: TradeFigures::of(&values),
        n: values.len(),
        values,
    };
    let mut criteria = vec![
        sample.trades(),
        sample.expectancy(counted.multiples().ok()),
        sample.losses_in_a_row(),
        sample.against(Metric::WinRate),
        sample.against(Metric::ProfitFactor),
        sample.against(Metric::Payoff),
        sample.signal_to_fill(),
        sample.red_flags(),
    ];
    criteria.extend([sample.parity(), sample.orders(), sample.rate(), sample.breakage()]);
    let imported = facts.ledger.imported();
    Evaluation::new("paper", criteria, facts.ledger.len() - imported, imported, counted.len())
}

fn criterion(name: &str, origin: Origin, needed: String, have: String, verdict: Verdict) -> Criterion {
    let power = Power::none("", Undefined::NotGiven);
    Criterion { name: name.to_owned(), needed, have, verdict, evidence: String::new(), power, origin }
}

impl Sample<'_> {
    fn is_enough(&self) -> bool {
        self.n >= self.facts.needs.trades
    }

    /// What is missing while there are too few trades.
    fn more(&self) -> Verdict {
        Verdict::not_yet(format!("{} more closed trades", self.facts.needs.trades.saturating_sub(self.n)))
    }

    fn trades(&self) -> Criterion {
        let (needed, imported) = (self.facts.needs.trades, self.facts.ledger.imported());
        let own = self.facts.ledger.len() - imported;
        let verdict = if self.is_enough() { Verdict::Met } else { self.more() };
        let counted = if self.facts.count_imported { "counted" } else { "not counted" };
        let mut c =
            criterion("closed-trades", Origin::Agreed, format!(">= {needed}"), self.n.to_string(), verdict);
        c.evidence = format!("{own} of our own, {imported} imported and {counted}");
        if let Some(reference) = self.reference {
            c.power = reference.expectancy_power(self.n);
        }
        c
    }

    fn expectancy(&self, multiples: Option<Vec<f64>>) -> Criterion {
        let in_r = multiples.map(|r| TradeFigures::of(&r).expectancy);
        let money = self.money.expectancy;
        let is_above =
            money.value().is_some_and(|e| e > 0.0) && in_r.is_none_or(|r| r.value().is_some_and(|e| e > 0.0));
        let verdict = if self.is_enough() { Verdict::of(is_above) } else { self.more() };
        let have = match in_r {
            Some(r) => format!("{r:.2} R, {money:.2} in base currency"),
            None => format!("{money:.2} in base currency"),
        };
        let mut c = criterion("expectancy", Origin::Agreed, "> 0, in money and in R".into(), have, verdict);
        let inflation = self.reference.map_or(1.0, |r| r.inflation);
        c.evidence = match (Moments::of(&self.values), self.figures.expectancy) {
            (Ok(m), Figure::Is(mean)) => {
                let half = normal_inverse(0.975) * m.sd * (inflation / count(self.n)).sqrt();
                format!("95 % {:+.2}..{:+.2}", mean - half, mean + half)
            }
            _ => "too few trades for an interval".into(),
        };
        c.power = match self.reference {
            Some(reference) => reference.expectancy_power(self.n),
            None => Power::none("the backtest's expectancy", Undefined::NotGiven),
        };
        c
    }

    fn losses_in_a_row(&self) -> Criterion {
        let (limit, longest) = (self.facts.needs.losses_below, self.money.longest_losing_streak);
        let verdict = match (longest < limit, self.is_enough()) {
            (false, _) => Verdict::NotMet,
            (true, true) => Verdict::Met,
            (true, false) => self.more(),
        };
        let mut c =
            criterion("losses-in-a-row", Origin::Agreed, format!("< {limit}"), longest.to_string(), verdict);
        if let Some(Figure::Is(rate)) = self.reference.map(|r| r.figures.win_rate) {
            let lost = 1.0 - rate;
            let chance = |k| streak::at_least(k, self.n, lost) * 100.0;
            c.evidence = format!(
                "{longest} or more comes by chance in {:.0} % of samples (independent trades)",
                chance(longest)
            );
            let after = self.reference.and_then(|r| r.loss_after_loss.value()).map_or(lost, |a| a.max(lost));
            c.power = Power {
                to_see: format!("{limit} losses in a row, if all is as in the backtest"),
                value: streak::at_least_with_runs(limit, self.n, lost, after).into(),
                trades_for_80: Undefined::NotGiven.into(),
            };
        }
        c
    }

    fn against(&self, metric: Metric) -> Criterion {
        let figure = match metric {
            Metric::WinRate => self.figures.win_rate,
            Metric::ProfitFactor => self.figures.profit_factor,
            _ => self.figures.payoff,
        };
        let name = match metric {
            Metric::WinRate => "win-rate",
            Metric::ProfitFactor => "profit-factor",
            _ => "reward-to-risk",
        };
        let have = match metric {
            Metric::WinRate => {
                format!("{} of {}, {:.1} %", self.figures.wins, self.n, figure.map(|x| x * 100.0))
            }
            _ => format!("{figure:.2}"),
        };
        let Some(reference) = self.reference else {
            let why = Verdict::cannot_tell("no backtest is given to compare with");
            return criterion(name, Origin::Agreed, "near the backtest's".into(), have, why);
        };
        let bands = reference.bands();
        let placed = bands.place(&self.values).into_iter().find(|p| p.metric == metric);
        let limit = bands.gate_limit;
        let share = placed.as_ref().and_then(|p| p.percentile.value());
        let own = match metric {
            Metric::WinRate => reference.figures.win_rate,
            Metric::ProfitFactor => reference.figures.profit_factor,
            _ => reference.figures.payoff,
        };
        let verdict = match share {
            _ if !self.is_enough() => self.more(),
            _ if bands.plan.trades != self.n => Verdict::cannot_tell(format!(
                "the bands are of {} trades, there are {}",
                bands.plan.trades, self.n
            )),
            Some(share) => Verdict::of(share.min(1.0 - share) >= limit),
            None => Verdict::cannot_tell(format!("the figure is {figure}")),
        };
        let needed = match metric {
            Metric::WinRate => format!("near {:.1} %", own.map(|x| x * 100.0)),
            _ => format!("near {own:.2}"),
        };
        let mut c = criterion(name, Origin::Agreed, needed, have, verdict);
        let place = share.map_or_else(|| "undefined".to_owned(), |share| format!("{:.1} %", share * 100.0));
        c.evidence =
            format!("at {place} of the band, {:.1} to {:.1} % allowed", limit * 100.0, (1.0 - limit) * 100.0);
        if metric == Metric::WinRate {
            let near = wilson(self.figures.wins, self.n, 0.95);
            c.evidence += &format!("; 95 % {:.1}..{:.1} % (Wilson)", near.low * 100.0, near.high * 100.0);
        }
        c.power = reference.power(metric);
        c
    }

    fn signal_to_fill(&self) -> Criterion {
        let (times, limit) = (&self.facts.signal_to_fill_ms, self.facts.needs.signal_to_fill_ms);
        let (enough, p95) = (orders_for_quantile(0.95), p95(times));
        let verdict = match p95.value() {
            None => Verdict::cannot_tell("no time from signal to fill is known"),
            Some(ms) if ms > count(usize::try_from(limit).unwrap_or(usize::MAX)) => Verdict::NotMet,
            Some(_) if times.len() < enough => Verdict::not_yet(format!(
                "{} more orders: {enough} bound the 95 % quantile",
                enough - times.len()
            )),
            Some(_) => Verdict::Met,
        };
        let mut c = criterion(
            "signal-to-fill",
            Origin::Agreed,
            format!("95 % within {limit} ms"),
            format!("{p95:.0} ms"),
            verdict,
        );
        c.evidence = format!("{} orders; {enough} are enough", times.len());
        c.power = Power {
            to_see: "with 95 % confidence, by the slowest order, what 95 % of orders stay below".into(),
            value: (1.0 - 0.95_f64.powf(count(times.len()))).into(),
            trades_for_80: (0.2_f64.ln() / 0.95_f64.ln()).ceil().into(),
        };
        c
    }

    fn red_flags(&self) -> Criterion {
        let open: Vec<&str> =
            self.facts.red_flags.iter().filter(|f| f.answer.is_none()).map(|f| f.what.as_str()).collect();
        let verdict = Verdict::of(open.is_empty());
        let mut c = criterion("red-flags", Origin::Agreed, "0 open".into(), open.len().to_string(), verdict);
        c.evidence = if open.is_empty() {
            format!("{} answered", self.facts.red_flags.len())
        } else {
            open.join("; ")
        };
        c
    }

    fn parity(&self) -> Criterion {
        let (figures, bound) = (PairFigures::of(&self.facts.pairs), self.facts.needs.parity);
        let (lower, n) = (figures.lower_bound(), figures.pairs);
        let upper = figures.mean.get().and_then(|m| lower.get().map(|l| 2.0 * m - l));
        let verdict = match (lower.value(), upper) {
            _ if n == 0 => Verdict::cannot_tell("no trade was played again by the backtest's engine"),
            (Some(lower), _) if lower > -bound => Verdict::Met,
            (Some(_), Ok(upper)) if upper > -bound => {
                let sd = figures.sd.value().unwrap_or_default();
                Verdict::not_yet(format!(
                    "pairs: about {:.0} in all",
                    pairs_needed(sd, bound, 0.8).map(f64::ceil)
                ))
            }
            (None, _) => Verdict::not_yet("a second pair"),
            _ => Verdict::NotMet,
        };
        let mut c = criterion(
            "execution-parity",
            Origin::Stronger,
            format!("lower bound > {:.2} R", -bound),
            format!("{lower:.3} R"),
            verdict,
        );
        c.evidence = format!(
            "{n} pairs, mean {:.3} R, sd {:.3}; {} of another size, {} with another exit",
            figures.mean, figures.sd, figures.other_size, figures.other_exit
        );
        let sd = figures.sd.value().unwrap_or_default();
        c.power = Power {
            to_see: "that execution is faithful, when it is".into(),
            value: pairs_power(n, sd, bound),
            trades_for_80: pairs_needed(sd, bound, 0.8),
        };
        c
    }

    fn orders(&self) -> Criterion {
        let (twice, orphans, orders) =
            (self.facts.duplicate_orders, self.facts.orphan_orders, self.facts.orders);
        let verdict = match (twice + orphans, orders) {
            (0, 0) => Verdict::cannot_tell("no order is known"),
            (0, _) => Verdict::Met,
            _ => Verdict::NotMet,
        };
        let have = format!("{twice} sent twice, {orphans} without a signal");
        let mut c = criterion("order-integrity", Origin::Stronger, "0 and 0".into(), have, verdict);
        c.evidence = format!("{orders} orders");
        c.power = none_in(orders);
        c
    }

    fn rate(&self) -> Criterion {
        let expected = self.reference.and_then(|r| r.per_week.value());
        let Some(expected) = expected.filter(|_| self.facts.weeks > 0.0) else {
            let have = format!("{} trades in {:.1} weeks", self.n, self.facts.weeks);
            let why = Verdict::cannot_tell(
                "the backtest's trades a week, or the time of these trades, are not known",
            );
            return criterion("trade-rate", Origin::Stronger, "explained".into(), have, why);
        };
        let rate = RateFigures::of(self.n, self.facts.weeks, expected, 1.0);
        let answer = self.facts.rate_answer.as_deref();
        let verdict = if rate.is_explained_by_chance() || answer.is_some() {
            Verdict::Met
        } else {
            Verdict::not_yet("an answer: say which universe the backtest traded")
        };
        let have = format!("{:.1} a week", rate.per_week);
        let mut c = criterion("trade-rate", Origin::Stronger, "explained".into(), have, verdict);
        c.evidence = format!(
            "backtest {expected:.1} a week; so many or more by chance {:.2e}, so many or fewer {:.2e}{}",
            rate.chance_of_more.value().unwrap_or_default(),
            rate.chance_of_less.value().unwrap_or_default(),
            answer.map(|a| format!("; answered: {a}")).unwrap_or_default()
        );
        c
    }

    fn breakage(&self) -> Criterion {
        let (name, origin) = ("gross-breakage", Origin::Stronger);
        let Some((reference, Figure::Is(rate))) = self.reference.map(|r| (r, r.figures.win_rate)) else {
            let why = Verdict::cannot_tell("no backtest is given to compare with");
            return criterion(
                name,
                origin,
                "none".into(),
                format!("{} wins of {}", self.figures.wins, self.n),
                why,
            );
        };
        let limit = exact(self.n, rate, rate, 0.05).reject_at;
        let lowest = reference.bands().quantile(Metric::ProfitFactor, 0.025);
        let few_wins = limit.is_some_and(|limit| self.figures.wins <= limit);
        let factor = self.figures.profit_factor;
        let low = factor.value().zip(lowest.value()).is_some_and(|(factor, lowest)| factor < lowest);
        let verdict = match few_wins || low {
            true => Verdict::NotMet,
            false if self.is_enough() => Verdict::Met,
            false => self.more(),
        };
        let most = limit.map_or_else(|| "any number of".to_owned(), |limit| format!("> {limit}"));
        let needed = format!("{most} wins, profit factor >= {lowest:.2}");
        let have = format!("{} wins, profit factor {factor:.2}", self.figures.wins);
        let mut c = criterion(name, origin, needed, have, verdict);
        c.evidence = "exact test of independent trades at 5 %; 2.5 % quantile of the band".into();
        c.power = reference.win_rate_power(self.n);
        c
    }
}
