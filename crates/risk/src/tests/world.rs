//! Everything a review looks at, with a good order in it.

use super::*;

pub(super) fn now() -> Time {
    DateTime::from_timestamp(1_780_000_000, 0).unwrap()
}

pub(super) fn key(symbol: &str) -> Key {
    Key { venue: VenueId::new("paper").unwrap(), symbol: Symbol::new(symbol).unwrap() }
}

/// Everything a review looks at, owned.
#[derive(Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct World {
    pub(super) intent: Intent,
    pub(super) instrument: Instrument,
    pub(super) quote: Option<Quote>,
    pub(super) account: Option<Account>,
    pub(super) equity: Option<Amount>,
    pub(super) away: Option<Away>,
    pub(super) rate: Option<Ratio>,
    pub(super) guard: GuardState,
    pub(super) exposures: Vec<Exposure>,
    pub(super) contact: Option<Time>,
    pub(super) clock: Option<(TimeDelta, Time)>,
    pub(super) signal: Option<Signal>,
    pub(super) unconfirmed: bool,
    pub(super) duplicate: bool,
    pub(super) market_open: bool,
    pub(super) venue_holds: bool,
    pub(super) halted: bool,
    pub(super) live_reducing: Qty,
    pub(super) limits: Limits,
    pub(super) base: Currency,
    pub(super) lately: Lately,
    pub(super) executed: Executed,
    pub(super) same_decision: Option<SignalId>,
    pub(super) last_bar: Option<Time>,
    pub(super) day_trades: u32,
    pub(super) bare: Option<(Key, Time)>,
    pub(super) oldest: Option<(Key, Time)>,
    pub(super) blackout: Option<Blackout>,
    pub(super) drilled: Option<Time>,
    pub(super) alerts: Option<bool>,
    pub(super) stage: Stage,
    pub(super) compared: bool,
    /// Rules of others than the order's instrument; what is not named is a stock as the one of [`World::good`].
    pub(super) rules: Vec<Instrument>,
    pub(super) buckets: Vec<(Key, Code)>,
    /// What nothing is known of: neither rules nor value.
    pub(super) unknown: Option<Key>,
}

impl World {
    pub(super) fn good() -> Self {
        let plan = Protection {
            stop: Some("219".parse().unwrap()),
            target: Some("243".parse().unwrap()),
            trail: None,
        };
        let instrument = Instrument {
            key: key("AAPL"),
            asset_class: AssetClass::Equity,
            quote: Currency::new("USD").unwrap(),
            tick: "0.01".parse().unwrap(),
            lot: "1".parse().unwrap(),
            qty_min: "1".parse().unwrap(),
            qty_max: "1000".parse().unwrap(),
            notional_min: "1".parse().unwrap(),
            margin: Ratio::ONE,
            shortable: true,
        };
        let signal = Signal {
            id: SignalId::new("2026/AAPL/enter").unwrap(),
            strategy: StrategyId::new("trend-a").unwrap(),
            symbol: instrument.key.symbol,
            decision_price: Some("227".parse().unwrap()),
            bar_close: Some(now() - TimeDelta::hours(1)),
            decided_at: now() - TimeDelta::minutes(50),
            expires_at: now() + TimeDelta::hours(20),
            wanted: Wanted::Enter { side: Direction::Long, size: SizeWanted::Configured, plan },
        };
        let of = AccountRef {
            venue: instrument.key.venue,
            account: AccountId::new("paper-1").unwrap(),
            mode: Mode::Paper,
            currency: instrument.quote,
        };
        let ten = "10000".parse().unwrap();
        Self {
            intent: Intent {
                id: ClientOrderId::new("tw1-a-e1").unwrap(),
                key: instrument.key,
                signal: Some(signal.id),
                purpose: Purpose::Entry,
                side: Side::Buy,
                qty: "4".parse().unwrap(),
                order: OrderKind::MARKET,
                tif: TimeInForce::Day,
                reduce_only: false,
                bracket: false,
                plan,
                reference: "227".parse().unwrap(),
                risk: Some("32".parse().unwrap()),
            },
            quote: Some(Quote { bid: "226.9".parse().unwrap(), ask: "227".parse().unwrap(), at: now() }),
            account: Some(Account {
                of,
                equity: ten,
                balance: ten,
                margin_used: Amount::ZERO,
                buying_power: ten,
                coin_power: None,
                previous_close: None,
                blocked: false,
                at: now(),
            }),
            equity: Some(ten),
            away: None,
            rate: Some(Ratio::ONE),
            guard: GuardState {
                day: Some(Day {
                    starts: now() - TimeDelta::hours(5),
                    equity: ten,
                    late: false,
                    realised: Amount::ZERO,
                    carried: None,
                }),
                high_water: Some(ten),
                ..GuardState::default()
            },
            exposures: Vec::new(),
            contact: Some(now()),
            clock: Some((TimeDelta::zero(), now())),
            signal: Some(signal),
            unconfirmed: false,
            duplicate: false,
            market_open: true,
            venue_holds: false,
            halted: false,
            live_reducing: Qty::ZERO,
            limits: Limits::paper(),
            base: instrument.quote,
            lately: Lately::default(),
            executed: Executed::default(),
            same_decision: None,
            last_bar: None,
            day_trades: 0,
            bare: None,
            oldest: None,
            blackout: None,
            drilled: None,
            alerts: None,
            stage: Stage::Broker,
            compared: true,
            rules: vec![instrument.clone()],
            buckets: Vec::new(),
            unknown: None,
            instrument,
        }
    }

    /// The limits as they are, written down as version 1.
    pub(super) fn versioned(&mut self) {
        let figures = self.limits.figures();
        self.guard.limits = Some(LimitsInForce { version: 1, since: now(), figures });
    }

    /// An account at a broker, whose clock was read so.
    pub(super) fn at_broker(&mut self, clock: Option<(TimeDelta, Time)>) {
        self.clock = clock;
    }

    /// An account of real money, armed for an hour.
    pub(super) fn armed(&mut self) {
        self.versioned();
        let Some(account) = &mut self.account else { return };
        let of = &mut account.of;
        of.mode = Mode::Live;
        let (name, reason) = ("ann".into(), "to begin".into());
        let until = now() + TimeDelta::hours(1);
        self.guard.armed = Some(Armed { of: *of, until, limits: 1, drilled: None, name, reason });
        (self.drilled, self.alerts) = (Some(now()), Some(true));
    }

    /// Stops a part of trading.
    pub(super) fn stops(&mut self, scope: Scope, until: Option<Time>) {
        let reason = Reason::plain(Code::fixed("operator"), "odd prices");
        self.guard.stopped.push(Stopped { scope, since: now(), until, reason });
    }

    /// The stop of a position of four.
    pub(super) fn leg() -> Self {
        let mut world = Self::good();
        world.reduce(Purpose::Stop);
        world
    }

    /// The same order, to sell short.
    pub(super) fn short() -> Self {
        let mut world = Self::good();
        world.intent.side = Side::Sell;
        world.intent.plan = Protection { stop: Some("235".parse().unwrap()), target: None, trail: None };
        world
    }

    /// 800 of a pair, for 880 dollars.
    pub(super) fn pair() -> Self {
        let mut world = Self::good();
        world.instrument = Instrument {
            key: key("EUR/USD"),
            asset_class: AssetClass::Forex,
            tick: "0.00001".parse().unwrap(),
            qty_max: "100000".parse().unwrap(),
            ..world.instrument
        };
        world.intent.key = world.instrument.key;
        world.intent.plan = Protection { stop: Some("1.09".parse().unwrap()), target: None, trail: None };
        (world.intent.reference, world.intent.qty) = ("1.1".parse().unwrap(), "800".parse().unwrap());
        world.intent.risk = Some("8".parse().unwrap());
        world.quote = Some(Quote { bid: "1.0999".parse().unwrap(), ask: "1.1".parse().unwrap(), at: now() });
        world.signal.as_mut().unwrap().decision_price = Some("1.1".parse().unwrap());
        world.rules.push(world.instrument.clone());
        world
    }

    /// The same in an account of real money, where nothing is armed and all else is as it should be: as in a replay.
    pub(super) fn live() -> Self {
        let mut world = Self::good();
        world.armed();
        world
    }

    /// Makes it an order over a position of four: its stop, or an exit.
    pub(super) fn reduce(&mut self, purpose: Purpose) {
        let own = self.instrument.key;
        let before = self.exposures.iter().find(|row| row.key == own).copied();
        let before = before.unwrap_or_else(|| Exposure::none(own));
        self.exposures.retain(|row| row.key != own);
        let four = Exposure { key: own, ..held("AAPL", 4, "227") };
        self.exposures.push(Exposure { diverged: before.diverged, unknown: before.unknown, ..four });
        self.intent = Intent {
            key: own,
            purpose,
            side: Side::Sell,
            qty: "4".parse().unwrap(),
            order: OrderKind::MARKET,
            reduce_only: true,
            ..self.intent
        };
        if purpose == Purpose::Stop {
            let trigger = "219".parse().unwrap();
            self.intent.order = OrderKind::Stop(broker_api::intent::Stop { trigger });
        }
    }

    /// The rules of `symbol`, a pair as that of [`World::pair`].
    pub(super) fn knows_pair(&mut self, symbol: &str, quote: &str) {
        let pair = Self::pair().instrument;
        self.rules.push(Instrument { key: key(symbol), quote: Currency::new(quote).unwrap(), ..pair });
    }

    /// Puts it before the guard; in a build with planted bugs while no check looks away.
    pub(super) fn review(&self) -> Verdict {
        #[cfg(planted)]
        let _seeing = blinded::seeing();
        self.review_now()
    }

    pub(super) fn review_now(&self) -> Verdict {
        let rate = self.rate;
        let values = |key: Key| rate.filter(|_| self.unknown != Some(key));
        let instruments = |key: Key| {
            let named = self.rules.iter().find(|rules| rules.key == key).or(self.rules.first());
            named.filter(|_| self.unknown != Some(key))
        };
        let buckets = |key: Key| self.buckets.iter().find(|(of, _)| *of == key).map(|(_, bucket)| *bucket);
        let view = View {
            instrument: &self.instrument,
            quote: self.quote.as_ref(),
            account: self.account.as_ref(),
            equity: self.equity,
            away: self.away,
            equity_at: self.account.as_ref().map(|account| account.at),
            rate: self.rate,
            guard: &self.guard,
            exposures: &self.exposures,
            values: &values,
            instruments: &instruments,
            buckets: &buckets,
            lately: self.lately,
            executed: self.executed,
            base: self.base,
            same_decision: self.same_decision,
            last_bar: self.last_bar,
            day_trades: self.day_trades,
            bare: self.bare,
            oldest: self.oldest,
            blackout: self.blackout.as_ref(),
            drilled: self.drilled,
            alerts: self.alerts,
            stage: self.stage,
            contact: self.contact,
            clock: self.clock,
            signal: self.signal.as_ref(),
            unconfirmed: self.unconfirmed,
            duplicate: self.duplicate,
            market_open: self.market_open,
            venue_holds: self.venue_holds,
            last_close: Some(now() - TimeDelta::hours(17)),
            halted: self.halted,
            compared: self.compared,
            live_reducing: self.live_reducing,
            quote_age_max: None,
            loosened: versions::loosened(&self.guard, &self.limits, now()),
            now: now(),
        };
        review(self.intent, &view, &self.limits)
    }
}

/// So much of it, with a stop a hundredth away.
pub(super) fn held(symbol: &str, units: i64, average: &str) -> Exposure {
    let average: Price = average.parse().unwrap();
    let away = Decimal::new(if units < 0 { 101 } else { 99 }, 2);
    Exposure {
        held: Held::new(Decimal::from(units)).unwrap(),
        confirmed: Held::new(Decimal::from(units)).unwrap(),
        average: Some(average),
        plan: Protection { stop: Price::new(average.get() * away).ok(), target: None, trail: None },
        ..Exposure::none(key(symbol))
    }
}

/// The same without a stop.
pub(super) fn bare(symbol: &str, units: i64, average: &str) -> Exposure {
    Exposure { plan: Protection::default(), ..held(symbol, units, average) }
}

/// So much being bought of it, with a stop a tenth away.
pub(super) fn entering(symbol: &str, units: i64, at: &str) -> Exposure {
    let at: Price = at.parse().unwrap();
    Exposure {
        entering: Qty::new(Decimal::from(units)).unwrap(),
        entering_side: Some(Side::Buy),
        entering_at: Some(at),
        entering_stop: Price::new(at.get() * Decimal::new(9, 1)).ok(),
        ..Exposure::none(key(symbol))
    }
}

/// Another venue that is away and was read so long ago, if ever.
pub(super) fn away(guarded: bool, since: Option<TimeDelta>) -> Away {
    Away { venue: VenueId::new("elsewhere").unwrap(), read: since.map(|since| now() - since), guarded }
}

/// A time without entries in everything, from so many milliseconds after now until so many after it.
pub(super) fn blackout(from: i64, until: i64) -> Blackout {
    let at = |milliseconds| now() + TimeDelta::milliseconds(milliseconds);
    Blackout {
        from: at(from),
        until: at(until),
        symbols: Vec::new(),
        classes: Vec::new(),
        why: "numbers".into(),
    }
}
