//! Pairs for a person and as a table.

use std::cmp::Ordering;

use broker_api::Amount;
use evidence::Figure;
use evidence::compare::Interval;
use evidence::twin::{Came, Layer, Played, Regret, RegretSum, Standing, Twin as Pair};
use rust_decimal::Decimal;

use super::Twin;
use crate::figures::{self, Table};

/// How many pairs that part a person is shown.
pub const SHOWN: usize = 20;
/// How wide a sentence below a table is.
const WIDE: usize = 108;

/// A number with its sign; nothing where there is none.
fn figure(value: Option<impl Into<Figure>>) -> String {
    value.map_or_else(String::new, |value| signed(value, 3))
}

fn signed(value: impl Into<Figure>, places: usize) -> String {
    value.into().signed(places)
}

fn decimal(value: Option<Decimal>) -> String {
    let Some(value) = value.map(|value| value.normalize()) else { return String::new() };
    if value > Decimal::ZERO { format!("+{value}") } else { value.to_string() }
}

fn money(value: Option<Decimal>) -> String {
    value.and_then(|value| Amount::new(value).ok()).map_or_else(String::new, figures::change)
}

/// Everything, for a person.
pub fn text(twin: &Twin) -> String {
    let day = |at: Option<broker_api::Time>| at.map_or_else(|| "nothing".into(), figures::minute);
    let mut text = format!(
        "TWIN       {} to enter, each played again on bars from {} to {}; the shadow began with {}\n",
        figures::counted(twin.pairs.len(), "signal"),
        day(twin.first),
        day(twin.last),
        figures::money(twin.cash)
    );
    text.push_str(&head(twin));
    text.push_str(&layers(twin));
    text.push_str(&parted(twin));
    text.push_str(&regret(&twin.regret));
    text.push_str(&aside(twin));
    text
}

/// The test, and what only one side traded.
fn head(twin: &Twin) -> String {
    let (sum, figures) = (&twin.summary, &twin.summary.figures);
    let within = |interval: Option<Interval>| {
        interval.map_or_else(
            || "unknown".to_owned(),
            |interval| format!("{}..{} R", signed(interval.low, 3), signed(interval.high, 3)),
        )
    };
    let mut text = format!("pairs      {} traded on both sides", figures.pairs);
    if let Some(mean) = figures.mean.value() {
        text.push_str(&format!(
            "   mean difference {} R   95 % {}, however often one looks {}\n           the shadow's mean is {} R",
            signed(mean, 3),
            within(figures.interval),
            within(figures.sequence),
            figures.shadow_expectancy.value().map_or_else(String::new, |mean| signed(mean, 3))
        ));
    }
    text.push('\n');
    text.push_str(&format!(
        "one side   {} only here, {} R   {} only in the shadow, {} R   {} not over   {} without a stop, and so without R\n",
        sum.only_here,
        signed(sum.only_here_r, 2),
        sum.only_there,
        signed(sum.only_there_r, 2),
        sum.open,
        sum.without_r
    ));
    text
}

fn layers(twin: &Twin) -> String {
    let mut table = Table::new(&["parts first at", ">pairs", ">R together", ">share of all differences, %"]);
    for sum in &twin.summary.layers {
        let share = sum.share.value().map_or_else(String::new, |_| sum.share.percent());
        table.row(vec![sum.layer.as_str().into(), sum.pairs.to_string(), signed(sum.r, 3), share]);
    }
    table.lines()
}

/// The pairs that part, the worst first; what is not known stands last.
pub fn worst_first(twin: &Twin) -> Vec<&Pair> {
    let mut pairs: Vec<&Pair> = twin.pairs.iter().filter(|pair| pair.layer != Layer::Same).collect();
    pairs.sort_by(|one, other| {
        let (one, other) = (one.differences.r, other.differences.r);
        one.is_none().cmp(&other.is_none()).then(one.partial_cmp(&other).unwrap_or(Ordering::Equal))
    });
    pairs
}

fn parted(twin: &Twin) -> String {
    let pairs = worst_first(twin);
    if pairs.is_empty() {
        return String::new();
    }
    let mut table =
        Table::new(&["signal", "symbol", "layer", "why", ">entry", ">exit", ">quantity", ">R", ">money"]);
    for pair in pairs.iter().take(SHOWN) {
        let differs = &pair.differences;
        table.row(vec![
            pair.id.clone(),
            pair.symbol.clone(),
            pair.layer.as_str().into(),
            why(pair),
            decimal(differs.entry),
            decimal(differs.exit),
            decimal(differs.quantity),
            figure(differs.r),
            money(differs.pnl),
        ]);
    }
    let mut text = format!("where they part; below zero is worse for us\n{}", table.lines());
    if pairs.len() > SHOWN {
        text.push_str(&format!("  and {} more, which --out and --json have\n", pairs.len() - SHOWN));
    }
    text
}

/// Why a pair parts, with the code of whoever kept it back.
pub fn why(pair: &Pair) -> String {
    let words = pair.cause.map_or("", |cause| cause.words());
    let coded = |side: &Played| side.standing == Standing::Nothing || side.came != Came::Ordered;
    let code =
        [&pair.live, &pair.shadow].into_iter().filter(|side| coded(side)).find_map(|s| s.code.as_ref());
    code.map_or_else(|| words.to_owned(), |code| format!("{words}: {code}"))
}

/// What not following did: `cost`, `saved`.
pub fn so_it(sum: &RegretSum) -> &'static str {
    match sum.pnl.cmp(&Decimal::ZERO) {
        _ if sum.traded == 0 => "cannot be told",
        Ordering::Greater => "cost",
        Ordering::Less => "saved",
        Ordering::Equal => "came out even",
    }
}

/// What a sum of signals that were not followed is, and what it is not.
pub const BOUND: &str = "each alone, with all limits wide and at the size we would have given: they would have shared money and places, so a sum bounds what that cost or saved, and is not what it came to";

fn regret(sums: &[RegretSum]) -> String {
    if sums.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&["not followed", ">signals", ">traded", ">open", ">R", ">money", "so it"]);
    for sum in sums {
        table.row(vec![
            sum.code.clone(),
            sum.signals.to_string(),
            sum.traded.to_string(),
            sum.open.to_string(),
            signed(sum.r, 2),
            money(Some(sum.pnl)),
            so_it(sum).into(),
        ]);
    }
    format!("what signals would have made that were not followed\n{}{}", table.lines(), wrapped(BOUND))
}

/// Why a signal has no pair, and in words.
pub const LEFT_OUT: [(&str, &str); 4] = [
    ("no_bars", "no bars of their symbol"),
    ("before_bars", "decided before the first bar of their symbol closed"),
    ("after_bars", "decided when the last bar of their symbol had closed"),
    ("changed", "whose position something else than our orders changed"),
];

/// What is in no pair.
fn aside(twin: &Twin) -> String {
    let mut text = String::new();
    for (code, words) in LEFT_OUT {
        let of_it: Vec<&str> =
            twin.left_out.iter().filter(|left| left.why == code).map(|left| left.id.as_str()).collect();
        if let Some(first) = of_it.first() {
            let count = figures::counted(of_it.len(), "signal");
            text.push_str(&format!("left out   {count}: {words}; the first is {first}\n"));
        }
    }
    for (count, words) in
        [(twin.imported, "of another program"), (twin.without_signal, "that no signal opened")]
    {
        if count > 0 {
            text.push_str(&format!("left out   {} {words}\n", figures::counted(count, "closed trade")));
        }
    }
    if twin.flows > 0 {
        let times = figures::counted(twin.flows, "time");
        text.push_str(&format!(
            "money came or went {times} since the first signal, and the shadow has none of it: sizes part there\n"
        ));
    }
    text
}

/// One pair, for `explain`.
pub fn pair(pair: &Pair, regret: Option<&Regret>) -> String {
    let part = match pair.layer {
        Layer::Same => "does not part from its shadow".to_owned(),
        layer => format!("parts from its shadow at {}: {}", layer.as_str(), why(pair)),
    };
    let mut text = format!("twin  {}   {part}\n", pair.id);
    let mut table = Table::new(&["", "came", ">quantity", ">entry", "opened", ">exit", "closed", "by", ">R"]);
    for (name, side) in [("here", &pair.live), ("shadow", &pair.shadow)] {
        table.row(row(name, side));
    }
    if let Some(regret) = regret {
        table.row(row("alone", &regret.alone));
    }
    let differs = &pair.differences;
    table.row(vec![
        "difference".into(),
        String::new(),
        decimal(differs.quantity),
        decimal(differs.entry),
        differs.entry_seconds.map_or_else(String::new, |s| format!("{s:+} s")),
        decimal(differs.exit),
        differs.exit_seconds.map_or_else(String::new, |s| format!("{s:+} s")),
        String::new(),
        figure(differs.r),
    ]);
    text.push_str(&table.lines());
    text
}

/// A sentence below a table, two letters in and no wider than a screen.
fn wrapped(words: &str) -> String {
    let mut text = String::new();
    let mut line = String::from(" ");
    for word in words.split(' ') {
        if line.len() + 1 + word.len() > WIDE {
            text.push_str(&line);
            text.push('\n');
            line.clear();
            line.push(' ');
        }
        line.push(' ');
        line.push_str(word);
    }
    text + &line + "\n"
}

fn row(name: &str, side: &Played) -> Vec<String> {
    let plain = |value: Option<Decimal>| value.map_or_else(String::new, |v| v.normalize().to_string());
    let at = |at: Option<broker_api::Time>| at.map_or_else(String::new, figures::time);
    let came = side.code.clone().unwrap_or_else(|| came(side.came).to_owned());
    vec![
        name.into(),
        came,
        plain(Some(side.quantity)),
        plain(side.entry),
        at(side.opened),
        plain(side.exit),
        at(side.closed),
        side.exit_by.clone().unwrap_or_default(),
        figure(side.r),
    ]
}

/// As documents say it.
pub const fn came(came: Came) -> &'static str {
    match came {
        Came::Unseen => "unseen",
        Came::Expired => "expired",
        Came::Denied => "denied",
        Came::Waiting => "waiting",
        Came::Ordered => "ordered",
    }
}
