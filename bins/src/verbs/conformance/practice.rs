//! A practice account: how it is reached, what is played there, and what is written down.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use broker_alpaca::{Config, ConfigError};
use broker_api::conformance::{Case, play};
use broker_api::{Mode, VenueId};
use chrono::SecondsFormat;

use super::{Report, refused, step};
use crate::args::ConformanceArgs;
use crate::clock;
use crate::conformance::{Access, Answer, Practice, Unfit, probe, profile};
use crate::failure::{Exit, Failure};
use crate::out::{Heading, Out};

const BASE_URL: &str = "APCA_API_BASE_URL";
/// What Alpaca's own practice host is called in a profile.
const HOST: &str = "paper-api.alpaca.markets";

pub(super) async fn played(out: Out, args: &ConformanceArgs, cases: &[Case]) -> Result<Report, Failure> {
    let (access, host) = access()?;
    let files = args.out.as_deref().map(files).transpose()?;
    let account = Practice::open(access, args.symbol).await.map_err(unfit)?;
    let session = if account.is_open() { "open" } else { "closed" };
    out.say(&format!(
        "Practice account at {host}: {} at about {}, market {session}. Orders are small, and nothing is left behind.",
        account.symbol(),
        account.level()
    ));
    let answers = probe(&account).await;
    let mut played = play(cases, async || account.stage().await, |row| step(out, row)).await;
    // Last, since it keeps everything else waiting; its answers take the place of those that were open.
    let answers = if args.throttle { throttled(&account, answers).await } else { answers };
    played.sort_by_key(|row| row.case.number);
    let mut written = Vec::new();
    if let Some((profile_file, transcript_file)) = files {
        let text = format!("{:#}\n", profile(&account, &host, &answers));
        for (file, text) in
            [(profile_file, account.tape().masked(&text)), (transcript_file, account.tape().lines())]
        {
            write(&file, &text)?;
            written.push(file.display().to_string());
        }
    }
    let of = account.of();
    let heading = Heading {
        mode: Some("practice".to_owned()),
        account: Some(format!("{}:masked", of.venue)),
        ..Heading::default()
    };
    Ok(Report { heading, kind: "practice", venue: "alpaca", played, answers, files: written })
}

/// How the account is reached, as the environment says, and the host that is meant.
fn access() -> Result<(Access, String), Failure> {
    let bad = |error: &ConfigError| {
        refused("no practice account can be reached with what the environment holds").because(error).fix(
            "set the key of a practice account; the suite places and cancels orders, so it never runs on a live one",
        )
    };
    let venue = VenueId::new("alpaca").map_err(|error| refused("the venue has no name").because(&error))?;
    let lookup = |name: &str| std::env::var(name).ok();
    let config = Config::from_lookup(venue, Mode::Practice, lookup).map_err(|error| bad(&error))?;
    // Another secret, where there is one: what an account says to wrong credentials.
    let spoilt = |name: &str| {
        let is_secret = name.contains("SECRET") || name.contains("OAUTH");
        lookup(name)
            .filter(|value| !value.trim().is_empty())
            .map(|value| if is_secret { "these-are-no-credentials".to_owned() } else { value })
    };
    let wrong = Config::from_lookup(venue, Mode::Practice, spoilt).map_err(|error| bad(&error))?;
    let url = lookup(BASE_URL).filter(|url| !url.trim().is_empty());
    let is_here = url
        .as_deref()
        .is_some_and(|url| ["//127.", "//localhost", "//[::1]"].iter().any(|host| url.contains(host)));
    let host = match url {
        None => HOST.to_owned(),
        Some(_) if is_here => "loopback".to_owned(),
        Some(url) => url,
    };
    let access = Access {
        config,
        wrong: (!is_here).then_some(wrong),
        clock: Arc::new(clock::now),
        pause: Arc::new(|time| Box::pin(tokio::time::sleep(time.to_std().unwrap_or_default()))),
    };
    Ok((access, host))
}

fn unfit(why: Unfit) -> Failure {
    match why {
        Unfit::Unheard(why) => Failure::new(
            Exit::Unavailable,
            "practice_unheard",
            format!("the practice account cannot be asked: {why}"),
        )
        .fix("correct what the first line names, and run it again; nothing was sent but questions"),
        Unfit::InTheWay(why) => refused(format!("the practice account cannot be played on: {why}")).fix(
            "choose an instrument of which it holds nothing with --symbol; nothing was sent but questions",
        ),
    }
}

async fn throttled(account: &Practice, answers: Vec<Answer>) -> Vec<Answer> {
    let last = crate::conformance::throttle(account).await;
    answers
        .into_iter()
        .map(|answer| last.iter().find(|new| new.question == answer.question).cloned().unwrap_or(answer))
        .collect()
}

/// The files of this run, named after its second, so that none is written over.
fn files(folder: &Path) -> Result<(PathBuf, PathBuf), Failure> {
    std::fs::create_dir_all(folder).map_err(|error| {
        refused(format!("--out: {} cannot be made", folder.display()))
            .because(&error)
            .fix("name a folder that can be written")
    })?;
    let at = clock::now().to_rfc3339_opts(SecondsFormat::Secs, true).replace(':', "");
    Ok((
        folder.join(format!("alpaca-profile-{at}.json")),
        folder.join(format!("alpaca-transcript-{at}.jsonl")),
    ))
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(file, text).map_err(|error| {
        refused(format!("{} cannot be written", file.display()))
            .because(&error)
            .fix("name a folder that can be written with --out")
    })
}
