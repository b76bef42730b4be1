//! What nobody documents, asked of a practice account, and the profile that a simulator can be loaded with.

use broker_sim::alpaca::PROFILE;
use chrono::TimeDelta;
use serde_json::{Map, Value, json};

use super::practice::Practice;
use super::wire::{LONGEST, Wire};

mod orders;
mod questions;

pub use questions::Answer;
use questions::Answers;

/// Asks all of it but the last, one after the other, and leaves the account clear. What cannot be asked now is told with
/// why.
pub async fn probe(account: &Practice) -> Vec<Answer> {
    let (mut wire, mut answers) = (Wire::new(account), Answers::default());
    let done = stream(&mut wire, &mut answers).await;
    answers.ended("stream", done);
    let done = plain(&wire, &mut answers).await;
    answers.ended("questions", done);
    let done = orders::life(&mut wire, &mut answers).await;
    answers.ended("life", done);
    // Where an order cannot be taken away again, no more are sent.
    let left = account.clear().await.map_err(|left| left.0);
    if left.is_ok() {
        let done = orders::money(&mut wire, &mut answers).await;
        answers.ended("money", done);
        let done = orders::immediate(&mut wire, &mut answers).await;
        answers.ended("immediate", done);
        let done = orders::group(&mut wire, &mut answers).await;
        answers.ended("group", done);
        let done = orders::executions(&mut wire, &mut answers).await;
        answers.ended("executions", done);
        answers.ended("clear", account.clear().await.map_err(|left| left.0));
    } else {
        answers.ended("clear", left);
    }
    answers.rows()
}

/// Every question, without an answer.
pub fn questions() -> Vec<Answer> {
    Answers::default().rows()
}

/// Uses the rate limit up, and gives what was answered. Last: for a minute nothing else is.
pub async fn throttle(account: &Practice) -> Vec<Answer> {
    let (wire, mut answers) = (Wire::new(account), Answers::default());
    let done = use_up(&wire, &mut answers).await;
    answers.ended("throttle", done);
    answers.rows_of("throttle")
}

/// The profile: what `tradewind sim alpaca --profile` reads, with all that was asked and answered.
pub fn profile(account: &Practice, host: &str, answers: &[Answer]) -> Value {
    let known = answers.iter().filter_map(|answer| Some((answer.switch?.to_owned(), answer.value.clone()?)));
    let quirks: Map<String, Value> = known.collect();
    json!({
        "schema": PROFILE, "broker": "alpaca", "taken_at": account.now(), "host": host, "symbol": account.symbol(),
        "market": if account.is_open() { "open" } else { "closed" }, "quirks": quirks,
        "answers": answers.iter().map(Answer::json).collect::<Vec<_>>(),
    })
}

async fn stream(wire: &mut Wire<'_>, answers: &mut Answers) -> Result<(), String> {
    let within = LONGEST.to_std().map_err(|why| why.to_string())?;
    let mut stream = wire.account.alpaca().overhear().await?;
    let hello = stream.frame(within).await?.ok_or("the stream does not answer")?;
    wire.account.tape().frame(hello.is_text, &hello.body);
    let kind = if hello.is_text { "text" } else { "binary" };
    answers.tell("text_frames", format!("{kind} frames"), json!(hello.is_text));
    stream.listen().await?;
    stream.listen().await?;
    wire.stream = Some(stream);
    wire.hear().await;
    let acknowledged = wire.told.iter().filter(|data| data["streams"].is_array()).count();
    answers.find("listen_twice", format!("{acknowledged} of 2 requests to listen were acknowledged"));
    match wire.account.alpaca().overhear().await {
        Ok(second) => {
            drop(second);
            answers.tell("one_stream", "a second connection is taken".to_owned(), json!(false));
        }
        Err(why) => answers.tell("one_stream", format!("a second connection is refused: {why}"), json!(true)),
    }
    Ok(())
}

async fn plain(wire: &Wire<'_>, answers: &mut Answers) -> Result<(), String> {
    let account = wire.ask("GET", "/v2/account", &[], None).await?.body;
    let old: Vec<&str> = ["pattern_day_trader", "daytrade_count", "daytrading_buying_power"]
        .into_iter()
        .filter(|field| !account[*field].is_null())
        .collect();
    let words = if old.is_empty() { "none is there".to_owned() } else { old.join(", ") };
    answers.tell("legacy", words, json!(!old.is_empty()));
    let asset = wire.ask("GET", &format!("/v2/assets/{}", wire.account.symbol()), &[], None).await?.body;
    let is_there = !asset["easy_to_borrow"].is_null();
    answers.tell(
        "easy_to_borrow",
        if is_there { "it is there" } else { "it is gone" }.to_owned(),
        json!(is_there),
    );
    let query = [("client_order_id", "twp-never-sent")];
    let absent = wire.ask("GET", "/v2/orders:by_client_order_id", &query, None).await?;
    answers.find("absent", absent.words());
    let now = wire.account.now();
    let (since, until) = ((now - TimeDelta::minutes(1)).to_rfc3339(), now.to_rfc3339());
    let query = [("since", since.as_str()), ("until", until.as_str())];
    let events = wire.ask("GET", "/v2beta1/events/activities", &query, None).await?;
    answers.find("events", if events.is_good() { "200: yes".to_owned() } else { events.words() });
    Ok(())
}

/// Asks for the time until the broker has enough.
async fn use_up(wire: &Wire<'_>, answers: &mut Answers) -> Result<(), String> {
    for count in 1..=1_200 {
        let said = wire.ask("GET", "/v2/clock", &[], None).await?;
        if said.status == 429 {
            let words = if said.has_retry_after { "it does" } else { "it does not" };
            answers.tell("retry_after", words.to_owned(), json!(said.has_retry_after));
            let words = format!("{} at the {count}th request", said.words());
            answers.tell("bare_429", words, json!(said.body["code"].is_null()));
            return Ok(());
        }
    }
    Ok(())
}
