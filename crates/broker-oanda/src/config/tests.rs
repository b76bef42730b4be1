//! Settings from variables, and what contradicts another.

use super::*;

fn read(mode: Mode, set: &[(&str, &str)]) -> Result<Config, String> {
    let lookup =
        |name: &str| set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    Config::from_lookup(VenueId::new("oanda").unwrap(), mode, lookup).map_err(|why| why.to_string())
}

const KEY: (&str, &str) = ("OANDA_ACCESS_TOKEN", "aaaa-bbbb");

#[test]
fn the_mode_chooses_the_hosts() {
    let practice = read(Mode::Practice, &[KEY, ("OANDA_ENVIRONMENT", "practice")]).unwrap();
    assert_eq!(practice.rest.text, "https://api-fxpractice.oanda.com");
    assert_eq!(practice.stream.text, "https://stream-fxpractice.oanda.com");
    assert!(practice.needs_tls() && !practice.is_loopback());
    let live = read(Mode::Live, &[KEY, ("OANDA_ACCOUNT_ID", "001-001-1234567-001")]).unwrap();
    assert_eq!((live.rest.host.as_str(), live.stream.host.as_str()), (LIVE_HOST, LIVE_STREAM));
    assert!(read(Mode::Paper, &[KEY]).unwrap_err().starts_with("mode: "));
}

#[test]
fn what_contradicts_the_mode_is_refused_by_its_name() {
    let refused = |mode, set: &[(&'static str, &'static str)], name: &str| {
        let why = read(mode, set).unwrap_err();
        assert!(why.starts_with(&format!("{name}: ")), "{why}");
    };
    refused(Mode::Practice, &[], "OANDA_ACCESS_TOKEN");
    refused(Mode::Practice, &[("OANDA_ACCESS_TOKEN", "two words")], "OANDA_ACCESS_TOKEN");
    refused(Mode::Practice, &[KEY, ("OANDA_ENVIRONMENT", "live")], "OANDA_ENVIRONMENT");
    refused(Mode::Practice, &[KEY, ("OANDA_ENVIRONMENT", "demo")], "OANDA_ENVIRONMENT");
    refused(Mode::Practice, &[KEY, ("OANDA_ACCOUNT_ID", "001-004-1234567-001")], "OANDA_ACCOUNT_ID");
    refused(Mode::Live, &[KEY, ("OANDA_ACCOUNT_ID", "101-004-1234567-001")], "OANDA_ACCOUNT_ID");
    refused(Mode::Practice, &[KEY, ("OANDA_ACCOUNT_ID", "1234567")], "OANDA_ACCOUNT_ID");
    refused(Mode::Practice, &[KEY, ("OANDA_BASE_URL", "https://api-fxtrade.oanda.com")], "OANDA_BASE_URL");
    refused(
        Mode::Practice,
        &[KEY, ("OANDA_STREAM_URL", "https://stream-fxtrade.oanda.com")],
        "OANDA_STREAM_URL",
    );
    refused(Mode::Practice, &[KEY, ("OANDA_BASE_URL", "http://example.com")], "OANDA_BASE_URL");
    refused(Mode::Practice, &[KEY, ("OANDA_BASE_URL", "https://a:b@example.com")], "OANDA_BASE_URL");
}

#[test]
fn on_this_machine_streams_go_to_the_base_unless_said_otherwise() {
    let base = ("OANDA_BASE_URL", "http://127.0.0.1:8080/v3/");
    let config = read(Mode::Practice, &[KEY, base]).unwrap();
    assert_eq!(config.rest.text, "http://127.0.0.1:8080");
    assert!(config.stream == config.rest && config.is_loopback() && !config.needs_tls());
    let other = ("OANDA_STREAM_URL", "http://localhost:8081");
    let config = read(Mode::Practice, &[KEY, base, other]).unwrap();
    assert_eq!((config.rest.port, config.stream.port), (8080, 8081));
    // Elsewhere the streams stay with OANDA.
    let config = read(Mode::Practice, &[KEY, ("OANDA_BASE_URL", "https://proxy.example")]).unwrap();
    assert_eq!(config.stream.host, PRACTICE_STREAM);
}

#[test]
fn an_account_tells_its_mode_and_its_country() {
    assert_eq!(mode_of("101-001-7654321-001"), Some(Mode::Practice));
    assert_eq!(mode_of("777-001-7654321-001"), None);
    assert!(is_us("101-001-7654321-001") && !is_us("101-004-7654321-001"));
    assert!(is_account("101-004-7654321-001") && !is_account("101-004-7654321") && !is_account("1-2-3-x"));
}
