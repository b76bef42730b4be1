//! What became of things, in one line for people and one object for programs; both from the same figures.

use broker_api::{
    Amount, Catalog, Direction, Ending, Fill, Key, Phase, Price, Purpose, Qty, Ratio, Side, Signal, Wanted,
};
use serde_json::{Value, json};
use state::Book;
use state::book::{Order, Position, SignalState, Trade};

use crate::figures;
use crate::history::History;

/// What became of a signal.
#[derive(Clone, Debug)]
pub struct Told {
    /// One word, in capitals: how it ended, or where it stands.
    pub word: &'static str,
    /// The rest of the line.
    pub text: String,
    /// The same for programs.
    pub json: Value,
}

/// The word for an ending.
pub const fn ending_word(ending: Ending) -> &'static str {
    match ending {
        Ending::Filled => "FILLED",
        Ending::PartFilled => "PARTLY FILLED",
        Ending::Adjusted => "ADJUSTED",
        Ending::Denied => "DENIED",
        Ending::Rejected => "REJECTED",
        Ending::Expired => "EXPIRED",
        Ending::Cancelled => "CANCELLED",
        Ending::NeverSent => "NEVER SENT",
    }
}

/// Slippage: how much worse than the decision an order of `side` was filled, as a share of the decision price.
/// Positive is worse for us.
pub fn slippage(side: Side, decided: Price, filled: Price) -> Option<Ratio> {
    let worse = match side {
        Side::Buy => decided.to(filled).ok()?,
        Side::Sell => filled.to(decided).ok()?,
    };
    Ratio::new(worse.get().checked_div(decided.get())?).ok()
}

/// What an execution cost beside its price: money, or what the venue kept of the instrument.
pub fn fee(fill: &Fill) -> String {
    if fill.kept.is_zero() {
        return fill.fee.to_string();
    }
    let symbol = fill.key.symbol.as_str();
    let unit = symbol.split_once('/').map_or(symbol, |(base, _)| base);
    let kept = format!("{} {unit}", figures::qty(fill.kept));
    if fill.fee.amount == Amount::ZERO { kept } else { format!("{} and {kept}", fill.fee) }
}

/// A price at its instrument's tick, or as it is when the instrument is not known here.
pub fn at_tick(catalog: &Catalog, key: Key, price: Price) -> String {
    catalog
        .instrument(key)
        .map_or_else(|| figures::bare_price(price), |instrument| figures::price(price, instrument.tick))
}

/// What became of one signal: its orders and trades from the history, what is open from the book. `equity` is
/// what shares are of.
pub fn signal(
    history: &History,
    book: &Book,
    catalog: &Catalog,
    state: &SignalState,
    equity: Option<Amount>,
) -> Told {
    let orders: Vec<&Order> = state.orders.iter().filter_map(|id| history.orders.get(id)).collect();
    let own = match state.signal.wanted {
        Wanted::Enter { .. } => Purpose::Entry,
        Wanted::Exit | Wanted::Adjust { .. } => Purpose::Exit,
    };
    let order = orders.iter().rev().find(|order| order.intent.purpose == own).copied();
    let word = state.ended.as_ref().map_or_else(|| standing(order), |ended| ending_word(ended.ending));
    let mut parts = Vec::new();
    let mut json = json!({
        "id": state.signal.id,
        "symbol": state.signal.symbol,
        "action": state.signal.wanted.as_str(),
        "outcome": word.to_lowercase().replace(' ', "_"),
        "taken_at": state.taken_at,
        "ended_at": state.ended.as_ref().map(|ended| ended.at),
        "decision_price": state.signal.decision_price,
    });
    if let Some(order) = order {
        let key = order.intent.key;
        let price = order.average();
        let qty = if order.filled.is_zero() { order.intent.qty } else { order.filled };
        let mut text = format!("{} {}", order.intent.side, figures::qty(qty));
        if !order.filled.is_zero() && order.filled != order.intent.qty {
            text.push_str(&format!(" of {}", figures::qty(order.intent.qty)));
        }
        if let Some(price) = price {
            text.push_str(&format!(" @ {}", at_tick(catalog, key, price)));
        }
        parts.push(text);
        let cost = state
            .signal
            .decision_price
            .zip(price)
            .and_then(|(decided, filled)| slippage(order.intent.side, decided, filled));
        if let Some(cost) = cost {
            parts.push(format!("cost {} bps", figures::bps(cost)));
        }
        json["order"] = json!(order.intent.id);
        json["side"] = json!(order.intent.side);
        json["quantity"] = json!(order.intent.qty);
        json["filled"] = json!(order.filled);
        json["average_price"] = json!(price);
        json["slippage"] = json!(cost);
    }
    match state.signal.wanted {
        Wanted::Enter { .. } => entry_parts(book, catalog, &state.signal, equity, &mut parts, &mut json),
        Wanted::Exit => {
            let trade =
                history.trades.values().rev().find(|trade| trade.exit_signal == Some(state.signal.id));
            if let Some(trade) = trade {
                parts.push(trade_result(trade));
                json["net"] = json!(trade.net());
                json["r"] = json!(trade.r());
            }
        }
        Wanted::Adjust { plan } => {
            let named = [("stop", plan.stop), ("target", plan.target), ("trail", plan.trail)];
            parts.extend(
                named
                    .into_iter()
                    .filter_map(|(name, price)| Some(format!("{name} {}", figures::bare_price(price?)))),
            );
        }
    }
    let reason = state.ended.as_ref().and_then(|ended| ended.reason.as_ref());
    if let Some(reason) = reason {
        parts.push(format!("{}: {}", reason.code, reason.text));
        json["reason"] = json!(reason);
    } else if state.ended.is_none() {
        let why = waiting_for(order);
        json["waits_for"] = json!(why);
        parts.push(why.to_owned());
    }
    if let Some(other) = &state.conflict {
        parts.push("came again under the same id with another content; the first stands".to_owned());
        json["conflict"] = json!(other);
    }
    Told { word, text: parts.join("   "), json }
}

/// Net result of a trade and its multiple of the planned loss.
pub fn trade_result(trade: &Trade) -> String {
    let r = trade.r().map_or_else(|| "no stop, no R".to_owned(), |r| format!("{} R", figures::r(r)));
    format!("net {}   {r}", figures::change(trade.net()))
}

fn entry_parts(
    book: &Book,
    catalog: &Catalog,
    signal: &Signal,
    equity: Option<Amount>,
    parts: &mut Vec<String>,
    json: &mut Value,
) {
    let Some(position) = book.positions().find(|position| position.signal == Some(signal.id)) else { return };
    let stop = resting(book, position, Purpose::Stop);
    if let Some(price) = position.plan.stop {
        let how = if stop.is_some() { "resting" } else { "NOT resting" };
        parts.push(format!("stop {} {how}", at_tick(catalog, position.key, price)));
        json["stop"] = json!(price);
        json["stop_rests"] = json!(stop.is_some());
    }
    if let Some(risk) = position.risk {
        let share = equity.and_then(|equity| risk.share_of(equity));
        let share =
            share.map(|share| format!(" ({} % of equity)", figures::percent(share))).unwrap_or_default();
        parts.push(format!("at risk {}{share}", figures::money(risk)));
        json["at_risk"] = json!(risk);
    }
}

/// The quantity of the live order that guards a position in one way.
pub fn resting(book: &Book, position: &Position, purpose: Purpose) -> Option<Qty> {
    book.open_orders()
        .filter(|order| order.intent.key == position.key && order.intent.purpose == purpose)
        .filter(|order| matches!(order.phase, Phase::Working | Phase::Cancelling))
        .map(Order::remaining)
        .next()
}

/// `long` or `short` with the quantity.
pub fn held(position: &Position) -> String {
    let way = match position.direction {
        Direction::Long => "long",
        Direction::Short => "short",
    };
    format!("{way} {}", figures::qty(position.held.size()))
}

fn standing(order: Option<&Order>) -> &'static str {
    match order.map(|order| order.phase) {
        Some(Phase::Working | Phase::Cancelling) => "WORKING",
        Some(Phase::Unknown) => "UNKNOWN",
        Some(Phase::Sending) => "SENDING",
        Some(Phase::Waiting | Phase::Done(_)) | None => "WAITING",
    }
}

fn waiting_for(order: Option<&Order>) -> &'static str {
    match order.map(|order| order.phase) {
        Some(Phase::Working | Phase::Cancelling) => "at the broker, waiting for a price",
        Some(Phase::Unknown) => "no answer yet; counted as live, being asked about",
        Some(Phase::Sending) => "on its way",
        Some(Phase::Waiting) => "not sent yet; it will be, or it expires",
        Some(Phase::Done(_)) => "its order is over; the next one follows",
        None => "waiting for its session",
    }
}
