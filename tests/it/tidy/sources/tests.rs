//! The checks of sources, each on a planted fault.

use super::super::assert_faults;
use super::*;

fn planted(files: &[(&str, &str)]) -> Vec<Source> {
    read(&files.iter().map(|(path, text)| File::planted(path, text)).collect::<Vec<_>>())
}

#[test]
fn test_modules_are_known_by_their_declaration() {
    let sources = planted(&[
        ("crates/a/src/lib.rs", "mod b; #[cfg(test)] mod testing;"),
        ("crates/a/src/testing.rs", ""),
        ("crates/a/src/testing/deep.rs", ""),
        ("crates/a/src/b.rs", "#[cfg(test)]\nmod tests;"),
        ("crates/a/src/b/tests/mod.rs", ""),
        ("crates/a/src/b/tests/more.rs", ""),
        ("crates/a/src/c/tests.rs", ""),
        ("crates/a/tests/it.rs", ""),
        ("bins/benches/x.rs", ""),
        ("bins/src/testing.rs", ""),
        ("tests/it/main.rs", ""),
    ]);
    let shipped: Vec<&str> = sources.iter().filter(|s| !s.is_test).map(|s| s.path.as_str()).collect();
    assert_eq!(
        shipped,
        ["crates/a/src/lib.rs", "crates/a/src/b.rs", "crates/a/src/c/tests.rs", "bins/src/testing.rs"]
    );
}

#[test]
fn what_stands_out_of_place_is_found() {
    let sources = planted(&[
        ("crates/engine/src/runner.rs", "impl<T> state::Store for Mine<T> {}\nfn f() { b.submit(&i); }"),
        (
            "crates/engine/src/desk.rs",
            "fn f() {\n let x = batch.drain_volatile(); Batch::drain_volatile(x) }",
        ),
        ("crates/risk/src/lib.rs", "fn f() { chrono::Utc::now(); Instant::now() }"),
        (
            "bins/src/verbs/run.rs",
            "fn f() { Broker::submit(b); println!(\"\"); let o = io::stdout(); Utc::now() }",
        ),
        ("crates/broker-paper/src/venue/machine.rs", "fn submit(&self) { self.inner.submit (1) }"),
        ("crates/evidence/src/gates.rs", "fn f() { pnl.to_f64(); Decimal::from_f64_retain(x) }"),
    ]);
    let expected = [
        "runner.rs:1: a `Store`",
        "runner.rs:2: `Broker::submit`",
        "desk.rs:2: `drain_volatile`",
        "desk.rs:2: `drain_volatile`",
        "risk/src/lib.rs:1: the clock",
        "risk/src/lib.rs:1: the clock",
        "run.rs:1: `Broker::submit`",
        "run.rs:1: what a person reads",
        "run.rs:1: what a person reads",
        "machine.rs:1: `Broker::submit`",
        "gates.rs:1: a decimal",
        "gates.rs:1: a decimal",
    ];
    assert_faults(&out_of_place(&sources), &expected);
}

#[test]
fn what_stands_in_its_place_or_in_a_test_is_no_fault() {
    let sources = planted(&[
        ("crates/state/src/sqlite.rs", "impl Store for SqliteStore {}"),
        ("crates/state/src/batch.rs", "pub fn drain_volatile(self) {}"),
        ("crates/engine/src/replay/mod.rs", "fn f() { batch.drain_volatile() }"),
        ("crates/engine/src/venue.rs", "fn f() { self.broker.submit(&intent, mark) }"),
        ("bins/src/lib.rs", "fn f() { Utc::now() }"),
        ("bins/src/out.rs", "fn f() { io::stdout() }"),
        ("crates/evidence/src/ledger.rs", "fn f() { amount.to_f64() }"),
        (
            "crates/engine/src/runner.rs",
            "fn f() {} // b.submit(\n#[cfg(test)] mod tests { fn g() { b.submit(1); println!() } }",
        ),
        ("tests/it/calls.rs", "impl Store for Failing {} fn f() { b.submit(1) }"),
    ]);
    assert_faults(&out_of_place(&sources), &[]);
    assert_faults(&lost_rules(&sources), &[]);
}

#[test]
fn a_rule_that_looks_at_nothing_is_found() {
    let sources = planted(&[
        ("crates/state/src/sqlite.rs", "impl Shop for SqliteStore {}"),
        ("crates/state/src/batch.rs", "pub fn drain_volatile(self) {}"),
        ("crates/engine/src/venue.rs", "fn f() { self.broker.place(&intent, mark) }"),
        ("tests/it/calls.rs", "fn f() { b.submit(1) }"),
        ("bins/src/out.rs", "fn f() { io::stdout(); Utc::now() }"),
        ("crates/evidence/src/ledger.rs", "fn f() { amount.as_float() }"),
    ]);
    assert_faults(&lost_rules(&sources), &["a `Store`", "`Broker::submit`", "a decimal"]);
}

/// Without the exceptions, which no planted tree uses.
fn lost_rules(sources: &[Source]) -> Vec<String> {
    lost_subjects(sources).into_iter().filter(|fault| fault.starts_with("found nowhere")).collect()
}

#[test]
fn an_exception_counts_where_it_stands_and_is_missed_when_it_goes() {
    let (path, word) = LIKENESS[0];
    let with = planted(&[(path, &format!("fn a() {{ x > {word}; y > 0.9 }}"))]);
    assert_faults(&binary_fractions(&with[0]), &["`0.9`"]);
    let elsewhere = planted(&[("bins/src/tell.rs", &format!("fn a() {{ x > {word} }}"))]);
    assert_faults(&binary_fractions(&elsewhere[0]), &[word]);
    let stale = |sources| lost_subjects(sources).iter().any(|fault| fault.starts_with(path));
    assert!(!stale(&with) && stale(&elsewhere));
}

#[test]
fn a_file_without_a_word_or_too_long_is_found() {
    let file = |text: &str| wrong_form(&File::planted("a.rs", text));
    assert_faults(&file("//! What it is.\n"), &[]);
    for text in ["", "use a;\n//! Late.\n", "//!\n", "//! \n", "// What it is.\n", "\n//! What it is.\n"] {
        assert_faults(&file(text), &["a.rs:1: the first line"]);
    }
    assert_faults(&file(&format!("//! What it is.\n{}", "\n".repeat(LINES_MAX - 1))), &[]);
    assert_faults(&file(&format!("//! What it is.\n{}", "\n".repeat(LINES_MAX))), &["401 lines"]);
}

#[test]
fn what_is_switched_off_or_left_for_later_is_found() {
    let text = format!(
        "//! What it is.\n#[test]\n#[ignore = \"slow\"]\nfn a() {{}}\n#[cfg_attr(not(unix), ignore)]\nfn b() {{ todo!() }}\n\
         // {}: later\nfn c() {{ unimplemented!(\"{}\") }}\n/// {}ignore\nfn d(ignore: bool) {{ todo(ignore) }}\n",
        LATER[0], LATER[1], "```"
    );
    let expected =
        [":3: a test", ":5: a test", ":6: a stub", ":7: do it", ":8: a stub", ":8: do it", ":9: an example"];
    assert_faults(&left_undone(&File::planted("a.rs", &text)), &expected);
    assert_faults(
        &left_undone(&File::planted("a.rs", "//! TODOS and mastodons.\n#[allow(x)] fn todo() {}\n")),
        &[],
    );
}

#[test]
fn a_binary_fraction_is_found_in_every_dress() {
    for word in
        ["f64", "f32", "as_f64", "from_f32", "1.5", "1.", "2f64", "1e5", "1e", "3E2", "1_0.0", "1.5f32"]
    {
        assert!(is_binary_fraction(word), "{word}");
    }
    for word in [
        "1",
        "10usize",
        "0x1f32",
        "0xe5",
        "1_000i64",
        "0",
        "half64",
        "buf32",
        "u64",
        "e5",
        "5u8",
        "as_secs_f32",
    ] {
        assert!(!is_binary_fraction(word), "{word}");
    }
}

#[test]
fn binary_fractions_are_found_in_what_is_shipped_only() {
    let text = "//! A.\nfn a(x: f64) {}\nfn b() { c.0.1; 1..2; \"1.5\"; 0.5 } // 2.5\n#[cfg(test)] mod t { fn d() { 1.5; } }";
    let paths =
        ["crates/a/src/lib.rs", "crates/a/tests/b.rs", "tests/it/c.rs", "crates/evidence/src/bands.rs"];
    let sources = planted(&paths.map(|path| (path, text)));
    let exact: Vec<&Source> = sources.iter().filter(|s| is_exact(s)).collect();
    assert_eq!(exact.len(), 1);
    assert_faults(&binary_fractions(exact[0]), &["lib.rs:2: `f64`", "lib.rs:3: `0.5`"]);
}
