//! What is saved, and what is not taken back.

use super::*;
use crate::matching::{BadSaved, Saved};

fn text(engine: &Matching) -> String {
    serde_json::to_string(&engine.save()).unwrap()
}

fn restored(text: &str, catalog: Arc<Catalog>) -> Result<Matching, BadSaved> {
    Matching::restore(catalog, settings(), serde_json::from_str(text).unwrap())
}

fn busy() -> Matching {
    let mut engine = holding();
    accept(&mut engine, &[stop("s", "90"), limit("l", "95")], 1);
    engine
}

#[test]
fn it_is_taken_back_in_the_middle_of_a_moment() {
    let mut engine = holding();
    accept(&mut engine, &[bracket("a", "1", "90", "110"), buy("b", "2"), limit("c", "99")], 1);
    engine.begin(&moments("AAPL", bar(1, ["98"; 4], None))[0]);
    let mut events = vec![engine.next_event().unwrap().unwrap()];
    let mut other = restored(&text(&engine), catalog()).unwrap();
    events.extend(drain(&mut engine));
    assert_eq!(told(&events), ["a 1@98 open", "b 2@98 open", "c 10@98 gap"]);
    assert_eq!(drain(&mut other), events[1..]);
    assert_eq!(text(&engine), text(&other));
    // What acted does not act again, and what was used of the volume is used.
    let mut engine = costly("0", "0", "0", "0", Some("0.1"));
    accept(&mut engine, &[buy("a", "10"), buy("b", "10")], 0);
    engine.begin(&moments("AAPL", bar(0, QUIET, Some("69")))[0]);
    assert_eq!(told(&[engine.next_event().unwrap().unwrap()]), ["a 6@100 open"]);
    let mut other = Matching::restore(catalog(), engine.settings().clone(), engine.save()).unwrap();
    assert_eq!(text(&other), text(&engine));
    assert!(drain(&mut other).is_empty());
}

#[test]
fn the_catalog_may_change_around_what_is_held() {
    let saved = text(&busy());
    let only = |symbols: &[&str]| {
        Arc::new(
            Catalog::new(symbols.iter().map(|s| instrument(s, AssetClass::Equity, "USD")).collect()).unwrap(),
        )
    };
    let engine = restored(&saved, only(&["NVDA", "AAPL"])).unwrap();
    assert_eq!(engine.positions().len(), 1);
    let gone = restored(&saved, only(&["NVDA"])).unwrap_err();
    assert_eq!(gone, BadSaved::NoInstrument(n::<String>("paper:AAPL").try_into().unwrap()));
    assert!(gone.to_string().contains("paper:AAPL"), "{gone}");
    let pounds = Catalog::new(vec![instrument("AAPL", AssetClass::Equity, "GBP")]).unwrap();
    assert_eq!(restored(&saved, Arc::new(pounds)).unwrap_err(), BadSaved::NoConversion(n("GBP")));
}

#[test]
fn what_contradicts_itself_is_not_taken_back() {
    let saved = text(&busy());
    for (from, to) in [
        (r#""cost":"1000""#, r#""cost":"0""#),
        (r#""held":"10""#, r#""held":"-10""#),
        (r#""n":2"#, r#""n":9"#),
        (r#""id":"l""#, r#""id":"s""#),
        (r#""qty":"10","filled":"0""#, r#""qty":"10","filled":"10""#),
    ] {
        assert!(saved.contains(from), "{from} is not in {saved}");
        let why = restored(&saved.replace(from, to), catalog()).unwrap_err();
        assert!(matches!(why, BadSaved::Contradiction(_)), "{why}");
    }
    let more = saved.replace(r#""balance""#, r#""more":1,"balance""#);
    assert!(serde_json::from_str::<Saved>(&more).is_err());
}
