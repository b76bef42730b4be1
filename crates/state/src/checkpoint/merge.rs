//! Which keys of a state file are ours, by its schema, and how the others survive a write.
//!
//! Ours is every key that the schema names. In a table (`positions`, by key) an entry is ours when it is an object
//! with at least one of our keys in it; in a list (`trades`), likewise. Everything else belongs to somebody else
//! and is neither read nor touched.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::SCHEMA;

static ROOT: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(SCHEMA).unwrap_or_default());

/// What the schema says of a value, as far as its keys go.
#[derive(Clone, Copy)]
enum Shape {
    /// Nothing in it is anybody else's.
    Leaf,
    /// An object with these keys.
    Record(&'static Map<String, Value>),
    /// An object whose keys are names, with values of one shape.
    Table(&'static Value),
    /// A list of values of one shape.
    List(&'static Value),
}

/// The shapes of all parts of the schema, by where they lie in memory: a file asks for them thousands of times.
static SHAPES: LazyLock<HashMap<usize, Shape>> = LazyLock::new(|| {
    let (mut shapes, mut rest) = (HashMap::new(), vec![&*ROOT]);
    while let Some(part) = rest.pop() {
        shapes.insert(std::ptr::from_ref(part).addr(), resolve(part));
        match part {
            Value::Object(keys) => rest.extend(keys.values()),
            Value::Array(parts) => rest.extend(parts),
            _ => {}
        }
    }
    shapes
});

fn shape(schema: &'static Value) -> Shape {
    SHAPES.get(&std::ptr::from_ref(schema).addr()).copied().unwrap_or(Shape::Leaf)
}

fn resolve(schema: &'static Value) -> Shape {
    if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
        return ROOT.pointer(name.trim_start_matches('#')).map_or(Shape::Leaf, resolve);
    }
    if let Some(choice) = schema.get("anyOf").and_then(Value::as_array) {
        let mut shapes = choice.iter().map(resolve);
        return shapes.find(|shape| !matches!(shape, Shape::Leaf)).unwrap_or(Shape::Leaf);
    }
    if let Some(keys) = schema.get("properties").and_then(Value::as_object) {
        return Shape::Record(keys);
    }
    if let Some(inner) = schema.get("additionalProperties").filter(|inner| inner.is_object()) {
        return Shape::Table(inner);
    }
    schema.get("items").map_or(Shape::Leaf, Shape::List)
}

/// Whether an entry of a table or list is ours.
fn is_ours(value: &Value, inner: Shape) -> bool {
    match (inner, value) {
        (Shape::Leaf, _) | (Shape::List(_), Value::Array(_)) => true,
        (Shape::Record(keys), Value::Object(entry)) => entry.keys().any(|key| keys.contains_key(key)),
        (Shape::Table(inner), Value::Object(table)) => {
            let inner = shape(inner);
            table.is_empty() || table.values().any(|value| is_ours(value, inner))
        }
        _ => false,
    }
}

/// What is ours of a state file.
pub(super) fn own(file: &Value) -> Value {
    kept(file, shape(&ROOT))
}

fn kept(value: &Value, of: Shape) -> Value {
    match (of, value) {
        (Shape::Record(keys), Value::Object(entry)) => Value::Object(
            entry
                .iter()
                .filter_map(|(key, value)| Some((key.clone(), kept(value, shape(keys.get(key)?)))))
                .collect(),
        ),
        (Shape::Table(inner), Value::Object(table)) => {
            let inner = shape(inner);
            let ours = table.iter().filter(|(_, value)| is_ours(value, inner));
            Value::Object(ours.map(|(key, value)| (key.clone(), kept(value, inner))).collect())
        }
        (Shape::List(inner), Value::Array(list)) => {
            let inner = shape(inner);
            Value::Array(list.iter().filter(|value| is_ours(value, inner)).map(|v| kept(v, inner)).collect())
        }
        _ => value.clone(),
    }
}

/// The new file: `ours` as it is, with what is not ours of the file that was there. What stood in an entry that
/// is gone goes with it; a position takes it along into its trade, an order to the closed ones.
pub(super) fn merged(ours: Value, mut there: Value) -> Value {
    follow(&ours, &mut there);
    joined(ours, Some(there), shape(&ROOT))
}

fn joined(ours: Value, there: Option<Value>, of: Shape) -> Value {
    match (of, ours, there) {
        (Shape::Record(keys), Value::Object(ours), Some(Value::Object(mut there))) => {
            let mut all = Map::new();
            for (key, value) in ours {
                let inner = keys.get(&key).map_or(Shape::Leaf, shape);
                let value = joined(value, there.shift_remove(&key), inner);
                all.insert(key, value);
            }
            all.extend(there.into_iter().filter(|(key, _)| !keys.contains_key(key)));
            Value::Object(all)
        }
        (Shape::Table(inner), Value::Object(ours), Some(Value::Object(mut there))) => {
            let inner = shape(inner);
            let mut all = Map::new();
            for (key, value) in ours {
                let known = there.shift_remove(&key).filter(|known| number(known) == number(&value));
                all.insert(key, joined(value, known, inner));
            }
            all.extend(there.into_iter().filter(|(_, value)| !is_ours(value, inner)));
            Value::Object(all)
        }
        (Shape::List(inner), Value::Array(ours), Some(Value::Array(there))) => {
            let inner = shape(inner);
            let mut foreign = Vec::new();
            let mut known = BTreeMap::new();
            for value in there {
                match number(&value) {
                    Some(number) if is_ours(&value, inner) => drop(known.insert(number, value)),
                    _ if is_ours(&value, inner) => {}
                    _ => foreign.push(value),
                }
            }
            let ours = ours.into_iter().map(|value| {
                let known = number(&value).and_then(|number| known.remove(&number));
                joined(value, known, inner)
            });
            Value::Array(ours.chain(foreign).collect())
        }
        (_, ours, _) => ours,
    }
}

/// The number that positions and trades are known by.
fn number(entry: &Value) -> Option<u64> {
    entry.get("number").and_then(Value::as_u64)
}

/// Puts what `there` has of a position where it has become a trade, and the other way round; orders likewise.
fn follow(ours: &Value, there: &mut Value) {
    let Value::Object(there) = there else { return };
    let part = |name: &str| ours.get(name);
    let numbers = |table: Option<&Value>| -> BTreeMap<u64, String> {
        let entries = table.and_then(Value::as_object).into_iter().flatten();
        entries.filter_map(|(key, entry)| Some((number(entry)?, key.clone()))).collect()
    };
    let (now_held, was_held) = (numbers(part("positions")), numbers(there.get("positions")));
    let now_closed: Vec<u64> =
        part("trades").and_then(Value::as_array).into_iter().flatten().filter_map(number).collect();
    for number in now_closed {
        if let Some(key) = was_held.get(&number)
            && let Some(position) =
                there.get_mut("positions").and_then(|table| table.as_object_mut()?.shift_remove(key))
            && let Some(Value::Array(trades)) = there.get_mut("trades")
        {
            trades.push(moved(position, "position", "trade"));
        }
    }
    for (held, key) in now_held.into_iter().filter(|(held, _)| !was_held.contains_key(held)) {
        let trades = there.get_mut("trades").and_then(Value::as_array_mut);
        let trade = trades
            .and_then(|list| list.iter().position(|t| number(t) == Some(held)).map(|at| list.remove(at)));
        if let (Some(trade), Some(Value::Object(table))) = (trade, there.get_mut("positions")) {
            table.insert(key, moved(trade, "trade", "position"));
        }
    }
    for id in part("closed_orders").and_then(Value::as_object).into_iter().flat_map(Map::keys) {
        if let Some(order) = there.get_mut("orders").and_then(|table| table.as_object_mut()?.shift_remove(id))
            && let Some(Value::Object(closed)) = there.get_mut("closed_orders")
        {
            closed.insert(id.clone(), order);
        }
    }
}

/// An entry that goes from one table to another, without what is ours of the one and not of the other.
fn moved(mut entry: Value, from: &str, to: &str) -> Value {
    let ours = |what: &str, key: &str| ROOT.pointer(&format!("/$defs/{what}/properties/{key}")).is_some();
    if let Value::Object(keys) = &mut entry {
        keys.retain(|key, _| !ours(from, key) || ours(to, key));
    }
    entry
}

/// JSON with sorted keys and without white space: one text for one content, however a file was laid out.
pub(super) fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write_canonical(value, &mut text);
    text
}

fn write_canonical(value: &Value, text: &mut String) {
    match value {
        Value::Object(entries) => {
            let sorted: BTreeMap<_, _> = entries.iter().collect();
            text.push('{');
            for (n, (key, value)) in sorted.into_iter().enumerate() {
                if n > 0 {
                    text.push(',');
                }
                text.push_str(&serde_json::to_string(key).unwrap_or_default());
                text.push(':');
                write_canonical(value, text);
            }
            text.push('}');
        }
        Value::Array(values) => {
            text.push('[');
            for (n, value) in values.iter().enumerate() {
                if n > 0 {
                    text.push(',');
                }
                write_canonical(value, text);
            }
            text.push(']');
        }
        scalar => text.push_str(&scalar.to_string()),
    }
}

/// Where two values differ, as `path: first, second`, at most `most` of them.
pub(super) fn differences(first: &Value, second: &Value, most: usize) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(Some(first), Some(second), &mut String::new(), most, &mut found);
    found
}

/// One place at which a state file is not what the journal says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where: a JSON pointer.
    pub path: Box<str>,
    /// What the file holds there; nothing when it has no such key.
    pub file: Option<Value>,
    /// What the journal says; nothing when there is no such key by it.
    pub journal: Option<Value>,
}

fn compare(
    a: Option<&Value>,
    b: Option<&Value>,
    path: &mut String,
    most: usize,
    found: &mut Vec<Difference>,
) {
    if found.len() >= most || a == b {
        return;
    }
    let len = path.len();
    match (a, b) {
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            for key in a.keys().chain(b.keys().filter(|key| !a.contains_key(*key))) {
                path.push('/');
                path.push_str(&key.replace('~', "~0").replace('/', "~1"));
                compare(a.get(key), b.get(key), path, most, found);
                path.truncate(len);
            }
        }
        (Some(Value::Array(a)), Some(Value::Array(b))) => {
            for at in 0..a.len().max(b.len()) {
                path.push('/');
                path.push_str(&at.to_string());
                compare(a.get(at), b.get(at), path, most, found);
                path.truncate(len);
            }
        }
        _ => found.push(Difference { path: path.as_str().into(), file: a.cloned(), journal: b.cloned() }),
    }
}
