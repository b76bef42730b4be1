//! The streams: who listens, what they are told, and what faults do to that.

use std::collections::{BTreeMap, BTreeSet};

use broker_api::Time;
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::errors::Refusal;
use super::routes::wants_seconds;
use super::time::seconds_of;
use super::venue::Venue;
use crate::core::{Counted, Frame, OnStream, Outgoing, Request, StreamRule, nanos};

/// How often a stream says that it lives.
const BEAT: TimeDelta = TimeDelta::seconds(5);
/// A price of a pair is told once in it.
const WINDOW: TimeDelta = TimeDelta::milliseconds(250);
/// How much of a jump of time is told beat by beat.
const TOLD: TimeDelta = TimeDelta::seconds(60);

/// What a listener wants to hear.
enum Wanted {
    Transactions,
    Prices {
        pairs: BTreeSet<usize>,
        /// When a price of a pair was told last.
        told: BTreeMap<usize, Time>,
        /// Pairs with a price that waits for the end of its window.
        waiting: BTreeSet<usize>,
        conversions: bool,
    },
}

/// Somebody who listens.
struct Listener {
    out: Outgoing,
    wanted: Wanted,
    seconds: bool,
    muted: bool,
    beat: Time,
}

impl Listener {
    fn says(&self, line: &Value) {
        if self.muted {
            return;
        }
        let line = if self.seconds { seconds_of(line.clone()) } else { line.clone() };
        // Who is gone is noticed by the stream's own task.
        let _ = self.out.send(Frame::Text(line.to_string()));
    }

    const fn is_of_prices(&self) -> bool {
        matches!(self.wanted, Wanted::Prices { .. })
    }
}

/// All who listen.
#[derive(Default)]
pub(super) struct Streams {
    all: BTreeMap<u64, Listener>,
    rules: Vec<Counted<StreamRule>>,
    /// A transaction that is told behind the next one.
    behind: Option<Value>,
    last: u64,
}

/// The names that a rule may have for a transaction: its kind, and the word for it at other brokers.
fn names(kind: &str) -> [&str; 2] {
    let plain = match kind {
        "ORDER_FILL" => "fill",
        "ORDER_CANCEL" => "canceled",
        kind if kind.ends_with("_ORDER") => "new",
        _ => kind,
    };
    [kind, plain]
}

impl Streams {
    pub(super) fn script(&mut self, rule: StreamRule) {
        self.rules.push(Counted::new(rule));
    }

    pub(super) fn clear_script(&mut self) {
        self.rules.clear();
        self.behind = None;
        self.all.values_mut().for_each(|listener| listener.muted = false);
    }

    pub(super) fn gone(&mut self, socket: u64) {
        self.all.remove(&socket);
    }

    pub(super) fn forget_all(&mut self) {
        self.all.clear();
    }

    /// Does to the listeners of one stream what a rule wants; gives how often the line is told.
    fn act(&mut self, act: Option<OnStream>, of_prices: bool) -> usize {
        match act {
            None | Some(OnStream::SwapWithNext) => 1,
            Some(OnStream::Drop) => 0,
            Some(OnStream::Duplicate) => 2,
            Some(OnStream::Mute) => {
                let heard = self.all.values_mut().filter(|listener| listener.is_of_prices() == of_prices);
                heard.for_each(|listener| listener.muted = true);
                0
            }
            Some(OnStream::Disconnect) => {
                self.all.retain(|_, listener| {
                    let stays = listener.is_of_prices() != of_prices;
                    if !stays {
                        let _ = listener.out.send(Frame::Close);
                    }
                    stays
                });
                0
            }
        }
    }

    /// Tells a transaction.
    pub(super) fn transaction(&mut self, id: u64, told: &Value) {
        self.last = id;
        let names = names(told["type"].as_str().unwrap_or_default());
        let met: Vec<OnStream> = self.rules.iter_mut().filter_map(|rule| rule.meets_one(&names)).collect();
        let behind = self.behind.take();
        if met.first() == Some(&OnStream::SwapWithNext) {
            self.behind = Some(told.clone());
        } else {
            for _ in 0..self.act(met.first().copied(), false) {
                self.tell_transaction(told);
            }
        }
        if let Some(behind) = behind {
            self.tell_transaction(&behind);
        }
    }

    fn tell_transaction(&self, told: &Value) {
        self.all
            .values()
            .filter(|listener| !listener.is_of_prices())
            .for_each(|listener| listener.says(told));
    }

    /// A new price, for those who want it and have not heard one in this window.
    fn price(&mut self, pair: usize, at: Time, told: &Value, conversions: &Value) {
        let mut wants = false;
        for listener in self.all.values_mut() {
            let Wanted::Prices { pairs, told, waiting, .. } = &mut listener.wanted else { continue };
            if !pairs.contains(&pair) {
                continue;
            }
            if told.get(&pair).is_some_and(|last| at - *last < WINDOW) {
                waiting.insert(pair);
            } else {
                wants = true;
                waiting.insert(pair);
            }
        }
        if !wants {
            return;
        }
        let met: Vec<OnStream> =
            self.rules.iter_mut().filter_map(|rule| rule.meets_named(&["PRICE"])).collect();
        let times = self.act(met.first().copied(), true);
        for listener in self.all.values_mut() {
            let Wanted::Prices { told: heard, waiting, conversions: wants, .. } = &mut listener.wanted else {
                continue;
            };
            let is_due = heard.get(&pair).is_none_or(|last| at - *last >= WINDOW);
            if !is_due || !waiting.remove(&pair) {
                continue;
            }
            heard.insert(pair, at);
            let wants = *wants;
            for _ in 0..times {
                listener.says(told);
                if wants {
                    listener.says(&json!({ "homeConversions": conversions }));
                }
            }
        }
    }

    /// The next moment at which something is told by itself.
    pub(super) fn next_due(&self) -> Option<Time> {
        let beats = self.all.values().map(|listener| listener.beat + BEAT);
        let windows = self.all.values().flat_map(|listener| match &listener.wanted {
            Wanted::Transactions => Vec::new(),
            Wanted::Prices { told, waiting, .. } => {
                waiting.iter().filter_map(|pair| told.get(pair)).map(|last| *last + WINDOW).collect()
            }
        });
        beats.chain(windows).min()
    }

    /// A jump of time is not told beat by beat.
    pub(super) fn jump(&mut self, until: Time) {
        for listener in self.all.values_mut() {
            listener.beat = listener.beat.max(until - TOLD);
        }
    }

    /// Pairs with a price that waited for the end of its window.
    fn due_pairs(&self, at: Time) -> BTreeSet<usize> {
        let due = |listener: &Listener| match &listener.wanted {
            Wanted::Transactions => Vec::new(),
            Wanted::Prices { told, waiting, .. } => {
                let is_due = |pair: &&usize| told.get(*pair).is_none_or(|last| at - *last >= WINDOW);
                waiting.iter().filter(is_due).copied().collect()
            }
        };
        self.all.values().flat_map(due).collect()
    }

    fn beats(&mut self, at: Time) {
        let due = |listener: &Listener| at - listener.beat >= BEAT;
        for of_prices in [true, false] {
            if !self.all.values().any(|listener| listener.is_of_prices() == of_prices && due(listener)) {
                continue;
            }
            let name = if of_prices { "PRICE_HEARTBEAT" } else { "TRANSACTION_HEARTBEAT" };
            let met: Vec<OnStream> =
                self.rules.iter_mut().filter_map(|rule| rule.meets_named(&["HEARTBEAT", name])).collect();
            let times = self.act(met.first().copied(), of_prices);
            let beat = heartbeat(at, (!of_prices).then_some(self.last));
            for listener in self.all.values_mut().filter(|listener| listener.is_of_prices() == of_prices) {
                if due(listener) {
                    listener.beat = at;
                    (0..times).for_each(|_| listener.says(&beat));
                }
            }
        }
    }
}

fn heartbeat(at: Time, last: Option<u64>) -> Value {
    match last {
        None => json!({ "type": "HEARTBEAT", "time": nanos(at) }),
        Some(last) => {
            json!({ "type": "HEARTBEAT", "lastTransactionID": last.to_string(), "time": nanos(at) })
        }
    }
}

/// Whether a path is that of a stream.
pub(super) fn is_stream(path: &str) -> bool {
    path.starts_with("/v3/accounts/")
        && (path.ends_with("/pricing/stream") || path.ends_with("/transactions/stream"))
}

impl Venue {
    /// Takes a listener in.
    ///
    /// # Errors
    /// They may not listen, or ask for what there is not.
    pub(super) fn listen(&mut self, socket: u64, request: &Request, out: Outgoing) -> Result<(), Refusal> {
        let path: Vec<&str> = request.path.split('/').filter(|part| !part.is_empty()).collect();
        self.admit(request, path.get(2).copied())?;
        let of_prices = request.path.ends_with("/pricing/stream");
        let wanted = if of_prices {
            if request.query("instruments").is_none() {
                return Err(Refusal::no_value("instruments"));
            }
            Wanted::Prices {
                pairs: self.named_pairs(request)?.into_iter().collect(),
                told: BTreeMap::new(),
                waiting: BTreeSet::new(),
                conversions: request.asks("includeHomeConversions"),
            }
        } else {
            Wanted::Transactions
        };
        let mut listener =
            Listener { out, wanted, seconds: wants_seconds(request), muted: false, beat: self.at };
        if let Wanted::Prices { pairs, told, conversions, .. } = &mut listener.wanted {
            let pairs: Vec<usize> = pairs.iter().copied().collect();
            let conversions = *conversions;
            let has_snapshot = request.query("snapshot").is_none() || request.asks("snapshot");
            let lines: Vec<Value> = pairs.iter().filter_map(|pair| self.price_json(*pair)).collect();
            if has_snapshot {
                told.extend(pairs.iter().map(|pair| (*pair, self.at)));
                for line in &lines {
                    listener.says(line);
                }
                if conversions {
                    listener.says(&json!({ "homeConversions": self.home_conversions(&pairs) }));
                }
            }
        } else {
            listener.says(&heartbeat(self.at, Some(self.book.last)));
        }
        self.streams.last = self.book.last;
        self.streams.all.insert(socket, listener);
        Ok(())
    }

    /// Tells the price of a pair to who listens.
    pub(super) fn tell_price(&mut self, pair: usize) {
        if let Some(told) = self.price_json(pair) {
            let conversions = self.home_conversions(&[pair]);
            self.streams.price(pair, self.at, &told, &conversions);
        }
    }

    /// What streams tell by themselves at this moment.
    pub(super) fn tell_due(&mut self) {
        for pair in self.streams.due_pairs(self.at) {
            self.tell_price(pair);
        }
        self.streams.beats(self.at);
    }
}
