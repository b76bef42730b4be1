//! One signal as a book lived it, made into the side of a pair.

use broker_api::{Direction, Ending, Price, Purpose, Signal, SignalId, SizeWanted, Time, Wanted};
use engine::{Policy, Sizing};
use evidence::Side;
use evidence::twin::{Came, Played, Standing, multiple};
use rust_decimal::Decimal;
use state::book::{Order, Position, SignalState, Trade};

use super::source::Lived;

/// Which way an entry goes; nothing for other signals.
pub fn side(signal: &Signal) -> Option<Side> {
    match signal.wanted {
        Wanted::Enter { side: Direction::Long, .. } => Some(Side::Long),
        Wanted::Enter { side: Direction::Short, .. } => Some(Side::Short),
        Wanted::Exit | Wanted::Adjust { .. } => None,
    }
}

/// Why a signal ended, or its order was not filled whole.
pub fn code(lived: &Lived<'_>, id: SignalId) -> Option<String> {
    let ended = lived.history.signals.get(&id)?.ended.as_ref()?;
    if ended.ending == Ending::Filled {
        return None;
    }
    let said = ended.reason.as_ref().map(|reason| reason.code.to_string());
    Some(said.unwrap_or_else(|| ended.ending.as_str().replace(' ', "_")))
}

/// What became of an entry signal in a book that is known until `until`.
pub fn played(lived: &Lived<'_>, id: SignalId, policy: &Policy, until: Time) -> Played {
    let Some(state) = lived.history.signals.get(&id) else { return Played::nothing(Came::Unseen, until) };
    let is_entry = |order: &&Order| order.intent.purpose == Purpose::Entry;
    let mut orders = state.orders.iter().filter_map(|id| lived.history.orders.get(id));
    let Some(order) = orders.rfind(is_entry) else {
        let played = Played::nothing(without_order(state), until);
        return Played { code: code(lived, id), ..played };
    };
    let is_live = !order.phase.is_done();
    let side = Played {
        standing: if is_live { Standing::Open } else { Standing::Nothing },
        code: code(lived, id),
        ordered: Some(order.intent.qty.get()),
        sized_by: sized_by(&state.signal, order, policy),
        clipped: lived.clipped.contains(&order.intent.id),
        ..Played::nothing(Came::Ordered, until)
    };
    let closed = lived.history.trades.values().find(|trade| trade.position.signal == Some(id));
    let held = lived.held.iter().find(|position| position.signal == Some(id));
    match (closed, held) {
        (Some(trade), _) => gone(trade, opened(&trade.position, side)),
        (None, Some(position)) => Played { standing: Standing::Open, ..opened(position, side) },
        (None, None) => side,
    }
}

fn without_order(state: &SignalState) -> Came {
    match state.ended.as_ref().map(|ended| ended.ending) {
        None => Came::Waiting,
        Some(Ending::Expired) => Came::Expired,
        Some(_) => Came::Denied,
    }
}

/// What one unit of an entry was sized by.
fn sized_by(signal: &Signal, order: &Order, policy: &Policy) -> Option<Decimal> {
    let Wanted::Enter { size, .. } = signal.wanted else { return None };
    let is_by_risk = match size {
        SizeWanted::Quantity(_) => return None,
        SizeWanted::Notional(_) => false,
        SizeWanted::RiskPct(_) => true,
        SizeWanted::Configured => match policy.sizing {
            Sizing::Quantity(_) => return None,
            Sizing::RiskPct(_) => true,
            Sizing::Notional(_) | Sizing::EquityPct(_) | Sizing::EqualSlots { .. } => false,
        },
    };
    let price = order.intent.reference.get();
    if is_by_risk { Some(price.checked_sub(order.intent.plan.stop?.get())?.abs()) } else { Some(price) }
}

fn opened(position: &Position, side: Played) -> Played {
    let entered = position.entered.get();
    let price = position.entered_value.get().checked_div(entered);
    Played {
        quantity: entered,
        opened: Some(position.opened_at),
        entry: price.map(|price| price.round_dp(10).normalize()),
        ..side
    }
}

fn gone(trade: &Trade, side: Played) -> Played {
    let by = trade.exit_code.as_ref().map_or(trade.exit.as_str(), |code| code.as_str());
    let net = trade.net().get();
    Played {
        standing: Standing::Closed,
        closed: Some(trade.closed_at),
        exit: trade.exit_price().map(Price::get),
        exit_by: Some(by.to_owned()),
        pnl: Some(net),
        r: multiple(net, trade.position.risk.map(broker_api::Amount::get)),
        ..side
    }
}
