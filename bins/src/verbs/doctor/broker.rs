//! The brokers, when it is not the embedded one: keys, connection, account, time and calendar. Nothing is sent.

use broker_api::{Account as Reading, AssetClass, Instrument, InstrumentIx, Key, QueryFailed, Quote, Time};
use chrono::TimeDelta;
use engine::calendar::{Calendar, plural};
use engine::runner::DAYS_AHEAD;
use state::Book;
use tokio::runtime::Runtime;

use super::Report;
use crate::config::BrokerName;
use crate::failure::{Exit, Failure};
use crate::figures;
use crate::place::Place;
use crate::venues::{self, Account, Connected, each, unavailable};

/// By how much two clocks may differ before somebody should look.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::seconds(5);
/// How many prices are asked for at once.
const AT_ONCE: usize = 8;

/// A broker that answered.
pub struct Broker {
    runtime: Runtime,
    connected: Connected,
}

/// Looks at the broker of a place; nothing when it could not be reached.
pub fn look(report: &mut Report, place: &Place, book: Option<&Book>) -> Option<Broker> {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let failure = Failure::new(Exit::Unexpected, "no_runtime", "no runtime could be made");
            report.fail("broker", failure.because(&error));
            return None;
        }
    };
    let held = book.into_iter().flat_map(Book::positions).map(|position| position.key).collect();
    let connected = match runtime.block_on(venues::connect_present(place, &held)) {
        Ok(connected) => connected,
        Err(failure) => {
            report.fail("broker", failure);
            return None;
        }
    };
    let how = if connected.is_loopback { "on this machine" } else { "over TLS" };
    let unlisted: Vec<&str> = connected.unlisted.iter().map(broker_api::Symbol::as_str).collect();
    let without =
        if unlisted.is_empty() { String::new() } else { format!(", without {}", unlisted.join(", ")) };
    for gone in &connected.absent {
        report.fail("broker", unavailable(gone.name, &gone.failed));
    }
    for Account { name, broker, of } in &connected.accounts {
        let rows = connected.catalog.iter().filter(|(_, row)| row.key.venue == of.venue).count();
        let seen = format!(
            "{} answered {how}: {} account {} in {}, {}{without}",
            name.shown(),
            of.mode.to_string().to_lowercase(),
            of.account,
            of.currency,
            figures::counted(rows, "instrument")
        );
        report.ok("broker", seen);
        let asked = runtime.block_on(async { (broker.account().await, broker.clock().await) });
        account(report, *name, asked.0);
        time(report, *name, connected.is_loopback, asked.1);
        calendar(report, *name, &connected, broker.as_ref(), &runtime);
    }
    Some(Broker { runtime, connected })
}

fn account(report: &mut Report, name: BrokerName, told: Result<Reading, QueryFailed>) {
    match told {
        Err(failed) => report.fail("account", unavailable(name, &failed)),
        Ok(account) => {
            let coins = account.coin_power.map(|power| format!(", {} for coins", figures::money(power)));
            let seen = format!(
                "equity {}, buying power {}{}",
                figures::money(account.equity),
                figures::money(account.buying_power),
                coins.unwrap_or_default()
            );
            if account.blocked {
                let seen =
                    format!("{seen}; the broker lets nothing be traded in it, and entries will be denied");
                report.warn("account", seen, "ask the broker why");
            } else {
                report.ok("account", seen);
            }
        }
    }
}

fn time(report: &mut Report, name: BrokerName, is_loopback: bool, told: Result<Time, QueryFailed>) {
    let at = match told {
        Ok(at) => at,
        Err(failed) => {
            report.fail("broker_clock", unavailable(name, &failed));
            return;
        }
    };
    if is_loopback {
        report.ok("broker_clock", format!("{}; a simulator's own time counts", figures::time(at)));
        return;
    }
    let ahead = at - crate::clock::now();
    let apart = figures::span(ahead.abs());
    if ahead.abs() > CLOCKS_DIFFER {
        let way = if ahead > TimeDelta::zero() { "ahead of" } else { "behind" };
        report.warn(
            "broker_clock",
            format!("it is {apart} {way} this machine"),
            "set the clock: timedatectl set-ntp true",
        );
    } else {
        report.ok("broker_clock", format!("within {apart} of this machine"));
    }
}

fn calendar(
    report: &mut Report,
    name: BrokerName,
    connected: &Connected,
    broker: &dyn broker_api::Broker,
    runtime: &Runtime,
) {
    let ours = Calendar::new();
    let today = ours.date(connected.clock.now());
    let (mut differ, mut told) = (Vec::new(), Vec::new());
    let is_there =
        |row: &Instrument, class: AssetClass| row.asset_class == class && row.key.venue == broker.id();
    let traded = |class: &AssetClass| connected.catalog.iter().any(|(_, row)| is_there(row, *class));
    for class in AssetClass::ALL.into_iter().filter(traded) {
        match runtime.block_on(broker.days(class, today, DAYS_AHEAD)) {
            Ok(None) => {}
            Ok(Some(days)) => {
                told.push(plural(class));
                let found = ours.compare(class, today, DAYS_AHEAD, &days);
                differ.extend(found.iter().map(ToString::to_string));
            }
            Err(failed) => {
                report.fail("calendar", unavailable(name, &failed));
                return;
            }
        }
    }
    if differ.is_empty() {
        let of = if told.is_empty() { "it has none".to_owned() } else { told.join(" and ") };
        report.ok("calendar", format!("{of}: the broker's next {DAYS_AHEAD} days are ours"));
    } else {
        report.warn("calendar", differ.join("; "), "see who is right: tradewind help calendars_differ");
    }
}

impl Broker {
    /// What it trades.
    pub fn catalog(&self) -> &broker_api::Catalog {
        &self.connected.catalog
    }

    /// Its newest price of each instrument of a class.
    ///
    /// # Errors
    /// A question without an answer.
    pub fn quotes(&self, class: AssetClass) -> Result<Vec<(InstrumentIx, Quote)>, QueryFailed> {
        let rows: Vec<(InstrumentIx, Key)> = self
            .connected
            .catalog
            .iter()
            .filter(|(_, row)| row.asset_class == class)
            .map(|(ix, row)| (ix, row.key))
            .collect();
        let mut found = Vec::new();
        for some in rows.chunks(AT_ONCE) {
            let answers = self.runtime.block_on(each(some.iter().copied(), |(_, key)| {
                let quotes = std::sync::Arc::clone(&self.connected.quotes);
                async move { quotes.quote(key).await }
            }));
            for ((ix, _), answer) in some.iter().zip(answers) {
                found.extend(answer?.map(|quote| (*ix, quote)));
            }
        }
        Ok(found)
    }

    /// The time there.
    pub fn now(&self) -> Time {
        self.connected.clock.now()
    }
}
