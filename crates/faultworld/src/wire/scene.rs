//! How a schedule over a wire is set up: the simulator with its switches, and what the adapter says of it.

use std::cell::Cell;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use broker_api::{Catalog, Currency, Symbol, VenueId};
use chrono::TimeDelta;
use rust_decimal::Decimal;
use tokio::net::TcpSocket;

use super::pace::Pace;
use super::table::{AtTheWire, Table};
use super::truth::Mirror;
use super::{Inside, Wire, bad, house};
use crate::dice::Dice;
use crate::plan::{BadStage, Stage};
use crate::venue::manner::{Ids, Manner};
use crate::venue::market::{Listed, Market};
use crate::world::{CASH, Options, Shared, World};

/// The world of a seed, at its beginning.
pub(super) async fn world(
    seed: u64,
    manner: &Manner,
    options: &Options,
    pace: &Pace,
) -> Result<World, BadStage> {
    let mut dice = Dice::of(seed, 5);
    let house = house::of(manner, seed)?;
    let begins = Stage::at(house.venue())?.begins;
    let shared = Shared::of(seed, manner, options, begins);
    let simulator = house.starts(seed, begins, &mut dice).await?;
    let socket = TcpSocket::new_v4().map_err(bad)?;
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).map_err(bad)?;
    let nowhere = socket.local_addr().map_err(bad)?;

    let adapter = house.adapter(simulator.address, &shared.venue_clock)?;
    let (mut instruments, mut listed) = (Vec::new(), Vec::new());
    for (symbol, price) in house.listed() {
        let symbol = Symbol::new(symbol)?;
        let instrument = adapter.instrument(symbol).await.map_err(|failed| bad(failed.why))?;
        let instrument = instrument.ok_or_else(|| bad(format!("{symbol} is not listed")))?;
        listed.push(Listed {
            key: instrument.key,
            price,
            tick: instrument.tick.get(),
            lot: instrument.lot.get(),
        });
        instruments.push(instrument);
    }
    let catalog = Arc::new(Catalog::new(instruments).map_err(bad)?);
    let manner = Manner { capabilities: adapter.capabilities().clone(), ..manner.clone() };

    let (venue, currency) = (VenueId::new(house.venue())?, Currency::new("USD")?);
    let table: Arc<Mutex<Table>> = Arc::default();
    simulator.control.stand_by(AtTheWire {
        table: Arc::clone(&table),
        rows: shared.rows.clone(),
        pace: pace.clone(),
        story: shared.story.clone(),
        house: Arc::clone(&house),
    });
    let mut market = Market::new(listed, Decimal::from(CASH), currency);
    market.truth.frees_names = manner.ids == Ids::WhileLive;
    let since = begins - TimeDelta::days(1);
    let inside = Arc::new(Inside {
        control: simulator.control.clone(),
        market: Mutex::new(market),
        mirror: Mutex::new(Mirror::new(venue, currency, since, house.tells())),
        table,
        asked: Mutex::default(),
        out_until: Mutex::default(),
        fates: Arc::clone(&shared.fates),
        rows: shared.rows.clone(),
        clock: Arc::clone(&shared.venue_clock),
        story: shared.story.clone(),
        pace: pace.clone(),
        read_at: 0.into(),
        late_max: [manner.late_max, manner.leg_late_max],
        house,
    });
    inside.prices(true);
    let ground = Wire {
        inside,
        simulator,
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
