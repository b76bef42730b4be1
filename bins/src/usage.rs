//! A command line that cannot be meant, told like every other failure.

use clap::error::ErrorKind;

use crate::failure::{Exit, Failure};
use crate::out::Out;

/// What comes of a command line that names nothing to do: help that was asked for, or a failure.
///
/// # Errors
/// Always, unless help or the version was asked for.
pub fn refused(out: Out, error: &clap::Error) -> Result<Exit, Failure> {
    if !error.use_stderr() {
        out.help(error);
        return Ok(Exit::Done);
    }
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        out.say(error.render().to_string().trim_end());
        return Err(Failure::usage("usage", "no verb was given").fix("name one of those that --help lists"));
    }
    Err(failure(&error.render().to_string()))
}

/// The parser's words, sorted: what is wrong first, what to do last.
fn failure(rendered: &str) -> Failure {
    let mut paragraphs = rendered.trim_end().split("\n\n");
    let what = paragraphs.next().unwrap_or_default();
    let (mut tips, mut usage) = (Vec::new(), None);
    for paragraph in paragraphs {
        if let Some(words) = paragraph.strip_prefix("Usage: ") {
            usage = words.lines().next();
        } else if !paragraph.starts_with("For more information") {
            tips.extend(paragraph.lines().map(|line| line.trim().trim_start_matches("tip: ")));
        }
    }
    let usage = usage.map(|usage| format!("write it as: {usage}"));
    let fix = if tips.is_empty() { usage } else { Some(tips.join("; ")) };
    Failure::usage("usage", what.trim_start_matches("error: "))
        .fix(fix.unwrap_or_else(|| "`tradewind --help` lists every verb and option".to_owned()))
}
