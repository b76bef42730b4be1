//! The streams: who listens, what they are told, and what faults do to that.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::assets::Listed;
use super::data_stream::Feed;
use super::venue::{Execution, Venue};
use crate::core::{Counted, Frame, OnStream, Outgoing, StreamRule, decimal_text, nanos};

/// A socket of `/stream`.
struct Socket {
    out: Outgoing,
    authorized: bool,
    listening: bool,
    muted: bool,
}

/// All sockets.
pub(super) struct Streams {
    text: bool,
    one: bool,
    sockets: BTreeMap<u64, Socket>,
    feeds: BTreeMap<u64, Feed>,
    rules: Vec<Counted<StreamRule>>,
    /// An event that is sent behind the next one.
    behind: Option<Value>,
}

impl Streams {
    pub(super) const fn new(text: bool, one: bool) -> Self {
        Self { text, one, sockets: BTreeMap::new(), feeds: BTreeMap::new(), rules: Vec::new(), behind: None }
    }

    pub(super) fn script(&mut self, rule: StreamRule) {
        self.rules.push(Counted::new(rule));
    }

    pub(super) fn clear_script(&mut self) {
        self.rules.clear();
        self.behind = None;
        self.sockets.values_mut().for_each(|socket| socket.muted = false);
    }

    /// Takes a socket of `/stream`; false when another one is there and only one may be.
    pub(super) fn connect(&mut self, socket: u64, out: Outgoing, authorized: bool) -> bool {
        self.sockets.retain(|_, other| !other.out.is_closed());
        if self.one && !self.sockets.is_empty() {
            return false;
        }
        self.sockets.insert(socket, Socket { out, authorized, listening: false, muted: false });
        true
    }

    pub(super) fn connect_feed(&mut self, socket: u64, feed: Feed) {
        self.feeds.insert(socket, feed);
    }

    pub(super) fn gone(&mut self, socket: u64) {
        self.sockets.remove(&socket);
        self.feeds.remove(&socket);
    }

    pub(super) fn forget_all(&mut self) {
        self.sockets.clear();
        self.feeds.clear();
    }

    /// New prices, for the sockets that want them.
    pub(super) fn priced(&mut self, listed: &Listed) {
        self.feeds.values_mut().for_each(|feed| feed.priced(listed));
    }

    pub(super) fn heard(&mut self, socket: u64, text: &str) {
        if let Some(feed) = self.feeds.get_mut(&socket) {
            feed.heard(text);
            return;
        }
        let is_text = self.text;
        let said: Value = serde_json::from_str(text).unwrap_or(Value::Null);
        let met = match said["action"].as_str() {
            Some("listen") => self.rules.iter_mut().find_map(|rule| rule.meets_named(&["listening"])),
            _ => None,
        };
        let Some(socket) = self.sockets.get_mut(&socket) else { return };
        let filled =
            |value: Option<&Value>| value.and_then(Value::as_str).is_some_and(|text| !text.is_empty());
        let data = &said["data"];
        let reply = match said["action"].as_str() {
            Some(action @ ("authenticate" | "auth")) => {
                let keys = [("key_id", "secret_key"), ("key", "secret")];
                let has = |at: &Value| {
                    keys.iter().any(|(key, secret)| filled(at.get(key)) && filled(at.get(secret)))
                };
                let ok = has(data) || has(&said) || filled(data.get("oauth_token"));
                socket.authorized |= ok;
                let status = if ok { "authorized" } else { "unauthorized" };
                json!({ "stream": "authorization", "data": { "status": status, "action": action } })
            }
            Some("listen") if !socket.authorized => {
                json!({ "stream": "authorization", "data": { "status": "unauthorized", "action": "listen" } })
            }
            Some("listen") => {
                let wanted =
                    data["streams"].as_array().is_some_and(|all| all.iter().any(|s| s == "trade_updates"));
                socket.listening = wanted;
                let streams = if wanted { json!(["trade_updates"]) } else { json!([]) };
                json!({ "stream": "listening", "data": { "streams": streams } })
            }
            _ => json!({ "action": "error", "data": { "error_message": "unknown action" } }),
        };
        match met {
            Some(OnStream::Mute) => socket.muted = true,
            Some(OnStream::Drop) => return,
            _ => {}
        }
        send(socket, is_text, &reply);
    }

    fn event(&mut self, name: &str, frame: Value) {
        let met: Vec<OnStream> = self.rules.iter_mut().filter_map(|rule| rule.meets(name)).collect();
        let behind = self.behind.take();
        match met.first() {
            Some(OnStream::Drop) => {}
            Some(OnStream::Duplicate) => {
                self.send_all(&frame);
                self.send_all(&frame);
            }
            Some(OnStream::SwapWithNext) => self.behind = Some(frame),
            Some(OnStream::Mute) => self.sockets.values_mut().for_each(|socket| socket.muted = true),
            Some(OnStream::Disconnect) => {
                for socket in self.sockets.values() {
                    let _ = socket.out.send(Frame::Close);
                }
                self.sockets.clear();
            }
            None => self.send_all(&frame),
        }
        if let Some(behind) = behind {
            self.send_all(&behind);
        }
    }

    fn send_all(&self, frame: &Value) {
        for socket in self.sockets.values().filter(|socket| socket.listening) {
            send(socket, self.text, frame);
        }
    }
}

/// Says something, unless the socket says nothing any more.
fn send(socket: &Socket, is_text: bool, frame: &Value) {
    if socket.muted {
        return;
    }
    let text = frame.to_string();
    // Who is gone is noticed by the socket's own task.
    let _ = socket.out.send(if is_text { Frame::Text(text) } else { Frame::Binary(text.into_bytes()) });
}

impl Venue {
    /// Tells what happened to an order.
    pub(super) fn tell(&mut self, place: usize, event: &str) {
        let mut data = json!({ "event": event, "order": self.order_json(place, false) });
        let now = nanos(self.orders[place].updated);
        let id = self.chance.ulid(self.at);
        if self.quirks().event_ids {
            data["event_id"] = json!(id);
        }
        data["at"] = json!(now);
        data["timestamp"] = json!(now);
        self.streams.event(event, json!({ "stream": "trade_updates", "data": data }));
    }

    /// Tells of an execution.
    pub(super) fn tell_execution(&mut self, event: &str, execution: &Execution) {
        let at = nanos(execution.at);
        let asset = self.orders[execution.order].asset;
        let id = self.chance.ulid(self.at);
        let mut data = json!({
            "event": event, "execution_id": execution.id, "at": at, "timestamp": at, "price": decimal_text(execution.price), "qty": decimal_text(execution.qty),
            "position_qty": decimal_text(self.held(asset)),
            "order": self.order_json(execution.order, false),
        });
        if self.quirks().event_ids {
            data["event_id"] = json!(id);
        }
        self.streams.event(event, json!({ "stream": "trade_updates", "data": data }));
    }
}
