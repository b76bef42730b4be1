//! docs/conformance.md says what the suite is and how each case ends. `UPDATE_EXPECT=1` writes its tables anew.

use std::path::Path;

use broker_api::conformance::{Played, all, markdown};

use super::{Venue, play};

const PAGE: &str = "docs/conformance.md";

fn played(venue: Venue) -> Vec<Played> {
    all().into_iter().map(|case| Played::new(case, play(&case, venue))).collect()
}

fn cases() -> String {
    let (paper, alpaca, oanda) = (played(Venue::Paper), played(Venue::Alpaca), played(Venue::Oanda));
    markdown(&[("paper", &paper), ("Alpaca, simulated", &alpaca), ("OANDA, simulated", &oanda)])
}

fn questions() -> String {
    let rows = cli::conformance::questions().into_iter().map(|row| {
        let switch = row.switch.map(|switch| format!("`{switch}`")).unwrap_or_default();
        let asked = if row.asked.is_empty() { &row.answer } else { row.asked };
        format!("| {} | {asked} | {switch} |\n", row.question)
    });
    format!("| question | how it is asked | switch |\n|---|---|---|\n{}", rows.collect::<Vec<_>>().concat())
}

/// The page with a table put between its marks.
fn with(page: &str, mark: &str, table: &str) -> String {
    let (begin, end) = (format!("<!-- {mark} -->\n"), format!("<!-- end of {mark} -->\n"));
    let (head, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("{PAGE} has no {begin}"));
    let (_, tail) = rest.split_once(&end).unwrap_or_else(|| panic!("{PAGE} has no {end}"));
    format!("{head}{begin}\n{table}\n{end}{tail}")
}

#[test]
fn the_page_tells_how_each_case_ends() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(PAGE);
    let page = std::fs::read_to_string(&path).expect("the page");
    let wanted = with(&with(&page, "cases", &cases()), "questions", &questions());
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &wanted).expect("the page");
        return;
    }
    assert!(
        page == wanted,
        "{PAGE} is not as the suite is; UPDATE_EXPECT=1 cargo test -p tests page writes it"
    );
}
