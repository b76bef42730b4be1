//! The log of transactions: what alone is true. Ids follow each other; a batch happens at once.

use broker_api::Time;
use serde_json::{Map, Value, json};

use super::venue::Venue;
use crate::core::nanos;

/// What belongs together.
#[derive(Clone, Debug, Default)]
pub(super) struct Batch {
    first: Option<u64>,
    /// The request that it comes of; nothing for what happens by itself.
    request: Option<String>,
    client_request: Option<String>,
}

/// A transaction.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub id: u64,
    pub at: Time,
    pub json: Value,
}

impl Entry {
    pub(super) fn kind(&self) -> &str {
        self.json["type"].as_str().unwrap_or_default()
    }
}

impl Venue {
    /// What comes now belongs to a request.
    pub(super) fn batch_of_request(&mut self, request: String, client: Option<String>) {
        self.batch = Batch { first: None, request: Some(request), client_request: client };
    }

    /// What comes now belongs together, and to no request.
    pub(super) fn batch(&mut self) {
        self.batch = Batch::default();
    }

    /// The id that the next transaction will have.
    pub(super) fn next_id(&self) -> u64 {
        self.book.last + 1
    }

    /// Writes a transaction, and tells it on the streams.
    pub(super) fn write(&mut self, kind: &str, members: Map<String, Value>) -> u64 {
        let id = self.next_id();
        let first = *self.batch.first.get_or_insert(id);
        let mut json = json!({
            "id": id.to_string(), "accountID": self.settings.account, "userID": self.user,
            "batchID": first.to_string(), "time": nanos(self.at), "type": kind,
        });
        if let Some(request) = &self.batch.request {
            json["requestID"] = json!(request);
        }
        if let Some(client) = self.batch.client_request.as_ref().filter(|_| self.quirks().client_request_id) {
            json["clientRequestID"] = json!(client);
        }
        for (name, value) in members {
            json[name] = value;
        }
        self.book.last = id;
        self.streams.transaction(id, &json);
        self.log.push(Entry { id, at: self.at, json });
        id
    }

    /// A transaction by its id.
    pub(super) fn entry(&self, id: u64) -> Option<&Entry> {
        self.log.get(usize::try_from(id.checked_sub(1)?).ok()?)
    }

    /// A transaction as it is told.
    pub(super) fn told(&self, id: u64) -> Value {
        self.entry(id).map_or(Value::Null, |entry| entry.json.clone())
    }

    /// The ids after one.
    pub(super) fn related(&self, after: u64) -> Value {
        (after + 1..=self.book.last).map(|id| json!(id.to_string())).collect()
    }
}

/// The members of an object.
pub(super) fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
