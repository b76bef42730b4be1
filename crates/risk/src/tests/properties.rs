//! The promises, over many inputs.

use proptest::prelude::*;

use super::*;

fn level() -> impl Strategy<Value = Level> {
    prop_oneof![
        Just(Level::Trading),
        Just(Level::Paused),
        Just(Level::ReduceOnly),
        Just(Level::Flattening),
        Just(Level::Frozen)
    ]
}

proptest! {
    /// Reckoned once more, by hand: what is approved breaks no hard limit.
    #[test]
    fn nothing_approved_breaks_a_limit(
        qty in 1_i64..40,
        cents in 1_000_i64..60_000,
        others in 0_usize..13,
        each in 1_i64..30,
        equity in 5_000_i64..12_000,
        losses in 0_u32..45,
        level in level(),
        risk in 1_i64..900,
    ) {
        let mut world = World::good();
        let price = Decimal::new(cents, 2);
        world.intent.reference = Price::new(price).unwrap();
        world.intent.plan.stop = Some(Price::new(price * Decimal::new(95, 2)).unwrap());
        world.intent.qty = Qty::new(Decimal::from(qty)).unwrap();
        world.intent.risk = Some(Amount::new(Decimal::from(risk)).unwrap());
        world.quote = Some(Quote { bid: world.intent.reference, ask: world.intent.reference, at: now() });
        world.signal.as_mut().unwrap().decision_price = Some(world.intent.reference);
        world.exposures = (0..others).map(|n| held(&format!("S{n}"), each, "100")).collect();
        world.equity = Some(Amount::new(Decimal::from(equity)).unwrap());
        world.guard.level = level;
        world.guard.losses_in_row = losses;
        if let Verdict::Approved { order, .. } = world.review() {
            let intent = order.open();
            let equity = Decimal::from(equity);
            let value = price * intent.qty.get();
            prop_assert!(level == Level::Trading && losses < 10 && others < 10);
            prop_assert!(value <= equity * Decimal::new(2, 1));
            prop_assert!(value + Decimal::from(each * 100) * Decimal::from(others) <= equity);
            prop_assert!(intent.risk.unwrap().get() <= equity * Decimal::new(2, 2) + Decimal::new(1, 2));
            prop_assert!(equity > Decimal::from(9_700));
            prop_assert!(intent.qty.get().is_integer() && intent.qty <= world.intent.qty);
        }
    }

    /// What is passed over without asking has nothing to say.
    #[test]
    fn a_floor_hides_no_trip(
        rows in proptest::collection::vec((1_i64..30_000, 0_u32..100, 0_u32..100, level(), 1_i64..20_000, 1_i64..20_000), 1..20),
    ) {
        let mut floor = Floor::default();
        let amount = |n: i64| Amount::new(Decimal::new(n, 1)).unwrap();
        for (equity, losses, cooled, level, day, high) in rows {
            let mut guard = GuardState { level, losses_in_row: losses, cooled_at: cooled.min(losses), ..World::good().guard };
            (guard.high_water, guard.week) = (Some(amount(high)), Some(amount(high + 1)));
            if let Some(day_now) = &mut guard.day {
                day_now.equity = amount(day);
            }
            for equity in [Some(amount(equity)), Some(amount(high * 85 / 100)), Some(amount(day * 97 / 100)), None] {
                let may = floor.may_trip(&guard, equity, &Limits::paper());
                prop_assert!(may || breakers(&guard, equity, true, now(), &Limits::paper()).is_none(), "{equity:?} {guard:?}");
            }
        }
    }

    /// A breaker only ever tightens.
    #[test]
    fn breakers_only_tighten(equity in 1_i64..20_000, losses in 0_u32..100, cooled in 0_u32..100, level in level()) {
        let guard = GuardState { level, losses_in_row: losses, cooled_at: cooled.min(losses), ..World::good().guard };
        if let Some(trip) = breakers(&guard, Some(Amount::new(Decimal::from(equity)).unwrap()), true, now(), &Limits::paper()) {
            prop_assert!(trip.level > level);
        }
    }

    /// Whatever the price, the stop and what the order says of itself: the loss at the stop stays in its bound.
    #[test]
    fn nothing_approved_risks_more_than_its_share(
        qty in 1_i64..2_000,
        cents in 100_i64..60_000,
        stop in 700_i64..1_100,
        declared in 1_i64..900,
        short in any::<bool>(),
    ) {
        let mut world = World::good();
        let price = Decimal::new(cents, 2);
        world.intent.side = if short { Side::Sell } else { Side::Buy };
        let stop = (price * Decimal::new(stop, 3)).round_dp(2);
        world.intent.plan = Protection { stop: Price::new(stop).ok(), target: None, trail: None };
        world.intent.reference = Price::new(price).unwrap();
        world.intent.qty = Qty::new(Decimal::from(qty)).unwrap();
        world.intent.risk = Some(Amount::new(Decimal::from(declared)).unwrap());
        world.quote = Some(Quote { bid: world.intent.reference, ask: world.intent.reference, at: now() });
        world.signal.as_mut().unwrap().decision_price = Some(world.intent.reference);
        if let Verdict::Approved { order, clipped_by, .. } = world.review() {
            let taken = order.get().qty.get();
            prop_assert!((price - stop).abs() * taken <= Decimal::from(200));
            prop_assert!(price * taken <= Decimal::from(2_000));
            prop_assert!((stop > price) == short);
            prop_assert!(taken.is_integer() && (clipped_by.is_some() == (taken < Decimal::from(qty))));
        }
    }

    /// Reckoned once more, by hand: whatever is held and under way, what is approved keeps the loss at all stops and the
    /// exposures by class, by currency and net within their bounds.
    #[test]
    fn nothing_approved_breaks_a_bound_over_everything(
        rows in proptest::collection::vec((0_usize..6, -40_i64..40, 0_i64..20, any::<bool>(), 80_i64..120), 0..8),
        short in any::<bool>(),
        of_pair in any::<bool>(),
        qty in 1_i64..900,
        caps in (20_i64..200, 20_i64..200, 20_i64..200, 20_i64..200, 20_i64..200),
    ) {
        let symbols = ["MSFT", "NVDA", "EUR/GBP", "GBP/USD", "USD/JPY", "JPM"];
        let mut world = if of_pair { World::pair() } else { World::good() };
        for (symbol, quote) in [("EUR/GBP", "GBP"), ("GBP/USD", "USD"), ("USD/JPY", "JPY")] {
            world.knows_pair(symbol, quote);
        }
        let tenths = |n: i64| Ratio::new(Decimal::new(n, 1)).unwrap();
        world.limits.open_risk_percent = tenths(caps.0);
        world.limits.bucket_risk_percent = tenths(caps.0 / 2);
        world.limits.net_exposure_percent = tenths(caps.1);
        world.limits.gross_exposure_percent = tenths(caps.2 * 2);
        (world.limits.exposure_equity_percent, world.limits.exposure_forex_percent) = (tenths(caps.3), tenths(caps.3));
        world.limits.exposure_currency_percent = tenths(caps.4);
        world.buckets = ["AAPL", "MSFT", "GBP/USD", "EUR/USD"].map(|symbol| (key(symbol), Code::fixed("one"))).to_vec();
        let mut seen = std::collections::BTreeSet::new();
        for (at, units, more, buys, stop) in rows {
            if !seen.insert(at) || units == 0 {
                continue;
            }
            let mut row = held(symbols[at], units, "10");
            row.plan.stop = (stop != 100).then(|| Price::new(Decimal::new(stop, 1)).unwrap());
            row.entering = Qty::new(Decimal::from(more)).unwrap();
            row.entering_side = Some(if buys { Side::Buy } else { Side::Sell });
            (row.entering_at, row.entering_stop) = ("10".parse().ok(), row.plan.stop);
            world.exposures.push(row);
        }
        if short {
            world.intent.side = Side::Sell;
            world.intent.plan.stop = if of_pair { "1.11".parse().ok() } else { "235".parse().ok() };
        }
        let qty = if of_pair { qty } else { qty / 100 + 1 };
        world.intent.qty = Qty::new(Decimal::from(qty)).unwrap();
        let Verdict::Approved { order, .. } = world.review() else { return Ok(()) };
        let intent = order.open();
        let quote = world.quote.unwrap();
        let dearest = intent.reference.max(quote.against(intent.side)).get();
        let value = dearest * intent.qty.get();
        let entry = if short { intent.reference.min(quote.bid).get() } else { dearest };
        let loss = (entry - intent.plan.stop.unwrap().get()).abs() * intent.qty.get();
        let loss = loss.max(intent.risk.unwrap().get());
        let ten = Decimal::TEN;
        let (mut risk, mut bucket, mut gross, mut class) = (loss, loss, value, value);
        let signed = if short { -value } else { value };
        let mut nets = std::collections::BTreeMap::from([("all".to_owned(), (signed, signed))]);
        let mut put = |name: &str, value: Decimal, counts: (bool, bool)| {
            let net = nets.entry(name.to_owned()).or_default();
            if counts.0 { net.0 += value; }
            if counts.1 { net.1 += value; }
        };
        let pair = |symbol: &str| symbol.split_once('/').map(|(base, quote)| (base.to_owned(), quote.to_owned()));
        if let Some((base, quote)) = pair(intent.key.symbol.as_str()) {
            put(&base, signed, (true, true));
            put(&quote, -signed, (true, true));
        }
        for row in &world.exposures {
            let (units, more) = (row.held.get(), row.entering.get());
            let stop = row.plan.stop.map(Price::get);
            let of_held = stop.map_or(ten * units.abs(), |stop| ((ten - stop) * units).max(Decimal::ZERO));
            let buys = row.entering_side == Some(Side::Buy);
            let right = stop.filter(|stop| (*stop < ten) == buys);
            let of_more = right.map_or(ten * more, |stop| (ten - stop).abs() * more);
            risk += of_held + of_more;
            let symbol = row.key.symbol.as_str();
            if ["MSFT", "GBP/USD"].contains(&symbol) { bucket += of_held + of_more; }
            gross += ten * (units.abs() + more);
            if pair(symbol).is_some() == of_pair { class += ten * (units.abs() + more); }
            let more = if buys { ten * more } else { -ten * more };
            // The most in either direction: what is under way in the other may never come.
            let mut both = |name: &str, sign: Decimal| {
                put(name, sign * ten * units, (true, true));
                let more = sign * more;
                put(name, more, (more > Decimal::ZERO, more < Decimal::ZERO));
            };
            both("all", Decimal::ONE);
            if let Some((base, quote)) = pair(symbol) {
                both(&base, Decimal::ONE);
                both(&quote, -Decimal::ONE);
            }
        }
        // Of 10,000: a percent is a hundred.
        let most = |n: i64| Decimal::from(n * 10);
        prop_assert!(risk <= most(caps.0), "open {} {}", risk, caps.0);
        prop_assert!(bucket <= most(caps.0 / 2), "bucket {} {}", bucket, caps.0);
        prop_assert!(gross <= most(caps.2 * 2) && class <= most(caps.3), "{} {}", gross, class);
        // The direction of the order is bounded; what is there in the other was there before.
        let of = |name: &str, up: bool| {
            let net = nets[name];
            if up { net.0 } else { -net.1 }
        };
        prop_assert!(of("all", !short) <= most(caps.1));
        if let Some((base, quote)) = pair(intent.key.symbol.as_str()) {
            if base != "USD" { prop_assert!(of(&base, !short) <= most(caps.4)); }
            if quote != "USD" { prop_assert!(of(&quote, short) <= most(caps.4)); }
        }
    }

    /// No limit on entries, and nothing that is missing, denies an order that only reduces what is held: it is let
    /// through whole, or waits for the venue.
    #[test]
    fn a_reducing_order_is_never_denied(
        units in 1_i64..40,
        part in 1_i64..40,
        short in any::<bool>(),
        exit in any::<bool>(),
        level in level(),
        losses in 0_u32..60,
        equity in proptest::option::of(-100_i64..20_000),
        known in any::<[bool; 7]>(),
        silent in 0_i64..60,
        others in 0_usize..15,
        counts in any::<[u8; 8]>(),
        ago in any::<[bool; 5]>(),
    ) {
        let mut world = World::leg();
        world.exposures = (0..others).map(|n| held(&format!("S{n}"), 90, "100")).collect();
        world.exposures.push(held("AAPL", if short { -units } else { units }, "227"));
        world.intent.side = if short { Side::Buy } else { Side::Sell };
        world.intent.qty = Qty::new(Decimal::from(part.min(units))).unwrap();
        if exit {
            (world.intent.purpose, world.intent.order) = (Purpose::Exit, OrderKind::MARKET);
        }
        world.equity = equity.map(|equity| Amount::new(Decimal::from(equity)).unwrap());
        (world.guard.level, world.guard.losses_in_row) = (level, losses);
        let [day, high, quote, account, signal, rate, sane] = known;
        world.guard.day = world.guard.day.filter(|_| day);
        world.guard.high_water = world.guard.high_water.filter(|_| high);
        world.quote = world.quote.filter(|_| quote);
        world.account = world.account.filter(|_| account);
        world.signal = world.signal.filter(|_| signal);
        world.rate = world.rate.filter(|_| rate);
        world.halted = !day;
        if !sane {
            world.limits.positions_max = 0;
        }
        world.contact = Some(now() - TimeDelta::seconds(silent));
        let [minute, day_count, exits, again, in_row, answered, refused, trades] = counts.map(u32::from);
        let [like_it, same, bare, oldest, live] = ago;
        world.lately = Lately {
            like_it: like_it.then(now),
            entries_in_minute: minute,
            entries_in_day: day_count,
            exits_in_minute: exits / 3,
            entries_again: again,
            refused_in_row: in_row,
            answered,
            refused,
        };
        world.same_decision = SignalId::new("2026/AAPL/again").ok().filter(|_| same);
        (world.last_bar, world.day_trades) = (Some(now()), trades);
        world.bare = bare.then(|| (key("AAPL"), now() - TimeDelta::days(1)));
        world.oldest = oldest.then(|| (key("AAPL"), now() - TimeDelta::days(9000)));
        world.stage = Stage::Broker;
        if let Some(account) = world.account.as_mut().filter(|_| live) {
            account.of.mode = Mode::Live;
        }
        let many = exits / 3 >= 60;
        match world.review() {
            Verdict::Approved { order, clipped_by, .. } => {
                prop_assert_eq!((order.open(), clipped_by), (world.intent, None));
                prop_assert!(silent <= 30 && level != Level::Frozen && !many);
            }
            Verdict::Wait { check, .. } => {
                let of = [(2, level == Level::Frozen), (5, silent > 30), (28, many)];
                prop_assert_eq!(Some(check), of.iter().find(|(_, holds)| *holds).map(|(number, _)| *number));
            }
            Verdict::Denied { check, reason, .. } => prop_assert!(false, "denied by {}: {}", check, reason.text),
        }
    }
}
