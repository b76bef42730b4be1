//! Fault scripts: what goes wrong, and when. One JSON object a line; docs/simulators.md lists all.

use broker_api::{Price, Qty, Ratio, Time};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One line of a script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Rule {
    /// What happens to a request.
    Request(RequestRule),
    /// What happens to an event on a stream.
    Stream(StreamRule),
    /// What happens at a moment.
    Time(TimeRule),
}

const fn first() -> u64 {
    1
}

/// What happens to a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestRule {
    /// Which method; any when it is not said.
    #[serde(default)]
    pub method: Option<String>,
    /// Which path; a `*` at its end stands for anything, nothing for any path.
    #[serde(default)]
    pub path: Option<String>,
    /// From the how manieth of them on, from 1.
    #[serde(default = "first")]
    pub nth: u64,
    /// For how many of them; nought is for all.
    #[serde(default = "first")]
    pub times: u64,
    /// What happens.
    #[serde(rename = "do")]
    pub act: OnRequest,
}

/// What can happen to a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum OnRequest {
    /// It is read and never reaches the broker; the connection closes.
    LostRequest,
    /// The connection closes without an answer; the request goes on alone, and the broker acts on it so much later.
    LateRequest {
        /// How much later, by the simulation's clock.
        millis: i64,
    },
    /// The broker acts on it; the connection closes without an answer.
    LostReply,
    /// The broker acts on it; the answer comes later.
    LateReply {
        /// How much later.
        millis: u64,
    },
    /// Too many requests; not looked at.
    RateLimited,
    /// An answer with this status and the broker's body for it.
    Status {
        /// The status.
        code: u16,
        /// Whether the broker acted on it before.
        #[serde(default)]
        processed: bool,
    },
    /// A page of a gateway with status 502.
    #[serde(rename = "html_502")]
    Html502 {
        /// Whether the broker acted on it before.
        #[serde(default)]
        processed: bool,
    },
    /// The broker acts on it; the answer ends in the middle of its body.
    CutBody,
    /// The broker acts on it; the answer's body is no JSON.
    MalformedBody,
    /// The broker refuses it with this body.
    Reject {
        /// The status.
        status: u16,
        /// The code in the body.
        code: ErrorCode,
        /// The message in the body.
        message: String,
    },
    /// The order it makes first fills so much.
    PartialFill {
        /// How much.
        qty: Qty,
    },
    /// The order it makes is taken, and rejected afterwards.
    RejectedLater,
    /// The cancel that it asks for is carried out so much later; what fills meanwhile is filled.
    LateCancel {
        /// How much later, by the simulation's clock.
        millis: i64,
    },
    /// The broker acts on it; a figure in the answer is wrong, as a bad tick makes it.
    WrongFigure {
        /// Its name in the answer's object.
        name: String,
        /// How many times what it is it says instead.
        by: Ratio,
    },
    /// It and everything after it is answered with 503, for so long.
    Maintenance {
        /// How long, by the simulation's clock.
        millis: i64,
    },
}

/// A broker's word for what is wrong: a number, or a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ErrorCode {
    /// A number.
    Number(u32),
    /// A name.
    Name(String),
}

impl From<u32> for ErrorCode {
    fn from(number: u32) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for ErrorCode {
    fn from(name: &str) -> Self {
        Self::Name(name.to_owned())
    }
}

/// What happens to an event on a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamRule {
    /// Which event; any when it is not said.
    #[serde(default)]
    pub event: Option<String>,
    /// From the how manieth of them on, from 1.
    #[serde(default = "first")]
    pub nth: u64,
    /// For how many of them; nought is for all.
    #[serde(default = "first")]
    pub times: u64,
    /// What happens.
    #[serde(rename = "do")]
    pub act: OnStream,
}

/// What can happen to an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnStream {
    /// It is not sent.
    Drop,
    /// It is sent twice.
    Duplicate,
    /// It is sent after the one that follows it.
    SwapWithNext,
    /// It and all after it are not sent on the sockets of that moment, which stay open.
    Mute,
    /// The sockets of that moment close before it is sent.
    Disconnect,
}

/// What happens at a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeRule {
    /// When.
    pub at: When,
    /// What.
    #[serde(rename = "do")]
    pub act: TimeAct,
}

/// A moment of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum When {
    /// That moment.
    At(Time),
    /// An occasion.
    On(Occasion),
}

/// An occasion of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    /// The next close of the market.
    Close,
}

/// What can happen at a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum TimeAct {
    /// The broker closes a position.
    Liquidate {
        /// Of what.
        symbol: String,
    },
    /// The broker takes an execution back.
    Bust {
        /// The how manieth of all, from 1.
        nth: usize,
    },
    /// Something that no trade makes.
    NonTrade(super::non_trade::NonTrade),
    /// Another price.
    Price {
        /// Of what.
        symbol: String,
        /// Bid, ask and last price.
        price: Price,
    },
}

/// A line that is no rule.
#[derive(Debug, thiserror::Error)]
#[error("line {line} of the fault script is no rule: {why}; docs/simulators.md lists what can be written")]
pub struct BadRule {
    /// Which line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: String,
}

/// Reads a script. Empty lines and lines that begin with `#` are passed over.
///
/// # Errors
/// The first line that is no rule.
pub fn read_rules(text: &str) -> Result<Vec<Rule>, BadRule> {
    let lines = (1..).zip(text.lines().map(str::trim));
    let rule = |(line, text): (usize, &str)| {
        serde_json::from_str(text).map_err(|error| BadRule { line, why: error.to_string() })
    };
    lines.filter(|(_, text)| !text.is_empty() && !text.starts_with('#')).map(rule).collect()
}

/// Counts what matches a rule, and says when it acts.
#[derive(Clone, Debug)]
pub(crate) struct Counted<T> {
    rule: T,
    seen: u64,
}

impl<T> Counted<T> {
    pub(crate) const fn new(rule: T) -> Self {
        Self { rule, seen: 0 }
    }

    fn counts(&mut self, nth: u64, times: u64) -> bool {
        self.seen += 1;
        self.seen >= nth && (times == 0 || self.seen - nth < times)
    }
}

impl Counted<RequestRule> {
    /// What happens to a request, if this rule is about it and its turn has come.
    pub(crate) fn meets(&mut self, method: &str, path: &str) -> Option<OnRequest> {
        let is_path = |wanted: &str| match wanted.strip_suffix('*') {
            Some(start) => path.starts_with(start),
            None => path == wanted,
        };
        let is_method = self.rule.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method));
        if !is_method || !self.rule.path.as_deref().is_none_or(is_path) {
            return None;
        }
        let (nth, times) = (self.rule.nth, self.rule.times);
        self.counts(nth, times).then(|| self.rule.act.clone())
    }
}

impl Counted<StreamRule> {
    /// What happens to an event, if this rule is about it and its turn has come.
    pub(crate) fn meets(&mut self, event: &str) -> Option<OnStream> {
        self.meets_one(&[event])
    }

    /// The same of an event that has several names.
    pub(crate) fn meets_one(&mut self, names: &[&str]) -> Option<OnStream> {
        if self.rule.event.as_deref().is_some_and(|wanted| !names.contains(&wanted)) {
            return None;
        }
        let (nth, times) = (self.rule.nth, self.rule.times);
        self.counts(nth, times).then_some(self.rule.act)
    }

    /// The same for what is no event of an order: only a rule that names it is about it.
    pub(crate) fn meets_named(&mut self, names: &[&str]) -> Option<OnStream> {
        if self.rule.event.is_some() { self.meets_one(names) } else { None }
    }
}

impl OnRequest {
    /// Its name, for the wire log.
    pub(crate) fn name(&self) -> Value {
        serde_json::to_value(self).unwrap_or(Value::Null)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_says_which_line_is_wrong() {
        let good = r#"
            # the second order is lost
            {"request":{"method":"POST","path":"/v2/orders","nth":2,"do":"lost_request"}}
            {"stream":{"event":"fill","do":"duplicate"}}
            {"time":{"at":"close","do":{"bust":{"nth":1}}}}
            {"time":{"at":"2026-11-20T15:30:00Z","do":{"liquidate":{"symbol":"AAPL"}}}}
            {"request":{"do":{"status":{"code":504,"processed":true}}}}
            {"request":{"do":{"html_502":{}}}}
            {"request":{"path":"/v2/account","do":{"wrong_figure":{"name":"equity","by":"0.1"}}}}"#;
        assert_eq!(read_rules(good).unwrap().len(), 7);
        let bad =
            read_rules("{\"request\":{\"do\":\"lost_request\",\"path\":\"/\",\"method\":\"GET\",\"nht\":2}}");
        let said = bad.unwrap_err().to_string();
        assert!(said.starts_with("line 1 of the fault script is no rule: unknown field `nht`"), "{said}");
        for wrong in [r#"{"name":"equity"}"#, r#"{"name":"equity","by":"a tenth"}"#, r#"{"by":"0.1"}"#] {
            let line = format!("{{\"request\":{{\"do\":{{\"wrong_figure\":{wrong}}}}}}}");
            let said = read_rules(&line).unwrap_err().to_string();
            assert!(said.starts_with("line 1 of the fault script is no rule"), "{said}");
        }
    }

    #[test]
    fn a_rule_acts_from_its_turn_on_for_as_many_as_it_says() {
        let act = OnRequest::LostRequest;
        let rule = RequestRule { method: None, path: Some("/v2/o*".into()), nth: 2, times: 2, act };
        let mut rule = Counted::new(rule);
        assert!(rule.meets("GET", "/v2/account").is_none());
        let met: Vec<bool> = (0..4).map(|_| rule.meets("GET", "/v2/orders").is_some()).collect();
        assert_eq!(met, [false, true, true, false]);
    }
}
