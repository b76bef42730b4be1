//! How a schedule over a wire is set up: the simulator with its switches, and what the adapter says of it.

use std::cell::Cell;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use broker_api::{Broker, Catalog, Currency, Symbol, VenueId};
use broker_sim::alpaca::{Alpaca, Quirks, Settings};
use chrono::TimeDelta;
use rust_decimal::Decimal;
use tokio::net::TcpSocket;

use super::pace::Pace;
use super::table::{AtTheWire, Table};
use super::truth::Mirror;
use super::{Inside, Wire, adapter, bad};
use crate::dice::Dice;
use crate::plan::{BadStage, Stage};
use crate::venue::manner::Manner;
use crate::venue::market::{Listed, Market};
use crate::world::{CASH, Options, Shared, World};

/// What is traded, and at what price it begins.
const LISTED: [(&str, i64); 3] = [("AAPL", 200), ("MSFT", 430), ("BTC/USD", 50_000)];

/// What nobody has verified of the wire: each schedule has its own of it.
fn quirks(dice: &mut Dice) -> Quirks {
    let seconds = |dice: &mut Dice, most: i64| {
        if dice.happens(500) {
            TimeDelta::milliseconds(dice.between(1, most * 1_000))
        } else {
            TimeDelta::zero()
        }
    };
    Quirks {
        partial_percent: if dice.happens(300) { 20 } else { 0 },
        text_frames: dice.happens(500),
        cancel_after: seconds(dice, 3),
        visible_after: seconds(dice, 2),
        fills_after: seconds(dice, 5),
        fill_id_is_execution_id: dice.happens(500),
        sell_short_side: dice.happens(500),
        shuffled_activities: dice.happens(500),
        immediate_rest_expires: dice.happens(500),
        retry_after: dice.happens(500),
        one_stream: dice.happens(700),
        ..Quirks::default()
    }
}

/// The world of a seed, at its beginning.
pub(super) async fn world(
    seed: u64,
    manner: &Manner,
    options: &Options,
    pace: &Pace,
) -> Result<World, BadStage> {
    let mut dice = Dice::of(seed, 5);
    let begins = Stage::at("alpaca")?.begins;
    let shared = Shared::of(seed, manner, options, begins);
    let settings = Settings {
        prices: LISTED.map(|(symbol, price)| (symbol.to_owned(), Decimal::from(price))).into(),
        cash: Decimal::from(CASH),
        seed,
        rate_limit: if dice.happens(500) { 200 } else { 10_000 },
        quirks: quirks(&mut dice),
        ..Settings::stepped(begins)
    };
    let running = Alpaca::start(settings).await.map_err(bad)?;
    let socket = TcpSocket::new_v4().map_err(bad)?;
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).map_err(bad)?;
    let nowhere = socket.local_addr().map_err(bad)?;

    let adapter = adapter(running.address(), &shared.venue_clock)?;
    let (mut instruments, mut listed) = (Vec::new(), Vec::new());
    for (symbol, price) in LISTED {
        let symbol = Symbol::new(symbol)?;
        let instrument = adapter.instrument(symbol).await.map_err(|failed| bad(failed.why))?;
        let instrument = instrument.ok_or_else(|| bad(format!("{symbol} is not listed")))?;
        listed.push(Listed {
            key: instrument.key,
            price: Decimal::from(price),
            tick: instrument.tick.get(),
            lot: instrument.lot.get(),
        });
        instruments.push(instrument);
    }
    let catalog = Arc::new(Catalog::new(instruments).map_err(bad)?);
    let manner = Manner { capabilities: adapter.capabilities().clone(), ..manner.clone() };

    let (venue, currency) = (VenueId::new("alpaca")?, Currency::new("USD")?);
    let table: Arc<Mutex<Table>> = Arc::default();
    running.control().stand_by(AtTheWire {
        table: Arc::clone(&table),
        rows: shared.rows.clone(),
        pace: pace.clone(),
        story: shared.story.clone(),
    });
    let inside = Arc::new(Inside {
        control: running.control(),
        market: Mutex::new(Market::new(listed, Decimal::from(CASH), currency)),
        mirror: Mutex::new(Mirror::new(venue, currency, begins - TimeDelta::days(1))),
        table,
        asked: Mutex::default(),
        out_until: Mutex::default(),
        fates: Arc::clone(&shared.fates),
        rows: shared.rows.clone(),
        clock: Arc::clone(&shared.venue_clock),
        story: shared.story.clone(),
        pace: pace.clone(),
        read_at: 0.into(),
        late_max: manner.late_max,
    });
    inside.prices(true);
    let ground = Wire {
        inside,
        running,
        _nowhere: socket,
        nowhere,
        process: None,
        listens: dice.happens(600),
        must_read: false,
        maintained_until: Cell::default(),
        dice,
        is_healed: false,
    };
    Ok(World::on(Box::new(ground), seed, manner, options, shared, catalog))
}
