//! The streams of market data: quotes and trades as prices are set, and a minute's bar with them.

use chrono::SubsecRound as _;
use serde_json::{Value, json};

use super::assets::Listed;
use crate::core::{Frame, Outgoing, nanos, number};

/// A socket of market data.
pub(super) struct Feed {
    out: Outgoing,
    is_crypto: bool,
    authorized: bool,
    /// By channel: quotes, trades, bars.
    wanted: [Vec<String>; 3],
}

const CHANNELS: [&str; 3] = ["quotes", "trades", "bars"];

impl Feed {
    pub(super) fn new(out: Outgoing, is_crypto: bool, authorized: bool) -> Self {
        let feed = Self { out, is_crypto, authorized, wanted: [Vec::new(), Vec::new(), Vec::new()] };
        feed.say(&json!([{ "T": "success", "msg": "connected" }]));
        if authorized {
            feed.say(&json!([{ "T": "success", "msg": "authenticated" }]));
        }
        feed
    }

    fn say(&self, messages: &Value) {
        let _ = self.out.send(Frame::Text(messages.to_string()));
    }

    fn refuse(&self, code: u32, text: &str) {
        self.say(&json!([{ "T": "error", "code": code, "msg": text }]));
    }

    pub(super) fn heard(&mut self, text: &str) {
        let said: Value = serde_json::from_str(text).unwrap_or(Value::Null);
        let filled = |name: &str| said[name].as_str().is_some_and(|text| !text.is_empty());
        match said["action"].as_str() {
            Some("auth") if self.authorized => self.refuse(403, "already authenticated"),
            Some("auth") if filled("key") && filled("secret") => {
                self.authorized = true;
                self.say(&json!([{ "T": "success", "msg": "authenticated" }]));
            }
            Some("auth") => self.refuse(402, "auth failed"),
            Some("subscribe" | "unsubscribe") if !self.authorized => self.refuse(401, "not authenticated"),
            Some(action @ ("subscribe" | "unsubscribe")) => {
                for (channel, wanted) in CHANNELS.iter().zip(&mut self.wanted) {
                    for symbol in said[channel].as_array().into_iter().flatten().filter_map(Value::as_str) {
                        wanted.retain(|known| known != symbol);
                        if action == "subscribe" {
                            wanted.push(symbol.to_owned());
                        }
                    }
                }
                let [quotes, trades, bars] = &self.wanted;
                self.say(&json!([{
                    "T": "subscription", "trades": trades, "quotes": quotes, "bars": bars, "updatedBars": [],
                    "dailyBars": [], "statuses": [], "lulds": [], "corrections": [], "cancelErrors": [],
                }]));
            }
            _ => self.refuse(400, "invalid syntax"),
        }
    }

    pub(super) fn priced(&mut self, listed: &Listed) {
        let Some(prices) = listed.prices.filter(|_| listed.is_crypto() == self.is_crypto) else { return };
        let (at, symbol) = (nanos(prices.at), listed.symbol());
        let last = number(prices.last.get());
        let mut messages = [
            json!({ "T": "q", "S": symbol, "bp": number(prices.bid.get()), "bs": 100, "ap": number(prices.ask.get()),
                "as": 100, "bx": "V", "ax": "V", "c": ["R"], "z": "C", "t": at }),
            json!({ "T": "t", "S": symbol, "i": prices.at.timestamp_micros(), "p": last, "s": 100, "x": "V",
                "c": ["@"], "z": "C", "t": at }),
            json!({ "T": "b", "S": symbol, "o": last, "h": last, "l": last, "c": last, "v": 100, "n": 1, "vw": last,
                "t": nanos(prices.at.trunc_subsecs(0)) }),
        ];
        if self.is_crypto {
            // Coins have no exchanges, tapes and conditions; their trades tell who took.
            for name in ["bx", "ax", "c", "z"] {
                messages[0].as_object_mut().map(|quote| quote.remove(name));
            }
            for name in ["x", "c", "z"] {
                messages[1].as_object_mut().map(|trade| trade.remove(name));
            }
            messages[1]["tks"] = json!("B");
        }
        for (message, wanted) in messages.into_iter().zip(&self.wanted) {
            if wanted.iter().any(|name| name == symbol || name == "*") {
                self.say(&json!([message]));
            }
        }
    }
}
