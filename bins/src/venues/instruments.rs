//! What a broker trades, as it describes it: asked at every start, some at a time.

use std::collections::BTreeSet;
use std::sync::Arc;

use broker_api::{Broker, Instrument, Key, QueryFailed, Symbol};
use tokio::task::JoinSet;

/// How many questions are under way at once.
const AT_ONCE: usize = 8;

/// The instruments of `rows` that the broker has, by its own rules, and the symbols of the others. What is held of one
/// that it does not name any more stays as we knew it, so that it can be closed.
///
/// # Errors
/// A question without an answer: what is not known is not left out.
pub(super) async fn read(
    broker: &Arc<dyn Broker>,
    rows: Vec<&Instrument>,
    held: &BTreeSet<Key>,
) -> Result<(Vec<Instrument>, Vec<Symbol>), QueryFailed> {
    let (mut listed, mut unlisted) = (Vec::with_capacity(rows.len()), Vec::new());
    for some in rows.chunks(AT_ONCE) {
        let symbols = some.iter().map(|row| row.key.symbol);
        let found = each(symbols, |symbol| {
            let broker = Arc::clone(broker);
            async move { broker.instrument(symbol).await }
        });
        for (row, found) in some.iter().zip(found.await) {
            match found? {
                Some(instrument) => listed.push(instrument),
                None if held.contains(&row.key) => listed.push((*row).clone()),
                None => unlisted.push(row.key.symbol),
            }
        }
    }
    Ok((listed, unlisted))
}

/// Asks about each at once, and gives the answers in the order of the questions.
pub async fn each<Q, A, F>(
    questions: impl Iterator<Item = Q>,
    ask: impl Fn(Q) -> F,
) -> Vec<Result<A, QueryFailed>>
where
    A: Send + 'static,
    F: Future<Output = Result<A, QueryFailed>> + Send + 'static,
{
    let mut tasks = JoinSet::new();
    let mut answers: Vec<Result<A, QueryFailed>> = Vec::new();
    for (n, question) in questions.enumerate() {
        answers.push(Err(QueryFailed { why: "the task that asked it died".into(), transient: true }));
        let answer = ask(question);
        tasks.spawn(async move { (n, answer.await) });
    }
    while let Some(done) = tasks.join_next().await {
        if let Ok((n, answer)) = done
            && let Some(place) = answers.get_mut(n)
        {
            *place = answer;
        }
    }
    answers
}
