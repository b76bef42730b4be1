//! `sim`: a simulated broker that is served until somebody stops it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use broker_api::Price;
use broker_sim::alpaca::{self, Alpaca, Quirks, Transcript};
use broker_sim::core::{Clock, Market, Rule, StartError, read_rules};
use broker_sim::oanda::{self, Division, Oanda};
use rust_decimal::Decimal;
use serde_json::json;

use crate::args::{AlpacaArgs, ClockOf, DivisionOf, MarketOf, OandaArgs, SimArgs, SimVerb};
use crate::clock;
use crate::failure::{Exit, Failure};
use crate::out::{Heading, Out};

/// Pairs and prices of a simulated Alpaca when nothing is said.
const ALPACA_PRICES: &str = "AAPL=227.10,MSFT=431.25,SPY=600,BTC/USD=95000";
/// The same of a simulated OANDA.
const OANDA_PRICES: &str = "EUR_USD=1.085,GBP_USD=1.264,USD_JPY=156.25,AUD_USD=0.6512";

/// Serves a simulated broker until Ctrl-C.
pub fn sim(out: Out, asked: &SimVerb) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
        Failure::new(Exit::Unexpected, "no_runtime", "no runtime could be made").because(&error)
    })?;
    match asked {
        SimVerb::Alpaca(args) => runtime.block_on(serve_alpaca(out, args)),
        SimVerb::Oanda(args) => runtime.block_on(serve_oanda(out, args)),
    }
}

async fn serve_alpaca(out: Out, args: &AlpacaArgs) -> Result<(), Failure> {
    let running = Alpaca::start(alpaca(args)?).await.map_err(|error| not_started("Alpaca", &error))?;
    let (url, stream) = (running.url(), running.stream_url());
    let control = format!("{url}/_sim/");
    let asked = &args.sim;
    let (market, time) = (market_name(asked.market), clock_name(asked.clock));
    let data = json!({
        "broker": "alpaca", "live": asked.live, "url": url, "stream": stream, "control": control, "clock": time, "market": market,
    });
    out.document("sim", &Heading::default(), clock::now(), &data)?;
    let account = running.control().truth()["account_number"].as_str().unwrap_or_default().to_owned();
    let kind = kind(asked);
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
        asked.cash, asked.seed
    ))?;
    until_stopped().await?;
    running.stop();
    out.say("Stopped.");
    Ok(())
}

async fn serve_oanda(out: Out, args: &OandaArgs) -> Result<(), Failure> {
    let running = Oanda::start(oanda(args)?).await.map_err(|error| not_started("OANDA", &error))?;
    let url = running.url();
    let control = format!("{url}/_sim/");
    let asked = &args.sim;
    let (market, time) = (market_name(asked.market), clock_name(asked.clock));
    let account = running.control().truth()["account_id"].as_str().unwrap_or_default().to_owned();
    let data = json!({
        "broker": "oanda", "live": asked.live, "url": url, "stream": url, "control": control, "clock": time, "market": market,
        "account": account,
    });
    out.document("sim", &Heading::default(), clock::now(), &data)?;
    let kind = kind(asked);
    out.text(&format!(
        "SIMULATED OANDA, {kind}account {account}: {} {}, market {market}, clock {time}, seed {}\n\
         \n\
         REST and streams   {url}\n\
         control            {control}   (GET {control}truth shows all that is so)\n\
         \n\
         Point a client at it, with any token:\n\
         \n\
         export OANDA_BASE_URL={url} OANDA_STREAM_URL={url}\n\
         export OANDA_ACCOUNT_ID={account} OANDA_ACCESS_TOKEN=any\n\
         \n\
         Stop it with Ctrl-C.\n",
        asked.cash, args.currency, asked.seed
    ))?;
    until_stopped().await?;
    running.stop();
    out.say("Stopped.");
    Ok(())
}

const fn kind(asked: &SimArgs) -> &'static str {
    if asked.live { "LIVE by its number, and yet of no money: " } else { "" }
}

fn not_started(broker: &str, error: &StartError) -> Failure {
    Failure::usage("bad_simulator", format!("the simulated {broker} cannot be started"))
        .because(error)
        .fix("nothing was served")
}

async fn until_stopped() -> Result<(), Failure> {
    tokio::signal::ctrl_c().await.map_err(|error| {
        Failure::new(Exit::Unexpected, "unexpected", "Ctrl-C cannot be waited for").because(&error)
    })
}

fn bad(what: String) -> Failure {
    Failure::usage("bad_simulator", what)
}

/// Symbols and prices as they are written.
fn prices(asked: &SimArgs, usual: &str) -> Result<Vec<(String, Decimal)>, Failure> {
    let fix = format!(
        "write --prices {}",
        usual.split_inclusive(',').take(2).collect::<String>().trim_end_matches(',')
    );
    let text = asked.prices.as_deref().unwrap_or(usual);
    let mut prices = Vec::new();
    for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        let (symbol, price) = pair
            .split_once('=')
            .ok_or_else(|| bad(format!("--prices: `{pair}` is no SYMBOL=PRICE")).fix(&fix))?;
        let price: Price = price.parse().map_err(|why| {
            bad(format!("--prices: `{pair}` is no price of {symbol}")).because(&why).fix(&fix)
        })?;
        prices.push((symbol.to_owned(), price.get()));
    }
    Ok(prices)
}

fn faults(asked: &SimArgs) -> Result<Vec<Rule>, Failure> {
    let Some(file) = &asked.faults else { return Ok(Vec::new()) };
    let text = std::fs::read_to_string(file).map_err(|error| {
        bad(format!("--faults: {} cannot be read", file.display()))
            .because(&error)
            .fix("name a file that can be read")
    })?;
    read_rules(&text).map_err(|error| {
        bad(format!("--faults: {} cannot be used", file.display()))
            .because(&error)
            .fix("correct that line; nothing was served")
    })
}

/// A wire log begins anew.
fn wire_log(asked: &SimArgs) -> Result<Option<PathBuf>, Failure> {
    if let Some(file) = &asked.wire_log {
        std::fs::File::create(file).map_err(|error| {
            bad(format!("--wire-log: {} cannot be written", file.display()))
                .because(&error)
                .fix("name a file that can be written; nothing was served")
        })?;
    }
    Ok(asked.wire_log.clone())
}

fn clock_of(asked: &SimArgs) -> Clock {
    match asked.clock {
        ClockOf::Real => Clock::Real(Arc::new(clock::now)),
        ClockOf::Stepped => Clock::Stepped(asked.at.unwrap_or_else(clock::now)),
    }
}

const fn market_of(asked: &SimArgs) -> Market {
    match asked.market {
        MarketOf::Open => Market::Open,
        MarketOf::Closed => Market::Closed,
        MarketOf::Calendar => Market::Calendar,
    }
}

fn alpaca(args: &AlpacaArgs) -> Result<alpaca::Settings, Failure> {
    let asked = &args.sim;
    let mut prices = prices(asked, ALPACA_PRICES)?;
    let (faults, wire_log) = (faults(asked)?, wire_log(asked)?);
    let usual = alpaca::Settings::real(Arc::new(clock::now));
    let recorded = match (&args.profile, &args.transcript) {
        (Some(file), _) => Transcript::of(taken_in("--profile", file, Quirks::of_profile)?),
        (None, Some(file)) => taken_in("--transcript", file, Transcript::read)?,
        (None, None) => Transcript::of(usual.quirks.clone()),
    };
    let named: Vec<String> = prices.iter().map(|(symbol, _)| symbol.clone()).collect();
    prices.extend(recorded.prices.into_iter().filter(|(symbol, _)| !named.contains(symbol)));
    Ok(alpaca::Settings {
        listen: asked.listen,
        clock: clock_of(asked),
        market: market_of(asked),
        cash: asked.cash.get(),
        prices,
        bars: asked.bars.clone(),
        seed: asked.seed,
        faults,
        wire_log,
        assets: recorded.assets,
        quirks: Quirks { live: recorded.quirks.live || asked.live, ..recorded.quirks },
        ..usual
    })
}

fn oanda(args: &OandaArgs) -> Result<oanda::Settings, Failure> {
    let asked = &args.sim;
    let usual = match asked.clock {
        ClockOf::Real => oanda::Settings::real(Arc::new(clock::now)),
        ClockOf::Stepped => oanda::Settings::stepped(asked.at.unwrap_or_else(clock::now)),
    };
    Ok(oanda::Settings {
        listen: asked.listen,
        clock: clock_of(asked),
        market: market_of(asked),
        cash: asked.cash.get(),
        prices: prices(asked, OANDA_PRICES)?,
        bars: asked.bars.clone(),
        seed: asked.seed,
        faults: faults(asked)?,
        wire_log: wire_log(asked)?,
        account: args.account.clone(),
        currency: args.currency.clone(),
        live: asked.live,
        hedging: args.hedging,
        division: match args.division {
            DivisionOf::Us => Division::Us,
            DivisionOf::Europe => Division::Europe,
            DivisionOf::Japan => Division::Japan,
        },
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
