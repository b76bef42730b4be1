//! Alpaca's own samples, taken in.

use serde::de::DeserializeOwned;

use super::*;

fn venue() -> VenueId {
    VenueId::new("alpaca").unwrap()
}

fn read<T: DeserializeOwned>(json: &str) -> T {
    serde_json::from_str(json).unwrap()
}

const ACCOUNT: &str = r#"{"id":"3f0c9a52-7d61-4b7e-9c15-2a84c6f0d911","account_number":"PA3SIM0001QX","status":"ACTIVE","crypto_status":"ACTIVE","currency":"USD","buying_power":"187412.36","cash":"46853.09","equity":"50310.44","last_equity":"50122.9","initial_margin":"1728.67","multiplier":"4","trading_blocked":false,"account_blocked":false,"trade_suspended_by_user":false,"crypto_tier":1,"user_configurations":null}"#;

#[test]
fn an_account_is_taken_in_and_what_is_missing_is_not_nought() {
    let row: wire::Account = read(ACCOUNT);
    let of = identity(venue(), Mode::Practice, "127.0.0.1", &row).unwrap();
    assert_eq!((of.account.as_str(), of.currency.as_str()), ("3f0c9a52-7d61-4b7e-9c15-2a84c6f0d911", "USD"));
    let account = account(of, &row, Time::UNIX_EPOCH).unwrap();
    let figures = [account.equity, account.balance, account.margin_used, account.buying_power];
    assert_eq!(figures.map(|amount| amount.to_string()), ["50310.44", "46853.09", "1728.67", "187412.36"]);
    assert_eq!(account.previous_close.unwrap().to_string(), "50122.9");
    assert!(!account.blocked);

    let changed = |from: &str, to: &str| {
        let row: wire::Account = read(&ACCOUNT.replace(from, to));
        super::account(of, &row, Time::UNIX_EPOCH)
    };
    for (from, to) in [
        (r#""trading_blocked":false"#, r#""trading_blocked":true"#),
        (r#""account_blocked":false,"#, ""),
        (r#""trade_suspended_by_user":false"#, r#""trade_suspended_by_user":null"#),
        (r#""status":"ACTIVE""#, r#""status":"A_NEW_WORD""#),
    ] {
        assert!(changed(from, to).unwrap().blocked, "{to}");
    }
    for field in ["equity", "cash", "buying_power"] {
        let gone = changed(&format!(r#""{field}":"#), r#""other":"#).unwrap_err();
        assert!(gone.why.contains(&field.replace('_', " ")), "{gone}");
    }
}

#[test]
fn host_and_number_say_together_which_account_it_is() {
    let practice: wire::Account = read(ACCOUNT);
    let live: wire::Account = read(&ACCOUNT.replace("PA3SIM", "8473SI"));
    let silent: wire::Account = read(&ACCOUNT.replace(r#""PA3SIM0001QX""#, "null"));
    let mode = |wanted, host, row| identity(venue(), wanted, host, row).map(|of| of.mode);
    assert_eq!(mode(Mode::Practice, PAPER_HOST, &practice), Ok(Mode::Practice));
    assert_eq!(mode(Mode::Practice, PAPER_HOST, &silent), Ok(Mode::Practice));
    assert_eq!(mode(Mode::Live, LIVE_HOST, &live), Ok(Mode::Live));
    for (wanted, host, row) in [
        (Mode::Live, LIVE_HOST, &practice),
        (Mode::Practice, PAPER_HOST, &live),
        (Mode::Live, "127.0.0.1", &practice),
        (Mode::Practice, "127.0.0.1", &live),
        (Mode::Live, LIVE_HOST, &silent),
        (Mode::Practice, "127.0.0.1", &silent),
    ] {
        assert!(!mode(wanted, host, row).unwrap_err().transient, "{wanted} {host}");
    }
}

const ORDER: &str = r#"{"id":"b7d3c1e4-0a55-4c0e-8f0b-6d1f2a9e7c31","client_order_id":"tw1abc-e1","created_at":"2026-11-20T15:02:07.418223917Z","updated_at":"2026-11-20T15:02:07.419001223Z","submitted_at":"2026-11-20T15:02:07.402118845Z","canceled_at":null,"symbol":"MSFT","asset_class":"us_equity","notional":null,"qty":"12","filled_qty":"0","filled_avg_price":null,"order_class":"","order_type":"limit","type":"limit","side":"buy","time_in_force":"day","limit_price":"431.25","stop_price":null,"status":"pending_new","legs":null,"trail_price":null}"#;

#[test]
fn an_order_is_taken_in_whole() {
    let row: wire::Order = read(ORDER);
    let order = open_order(venue(), &row, None).unwrap();
    assert_eq!(order.id.unwrap().as_str(), "tw1abc-e1");
    assert_eq!(
        (order.key.symbol.as_str(), order.side, order.qty.to_string()),
        ("MSFT", Side::Buy, "12".to_owned())
    );
    assert_eq!(order.kind.unwrap().prices()[0].unwrap().to_string(), "431.25");
    assert_eq!(order.order.end, None);
    assert_eq!(row.began().unwrap().timestamp_subsec_nanos(), 402_118_845, "nanoseconds are kept");
    // An order for money has no quantity.
    let money: wire::Order =
        read(&ORDER.replace(r#""qty":"12","filled_qty":"0""#, r#""qty":null,"filled_qty":0.346981263"#));
    assert_eq!(open_order(venue(), &money, None).unwrap().qty.to_string(), "0.346981263");
}

#[test]
fn a_word_that_is_not_known_is_of_a_live_order_and_of_no_kind_of_ours() {
    for (status, over) in [
        ("filled", Some(End::Filled)),
        ("canceled", Some(End::Cancelled)),
        ("replaced", Some(End::Cancelled)),
        ("expired", Some(End::Expired)),
        ("rejected", Some(End::Refused)),
        ("done_for_day", None),
        ("pending_cancel", None),
        ("held", None),
        ("a_new_word", None),
    ] {
        assert_eq!(end(status), over, "{status}");
    }
    let row: wire::Order = read(&ORDER.replace(r#""type":"limit""#, r#""type":"a_new_kind""#));
    assert_eq!(kind(&row), None);
}

#[test]
fn every_name_has_a_form_of_ours_and_leads_back() {
    let named = |client: &str| name(&read(&ORDER.replace(r#""tw1abc-e1""#, client))).unwrap();
    let uuid = "e6a1b2c3-4d5e-4f60-8a7b-9c0d1e2f3a41";
    assert_eq!(with_dashes(named(&format!("\"{uuid}\""))).unwrap(), uuid);
    // What cannot be a name of ours, and nothing at all, stand under Alpaca's own id.
    for other in ["\"mom1.20261120.MSFT.B.0007\"", "null", "\"\""] {
        assert_eq!(with_dashes(named(other)).unwrap(), "b7d3c1e4-0a55-4c0e-8f0b-6d1f2a9e7c31");
    }
    assert_eq!(with_dashes(named("\"tw1abc-e1\"")), None);
}

#[test]
fn a_coins_stop_goes_out_as_a_stop_limit_and_comes_back_as_a_stop() {
    let trigger = |text: &str| text.parse::<Price>().unwrap();
    assert_eq!(coin_stop_limit(trigger("61000.5"), Side::Sell).unwrap().to_string(), "57950.4");
    assert_eq!(coin_stop_limit(trigger("61000"), Side::Buy).unwrap().to_string(), "64050");
    let coin = |limit: &str| {
        let fields =
            format!(r#""type":"stop_limit","side":"sell","stop_price":"61000.50","limit_price":"{limit}""#);
        let json =
            format!(r#"{{"id":"x","client_order_id":"c","symbol":"BTC/USD","status":"new",{fields}}}"#);
        kind(&read(&json)).unwrap()
    };
    assert_eq!(coin("57950.4"), OrderKind::Stop(Stop { trigger: trigger("61000.5") }));
    assert!(matches!(coin("57000"), OrderKind::StopLimit(_)));
}

#[test]
fn positions_have_the_sign_of_their_side() {
    let rows: Vec<wire::Position> = read(
        r#"[{"symbol":"MSFT","asset_class":"us_equity","qty":"12","qty_available":"7","avg_entry_price":"430.8833333333333333","side":"long","current_price":"431.65","lastday_price":"428.1"},
            {"symbol":"XLE","asset_class":"us_equity","qty":"-30","avg_entry_price":"91.42","side":"short","current_price":null},
            {"symbol":"XLE","qty":"30","avg_entry_price":"91.42","side":"short"},
            {"symbol":"XLE","qty":"-30","avg_entry_price":"91.42","side":"long"},
            {"symbol":"GIFT","qty":"1","avg_entry_price":"0","side":"long","current_price":"5"}]"#,
    );
    let held = |row| position(venue(), symbol("ANY").unwrap(), row).map(|position| position.held.to_string());
    assert_eq!(held(&rows[0]).as_deref(), Ok("12"));
    assert_eq!(held(&rows[1]).as_deref(), Ok("-30"));
    assert!(held(&rows[2]).is_err() && held(&rows[3]).is_err(), "a side against its sign is neither");
    assert_eq!(position(venue(), symbol("GIFT").unwrap(), &rows[4]).unwrap().average.to_string(), "5");
}

const STOCK: &str = r#"{"id":"5a1f6c2e","class":"us_equity","exchange":"NASDAQ","symbol":"MSFT","status":"active","tradable":true,"marginable":true,"shortable":true,"borrow_status":"easy_to_borrow","fractionable":true,"margin_requirement_long":"30","attributes":["has_options"]}"#;
const COIN: &str = r#"{"class":"crypto","exchange":"CRYPTO","symbol":"BTC/USD","status":"active","tradable":true,"marginable":false,"shortable":false,"fractionable":true,"min_order_size":"0.000015739","min_trade_increment":"0.000000001","price_increment":"0.01","attributes":[]}"#;
const ALL: May = May { shorts: true, coins: true };

#[test]
fn an_account_that_may_not_has_no_short_sales_and_no_coins() {
    let of = |json: &str, may| instrument(venue(), &read(json), false, may).unwrap();
    let stock = of(STOCK, May { shorts: false, ..ALL }).unwrap();
    assert_eq!(stock, Instrument { shortable: false, ..of(STOCK, ALL).unwrap() });
    assert_eq!(of(COIN, May { coins: false, ..ALL }), None);
    assert_eq!(of(COIN, May { shorts: false, ..ALL }), of(COIN, ALL));
    assert_eq!(of(STOCK, May { coins: false, ..ALL }), of(STOCK, ALL));
    let account = |more: &str| may(&read(&format!(r#"{{"id":"x","status":"ACTIVE"{more}}}"#)));
    assert_eq!(account(r#","shorting_enabled":true,"crypto_status":"ACTIVE""#), ALL);
    assert_eq!(account(r#","shorting_enabled":null,"crypto_status":null"#), ALL, "Alpaca says it then");
    assert_eq!(account(""), ALL);
    assert_eq!(account(r#","shorting_enabled":false"#), May { shorts: false, ..ALL });
    for word in ["INACTIVE", "SUBMITTED", "A_NEW_WORD"] {
        assert_eq!(account(&format!(r#","crypto_status":"{word}""#)), May { coins: false, ..ALL });
    }
}

#[test]
fn assets_become_instruments() {
    let of = |json: &str, fractions| instrument(venue(), &read(json), fractions, ALL).unwrap();
    let stock = of(STOCK, false).unwrap();
    assert_eq!(
        (stock.tick.to_string(), stock.lot.to_string(), stock.margin.to_string()),
        ("0.01".into(), "1".into(), "0.3".into())
    );
    assert!(stock.shortable);
    assert_eq!(of(STOCK, true).unwrap().lot.to_string(), "0.000000001");
    let hard = STOCK.replace("easy_to_borrow", "hard_to_borrow");
    assert!(!of(&hard, false).unwrap().shortable, "a short sale needs a locate");
    let old = STOCK.replace(r#""borrow_status":"easy_to_borrow""#, r#""easy_to_borrow":true"#);
    assert!(of(&old, false).unwrap().shortable);
    for gone in [r#""status":"inactive""#, r#""status":"a_new_word""#] {
        assert_eq!(of(&STOCK.replace(r#""status":"active""#, gone), false), None);
    }
    assert_eq!(of(&STOCK.replace(r#""tradable":true"#, r#""tradable":false"#), false), None);
    assert_eq!(of(&STOCK.replace("us_equity", "us_option"), false), None);

    let coin_rules = of(COIN, false).unwrap();
    let figures = [
        coin_rules.lot.to_string(),
        coin_rules.qty_min.to_string(),
        coin_rules.notional_min.to_string(),
        coin_rules.quote.to_string(),
    ];
    assert_eq!(figures, ["0.000000001", "0.000015739", "10", "USD"]);
    let vague = COIN.replace("price_increment", "other");
    assert!(
        instrument(venue(), &read(&vague), false, ALL).is_err(),
        "a rule that is not told is not guessed"
    );
}

#[test]
fn the_calendar_tells_every_date_and_half_days() {
    let rows: Vec<wire::CalendarRow> = read(
        r#"[{"date":"2026-12-23","open":"09:30","close":"16:00","session_open":"0400","session_close":"2000","settlement_date":"2026-12-24"},{"date":"2026-12-24","open":"09:30","close":"13:00"},{"date":"2026-12-28","open":"09:30","close":"16:00"}]"#,
    );
    let days = days(&rows, NaiveDate::from_ymd_opt(2026, 12, 23).unwrap(), 6).unwrap();
    let told: Vec<String> = days
        .iter()
        .map(|day| day.hours.map_or("-".into(), |hours| hours.closes.format("%d %H:%M").to_string()))
        .collect();
    assert_eq!(told, ["23 21:00", "24 18:00", "-", "-", "-", "28 21:00"]);
    // In summer New York is an hour nearer.
    let summer: Vec<wire::CalendarRow> = read(r#"[{"date":"2026-07-01","open":"09:30","close":"16:00"}]"#);
    assert_eq!(hours(&summer[0]).unwrap().closes.to_rfc3339(), "2026-07-01T20:00:00+00:00");
    let odd: Vec<wire::CalendarRow> = read(r#"[{"date":"2026-07-01","open":"0930","close":"1600"}]"#);
    assert!(hours(&odd[0]).is_err());
}
