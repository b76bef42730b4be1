//! Whose account it is, and what happens when that is not known: keys, other accounts, brokers that do not answer.

use super::desk::Desk;
use crate::place::{Place, code, stderr, stdout};

#[test]
fn keys_that_are_missing_are_named() {
    let desk = Desk::new("100000");
    for (name, verb) in [("APCA_API_KEY_ID", "run"), ("APCA_API_SECRET_KEY", "doctor")] {
        let ran = desk.command(&[verb]).env_remove(name).output().unwrap();
        let said = format!("{}{}", stdout(&ran), stderr(&ran));
        assert_eq!(code(&ran), 2, "{said}");
        assert!(said.contains(name) && !said.contains("a-secret-of-this-test"), "{said}");
    }
}

#[test]
#[cfg(unix)]
fn keys_may_stand_in_a_file_that_nobody_else_may_read() {
    use std::os::unix::fs::PermissionsExt as _;

    let desk = Desk::new("100000");
    let file = desk.folder.path().join("alpaca.env");
    let mode = |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
    let base = desk
        .command(&["run"])
        .get_envs()
        .find(|(name, _)| *name == "APCA_API_BASE_URL")
        .unwrap()
        .1
        .unwrap()
        .to_owned();
    let lines = format!(
        "APCA_API_BASE_URL={}\nAPCA_API_KEY_ID=PKFILE\nAPCA_API_SECRET_KEY=from-the-file\n",
        base.to_string_lossy()
    );
    std::fs::write(&file, lines).unwrap();
    let run = || {
        let words = ["run", "--set", "alpaca.credentials=file:alpaca.env"];
        desk.command(&words).env_remove("APCA_API_KEY_ID").env_remove("APCA_API_SECRET_KEY").output().unwrap()
    };
    mode(0o644);
    let loose = run();
    assert_eq!(code(&loose), 2, "{}", stderr(&loose));
    assert!(
        stderr(&loose).contains("chmod 600") && !stderr(&loose).contains("from-the-file"),
        "{}",
        stderr(&loose)
    );
    mode(0o600);
    let ran = run();
    assert_eq!(code(&ran), 0, "{}", stderr(&ran));
}

#[test]
fn keys_that_the_broker_does_not_know_end_with_its_words() {
    let desk = Desk::new("100000");
    let refuse = r#"{"request":{"path":"*","times":0,"do":{"reject":{"status":401,"code":40110000,"message":"request is not authorized"}}}}"#;
    desk.control.fault_lines(refuse).unwrap();
    let ran = desk.tradewind(&["run"]);
    assert_eq!(code(&ran), 5, "{}{}", stdout(&ran), stderr(&ran));
    assert!(stderr(&ran).contains("request is not authorized"), "{}", stderr(&ran));
    let looked = desk.tradewind(&["doctor"]);
    assert_eq!(code(&looked), 5, "{}", stdout(&looked));
}

#[test]
fn a_broker_that_is_not_there_ends_with_5_and_nothing_begun() {
    let desk = Desk::new("100000");
    let ran = desk.command(&["run"]).env("APCA_API_BASE_URL", "http://127.0.0.1:9").output().unwrap();
    assert_eq!(code(&ran), 5, "{}{}", stdout(&ran), stderr(&ran));
    let looked = desk.command(&["doctor"]).env("APCA_API_BASE_URL", "http://127.0.0.1:9").output().unwrap();
    assert_eq!(code(&looked), 5, "{}", stdout(&looked));
}

#[test]
fn a_book_goes_on_with_its_own_account_and_with_no_other() {
    let desk = Desk::new("100000");
    assert_eq!(code(&desk.run(&[desk.enter("one", "AAPL", "219")], &[])), 0);
    let paper = desk.tradewind(&[
        "run",
        "--set",
        "venue.broker=paper",
        "--set",
        "data.equity=bars:bars",
        "--set",
        "data.forex=bars:bars",
        "--set",
        "data.crypto=bars:bars",
    ]);
    assert_eq!(code(&paper), 2, "{}", stderr(&paper));
    assert!(stderr(&paper).contains("alpaca"), "{}", stderr(&paper));
    desk.control.restart(false);
    let before = desk.requests("POST", "/v2/orders");
    let ran = desk.tradewind(&["run"]);
    assert_eq!(code(&ran), 2, "{}{}", stdout(&ran), stderr(&ran));
    assert_eq!(desk.requests("POST", "/v2/orders"), before);
}

#[test]
fn a_practice_account_is_not_traded_as_a_live_one() {
    let desk = Desk::new("100000");
    let ran = desk.tradewind(&["run", "--set", "venue.mode=live"]);
    assert_eq!(code(&ran), 5, "{}", stderr(&ran));
    assert!(stderr(&ran).contains("is a PRACTICE one, and the configuration says LIVE"), "{}", stderr(&ran));
    assert_eq!(desk.requests("POST", "/v2/orders"), 0);
}

#[test]
fn the_paper_program_reaches_no_other_broker() {
    let place = Place::new();
    let paper = std::process::Command::new(env!("CARGO_BIN_EXE_tradewind-paper"))
        .args(["run", "--set", "venue.broker=alpaca"])
        .current_dir(place.path())
        .output()
        .unwrap();
    assert_eq!(code(&paper), 2, "{}", stderr(&paper));
    assert!(stderr(&paper).contains("built without Alpaca"), "{}", stderr(&paper));
}
