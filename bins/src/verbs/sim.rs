//! `sim`: a simulated broker that is served until somebody stops it.

use std::path::Path;
use std::sync::Arc;

use broker_api::Price;
use broker_sim::alpaca::{Alpaca, Quirks, Settings, Transcript};
use broker_sim::core::{Clock, Market, read_rules};
use serde_json::json;

use crate::args::{ClockOf, MarketOf, SimArgs, SimVerb};
use crate::clock;
use crate::failure::{Exit, Failure};
use crate::out::{Heading, Out};

/// Serves a simulated broker until Ctrl-C.
pub fn sim(out: Out, asked: &SimVerb) -> Result<(), Failure> {
    let SimVerb::Alpaca(args) = asked;
    let settings = settings(args)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
        Failure::new(Exit::Unexpected, "no_runtime", "no runtime could be made").because(&error)
    })?;
    runtime.block_on(async {
        let running = Alpaca::start(settings).await.map_err(|error| {
            Failure::usage("bad_simulator", "the simulated Alpaca cannot be started").because(&error).fix("nothing was served")
        })?;
        let (url, stream) = (running.url(), running.stream_url());
        let control = format!("{url}/_sim/");
        let (market, time) = (market_name(args.market), clock_name(args.clock));
        let data = json!({
            "broker": "alpaca", "live": args.live, "url": url, "stream": stream, "control": control, "clock": time, "market": market,
        });
        out.document("sim", &Heading::default(), clock::now(), &data)?;
        let account = running.control().truth()["account_number"].as_str().unwrap_or_default().to_owned();
        let kind = if args.live { "LIVE by its number, and yet of no money: " } else { "" };
        out.text(&format!(
            "SIMULATED Alpaca, {kind}account {account}: {} USD, market {market}, clock {time}, seed {}\n\
             \n\
             trading and data   {url}\n\
             trade_updates      {stream}\n\
             control            {control}   (GET {control}truth shows all that is so)\n\
             \n\
             Point a client at it, with any key and any secret:\n\
             \n\
             export APCA_API_BASE_URL={url} APCA_API_DATA_URL={url}\n\
             export APCA_API_KEY_ID=any APCA_API_SECRET_KEY=any\n\
             \n\
             Stop it with Ctrl-C.\n",
            args.cash, args.seed
        ))?;
        tokio::signal::ctrl_c().await.map_err(|error| {
            Failure::new(Exit::Unexpected, "unexpected", "Ctrl-C cannot be waited for").because(&error)
        })?;
        running.stop();
        out.say("Stopped.");
        Ok(())
    })
}

fn settings(args: &SimArgs) -> Result<Settings, Failure> {
    let bad = |what: String| Failure::usage("bad_simulator", what);
    let mut prices = Vec::new();
    for pair in args.prices.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        let fix = "write --prices AAPL=227.10,BTC/USD=95000";
        let (symbol, price) = pair
            .split_once('=')
            .ok_or_else(|| bad(format!("--prices: `{pair}` is no SYMBOL=PRICE")).fix(fix))?;
        let price: Price = price.parse().map_err(|why| {
            bad(format!("--prices: `{pair}` is no price of {symbol}")).because(&why).fix(fix)
        })?;
        prices.push((symbol.to_owned(), price.get()));
    }
    let faults = match &args.faults {
        None => Vec::new(),
        Some(file) => {
            let text = std::fs::read_to_string(file).map_err(|error| {
                bad(format!("--faults: {} cannot be read", file.display()))
                    .because(&error)
                    .fix("name a file that can be read")
            })?;
            read_rules(&text).map_err(|error| {
                bad(format!("--faults: {} cannot be used", file.display()))
                    .because(&error)
                    .fix("correct that line; nothing was served")
            })?
        }
    };
    if let Some(file) = &args.wire_log {
        std::fs::File::create(file).map_err(|error| {
            bad(format!("--wire-log: {} cannot be written", file.display()))
                .because(&error)
                .fix("name a file that can be written; nothing was served")
        })?;
    }
    let usual = Settings::real(Arc::new(clock::now));
    let recorded = match (&args.profile, &args.transcript) {
        (Some(file), _) => Transcript::of(taken_in("--profile", file, Quirks::of_profile)?),
        (None, Some(file)) => taken_in("--transcript", file, Transcript::read)?,
        (None, None) => Transcript::of(usual.quirks.clone()),
    };
    let named: Vec<String> = prices.iter().map(|(symbol, _)| symbol.clone()).collect();
    prices.extend(recorded.prices.into_iter().filter(|(symbol, _)| !named.contains(symbol)));
    Ok(Settings {
        listen: args.listen,
        clock: match args.clock {
            ClockOf::Real => Clock::Real(Arc::new(clock::now)),
            ClockOf::Stepped => Clock::Stepped(args.at.unwrap_or_else(clock::now)),
        },
        market: match args.market {
            MarketOf::Open => Market::Open,
            MarketOf::Closed => Market::Closed,
            MarketOf::Calendar => Market::Calendar,
        },
        cash: args.cash.get(),
        prices,
        bars: args.bars.clone(),
        seed: args.seed,
        faults,
        wire_log: args.wire_log.clone(),
        assets: recorded.assets,
        quirks: Quirks { live: recorded.quirks.live || args.live, ..recorded.quirks },
        ..usual
    })
}

/// A file that `tradewind conformance --out` wrote, as it is read.
fn taken_in<T>(flag: &str, file: &Path, read: impl FnOnce(&str) -> Result<T, String>) -> Result<T, Failure> {
    let said = || Failure::usage("bad_simulator", format!("{flag}: {} cannot be used", file.display()));
    let fix = "name a file that tradewind conformance --out wrote";
    let text = std::fs::read_to_string(file).map_err(|error| said().because(&error).fix(fix))?;
    read(&text).map_err(|why| said().because(&std::io::Error::other(why)).fix(fix))
}

const fn market_name(market: MarketOf) -> &'static str {
    match market {
        MarketOf::Open => "open",
        MarketOf::Closed => "closed",
        MarketOf::Calendar => "calendar",
    }
}

const fn clock_name(clock: ClockOf) -> &'static str {
    match clock {
        ClockOf::Real => "real",
        ClockOf::Stepped => "stepped",
    }
}
