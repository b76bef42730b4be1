//! `torture`: plays schedules of the seeded world, and ends with 1 when something did not hold.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::Parser;
use faultworld::venue::manner::Manner;
use faultworld::world::Options;
use faultworld::{Fault, Place, Played, play};

/// Plays schedules under venues, disks and processes that fail; the same seed is the same story.
#[derive(Debug, Parser)]
#[command(name = "torture", version)]
struct Asked {
    /// How many seeds; each is played at every venue
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    seeds: u64,
    /// The first seed
    #[arg(long, value_name = "S", default_value_t = 0)]
    from: u64,
    /// Only at this venue: paper, alpaca, oanda or ibkr
    #[arg(long, value_name = "V")]
    venue: Option<String>,
    /// Only these faults of a schedule, by their numbers: 3,17
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    only: Option<Vec<u64>>,
    /// Tell the story of each schedule
    #[arg(long)]
    trace: bool,
    /// Try the checkers on bugs that are planted on purpose, each up to so many seeds; a build of its own
    #[arg(long)]
    planted: bool,
    /// With --planted: leave out each checker once, to see what is missed without it
    #[arg(long, requires = "planted")]
    blind: bool,
    /// With --planted: write the tables into this page
    #[arg(long, value_name = "FILE", requires = "planted")]
    write: Option<std::path::PathBuf>,
    /// Plant this bug, by its name in the table
    #[arg(long, value_name = "NAME")]
    bug: Option<String>,
}

/// What all schedules came to.
#[derive(Default)]
struct Sum {
    schedules: u64,
    counting: u64,
    inputs: u64,
    hits: BTreeMap<(Fault, Place), u64>,
    failed: Vec<Played>,
}

#[expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a program of its own, with a clock of its own"
)]
fn main() -> ExitCode {
    let asked = Asked::parse();
    let manners: Vec<Manner> = Manner::all()
        .into_iter()
        .filter(|manner| asked.venue.as_deref().is_none_or(|name| name == manner.name))
        .collect();
    if manners.is_empty() {
        println!("there is no venue of this name: paper, alpaca, oanda, ibkr");
        return ExitCode::from(2);
    }
    if asked.planted || asked.bug.is_some() {
        match planted(&asked) {
            Some(code) => return code,
            None => println!("one bug is planted"),
        }
    }
    let began = std::time::Instant::now();
    let (next, sum) = (AtomicU64::new(asked.from), Mutex::new(Sum::default()));
    let last = asked.from.saturating_add(asked.seeds);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= last {
                        return;
                    }
                    for manner in &manners {
                        one(seed, manner, &asked, &sum);
                    }
                }
            });
        }
    });
    let Ok(sum) = sum.into_inner() else { return ExitCode::from(1) };
    let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
    for played in &sum.failed {
        if let Some(violation) = &played.violation {
            println!("{violation}\n  again: {}", shrunk(played, &asked));
        }
    }
    for ((fault, place), count) in &sum.hits {
        println!("{count:>9}  {:<18} {place}", format!("{fault:?}"));
    }
    println!(
        "{} schedules ({} long and bad enough to count), {} inputs, {} faults, {} inputs/s; {} failed",
        sum.schedules,
        sum.counting,
        sum.inputs,
        sum.hits.values().sum::<u64>(),
        sum.inputs * 1_000 / milliseconds,
        sum.failed.len()
    );
    ExitCode::from(u8::from(!sum.failed.is_empty()))
}

#[expect(clippy::print_stdout, reason = "a program of its own")]
fn one(seed: u64, manner: &Manner, asked: &Asked, sum: &Mutex<Sum>) {
    let only = asked.only.as_ref().map(|only| only.iter().copied().collect());
    let played = match play(seed, manner, &Options { only, trace: asked.trace, blind: None }) {
        Ok(played) => played,
        Err(why) => {
            println!("the world cannot be set up: {}", why.0);
            return;
        }
    };
    for line in &played.trace {
        println!("{line}");
    }
    let Ok(mut sum) = sum.lock() else { return };
    sum.schedules += 1;
    sum.counting += u64::from(played.counts());
    sum.inputs += played.inputs;
    for hit in &played.hits {
        *sum.hits.entry((hit.fault, hit.place)).or_default() += 1;
    }
    if played.violation.is_some() {
        sum.failed.push(played);
    }
}

/// The command that plays a failed schedule again, with as few of its faults as it takes to fail the same checker.
fn shrunk(failed: &Played, asked: &Asked) -> String {
    let command = |only: &BTreeSet<u64>| {
        let list: Vec<String> = only.iter().map(u64::to_string).collect();
        format!(
            "cargo run --release --bin torture -- --from {} --seeds 1 --venue {} --only {} --trace",
            failed.seed,
            failed.venue,
            list.join(",")
        )
    };
    let mut only: BTreeSet<u64> = failed.hits.iter().map(|hit| hit.n).collect();
    let Some(manner) = Manner::named(failed.venue).filter(|_| asked.only.is_none()) else {
        return command(&only);
    };
    let checker = failed.violation.as_ref().map(|violation| violation.checker);
    let fails = |only: &BTreeSet<u64>| {
        let played = play(failed.seed, &manner, &Options { only: Some(only.clone()), ..Options::default() });
        played.is_ok_and(|played| played.violation.map(|violation| violation.checker) == checker)
    };
    for n in only.clone() {
        let mut fewer = only.clone();
        fewer.remove(&n);
        if fails(&fewer) {
            only = fewer;
        }
    }
    command(&only)
}

/// What is asked of a build with planted bugs; nothing when its schedules are to be played with one of them.
#[cfg(not(planted))]
#[expect(
    clippy::print_stdout,
    clippy::unnecessary_wraps,
    reason = "a program of its own; as the other build has it"
)]
fn planted(_: &Asked) -> Option<ExitCode> {
    println!(
        "this build has no planted bugs: RUSTFLAGS=\"--cfg planted\" cargo run --release --target-dir target/planted \
         -p faultworld --bin torture -- --planted"
    );
    Some(ExitCode::from(2))
}

/// What is asked of a build with planted bugs; nothing when its schedules are to be played with one of them.
#[cfg(planted)]
#[expect(clippy::print_stdout, reason = "a program of its own")]
fn planted(asked: &Asked) -> Option<ExitCode> {
    use broker_api::planted::{Bug, choose};
    use faultworld::planted::{HEAD, blind_table, blinded, hunt, trial};

    if let Some(name) = &asked.bug {
        let Some(bug) = Bug::ALL.iter().find(|bug| bug.name() == *name) else {
            println!("there is no planted bug of the name {name}: {:?}", Bug::ALL);
            return Some(ExitCode::from(2));
        };
        choose(Some(*bug));
        return None;
    }
    let most = asked.seeds.saturating_mul(4);
    if let Some(caught) = hunt(None, None, most) {
        println!("with no bug planted {} stops at seed {}: {}", caught.checker, caught.seed, caught.what);
        return Some(ExitCode::from(1));
    }
    println!("no bug planted: {most} schedules, nothing found\n");
    let (mut trials, mut bugs) = (Vec::new(), String::from(HEAD));
    for bug in Bug::ALL {
        let trial = trial(*bug, most);
        let row = trial.row(most);
        print!("{row}");
        bugs.push_str(&row);
        trials.push(trial);
    }
    let missed = trials.iter().filter(|trial| trial.caught.is_none()).count();
    println!("{} bugs, {missed} not caught within {most} schedules", trials.len());
    let blind = asked.blind.then(|| blind_table(&blinded(&trials, most), most));
    println!("{}", blind.as_deref().unwrap_or_default());
    if let Some(page) = &asked.write {
        let tables = [("planted", Some(bugs)), ("blind", blind)];
        if let Err(why) = written(page, &tables) {
            println!("{} could not be written: {why}", page.display());
            return Some(ExitCode::from(1));
        }
    }
    Some(ExitCode::from(u8::from(missed > 0)))
}

/// Puts each table between its two marks in a page.
#[cfg(planted)]
fn written(page: &std::path::Path, tables: &[(&str, Option<String>)]) -> Result<(), String> {
    let mut text = std::fs::read_to_string(page).map_err(|why| why.to_string())?;
    for (name, table) in tables {
        let Some(table) = table else { continue };
        let (begin, end) = (format!("<!-- {name}: begin -->\n"), format!("<!-- {name}: end -->"));
        let (head, rest) = text.split_once(&begin).ok_or_else(|| format!("it has no line {begin}"))?;
        let (_, tail) = rest.split_once(&end).ok_or_else(|| format!("it has no line {end}"))?;
        text = format!("{head}{begin}\n{table}\n{end}{tail}");
    }
    std::fs::write(page, text).map_err(|why| why.to_string())
}
