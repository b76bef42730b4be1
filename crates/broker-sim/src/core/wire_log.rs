//! The wire log: every request, answer and frame, with secrets masked; the last ones in memory, all in a file.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use serde_json::{Map, Value, json};

use super::wire::{Reply, Request};

/// How many entries are kept in memory.
const KEPT: usize = 20_000;
/// Headers that are, or hold, a secret.
const SECRET_HEADERS: &[&str] = &["apca-api-key-id", "apca-api-secret-key", "authorization", "cookie"];
/// Fields of messages that are a secret.
const SECRET_FIELDS: &[&str] =
    &["key", "secret", "key_id", "secret_key", "oauth_token", "token", "client_secret", "access_token"];
const MASK: &str = "***";

/// What went over the wire.
#[derive(Debug, Default)]
pub struct WireLog {
    kept: VecDeque<Value>,
    file: Option<File>,
    seq: u64,
}

impl WireLog {
    /// A log in memory, and in a file if one is named, behind what that holds.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn new(path: Option<&Path>) -> io::Result<Self> {
        let file = path.map(|path| File::options().create(true).append(true).open(path)).transpose()?;
        Ok(Self { kept: VecDeque::new(), file, seq: 0 })
    }

    /// Everything that is kept, the oldest first.
    pub fn entries(&self) -> Vec<Value> {
        self.kept.iter().cloned().collect()
    }

    /// Notes a request; gives its number.
    pub(super) fn request(&mut self, request: &Request) -> u64 {
        self.seq += 1;
        let headers: Map<String, Value> =
            request.headers.iter().map(|(name, value)| (name.clone(), masked_header(name, value))).collect();
        let query: Vec<_> = request.query.iter().map(|(name, value)| json!([name, value])).collect();
        self.put(json!({
            "seq": self.seq, "kind": "request", "method": request.method, "path": request.path, "query": query,
            "headers": headers, "body": body(&request.body),
        }));
        self.seq
    }

    /// Notes what came of a request: nothing when the connection was closed.
    pub(super) fn answer(&mut self, seq: u64, reply: Option<&Reply>, fault: Option<&Value>) {
        let headers: Option<Map<String, Value>> =
            reply.map(|reply| reply.headers.iter().map(|(n, v)| ((*n).to_owned(), json!(v))).collect());
        self.put(json!({
            "seq": seq, "kind": "answer", "status": reply.map(|reply| reply.status), "headers": headers,
            "body": reply.map(|reply| body(&reply.body)), "fault": fault,
        }));
    }

    /// Notes a frame of a socket, going `in` or `out`.
    pub(super) fn frame(&mut self, socket: u64, way: &str, form: &str, text: &str) {
        self.put(json!({ "kind": "frame", "socket": socket, "way": way, "form": form, "body": body(text.as_bytes()) }));
    }

    fn put(&mut self, entry: Value) {
        if let Some(file) = &mut self.file {
            // A log that cannot be written must not stop what it tells of.
            let _ = writeln!(file, "{entry}");
        }
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(entry);
    }
}

fn masked_header(name: &str, value: &str) -> Value {
    if SECRET_HEADERS.contains(&name) { Value::from(MASK) } else { Value::from(value) }
}

fn body(bytes: &[u8]) -> Value {
    if bytes.is_empty() {
        return Value::Null;
    }
    let text = String::from_utf8_lossy(bytes);
    serde_json::from_str(&text).map_or_else(|_| Value::from(text.as_ref()), masked)
}

fn masked(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| {
                let is_secret = SECRET_FIELDS.contains(&name.as_str()) && value.is_string();
                (name, if is_secret { Value::from(MASK) } else { masked(value) })
            })
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(values) => values.into_iter().map(masked).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_in_it() {
        let mut log = WireLog::new(None).unwrap();
        let request = Request {
            method: "POST".into(),
            path: "/v2/orders".into(),
            headers: vec![
                ("apca-api-key-id".into(), "PKSECRET".into()),
                ("apca-api-secret-key".into(), "SECRET1".into()),
                ("authorization".into(), "Bearer SECRET2".into()),
                ("host".into(), "127.0.0.1".into()),
            ],
            body: br#"{"action":"auth","key":"SECRET3","data":{"secret_key":"SECRET4"}}"#.to_vec(),
            ..Request::default()
        };
        let seq = log.request(&request);
        log.answer(seq, Some(&Reply::empty(204)), None);
        log.frame(1, "in", "text", r#"[{"oauth_token":"SECRET5"}]"#);
        let all = Value::from(log.entries()).to_string();
        assert!(!all.contains("SECRET"), "{all}");
        assert!(all.contains("127.0.0.1") && all.contains("\"status\":204"), "{all}");
    }
}
