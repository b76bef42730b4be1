//! `torture`: plays schedules of the seeded world, and ends with 1 when something did not hold.

use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use clap::Parser;
use faultworld::shrink::shrunk;
use faultworld::venue::manner::Manner;
use faultworld::world::Options;
use faultworld::{Histogram, Played, abreast, play};

/// How often it is said how far it is.
const SAY_EVERY: Duration = Duration::from_secs(3);

/// Plays schedules under venues, disks and processes that fail; the same seed is the same story.
#[derive(Debug, Parser)]
#[command(name = "torture", version)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
struct Asked {
    /// How many schedules in all, spread over the venues: one seed after the other, each at every venue
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    seeds: u64,
    /// The first seed
    #[arg(long, value_name = "S", default_value_t = 0)]
    from: u64,
    /// Only at this venue: paper, alpaca, oanda, ibkr, alpaca-wire, oanda-wire: an adapter over its simulator
    #[arg(long, value_name = "V")]
    venue: Option<String>,
    /// Only these faults of a schedule, by their numbers: 3,17
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    only: Option<Vec<u64>>,
    /// Tell the story of each schedule
    #[arg(long)]
    trace: bool,
    /// Fail unless every fault was met so often in every place where it can be
    #[arg(long, value_name = "N", default_value_t = 0)]
    each: u64,
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
    /// Say on stderr how far it is, also when stderr is no terminal
    #[arg(long)]
    progress: bool,
}

/// What all schedules came to.
#[derive(Default)]
struct Sum {
    schedules: u64,
    counting: u64,
    inputs: u64,
    histogram: Histogram,
    met: BTreeMap<&'static str, u64>,
    failed: Vec<Played>,
}

impl Sum {
    /// So many, how fast, and how many failed.
    fn line(&self, began: Instant) -> String {
        let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
        format!(
            "{} schedules, {}/s; {} checked steps, {}/s; {} failed",
            self.schedules,
            self.schedules * 1_000 / milliseconds,
            self.inputs,
            self.inputs * 1_000 / milliseconds,
            self.failed.len()
        )
    }
}

#[expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a program of its own, with a clock of its own"
)]
fn main() -> ExitCode {
    let asked = Asked::parse();
    let manners = match asked.venue.as_deref() {
        Some(name) => Manner::named(name).into_iter().collect(),
        None => Manner::all(),
    };
    if manners.is_empty() {
        println!("there is no venue of this name: paper, alpaca, oanda, ibkr, alpaca-wire, oanda-wire");
        return ExitCode::from(2);
    }
    if asked.planted || asked.bug.is_some() {
        match planted(&asked) {
            Some(code) => return code,
            None => println!("one bug is planted"),
        }
    }
    let began = Instant::now();
    let sum = Mutex::new(Sum::default());
    all(&asked, &manners, &sum, began);
    let sum = sum.into_inner().unwrap_or_else(PoisonError::into_inner);
    for played in &sum.failed {
        if let Some(violation) = &played.violation {
            println!("{violation}");
            println!("  {}", again(played, &asked));
        }
    }
    if !asked.trace {
        for (place, fault, count) in sum.histogram.rows(&manners) {
            println!("{count:>9}  {place:<28} {}", fault.as_str());
        }
        for (what, count) in &sum.met {
            println!("{count:>9}  {:<28} {what}", "on the wire");
        }
    }
    println!("{} of {} schedules are long and bad enough to count", sum.counting, sum.schedules);
    println!("{} faults; {}", sum.histogram.sum(), sum.line(began));
    let seldom = sum.histogram.missed(&manners, asked.each);
    for (place, fault, count) in &seldom {
        println!("met {count} times, and {} are wanted: {place}: {}", asked.each, fault.as_str());
    }
    ExitCode::from(u8::from(!sum.failed.is_empty() || !seldom.is_empty()))
}

/// Plays all of them, on as many threads as there are processors.
fn all(asked: &Asked, manners: &[Manner], sum: &Mutex<Sum>, began: Instant) {
    let is_over = AtomicBool::new(false);
    let venues = u64::try_from(manners.len()).unwrap_or(1).max(1);
    std::thread::scope(|scope| {
        // Also when a call panics, so that nobody says for ever how far it is.
        let _over = Over(&is_over);
        if asked.progress || std::io::stderr().is_terminal() {
            scope.spawn(|| say(sum, &is_over, asked.seeds, began));
        }
        abreast(asked.seeds, |n| {
            let manner = usize::try_from(n % venues).ok().and_then(|place| manners.get(place));
            if let Some(manner) = manner {
                one(asked.from.saturating_add(n / venues), manner, asked, sum);
            }
            ControlFlow::Continue(())
        });
    });
}

/// Says that it is over when it goes.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Says how far it is, every few seconds.
#[expect(clippy::print_stderr, clippy::disallowed_methods, reason = "a program of its own")]
fn say(sum: &Mutex<Sum>, is_over: &AtomicBool, of: u64, began: Instant) {
    let mut said = Duration::ZERO;
    while !is_over.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(100));
        if began.elapsed() >= said + SAY_EVERY {
            said = began.elapsed();
            let sum = sum.lock().unwrap_or_else(PoisonError::into_inner);
            eprintln!("{} % of {of}: {}", sum.schedules * 100 / of.max(1), sum.line(began));
        }
    }
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
    let mut sum = sum.lock().unwrap_or_else(PoisonError::into_inner);
    sum.schedules += 1;
    sum.counting += u64::from(played.counts());
    sum.inputs += played.inputs;
    sum.histogram.count(&played.hits);
    for (what, count) in &played.met {
        *sum.met.entry(what).or_default() += count;
    }
    if played.violation.is_some() {
        sum.failed.push(played);
    }
}

/// How to play a failed schedule again, with as few of its faults as it takes to fail the same checker.
fn again(failed: &Played, asked: &Asked) -> String {
    let all: BTreeSet<u64> = failed.hits.iter().map(|hit| hit.n).collect();
    let only = match Manner::named(failed.venue).filter(|_| asked.only.is_none()) {
        None => all.clone(),
        Some(manner) => {
            let checker = failed.violation.as_ref().map(|violation| violation.checker);
            shrunk(&all, |only| {
                let options = Options { only: Some(only.clone()), ..Options::default() };
                let played = play(failed.seed, &manner, &options);
                played.is_ok_and(|played| played.violation.map(|violation| violation.checker) == checker)
            })
        }
    };
    let list: Vec<String> = only.iter().map(u64::to_string).collect();
    format!(
        "with {} of its {} faults: cargo run --release --bin torture -- --from {} --seeds 1 --venue {} --only {} --trace",
        only.len(),
        all.len(),
        failed.seed,
        failed.venue,
        // A list that names no question leaves all of them out.
        if list.is_empty() { u64::MAX.to_string() } else { list.join(",") }
    )
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
    use faultworld::planted::{HEAD, blind_table, blinded, hunt, hunt_on_the_wire, of_wire, trial};

    if let Some(name) = &asked.bug {
        let Some(bug) = Bug::ALL.iter().find(|bug| bug.name() == *name) else {
            println!("there is no planted bug of the name {name}: {:?}", Bug::ALL);
            return Some(ExitCode::from(2));
        };
        choose(Some(*bug));
        return None;
    }
    let most = asked.seeds;
    if let Some(caught) = hunt(None, None, most).or_else(|| hunt_on_the_wire(most)) {
        let (checker, venue, seed) = (caught.checker, caught.venue, caught.seed);
        println!("with no bug planted {checker} stops at {venue}, seed {seed}: {}", caught.what);
        return Some(ExitCode::from(1));
    }
    println!("no bug planted: {most} schedules and {} over the wire, nothing found\n", of_wire(most));
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
