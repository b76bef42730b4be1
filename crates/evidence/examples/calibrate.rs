//! How often simulated traders pass the paper gate: with the backtest's edge, without one, and with a broken way from
//! signal to fill. Prints the table of docs/evidence.md.
//!
//!     cargo run --release -p evidence --example calibrate [TRADERS [SEED]]

#![allow(clippy::print_stdout, reason = "a program for a person")]

use chrono::{Days, TimeDelta};
use evidence::bands::{Plan, Source, generators};
use evidence::compare::proportion::wilson;
use evidence::compare::{Backtest, Headline, Pair, Reference};
use evidence::gates::{Outcome, PaperFacts, paper};
use evidence::ledger::Unit;
use evidence::{Class, Ledger, Side, Time, Trade, Verdict};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use rust_decimal::Decimal;

/// Trades of each trader, as the gate asks for.
const TRADES: usize = 50;
/// Trades a week, as in the backtest.
const PER_WEEK: f64 = 5.1;

/// How a trader's way from signal to fill works.
#[derive(Clone, Copy)]
struct Path {
    /// What each trade loses on the way, in R, on average.
    cost: f64,
    /// The spread of that.
    spread: f64,
    /// The share of orders that take a minute instead of a second.
    slow: f64,
    /// The share of orders that are sent twice.
    twice: f64,
}

const SOUND: Path = Path { cost: 0.0, spread: 0.10, slow: 0.01, twice: 0.0 };

/// A kind of trader.
struct Kind {
    name: &'static str,
    source: Source,
    path: Path,
    /// What docs/evidence.md derives for an expectancy above zero alone.
    predicted: &'static str,
}

fn uniform(random: &mut ChaCha8Rng) -> f64 {
    (f64::from(random.next_u32()) + 0.5) / 4_294_967_296.0
}

fn normal(random: &mut ChaCha8Rng) -> f64 {
    (-2.0 * uniform(random).ln()).sqrt() * (std::f64::consts::TAU * uniform(random)).cos()
}

fn decimal(x: f64) -> Decimal {
    Decimal::from_f64_retain(x).unwrap_or_default().round_dp(8)
}

/// What one trader brings to the gate.
fn facts(kind: &Kind, seed: u64, place: u64) -> Result<PaperFacts, String> {
    let mut random = ChaCha8Rng::seed_from_u64(seed ^ 0x5eed);
    random.set_stream(place);
    let shadows = kind.source.sample(seed, place, TRADES);
    let first: Time = "2026-01-05T15:00:00Z".parse().map_err(|_| "no time".to_owned())?;
    let (mut weeks, mut trades, mut pairs) = (0.0, Vec::new(), Vec::new());
    for (at, shadow) in shadows.iter().enumerate() {
        weeks -= uniform(&mut random).ln() / PER_WEEK;
        let live = shadow - kind.path.cost + kind.path.spread * normal(&mut random);
        let opened = first + Days::new(at as u64);
        pairs.push(Pair {
            id: at.to_string(),
            live,
            shadow: *shadow,
            is_same_size: true,
            is_same_exit: true,
        });
        trades.push(Trade {
            id: format!("{at:03}"),
            strategy: String::new(),
            symbol: "SIM".into(),
            class: Some(Class::Equity),
            side: Side::Long,
            opened,
            closed: opened + TimeDelta::hours(6),
            quantity: Decimal::ONE,
            entry: Decimal::ONE_HUNDRED,
            exit: Decimal::ONE_HUNDRED,
            pnl: decimal(live * 10.0),
            risk: Some(Decimal::TEN),
            r: None,
            notional: None,
            stop: None,
            target: None,
            imported: false,
        });
    }
    let orders = 2 * TRADES;
    let mut time = || if uniform(&mut random) < kind.path.slow { 60_000 } else { 1_500 };
    let signal_to_fill_ms: Vec<u64> = (0..orders).map(|_| time()).collect();
    let duplicate_orders = (0..orders).filter(|_| uniform(&mut random) < kind.path.twice).count();
    let ledger = Ledger::new(trades).map_err(|faults| format!("{faults:?}"))?;
    Ok(PaperFacts {
        ledger,
        signal_to_fill_ms,
        pairs,
        orders,
        weeks,
        duplicate_orders,
        ..PaperFacts::default()
    })
}

fn kinds() -> Result<Vec<Kind>, Box<dyn std::error::Error>> {
    let values = generators::skewed(2926, 0.42, 1.18)?;
    let payoff = 1.18 * 0.58 / 0.42;
    let even = 1.0 / (1.0 + payoff);
    let (wins, losses) = generators::two_point(payoff);
    let two = |win_rate| Source::Signs { wins: wins.clone(), losses: losses.clone(), win_rate };
    let runs = (0.84 - 0.58) / 0.42;
    let spread = |win_rate| Source::with_win_rate(&values, win_rate);
    let kind = |name, source, path, predicted| Kind { name, source, path, predicted };
    // One size of a win and a loss has no spread on the way: a cost would move every trade by the same.
    let still = Path { spread: 0.0, ..SOUND };
    Ok(vec![
        kind("edge, two sizes", two(0.42), still, "66.4 %"),
        kind("edge, spread sizes", spread(0.42), SOUND, "65.6 %"),
        kind("edge, spread sizes, runs", Source::with_runs(&values, 0.42, runs), SOUND, "58.3 %"),
        kind("no edge, two sizes", two(even), still, "43.9 %"),
        kind("no edge, spread sizes", spread(even), SOUND, "48.4 %"),
        kind("no edge, spread sizes, runs", Source::with_runs(&values, even, runs), SOUND, "not derived"),
        kind("34 % wins, two sizes", two(0.34), still, "22.6 %"),
        kind("edge, 0.12 R lost on the way", spread(0.42), Path { cost: 0.12, ..SOUND }, "45.8 %"),
        kind("edge, one order in ten a minute late", spread(0.42), Path { slow: 0.10, ..SOUND }, "65.6 %"),
        kind("edge, one order in fifty sent twice", spread(0.42), Path { twice: 0.02, ..SOUND }, "65.6 %"),
    ])
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let traders: usize = words.next().map_or(Ok(20_000), |word| word.parse())?;
    let seed: u64 = words.next().map_or(Ok(20_261_122), |word| word.parse())?;
    let headline = Headline {
        trades: 2926,
        win_rate: 0.42,
        profit_factor: 1.18,
        years: Some(11.0),
        longest_losing_streak: Some(36),
        ..Headline::default()
    };
    let reference =
        Reference::new(&Backtest::Headline(headline), Unit::MeanLoss, Plan::of(TRADES, seed), &|_| ())?;
    println!(
        "{traders} traders of each kind, {TRADES} trades each, seed {seed}; intervals are Wilson's at 95 %\n"
    );
    println!("| trader | expectancy above zero | predicted | as agreed | whole gate | stopped besides by |");
    println!("|---|---|---|---|---|---|");
    for kind in kinds()? {
        let (mut earns, mut agreed, mut whole) = (0, 0, 0);
        let mut stops: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
        for place in 0..traders {
            let found = paper(&facts(&kind, seed, place as u64)?, Some(&reference));
            earns += usize::from(found.criterion("expectancy").is_some_and(|c| c.verdict == Verdict::Met));
            agreed += usize::from(found.agreed == Outcome::Passed);
            whole += usize::from(found.outcome == Outcome::Passed);
            for c in found.criteria.iter().filter(|c| c.verdict != Verdict::Met && c.name != "expectancy") {
                *stops.entry(c.name.clone()).or_default() += 1;
            }
        }
        let share = |k: usize| {
            let (of, near) =
                (100.0 / f64::from(u32::try_from(traders).unwrap_or(u32::MAX)), wilson(k, traders, 0.95));
            let k = f64::from(u32::try_from(k).unwrap_or(u32::MAX));
            format!("{:.1} % ({:.1}..{:.1})", k * of, near.low * 100.0, near.high * 100.0)
        };
        let mut most: Vec<_> = stops.into_iter().collect();
        most.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        let named: Vec<String> = most.iter().take(3).map(|(name, n)| format!("{name} {n}")).collect();
        println!(
            "| {} | {} | {} | {} | {} | {} |",
            kind.name,
            share(earns),
            kind.predicted,
            share(agreed),
            share(whole),
            named.join(", ")
        );
    }
    Ok(())
}
