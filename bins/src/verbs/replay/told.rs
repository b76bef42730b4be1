//! What a replay came to: the summary file, and the same for people.

use std::time::Duration;

use broker_api::{Account, Catalog, Digest, Symbol};
use broker_paper::matching::Costs;
use engine::replay::Played;
use serde_json::{Value, json};
use state::Book;

use super::files::Counts;
use super::guard::Report;
use crate::args::{CostsOf, LimitsOf, ReplayArgs};
use crate::config::Loaded;
use crate::failure::Failure;
use crate::figures;
use crate::out::{Heading, Out};
use crate::summary;

/// All that is known at the end.
pub struct Ended<'a> {
    pub args: &'a ReplayArgs,
    pub loaded: &'a Loaded,
    pub costs: Costs,
    pub played: Played,
    pub account: Account,
    pub book: Book,
    pub reviews: u64,
    pub hash: Digest,
    pub left: usize,
    pub counts: Counts,
    pub unused: Vec<String>,
    pub guard: Option<Report>,
}

impl Ended<'_> {
    /// The summary: the same for the same input, whenever and wherever it is made.
    pub fn summary(&self, catalog: &Catalog) -> Value {
        let (args, book, counts) = (self.args, &self.book, &self.counts);
        let totals = book.totals();
        let policy = super::policy(self.loaded, args);
        let symbols: Vec<Symbol> = catalog.iter().map(|(_, instrument)| instrument.key.symbol).collect();
        let levels: Vec<Value> = counts
            .levels_named
            .iter()
            .map(|(at, level, code)| json!({ "at": at, "level": level, "code": code }))
            .collect();
        let mut summary = json!({
            "schema": super::SCHEMA,
            "tradewind": env!("CARGO_PKG_VERSION"),
            "bars": self.played.bars,
            "first": self.played.first,
            "last": self.played.last,
            "symbols": symbols,
            "source": self.source(),
            "slots": args.slots,
            "sizing": policy,
            "costs": self.costs,
            "costs_of": if args.costs == CostsOf::None { "none" } else { "config" },
            "limits_of": if args.limits == LimitsOf::Wide { "wide" } else { "config" },
            "cash": args.cash,
            "equity_closed": self.account.balance,
            "equity_marked": self.account.equity,
            "signals": totals.signals,
            "signals_after_the_end": self.left,
            "endings": totals.endings,
            "denied": counts.denied,
            "entries": counts.entries,
            "orders": counts.orders,
            "fills": counts.fills,
            "trades": totals.trades,
            "wins": totals.wins,
            "losses": totals.losses,
            "losses_in_row_max": totals.losses_in_row_max,
            "gross": totals.gross,
            "fees": totals.fees,
            "positions_open": book.positions().len(),
            "orders_open": book.open_orders().len(),
            "level": book.guard().level,
            "level_changes": counts.levels,
            "levels": levels,
            "reviews": self.reviews,
            "records": counts.records,
            "transitions": counts.transitions,
            "columns_not_used": self.unused,
            "left_out": ["interest", "financing", "dividends", "borrowing costs", "margin calls"],
            "trades_sha256": self.hash,
        });
        if let Some(days) = args.resume_after {
            summary["resume_after"] = json!(days);
        }
        summary
    }

    fn source(&self) -> String {
        let args = self.args;
        match &args.signals {
            Some(file) => format!("signals of {}", file.display()),
            None => format!(
                "breakout: channels {}/{}, ATR {}, stop {} ATR, target {} ATR, {}",
                args.entry,
                args.exit,
                args.atr,
                args.stop,
                args.target,
                if args.direction == crate::args::DirectionOf::Both { "both ways" } else { "long only" }
            ),
        }
    }

    /// Says what it came to.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub fn tell(&self, out: Out, catalog: &Catalog, took: Duration) -> Result<(), Failure> {
        let (args, book, counts) = (self.args, &self.book, &self.counts);
        let date =
            |at: Option<broker_api::Time>| at.map_or_else(String::new, |at| at.date_naive().to_string());
        let closed = self.account.balance;
        let gained = closed.minus(args.cash).ok();
        let mut text = format!(
            "REPLAY     {} to {}   {}   costs: {}   limits: {}   level at the end: {}\n",
            date(self.played.first),
            date(self.played.last),
            figures::counted(catalog.len(), "symbol"),
            if args.costs == CostsOf::None { "none" } else { "as configured" },
            if args.limits == LimitsOf::Wide { "wide" } else { "as configured" },
            book.guard().level
        );
        text.push_str(&format!("source     {}   {} slots\n", self.source(), args.slots));
        text.push_str(&format!(
            "equity     {} -> {} closed   {}   ({} % of the beginning)   {} marked\n",
            figures::money(args.cash),
            figures::money(closed),
            gained.map_or_else(String::new, figures::change),
            gained
                .and_then(|gained| gained.share_of(args.cash))
                .map_or_else(String::new, figures::percent_change),
            figures::money(self.account.equity)
        ));
        text.push_str(&summary::so_far(book));
        if self.left > 0 {
            text.push_str(&format!(
                "           {} were decided after the last bar and were not taken\n",
                self.left
            ));
        }
        if !counts.denied.is_empty() {
            let mut denied: Vec<_> = counts.denied.iter().collect();
            denied.sort_by_key(|(code, n)| (std::cmp::Reverse(**n), code.to_string()));
            let denied: Vec<String> =
                denied.iter().map(|(code, n)| format!("{} {code}", figures::count(**n))).collect();
            text.push_str(&format!("denied     {}\n", denied.join(", ")));
        }
        for (at, level, code) in counts.levels_named.iter().take(3) {
            text.push_str(&format!("level      {level} from {} on ({code})\n", figures::minute(*at)));
        }
        text.push_str(&format!(
            "orders     {} of them {} entries   {} fills\n",
            figures::count(counts.orders),
            figures::count(counts.entries),
            figures::count(counts.fills)
        ));
        if let Some(guard) = &self.guard {
            text.push_str(&guard.text());
        }
        text.push_str(&format!("ledger     {}   in {}\n", self.hash, args.out.display()));
        text.push_str(&format!(
            "{} bars in {:.2} s; interest, financing, dividends and margin calls are left out\n",
            figures::count(self.played.bars),
            took.as_secs_f64()
        ));
        out.text(&text)?;
        let at = self.played.last.unwrap_or_else(crate::clock::now);
        let mut data = self.summary(catalog);
        data["seconds"] = json!(took.as_secs_f64());
        data["out"] = json!(args.out);
        if let Some(guard) = &self.guard {
            data["guard"] = guard.json();
        }
        out.document("replay", &Heading::default(), at, &data)
    }
}
