//! How long the guard takes over one entry: [`risk::review`] with ten exposures and every check asked, beside the least that
//! looking at ten exposures can cost, which is to sum up what they are worth.
//!
//! `cargo bench -p tests --bench review` prints both. `docs/performance.md` says how to read it.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench prints what it measured by the clock, and what fails in it ends it"
)]

#[path = "review/world.rs"]
mod world;

use std::hint::black_box;
use std::time::{Duration, Instant};

use broker_api::{Mark, Marks};
use risk::{CHECKS, Verdict};
use rust_decimal::Decimal;
use world::World;

/// How many reviews are timed, one by one.
const SAMPLES: usize = 200_000;
/// How many sums are timed at once: one alone is hardly longer than the clock takes to tell.
const SUMS: u32 = 20;
/// What one review is to stay below.
const GOAL: Duration = Duration::from_micros(3);

fn main() {
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let world = World::new();
    let marks = approved(&world);
    let asked = CHECKS.len() - marks.count(Mark::NotApplicable);
    for _ in 0..10_000 {
        let _ = black_box((world.review(), sum(&world)));
    }
    let (mut ours, mut floor) = (Vec::with_capacity(SAMPLES), Vec::with_capacity(SAMPLES));
    for _ in 0..SAMPLES {
        let began = Instant::now();
        let verdict = black_box(&world).review();
        ours.push(began.elapsed());
        drop(black_box(verdict));
        let began = Instant::now();
        for _ in 0..SUMS {
            let _ = black_box(sum(black_box(&world)));
        }
        floor.push(began.elapsed() / SUMS);
    }
    ours.sort_unstable();
    floor.sort_unstable();
    let at = |sorted: &[Duration], thousandth: usize| sorted[(sorted.len() - 1) * thousandth / 1_000];
    println!(
        "one entry, ten exposures: {} checks asked, {asked} of them apply; {SAMPLES} reviews, each timed by itself",
        CHECKS.len()
    );
    println!("| | median | p99 |");
    println!("|---|---|---|");
    let line = |name: &str, sorted: &[Duration]| {
        println!("| {name} | {} ns | {} ns |", at(sorted, 500).as_nanos(), at(sorted, 990).as_nanos());
    };
    line("risk::review", &ours);
    line("floor: the worth of ten exposures, summed up", &floor);
    let (one, least) = (at(&ours, 500), at(&floor, 500));
    println!("ratio of the medians {:.1}", one.div_duration_f64(least));
    let met = if one <= GOAL { "is met" } else { "is NOT met" };
    println!("goal: a median of at most {} ns, {met}", GOAL.as_nanos());
}

/// What the checks say of an order that passes: each that applies has looked.
fn approved(world: &World) -> Marks {
    let Verdict::Approved { clipped_by: None, marks, .. } = world.review() else {
        unreachable!("the order of this bench passes")
    };
    marks
}

/// The floor.
fn sum(world: &World) -> Decimal {
    world
        .exposures
        .iter()
        .filter_map(|row| row.average?.get().checked_mul(row.held.get())?.checked_mul(Decimal::ONE))
        .fold(Decimal::ZERO, |sum, value| sum + value)
}
