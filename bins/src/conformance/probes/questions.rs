//! The questions, and what was answered.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// A question to a practice account.
pub(super) struct Row {
    /// The simulator's switch for it; for a question without one, a word.
    key: &'static str,
    is_switch: bool,
    question: &'static str,
    asked: &'static str,
    /// In which step it is asked; or, for what cannot be asked, why not.
    step: Step,
}

#[derive(Clone, Copy)]
enum Step {
    In(&'static str),
    Never(&'static str),
}

const fn switch(key: &'static str, step: &'static str, question: &'static str, asked: &'static str) -> Row {
    Row { key, is_switch: true, question, asked, step: Step::In(step) }
}

const fn word(key: &'static str, step: &'static str, question: &'static str, asked: &'static str) -> Row {
    Row { key, is_switch: false, question, asked, step: Step::In(step) }
}

const fn never(key: &'static str, question: &'static str, why: &'static str) -> Row {
    Row { key, is_switch: true, question, asked: "", step: Step::Never(why) }
}

/// All of them.
pub(super) const QUESTIONS: &[Row] = &[
    switch(
        "text_frames",
        "stream",
        "Are the stream's frames text or binary?",
        "connected to /stream, looked at its first frame",
    ),
    switch(
        "one_stream",
        "stream",
        "Is a second connection to the stream refused?",
        "connected to /stream twice",
    ),
    word(
        "listen_twice",
        "stream",
        "Is listening acknowledged each time?",
        "sent `listen` twice on one connection",
    ),
    switch(
        "legacy",
        "questions",
        "Does the account still have the fields of pattern day trading?",
        "GET /v2/account",
    ),
    switch(
        "easy_to_borrow",
        "questions",
        "Do assets still have `easy_to_borrow`?",
        "GET /v2/assets/{symbol}",
    ),
    word(
        "absent",
        "questions",
        "What says a look for a client order id that never was?",
        "GET /v2/orders:by_client_order_id",
    ),
    word(
        "events",
        "questions",
        "Does an ordinary key get the events of activities?",
        "GET /v2beta1/events/activities of the last minute",
    ),
    switch(
        "visible_after",
        "life",
        "How long is a new order not found?",
        "a limit order far below the price, looked for by its client order id, in ms",
    ),
    switch(
        "route_after",
        "life",
        "How long is an order `pending_new`?",
        "the same order, looked at until it was `new`, in ms; open market",
    ),
    switch(
        "accepted_event",
        "life",
        "Does the stream tell that an order was accepted?",
        "the same order; closed market",
    ),
    switch(
        "duplicate_status",
        "life",
        "Which status has a client order id that is live already?",
        "the same order once more",
    ),
    switch(
        "initial_status",
        "life",
        "What does the answer to an order say of its status?",
        "the answer to the same order; open market",
    ),
    switch(
        "cancel_after",
        "life",
        "How long is an order `pending_cancel`?",
        "cancelled it, looked at it until it was `canceled`, in ms; open market",
    ),
    switch(
        "cancels_stick",
        "life",
        "Are there cancels that never end?",
        "the same cancel, looked at for 20 s; open market",
    ),
    switch(
        "closed_cancels_wait",
        "life",
        "Do cancels wait for the market to open?",
        "the same cancel, looked at for 20 s; closed market",
    ),
    switch(
        "ids_come_back",
        "life",
        "Is a client order id free again once its order was cancelled?",
        "the same order once more, after its cancel",
    ),
    switch(
        "notional_beyond_market",
        "money",
        "Are limit orders for an amount of money taken?",
        "a limit order far below the price for 2.50 USD",
    ),
    switch(
        "notional_places",
        "money",
        "How many decimal places may an amount of money have?",
        "the same order with 3 to 9 places",
    ),
    switch(
        "fraction_gtc",
        "money",
        "Are parts of a share taken until cancelled?",
        "a limit order far below the price for half a share, gtc",
    ),
    switch(
        "unknown_asset_status",
        "money",
        "Which status has an order for an asset that nobody knows?",
        "an order for TWNOSUCH",
    ),
    switch(
        "immediate_rest_expires",
        "immediate",
        "How ends what is left of an immediate order?",
        "an ioc limit order far below the price; open market",
    ),
    switch(
        "held_can_be_replaced",
        "group",
        "Can a leg that waits be replaced?",
        "a bracket far below the price; PATCH of its stop",
    ),
    switch(
        "group_ids",
        "group",
        "Do orders that belong together carry `group_id`?",
        "the answer to that bracket",
    ),
    switch(
        "leg_events",
        "group",
        "Does the stream tell that a waiting leg was cancelled?",
        "cancelled the entry of that bracket",
    ),
    switch(
        "fill_id_is_execution_id",
        "executions",
        "Is the second half of a fill's id its execution id?",
        "bought one; compared the stream with the activities; open market",
    ),
    switch(
        "wash_trade_status",
        "executions",
        "Which status has an order that would trade with the account itself?",
        "sold one at market beside a resting order to buy; open market",
    ),
    switch(
        "sell_short_side",
        "executions",
        "What side has the fill of a short sale?",
        "sold one short, read the activities; open market",
    ),
    switch(
        "retry_after",
        "throttle",
        "Does a 429 say when to come back?",
        "GET /v2/clock until it is refused; only with --throttle",
    ),
    switch("bare_429", "throttle", "What is the body of a 429?", "the same"),
    never("live", "Is the account a live one?", "live accounts are not asked"),
    never("partial_percent", "How many orders fill in part first?", "it would take hundreds of orders"),
    never(
        "stop_leg_new_id",
        "Does the stop of a bracket get another id before it fills?",
        "it needs power over the price",
    ),
    never(
        "replace_ignores_fills",
        "What quantity has the replacement of a partly filled order?",
        "it needs power over executions",
    ),
    never(
        "shuffled_activities",
        "Are activities of one millisecond in order?",
        "it would take hundreds of executions",
    ),
    never(
        "page_edge_misses",
        "Are activities missing between pages?",
        "it would take hundreds of executions",
    ),
    never("quotes_age", "Do quotes grow old while nothing changes?", "it needs power over the price"),
    never("coin_sales_have_least", "Have sales of coins a least value?", "no coins are traded"),
    never("htb_short", "Can what is hard to borrow be sold short?", "what is traded must be easy to borrow"),
    never(
        "pdt_refusal",
        "Is a fourth round trip in a day refused?",
        "it needs less than 25,000 USD of equity",
    ),
    never(
        "checks_backwards",
        "Which of two reasons to refuse an order is told?",
        "it would take an order for each two of them",
    ),
];

/// What was answered to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The question.
    pub question: &'static str,
    /// How it was asked; empty when it cannot be.
    pub asked: &'static str,
    /// The simulator's switch for it.
    pub switch: Option<&'static str>,
    /// The answer, or why there is none.
    pub answer: String,
    /// What the switch must be for the simulator to do the same; nothing when that is not known.
    pub value: Option<Value>,
}

impl Answer {
    /// As a document has it.
    pub fn json(&self) -> Value {
        json!({
            "question": self.question, "asked": self.asked, "switch": self.switch, "answer": self.answer,
            "value": self.value,
        })
    }
}

/// What was answered so far.
#[derive(Default)]
pub(super) struct Answers {
    told: BTreeMap<&'static str, (String, Option<Value>)>,
    broke: BTreeMap<&'static str, String>,
}

impl Answers {
    /// The answer to a question with a switch.
    pub(super) fn tell(&mut self, key: &'static str, words: String, value: Value) {
        self.told.insert(key, (words, Some(value)));
    }

    /// An answer from which no switch follows.
    pub(super) fn find(&mut self, key: &'static str, words: String) {
        self.told.insert(key, (words, None));
    }

    /// How a step ended: one that broke leaves questions open.
    pub(super) fn ended(&mut self, step: &'static str, done: Result<(), String>) {
        if let Err(why) = done {
            self.broke.insert(step, why);
        }
    }

    /// The answers to the questions of one step.
    pub(super) fn rows_of(self, step: &str) -> Vec<Answer> {
        let is_of = |question: &&Row| matches!(question.step, Step::In(of) if of == step);
        let questions: Vec<&str> = QUESTIONS.iter().filter(is_of).map(|question| question.question).collect();
        self.rows().into_iter().filter(|row| questions.contains(&row.question)).collect()
    }

    /// Every question with its answer, or with why there is none.
    pub(super) fn rows(mut self) -> Vec<Answer> {
        let mut rows: Vec<Answer> = QUESTIONS
            .iter()
            .map(|question| {
                let (answer, value) = self.told.remove(question.key).unwrap_or_else(|| {
                    let why = match question.step {
                        Step::Never(why) => format!("not asked: {why}"),
                        Step::In(step) => match self.broke.get(step) {
                            Some(why) => format!("no answer: {why}"),
                            None => "not asked this time".to_owned(),
                        },
                    };
                    (why, None)
                });
                let Row { key, is_switch, question, asked, .. } = *question;
                Answer { question, asked, switch: is_switch.then_some(key), answer, value }
            })
            .collect();
        if let Some(left) = self.broke.remove("clear") {
            let (question, asked) =
                ("Is the account clear again?", "cancelled and closed all that was opened");
            rows.push(Answer { question, asked, switch: None, answer: format!("NO: {left}"), value: None });
        }
        rows
    }
}
