//! What `report` is told.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// How a report is asked for.
pub const EXAMPLES: &str = "Examples:\n  tradewind report\n  tradewind report --period month --format markdown\n  tradewind report --format html --out report.html\n  tradewind report --until 2026-11-22 --json";

/// Which time is told beside the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum PeriodOf {
    /// The seven days until then, beside the seven before
    #[default]
    Week,
    /// The month until then, beside the month before
    Month,
    /// Everything, beside nothing
    All,
}

/// In which form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum FormatOf {
    /// For a terminal
    #[default]
    Text,
    /// For a mail or a page of notes
    Markdown,
    /// The document that --json prints
    Json,
    /// One page with its drawings, which asks nothing of any other host
    Html,
}

/// `report`.
#[derive(Args, Debug)]
pub struct ReportArgs {
    /// Which time is told beside the one before
    #[arg(long, value_enum, value_name = "PERIOD", default_value_t = PeriodOf::Week)]
    pub period: PeriodOf,
    /// Until the end of this day in UTC, or until this moment: 2026-11-22, 2026-11-22T21:00:00Z [default: now]
    #[arg(long, value_name = "DATE")]
    pub until: Option<String>,
    /// In which form
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = FormatOf::Text)]
    pub format: FormatOf,
    /// Into this file instead of standard output; one that is there is written over
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}
