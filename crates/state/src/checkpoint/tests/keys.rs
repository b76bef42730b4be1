//! The schema names exactly the keys that are written: a file with a row of every kind, every key in it, is held
//! against it in both directions.

use std::collections::{BTreeMap, BTreeSet};

use broker_api::{
    Allowed, Armed, AssetClass, By, ByClass, Code, Currency, Day, Direction, End, Ending, Gate, GuardState,
    Left, Level, LimitsConfirmed, LimitsInForce, NonTradeKind, Phase, Proof, Purpose, Rate, Scope,
    SentWindow, Stopped,
};
use serde_json::{Value, json};

use super::super::{Checkpoint, SCHEMA};
use crate::book::{
    AdoptedFrom, Bare, Blocked, Book, Closing, Divergence, EditFound, Ended, Execution, ExitWanted,
    HistoryWanted, Import, LastStop, NonTrades, Order, Outside, Position, RefusedLeg, SignalState, Totals,
    Trade, VenueState,
};
use crate::encode::digest;
use crate::testing::{account, at, cursor, fill, intent, key, reason, signal};

fn full_reason() -> broker_api::Reason {
    broker_api::Reason {
        limit: Some("3".into()),
        would_be: Some("4".into()),
        key: Some("risk.max_positions".into()),
        ..reason(1)
    }
}

fn order(n: u8) -> Order {
    let proofs = [
        Proof::CompleteLog { from: cursor(0), to: cursor(1) },
        Proof::FencePassed { fence: at(1), to: cursor(1) },
        Proof::Silence { since: at(1) },
    ];
    Order {
        intent: intent(n, n),
        phase: if n == 4 { Phase::Done(End::Cancelled) } else { Phase::Working },
        attempt: 1,
        mark: cursor(0),
        sent: SentWindow { from: at(0), to: at(1) },
        decided_at: at(0),
        since: at(0),
        venue_order: Some("v1".parse().unwrap()),
        filled: "1".parse().unwrap(),
        taken_back: "1".parse().unwrap(),
        value: "1".parse().unwrap(),
        fees: "1".parse().unwrap(),
        asks: 1,
        asking: true,
        question_at: Some(at(1)),
        answered_at: Some(at(1)),
        asked_at: Some(at(1)),
        not_before: Some(at(1)),
        proof: Some(proofs[usize::from(n) % 3]),
        unsent: 1,
        throttled: 1,
        lost_at: Some(at(1)),
        was_refused: true,
        cancel_wanted: Some(Code::fixed("exit")),
        reason: Some(full_reason()),
    }
}

fn position() -> Position {
    let one = || "1".parse().unwrap();
    Position {
        key: key(0),
        number: 1,
        direction: Direction::Long,
        held: "1".parse().unwrap(),
        cost: one(),
        entered: "1".parse().unwrap(),
        entered_value: one(),
        exited: "1".parse().unwrap(),
        exited_value: one(),
        gross: one(),
        fees: one(),
        opened_at: at(0),
        signal: Some("s1".parse().unwrap()),
        strategy: Some("trend-a".parse().unwrap()),
        decided_at_price: "1".parse().unwrap(),
        risk: Some(one()),
        plan: broker_api::Protection {
            stop: Some("1".parse().unwrap()),
            target: Some("2".parse().unwrap()),
            trail: Some("3".parse().unwrap()),
        },
        legs_made: 2,
        blocked: Some(Blocked {
            purpose: Purpose::Stop,
            reason: full_reason(),
            retry_at: at(1),
            bound: at(2),
        }),
        refused: vec![RefusedLeg { purpose: Purpose::Stop, at: at(1) }],
        executions: vec![fill(0, 0, 1, 1).execution],
        outside: Some(Code::fixed("repair")),
        overfilled: true,
        bare: Bare { since: Some(at(1)), total_ms: 1, longest_ms: 1 },
        imported: Some(digest(b"a")),
    }
}

fn taken(n: u8) -> SignalState {
    let broker_api::Record::SignalTaken { signal, digest } = signal(n) else { unreachable!() };
    SignalState {
        signal,
        digest,
        conflict: Some(digest),
        taken_at: at(0),
        life: 1,
        ended: Some(Ended { ending: Ending::Denied, at: at(1), reason: Some(full_reason()) }),
        orders: vec![intent(0, 0).id],
    }
}

/// An execution of which the venue kept a part.
fn kept() -> broker_api::Fill {
    broker_api::Fill { kept: "0.25".parse().unwrap(), ..fill(0, 0, 1, 1) }
}

fn figures() -> broker_api::Figures {
    [("positions_max".into(), "10".into())].into()
}

fn scopes() -> [Scope; 3] {
    [Scope::Class(AssetClass::Crypto), Scope::Strategy("trend-a".parse().unwrap()), Scope::Instrument(key(0))]
}

/// A book in which every key there is has a value.
fn full() -> Book {
    let guard = GuardState {
        level: Level::Paused,
        since: Some(at(0)),
        by: Some(By::Operator { name: "ann".into() }),
        reason: Some(full_reason()),
        until: Some(at(1)),
        losses_in_row: 1,
        cooled_at: 1,
        day: Some(Day {
            starts: at(0),
            equity: "1".parse().unwrap(),
            late: true,
            realised: "1".parse().unwrap(),
            carried: Some(ByClass::of(|_| "1".parse().ok())),
        }),
        week: Some("1".parse().unwrap()),
        stopped: scopes()
            .map(|scope| Stopped { scope, since: at(0), until: Some(at(1)), reason: full_reason() })
            .to_vec(),
        allowed: scopes().map(|scope| Allowed { scope, at: at(0) }).to_vec(),
        high_water: Some("1".parse().unwrap()),
        equity: Some("1".parse().unwrap()),
        limits: Some(LimitsInForce { version: 1, since: at(0), figures: figures() }),
        confirmed: Some(LimitsConfirmed {
            figures: figures(),
            from: at(1),
            name: "ann".into(),
            reason: "more".into(),
        }),
        armed: Some(Armed {
            of: account(),
            until: at(2),
            limits: 1,
            drilled: Some(at(0)),
            name: "ann".into(),
            reason: "to begin".into(),
        }),
        gates: [
            (Code::fixed("one"), Gate::Passed { at: at(0), certificate: digest(b"it") }),
            (
                Code::fixed("two"),
                Gate::Overridden { at: at(0), name: "ann".into(), reason: "not yet".into() },
            ),
        ]
        .into(),
    };
    let totals = Totals {
        endings: Ending::ALL.into_iter().map(|ending| (ending, 1)).collect(),
        non_trades: NonTradeKind::ALL.into_iter().map(|kind| (kind, NonTrades::default())).collect(),
        ..Totals::default()
    };
    let held = "1".parse().unwrap();
    let divergence = Divergence { reason: full_reason(), at: at(0), fill: Some(kept()), there: Some(held) };
    let outside = Outside { held, at: at(0), code: Code::fixed("repair"), until: Some(at(1)) };
    let trade = Trade {
        position: position(),
        closed_at: at(1),
        exit: Purpose::Exit,
        exit_signal: Some("s1".parse().unwrap()),
        exit_code: Some(Code::fixed("exit")),
    };
    let exit = ExitWanted {
        signal: Some("s1".parse().unwrap()),
        code: Code::fixed("exit"),
        at: at(0),
        orders: 1,
        failed_at: Some(at(1)),
    };
    let rate = Rate {
        from: Currency::new("JPY").unwrap(),
        to: Currency::new("USD").unwrap(),
        rate: "0.0064".parse().unwrap(),
    };
    let venue = VenueState { of: account(), cursor: cursor(0), opening_equity: "1".parse().unwrap() };
    let (orders, signals): (BTreeMap<_, _>, BTreeMap<_, _>) = (
        (0..5).map(|n| (intent(n, n).id.to_string(), order(n))).collect(),
        (0..5).map(|n| (format!("s{n}"), taken(n))).collect(),
    );
    let execution = Execution { fill: kept(), purpose: Some(Purpose::Entry), busted: true };
    let book = json!({
        "journal_seq": 9,
        "life": 2,
        "last_stop": LastStop { life: 1, exit: 0, at: at(1) },
        "left": [Left { account: reading(), at_stops: Some("1".parse().unwrap()), rates: vec![rate] }],
        "adopted": AdoptedFrom { file: digest(b"f"), journal: "a".into(), seq: 9, hash: digest(b"h"), written_at: at(1) },
        "edit_found": EditFound { file: digest(b"f"), kept: "paper-state.json.edited-1".into(), places: 1, at: at(1) },
        "history_wanted": { "paper": HistoryWanted { since: at(1) } },
        "guard": guard,
        "venues": { "paper": venue },
        "positions": { "paper:AAPL": position() },
        "exits": { "paper:AAPL": exit },
        "orders": orders,
        "totals": totals,
        "diverged": { "paper:AAPL": divergence },
        "venues_diverged": { "paper": divergence },
        "signals": signals,
        "trades": [trade],
        "closed_orders": orders,
        "executions": { "paper": { "x0-0": execution } },
        "outside": { "paper:AAPL": outside },
        "non_trades": { "paper": { "n1": at(0) } },
        "closings": { "paper:AAPL": Closing { at: at(0), asks: 1, asking: true } },
        "imports": [Import { file: digest(b"a"), at: at(0), reason: "moved".into(), positions: 1, trades: 1 }],
    });
    serde_json::from_value(book).unwrap()
}

fn reading() -> broker_api::Account {
    let one: broker_api::Amount = "1".parse().unwrap();
    broker_api::Account {
        of: account(),
        equity: one,
        balance: one,
        margin_used: one,
        buying_power: one,
        coin_power: Some(one),
        previous_close: Some(one),
        blocked: false,
        at: at(1),
    }
}

/// The keys seen under each definition of the schema.
type Seen = BTreeMap<String, BTreeSet<String>>;

/// Walks a file along the schema: every key must be named, every required one there, every fixed word allowed.
fn walk(root: &Value, schema: &Value, name: &str, value: &Value, seen: &mut Seen) {
    if let Some(to) = schema["$ref"].as_str() {
        let to = to.trim_start_matches('#');
        return walk(root, root.pointer(to).unwrap(), to, value, seen);
    }
    if let Some(choice) = schema["anyOf"].as_array() {
        let fits = |option: &&Value| {
            let option = option["$ref"]
                .as_str()
                .map_or(*option, |to| root.pointer(to.trim_start_matches('#')).unwrap());
            match value {
                Value::Null => option["type"] == "null",
                Value::Object(_) => option["type"] == "object",
                _ => option["type"] == "string" || option["enum"].is_array() || option["anyOf"].is_array(),
            }
        };
        let option = choice.iter().find(fits).unwrap_or_else(|| panic!("{name}: {value}"));
        return walk(root, option, name, value, seen);
    }
    if let Some(words) = schema["enum"].as_array() {
        assert!(words.contains(value), "{name}: {value}");
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    match &schema["type"] {
        Value::String(wanted) => assert_eq!(wanted, kind, "{name}: {value}"),
        Value::Array(wanted) => assert!(wanted.contains(&json!(kind)), "{name}: {value}"),
        _ => {}
    }
    match value {
        Value::Object(entries) if schema["properties"].is_object() => {
            for required in schema["required"].as_array().unwrap() {
                assert!(entries.contains_key(required.as_str().unwrap()), "{name} lacks {required}");
            }
            for (key, value) in entries {
                let Some(inner) = schema["properties"].get(key) else { panic!("{name} has {key}") };
                seen.entry(name.to_owned()).or_default().insert(key.clone());
                walk(root, inner, name, value, seen);
            }
        }
        Value::Object(entries) => {
            for value in entries.values() {
                walk(root, &schema["additionalProperties"], name, value, seen);
            }
        }
        Value::Array(values) => {
            for value in values {
                walk(root, &schema["items"], name, value, seen);
            }
        }
        _ => {}
    }
}

/// Fails unless every key of the file is named by the schema, and every required one is there.
pub(super) fn follow_the_schema(file: &Value) -> Seen {
    let root: Value = serde_json::from_str(SCHEMA).unwrap();
    let mut seen = Seen::new();
    walk(&root, &root, "", file, &mut seen);
    seen
}

#[test]
fn the_schema_names_exactly_what_is_written() {
    let checkpoint = Checkpoint {
        book: full(),
        journal_id: "a".into(),
        journal_hash: digest(b"a"),
        written_at: at(0),
        program: "test".into(),
    };
    let seen = follow_the_schema(&checkpoint.own(1).unwrap());
    let root: Value = serde_json::from_str(SCHEMA).unwrap();
    let defs = root["$defs"].as_object().unwrap();
    let all = defs.iter().map(|(name, def)| (format!("/$defs/{name}"), def)).chain([(String::new(), &root)]);
    for (name, def) in all {
        let object =
            def["anyOf"].as_array().and_then(|options| options.iter().find(|o| o["type"] == "object"));
        let Some(named) = object.unwrap_or(def)["properties"].as_object() else { continue };
        let named: BTreeSet<_> = named.keys().cloned().collect();
        assert_eq!(seen.get(&name), Some(&named), "{name}");
    }
}
