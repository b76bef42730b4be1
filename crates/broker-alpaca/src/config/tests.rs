//! Which variables are read, and what each error names.

use super::*;

fn read(mode: Mode, set: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let lookup =
        |name: &str| set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    Config::from_lookup(VenueId::new("alpaca").unwrap(), mode, lookup)
}

const KEY: [(&str, &str); 2] = [("APCA_API_KEY_ID", "PKAAAA"), ("APCA_API_SECRET_KEY", "sssss")];

#[test]
fn the_mode_chooses_the_host() {
    let practice = read(Mode::Practice, &KEY).unwrap();
    assert_eq!(practice.trading.text, "https://paper-api.alpaca.markets");
    assert_eq!(practice.stream.text, "wss://paper-api.alpaca.markets/stream");
    assert_eq!(practice.data.text, "https://data.alpaca.markets");
    let live = read(
        Mode::Live,
        &[("ALPACA_API_KEY", "AK"), ("ALPACA_SECRET_KEY", "s"), ("ALPACA_PAPER_TRADE", "false")],
    );
    assert_eq!(live.unwrap().trading.text, "https://api.alpaca.markets");
    assert_eq!(read(Mode::Paper, &KEY).unwrap_err().variable(), "mode");
}

#[test]
fn another_host_is_loopback_or_tls() {
    let at = |url| read(Mode::Practice, &[KEY[0], KEY[1], ("APCA_API_BASE_URL", url)]);
    let sim = at("http://127.0.0.1:4010/").unwrap();
    assert_eq!(
        (sim.trading.text.as_str(), sim.stream.text.as_str()),
        ("http://127.0.0.1:4010", "ws://127.0.0.1:4010/stream")
    );
    assert!(!sim.trading.is_tls && sim.needs_tls(), "the data still come from Alpaca");
    assert_eq!(at("http://[::1]:4010").unwrap().stream.host, "::1");
    assert_eq!(
        at("https://paper-api.alpaca.markets/v2").unwrap().trading.text,
        "https://paper-api.alpaca.markets"
    );
    for (url, why) in [
        ("http://example.com", "only https:// may leave"),
        ("http://127.0.0.1.example.com", "only https:// may leave"),
        ("ftp://127.0.0.1", "it begins with ftp://"),
        ("https://key:secret@example.com", "credentials have variables of their own"),
        ("paper-api.alpaca.markets", "not a URL"),
        ("https://api.alpaca.markets", "is the LIVE host, and the mode is PRACTICE"),
    ] {
        let refused = at(url).unwrap_err();
        assert_eq!(refused.variable(), "APCA_API_BASE_URL");
        assert!(refused.to_string().contains(why), "{url}: {refused}");
        assert!(!refused.to_string().contains("secret"), "{refused}");
    }
}

#[test]
fn an_error_names_the_variable() {
    let cases: &[(&[(&str, &str)], &str)] = &[
        (&[], "APCA_API_KEY_ID"),
        (&[KEY[0]], "APCA_API_SECRET_KEY"),
        (&[KEY[1]], "APCA_API_KEY_ID"),
        (&[("ALPACA_API_KEY", "k")], "ALPACA_SECRET_KEY"),
        (&[KEY[0], KEY[1], ("ALPACA_API_KEY", "other"), ("ALPACA_SECRET_KEY", "s")], "ALPACA_API_KEY"),
        (&[KEY[0], KEY[1], ("APCA_API_OAUTH", "t")], "APCA_API_OAUTH"),
        (&[KEY[0], KEY[1], ("ALPACA_PAPER_TRADE", "false")], "ALPACA_PAPER_TRADE"),
        (&[KEY[0], KEY[1], ("ALPACA_PAPER_TRADE", "perhaps")], "ALPACA_PAPER_TRADE"),
        (&[KEY[0], KEY[1], ("APCA_API_DATA_URL", "http://data.example")], "APCA_API_DATA_URL"),
        (&[KEY[0], KEY[1], ("APCA_API_STREAM_URL", "https://x.example")], "APCA_API_STREAM_URL"),
    ];
    for (set, variable) in cases {
        let refused = read(Mode::Practice, set).unwrap_err();
        assert_eq!(refused.variable(), *variable, "{refused}");
        assert!(!refused.to_string().contains("sssss"), "{refused}");
    }
    assert!(read(Mode::Live, &[("APCA_API_OAUTH_TOKEN", "t")]).is_ok());
}
