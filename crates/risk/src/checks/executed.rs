//! What executions cost beside what they were decided at, and how long answers take.

use super::{Applies, COUNTED, Case, Check, Control, Lack, Said};
use crate::stops::poor;

pub(super) const SLIPPAGE: Check = Check {
    number: 34,
    name: "slippage",
    what: "entries are executed near the price they were decided at, and orders are answered soon",
    keys: &["slippage_equity_bps", "slippage_forex_bps", "slippage_crypto_bps", "answer_seconds_max"],
    inputs: "entries of the day into the instrument, the last 20 of its class, answers of the last ten minutes. Where prices come as bars, only the answers: an order that is decided at a close is executed at the next open",
    applies: Applies::EXECUTED,
    missing: COUNTED,
    control: Control::MONITORING,
    judge: slippage,
};

fn slippage(case: &Case<'_, '_>) -> Result<Said, Lack> {
    let class = case.view.instrument.asset_class;
    // The same that trips: of several entries decided at once the second is stopped here.
    Ok(match poor(&case.view.executed, class, case.limits).into_iter().next() {
        Some(poor) => Said::denied(poor.reason()),
        None => Said::Passed,
    })
}
