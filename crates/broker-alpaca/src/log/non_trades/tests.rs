//! Which row is what, by its words alone.

use super::*;

fn row(json: &str) -> NonTradeRow {
    let of = format!(r#"{{"id":"20261120000000000::1","date":"2026-11-20",{json}}}"#);
    serde_json::from_str(&of).unwrap()
}

#[test]
fn every_word_of_the_specification_has_its_kind() {
    use NonTradeKind as K;
    let table: &[(&str, K, bool)] = &[
        ("CSD CSW JNLC ACATC TRANS", K::Transfer, false),
        ("ACATS JNLS FOPT OCT", K::UnitTransfer, true),
        ("DIV DIVCGL DIVCGS DIVFT DIVNRA DIVROC DIVTW DIVTXEX CGD", K::Dividend, false),
        ("INT INTNRA INTTW", K::Financing, false),
        ("FEE DIVFEE PTC PTR", K::Fee, false),
        ("CFEE", K::FeeInKind, true),
        ("SPLIT", K::Split, true),
        ("NC", K::SymbolChange, true),
        ("MISC JNL MA OPASN OPCA OPCSH OPEXC OPEXP OPTRD REO REORG SPIN A_NEW_WORD", K::Other, true),
    ];
    for (words, wanted, has_units) in table {
        for word in words.split(' ') {
            assert_eq!(kind(&row(&format!(r#""activity_type":"{word}""#))), (*wanted, *has_units), "{word}");
        }
    }
}

#[test]
fn a_dividend_is_of_units_only_when_it_pays_none() {
    let of = |more: &str| kind(&row(&format!(r#""activity_type":"DIV","qty":"2",{more}"#))).1;
    assert!(!of(r#""activity_sub_type":"CDIV","net_amount":"1.02""#), "it was paid on two shares");
    assert!(of(r#""activity_sub_type":"SDIV","net_amount":"0""#));
    assert!(
        !of(r#""activity_sub_type":"SDIV","net_amount":"1.02","per_share_amount":"0.51""#),
        "Alpaca's example"
    );
}

#[test]
fn a_date_may_be_a_moment() {
    let day = NaiveDate::from_ymd_opt(2026, 11, 20);
    assert_eq!((date("2026-11-20"), date("2026-11-20T05:00:00Z"), date("soon")), (day, day, None));
}
