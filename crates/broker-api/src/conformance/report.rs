//! What came of all cases at one venue.

use super::{Broken, Case, Done, Stage, Stop, all};

/// How a case ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Came {
    /// The venue does what it demands.
    Passed,
    /// It was not played.
    Skipped,
    /// The venue does not.
    Failed,
}

impl Came {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
        }
    }
}

/// A case that was played, or not.
#[derive(Clone, Debug)]
pub struct Played {
    /// Which.
    pub case: Case,
    /// How it ended.
    pub came: Came,
    /// Why it was skipped, or what was seen instead; empty when it passed.
    pub why: String,
}

impl Played {
    /// From what came of a case.
    pub fn new(case: Case, done: Done) -> Self {
        let (came, why) = match done {
            Ok(()) => (Came::Passed, String::new()),
            Err(Stop::Skipped(why)) => (Came::Skipped, why),
            Err(Stop::Failed(why)) => (Came::Failed, why),
        };
        Self { case, came, why }
    }
}

/// Plays cases one after the other, each on a stage that is made for it, and tells each as it ends.
pub async fn play(
    cases: &[Case],
    mut stage: impl AsyncFnMut() -> Result<Box<dyn Stage>, Broken>,
    mut told: impl FnMut(&Played),
) -> Vec<Played> {
    let mut played = Vec::new();
    for case in cases.iter().copied() {
        let done = match stage().await {
            Ok(stage) => case.on(stage).await,
            Err(why) => Err(why.into()),
        };
        let row = Played::new(case, done);
        told(&row);
        played.push(row);
    }
    played
}

/// The cases as a table for a page: what each demands and needs, and how it ended at each of these venues.
pub fn markdown(venues: &[(&str, &[Played])]) -> String {
    let names = venues.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(" | ");
    let rule = "---|".repeat(venues.len());
    let mut text = format!("| case | demands | needs | {names} |\n|---|---|---|{rule}\n");
    for case in all() {
        let needs: Vec<&str> = case.needs.iter().map(|power| power.as_str()).collect();
        text.push_str(&format!(
            "| {} `{}` | {} | {} |",
            case.number,
            case.name,
            case.demands,
            needs.join(", ")
        ));
        for (_, played) in venues {
            let row = played.iter().find(|row| row.case.number == case.number);
            let cell = match row.map(|row| (row.came, row.why.as_str())) {
                None => "not played".to_owned(),
                Some((came, "")) => came.as_str().to_owned(),
                Some((came, why)) => format!("{}: {why}", came.as_str()),
            };
            text.push_str(&format!(" {} |", cell.replace('|', "\\|").replace('\n', " ")));
        }
        text.push('\n');
    }
    text
}
