//! One case: an order, what there is to see, the limits; and the figures that several checks need of it, reckoned once.

use std::cell::OnceCell;

use broker_api::{
    Account, Amount, Exposure, Intent, Key, OrderKind, Overflow, Price, Purpose, Qty, Quote, Ratio, Reason,
    Side, Signal,
};
use rust_decimal::Decimal;

use super::no;
use super::totals::Totals;
use crate::limits::Limits;
use crate::view::View;

/// What is judged.
pub(crate) struct Case<'a, 'v> {
    pub intent: &'a Intent,
    pub view: &'a View<'v>,
    pub limits: &'a Limits,
    /// What binds or could bind risk in the order's own instrument.
    pub own: Exposure,
    figures: OnceCell<Figures>,
    totals: OnceCell<Totals>,
}

/// What a check needs and does not have.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lack {
    Account,
    Signal,
    Price,
    Equity,
    /// The value of the order's currency.
    Rate,
    /// A stop, or what is lost there.
    Risk,
    /// The two currencies of the order's pair.
    Pair,
    /// What is held or under way of the order's own instrument is worth.
    Own,
    /// The same of one row of the exposures.
    Value(usize),
    /// The rules of one row of the exposures.
    Rules(usize),
    /// A figure that cannot be computed with.
    TooLarge,
}

impl From<Overflow> for Lack {
    fn from(_: Overflow) -> Self {
        Self::TooLarge
    }
}

impl Lack {
    pub(crate) fn reason(self, view: &View<'_>) -> Reason {
        let key = view.instrument.key;
        let of_row = |row: usize| view.exposures.get(row).map_or(key, |row| row.key);
        match self {
            Self::Account => {
                no("no_account", format!("the account at {} was not read; it must be readable", key.venue))
            }
            Self::Signal => no("no_signal", "an entry without a decision behind it; send it as a signal"),
            Self::Price => {
                no("no_price", format!("no price of {}; its source is named under [data]", key.symbol))
            }
            Self::Equity => no("no_equity", "equity is not known; the venue's account must be readable"),
            Self::Rate => no(
                "no_conversion",
                format!(
                    "no price turns {} into the book's currency; add its pair to the data",
                    view.instrument.quote
                ),
            ),
            Self::Risk => no("no_risk", "what is lost at the stop is not known; the entry needs a stop"),
            Self::Pair => no(
                "unknown_instrument",
                format!("the name of {key} does not say its two currencies; name it as BASE/QUOTE"),
            ),
            Self::Own => Self::unvalued(key),
            Self::Value(row) => Self::unvalued(of_row(row)),
            Self::Rules(row) => no(
                "unknown_instrument",
                format!(
                    "the rules of {}, which binds something, are not known; name it in the configuration",
                    of_row(row)
                ),
            ),
            Self::TooLarge => no("number_too_large", "a figure of this order is too large to compute with"),
        }
    }
}

impl Lack {
    fn unvalued(key: Key) -> Reason {
        let text = format!(
            "what {key} binds is not known: no price turns its currency into the book's; add its pair to the data"
        );
        no("no_conversion", text)
    }
}

/// What an entry comes to, in base currency.
#[derive(Clone, Copy)]
struct Figures {
    /// A hundredth of equity.
    percent: Result<Decimal, Lack>,
    dearest: Result<Price, Lack>,
    value: Result<Amount, Lack>,
    loss: Result<Amount, Lack>,
}

impl<'a, 'v> Case<'a, 'v> {
    pub(crate) fn new(intent: &'a Intent, view: &'a View<'v>, limits: &'a Limits) -> Self {
        Self { intent, view, limits, own: view.own(), figures: OnceCell::new(), totals: OnceCell::new() }
    }

    pub(crate) fn is_entry(&self) -> bool {
        self.intent.purpose == Purpose::Entry
    }

    pub(crate) fn account(&self) -> Result<&'a Account, Lack> {
        self.view.account.ok_or(Lack::Account)
    }

    pub(crate) fn signal(&self) -> Result<&'a Signal, Lack> {
        self.view.signal.ok_or(Lack::Signal)
    }

    pub(crate) fn quote(&self) -> Result<&'a Quote, Lack> {
        self.view.quote.ok_or(Lack::Price)
    }

    pub(crate) fn equity(&self) -> Result<Amount, Lack> {
        self.view.equity.ok_or(Lack::Equity)
    }

    pub(crate) fn rate(&self) -> Result<Ratio, Lack> {
        self.view.rate.ok_or(Lack::Rate)
    }

    fn figures(&self) -> &Figures {
        self.figures.get_or_init(|| {
            let dearest = self.reckon_dearest();
            Figures {
                percent: self.reckon_percent(),
                dearest,
                value: dearest.and_then(|price| self.reckon_value(price)),
                loss: dearest.and_then(|price| self.reckon_loss(price)),
            }
        })
    }

    /// What is held and under way, summed up.
    pub(crate) fn totals(&self) -> &Totals {
        self.totals.get_or_init(|| Totals::of(self))
    }

    /// The highest price that the order may come to cost by what is known: its reference, its limit, or what it meets now.
    pub(crate) fn dearest(&self) -> Result<Price, Lack> {
        self.figures().dearest
    }

    fn reckon_dearest(&self) -> Result<Price, Lack> {
        let there_is = self.quote()?.against(self.intent.side);
        let price = self.intent.reference.max(there_is);
        Ok(match self.intent.order {
            OrderKind::Limit(order) => price.max(order.limit),
            OrderKind::StopLimit(order) => price.max(order.limit),
            OrderKind::Market(_) | OrderKind::Stop(_) | OrderKind::TrailingStop(_) => price,
        })
    }

    /// The order's value in base currency, at the highest price it may come to cost.
    pub(crate) fn value(&self) -> Result<Amount, Lack> {
        self.figures().value
    }

    fn reckon_value(&self, dearest: Price) -> Result<Amount, Lack> {
        Ok(dearest.times(self.intent.qty)?.times(self.rate()?)?)
    }

    /// What is lost if the stop is hit, in base currency: from the worst entry there may be, as far as is known. What the
    /// order says of itself is believed only when it says more.
    pub(crate) fn loss(&self) -> Result<Amount, Lack> {
        self.figures().loss
    }

    fn reckon_loss(&self, dearest: Price) -> Result<Amount, Lack> {
        let (declared, stop) = self.intent.risk.zip(self.intent.plan.stop).ok_or(Lack::Risk)?;
        let entry = match self.intent.side {
            Side::Buy => dearest,
            Side::Sell => self.intent.reference.min(self.quote()?.bid),
        };
        let gap = entry.to(stop)?.get().abs();
        let loss = gap.checked_mul(self.intent.qty.get()).and_then(|loss| Amount::new(loss).ok());
        Ok(declared.max(loss.ok_or(Lack::TooLarge)?.times(self.rate()?)?))
    }

    fn reckon_percent(&self) -> Result<Decimal, Lack> {
        let equity = self.equity()?;
        if equity <= Amount::ZERO {
            return Err(Lack::Equity);
        }
        equity.get().checked_mul(Decimal::new(1, 2)).ok_or(Lack::TooLarge)
    }

    /// So many percent of equity, in base currency.
    pub(crate) fn part_of_equity(&self, percent: Ratio) -> Result<Amount, Lack> {
        let part = self.figures().percent?.checked_mul(percent.get()).ok_or(Lack::TooLarge)?;
        Amount::new(part).map_err(|_| Lack::TooLarge)
    }

    /// `value` in percent of equity, for people.
    pub(crate) fn percent_of_equity(&self, value: Amount) -> String {
        let share = self.view.equity.and_then(|equity| value.share_of(equity));
        let percent = share.and_then(|share| share.get().checked_mul(Decimal::ONE_HUNDRED));
        percent.map_or_else(
            || "not known".to_owned(),
            |percent| format!("{} %", percent.round_dp(2).normalize()),
        )
    }

    /// The quantity of this order that is worth `value` in base currency.
    pub(crate) fn qty_worth(&self, value: Amount) -> Result<Qty, Lack> {
        let unit = self.dearest()?.get().checked_mul(self.rate()?.get());
        let qty = unit.and_then(|unit| value.get().max(Decimal::ZERO).checked_div(unit));
        qty.and_then(|qty| Qty::new(qty).ok()).ok_or(Lack::TooLarge)
    }
}
