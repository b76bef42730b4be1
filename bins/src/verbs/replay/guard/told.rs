//! The report for people and for programs.

use broker_api::{Amount, Ratio};
use risk::{CHECKS, Check};
use serde_json::{Value, json};

use super::tally::Outcome;
use super::{Report, Row};
use crate::figures::{self, Table};

/// What the file calls itself.
const SCHEMA: &str = "tradewind.guard/1";
/// How many changes of the level are told.
const LEVELS_TOLD: usize = 3;

const HEADS: [&str; 12] = [
    "replay",
    ">trades",
    ">equity",
    ">difference",
    ">CAGR, %",
    ">difference",
    ">profit factor",
    ">fall, %",
    ">denied",
    ">by it",
    ">clipped",
    ">trips",
];

fn undefined(figure: Option<String>) -> String {
    figure.unwrap_or_else(|| "undefined".into())
}

/// How much a figure is above another; nothing where one of them is not defined.
fn above(one: Option<Ratio>, other: Option<Ratio>) -> Option<Ratio> {
    let difference = one?.get().checked_sub(other?.get())?;
    Ratio::new(difference).ok()
}

fn gain(one: &Outcome, other: &Outcome) -> Option<Amount> {
    one.marked.minus(other.marked).ok()
}

/// A line: a replay, how it lies to another, and how many entries the part that it tells of denied.
fn cells(name: String, is: &Outcome, to: Option<&Outcome>, by_it: Option<u64>) -> Vec<String> {
    let from = |say: &dyn Fn(&Outcome) -> String| to.map_or_else(String::new, say);
    vec![
        name,
        figures::count(is.trades),
        figures::money(is.marked),
        from(&|to| undefined(gain(is, to).map(figures::change))),
        undefined(is.growth.map(figures::percent_change)),
        from(&|to| undefined(above(is.growth, to.growth).map(figures::percent_change))),
        undefined(is.profit_factor.map(|factor| factor.get().round_dp(3).normalize().to_string())),
        figures::percent(is.deepest),
        figures::count(is.denied()),
        by_it.map_or_else(String::new, figures::count),
        figures::count(is.clipped()),
        figures::count(is.trips),
    ]
}

/// The same for programs.
fn difference(is: &Outcome, to: &Outcome) -> Value {
    let trades = i128::from(is.trades) - i128::from(to.trades);
    json!({
        "trades": i64::try_from(trades).ok(),
        "equity_marked": gain(is, to),
        "growth_yearly": above(is.growth, to.growth),
        "profit_factor": above(is.profit_factor, to.profit_factor),
        "deepest_fall": above(Some(is.deepest), Some(to.deepest)),
    })
}

impl Row {
    fn name(&self) -> String {
        let number = self.part.check.map_or_else(|| "-".to_owned(), |number| number.to_string());
        format!("{number} {}", self.part.name)
    }
}

impl Report {
    /// Whether a part changes anything: alone, or by being left out.
    fn changes(&self, row: &Row) -> bool {
        row.alone != self.wide || row.left_out != self.configured
    }

    /// Checks that have no limits, which no replay can leave out.
    fn without_limits() -> impl Iterator<Item = &'static Check> {
        CHECKS.iter().filter(|check| check.keys.is_empty())
    }

    /// The report for programs: the same for the same input.
    pub fn json(&self) -> Value {
        let rows: Vec<Value> = self
            .rows
            .iter()
            .map(|row| {
                let own = |outcome: &Outcome, is_alone: bool| {
                    let mut json = outcome.json();
                    json["denied_by_it"] = json!(outcome.denied_by_part(&row.part, is_alone));
                    json["clipped_by_it"] =
                        json!(row.part.check.map_or(0, |number| outcome.clipped_by(number)));
                    json["trips_by_it"] = json!(outcome.trips_by(&row.part));
                    json
                };
                let mut alone = own(&row.alone, true);
                alone["difference"] = difference(&row.alone, &self.wide);
                let mut left_out = own(&row.left_out, false);
                left_out["difference"] = difference(&row.left_out, &self.configured);
                json!({
                    "check": row.part.check,
                    "name": row.part.name,
                    "limits": row.part.keys,
                    "changes": self.changes(row),
                    "denied": self.configured.denied_by_part(&row.part, false),
                    "clipped": row.part.check.map_or(0, |number| self.configured.clipped_by(number)),
                    "trips": self.configured.trips_by(&row.part),
                    "alone": alone,
                    "left_out": left_out,
                })
            })
            .collect();
        let others: Vec<Value> = Self::without_limits()
            .map(|check| {
                let denied = self.configured.denied_by(check.number);
                json!({ "check": check.number, "name": check.name, "denied": denied })
            })
            .collect();
        let mut configured = self.configured.json();
        configured["difference"] = difference(&self.configured, &self.wide);
        json!({
            "schema": SCHEMA,
            "tradewind": env!("CARGO_PKG_VERSION"),
            "resume_after": self.resume_after,
            "configured": configured,
            "wide": self.wide.json(),
            "parts": rows,
            "without_limits": others,
        })
    }

    /// What each check denied in the replay as configured, those that no replay can leave out apart.
    fn denied(&self) -> String {
        let some =
            |count: u64, name: String| (count > 0).then(|| format!("{} {name}", figures::count(count)));
        let limits: Vec<String> = self
            .rows
            .iter()
            .filter_map(|row| some(self.configured.denied_by_part(&row.part, false), row.name()))
            .collect();
        let name = |check: &Check| format!("{} {}", check.number, check.name);
        let denied = |check: &Check| self.configured.denied_by(check.number);
        let others: Vec<String> =
            Self::without_limits().filter_map(|check| some(denied(check), name(check))).collect();
        let none: Vec<String> = Self::without_limits().filter(|check| denied(check) == 0).map(name).collect();
        let or_none = |names: &[String]| if names.is_empty() { "none".into() } else { names.join(", ") };
        format!(
            "denied     as configured, by limits: {}\n           by checks without limits, which cannot be left out: {}; none by {}\n",
            or_none(&limits),
            or_none(&others),
            or_none(&none)
        )
    }

    /// The report for people.
    pub fn text(&self) -> String {
        let mut table = Table::new(&HEADS);
        table.row(cells("as configured".into(), &self.configured, Some(&self.wide), None));
        table.row(cells("all limits wide".into(), &self.wide, None, None));
        let (with, without): (Vec<&Row>, Vec<&Row>) = self.rows.iter().partition(|row| self.changes(row));
        for row in &with {
            let name = format!("{}, alone", row.name());
            let by_it = |outcome: &Outcome, is_alone| Some(outcome.denied_by_part(&row.part, is_alone));
            table.row(cells(name, &row.alone, Some(&self.wide), by_it(&row.alone, true)));
            let by_it = by_it(&row.left_out, false);
            table.row(cells("   left out".into(), &row.left_out, Some(&self.configured), by_it));
        }
        let replays = 2 + 2 * self.rows.len();
        let mut text = format!(
            "guard      {replays} replays of the same bars; the number of positions is the same in all\n{}",
            table.lines()
        );
        text.push_str(
            "           alone: its limits as configured, all others wide; its difference is from all limits wide\n\
             \x20          left out: its limits wide, all others as configured; its difference is from as configured\n",
        );
        text.push_str(&match self.resume_after {
            None => "           nobody resumes: what comes after a trip is lost\n".to_owned(),
            Some(days) => format!(
                "           a person resumes {} after each trip: {} as configured\n",
                figures::counted(usize::try_from(days).unwrap_or(usize::MAX), "account day"),
                figures::many(self.configured.resumed, "time")
            ),
        });
        if !without.is_empty() {
            let names: Vec<String> = without.iter().map(|row| row.name()).collect();
            text.push_str(&format!("no effect  {}\n", names.join(", ")));
        }
        text.push_str(&self.denied());
        let levels = |text: &mut String, name: &str, outcome: &Outcome| {
            for trip in outcome.named.iter().take(LEVELS_TOLD) {
                let (level, at) = (trip.level, figures::minute(trip.at));
                text.push_str(&format!("trip       {name}: {level} from {at} on ({})\n", trip.code));
            }
        };
        levels(&mut text, "as configured", &self.configured);
        for row in with.iter().filter(|row| row.alone.trips > 0) {
            levels(&mut text, &format!("{} alone", row.name()), &row.alone);
        }
        text
    }
}
