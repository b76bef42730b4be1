//! `state` and `journal`: what they are told.

use std::path::PathBuf;

use clap::Subcommand;

use super::OutDir;

/// The state file.
#[derive(Debug, Subcommand)]
pub enum StateVerb {
    /// Write the state, and trades as CSV, elsewhere
    #[command(after_help = "Examples:\n  tradewind state export --out backup")]
    Export(OutDir),
    /// Compare the state file with the journal
    #[command(after_help = "Examples:\n  tradewind state verify")]
    Verify,
    /// Take over what another program kept, or an edit of the state file, under a reason that stands in the journal
    #[command(
        after_help = "Examples:\n  tradewind state import old-state.json --reason \"moved from my script\" --dry-run\n  tradewind state import old-state.json --reason \"moved from my script\"\n  tradewind state import paper-state.json.edited-1 --reason \"half of it was sold by hand\""
    )]
    Import {
        /// The other program's file, as JSON, or the edited state file
        file: PathBuf,
        /// Why, in your words; it stands in the journal
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Say only what would be taken of another program's file; nothing is written
        #[arg(long)]
        dry_run: bool,
        /// Take the rest of another program's file when a position, or the cash, could not be read
        #[arg(long)]
        partial: bool,
    },
    /// Go on from the state file alone, when its journal is lost
    #[command(after_help = "Examples:\n  tradewind state adopt --reason \"the disk with the journal died\"")]
    Adopt {
        /// Why, in your words; it stands in the journal
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Copy state file, journal and paper broker to a new folder, and read the copies back
    #[command(after_help = "Examples:\n  tradewind state backup --out backup-friday")]
    Backup(OutDir),
    /// Bring a backup back; what is there now is kept under another name
    #[command(after_help = "Examples:\n  tradewind state restore backup-friday")]
    Restore {
        /// The folder that `state backup` made
        folder: PathBuf,
    },
    /// Print a JSON Schema: state, signals or output
    #[command(after_help = "Examples:\n  tradewind state schema signals")]
    Schema {
        /// Of what
        #[arg(value_enum)]
        of: SchemaOf,
    },
}

/// What there is a schema of.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum SchemaOf {
    /// paper-state.json
    State,
    /// A signals file
    Signals,
    /// What --json prints
    Output,
}

/// The journal.
#[derive(Debug, Subcommand)]
pub enum JournalVerb {
    /// Read all of it, check every hash, and fold it again
    #[command(after_help = "Examples:\n  tradewind journal verify")]
    Verify,
    /// Print the last records
    #[command(after_help = "Examples:\n  tradewind journal tail --last 50")]
    Tail {
        /// How many
        #[arg(long, value_name = "N", default_value_t = 20)]
        last: u64,
    },
}
