//! How long it takes to draw the bands of a whole backtest: 10,000 samples of 2,926 trades with all figures, each way.
//!
//!     cargo run --release -p evidence --example resamples

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a program for a person, who wants to know how long it took"
)]

use std::time::Instant;

use evidence::bands::{Bands, Metric, Plan, Source, generators};
use evidence::compare::{Backtest, Headline, Reference};
use evidence::ledger::Unit;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let threads = std::thread::available_parallelism()?.get();
    let sizes = generators::skewed(2926, 0.42, 1.18)?;
    // In an order of its own, with runs: the made-up ledger has all its wins first.
    let values = Source::with_runs(&sizes, 0.42, 0.62).sample(1, 0, 2926);
    let weeks: Vec<i32> = (0..2926).map(|at| at / 5).collect();
    let plan = Plan { threads, share_per_unit: Some(0.0118), ..Plan::of(2926, 20_261_122) };
    println!("10,000 samples of 2,926 trades, all figures, {threads} threads");
    let sources = [
        Source::Independent { values: values.clone() },
        Source::weeks(values.clone(), &weeks),
        Source::Circular { values: values.clone(), length: 14 },
        Source::Stationary { values: values.clone(), length: 12.0 },
        Source::with_runs(&sizes, 0.42, 0.62),
    ];
    for source in sources {
        let began = Instant::now();
        let bands = Bands::new(&source, Unit::R, plan, &|_| ())?;
        let took = began.elapsed().as_secs_f64();
        let depth = bands.quantile(Metric::MaxDrawdownShare, 0.5).map(|d| d * 100.0);
        println!("{took:7.3} s  {:<48} median drawdown {depth:.1} %", bands.method);
    }
    let headline = Headline {
        trades: 2926,
        win_rate: 0.42,
        profit_factor: 1.18,
        longest_losing_streak: Some(36),
        ..Headline::default()
    };
    let began = Instant::now();
    Reference::new(&Backtest::Headline(headline), Unit::R, plan, &|_| ())?;
    println!(
        "{:7.3} s  a whole reference: independent, clustered, and without an edge",
        began.elapsed().as_secs_f64()
    );
    Ok(())
}
