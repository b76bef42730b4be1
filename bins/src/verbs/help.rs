//! `help`: the page of a code, the help of a verb, or the list of all codes.

use clap::CommandFactory as _;
use serde_json::json;

use crate::args::Cli;
use crate::failure::Failure;
use crate::help;
use crate::out::{Heading, Out};

/// Shows what was asked for. It reads no file: all of it is in the program.
pub fn help(out: Out, words: &[String]) -> Result<(), Failure> {
    let verb = verb(words);
    let pages = match words {
        [] => help::pages(),
        [code] => help::find(code),
        _ => Vec::new(),
    };
    if verb.is_none() && pages.is_empty() {
        return Err(unknown(&words.join(" ")));
    }
    let shown: Vec<String> = pages.iter().map(help::Page::shown).collect();
    let text = match (&verb, words) {
        (_, []) => help::listed(),
        (Some(verb), _) if pages.is_empty() => verb.clone(),
        (Some(verb), _) => format!("{verb}\n{}", shown.join("\n")),
        (None, _) => shown.join("\n"),
    };
    out.text(&text)?;
    let pages: Vec<_> = pages.iter().map(help::Page::json).collect();
    out.document(
        "help",
        &Heading::default(),
        crate::clock::now(),
        &json!({ "asked": words, "verb": verb, "pages": pages }),
    )
}

/// The help of a verb, or of a verb within one.
fn verb(words: &[String]) -> Option<String> {
    let mut root = Cli::command();
    root.build();
    let (mut command, mut name) = (&root, root.get_name().to_owned());
    for word in words {
        command = command.find_subcommand(word)?;
        name = format!("{name} {}", command.get_name());
    }
    (!words.is_empty()).then(|| command.clone().bin_name(name).render_long_help().to_string())
}

fn unknown(asked: &str) -> Failure {
    let root = Cli::command();
    let verbs = root.get_subcommands().map(clap::Command::get_name);
    let near = verbs
        .map(|verb| (strsim::osa_distance(verb, asked), verb))
        .filter(|(distance, verb)| *distance * 3 <= verb.len())
        .min()
        .map(|(_, verb)| verb);
    let fix = match help::nearest(asked).or(near) {
        Some(near) => format!("did you mean `tradewind help {near}`? `tradewind help` lists every code"),
        None => "`tradewind help` lists every code, `tradewind --help` every verb".to_owned(),
    };
    Failure::usage("no_page", format!("there is neither a code nor a verb {asked}")).fix(fix)
}
