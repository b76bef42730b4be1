//! The published and computed test vectors of figures.

use chrono::{Datelike as _, Days, NaiveDate, Weekday};
use rust_decimal::Decimal;

use super::{RETURNS, TRADES, near, value};
use crate::figures::moments::mean;
use crate::figures::sharpe;
use crate::figures::{Drawdown, Moments};
use crate::{Conventions, EquityFigures, EquityPoint, Figure, TradeFigures, Undefined};

/// The curve of the returns on business days, and one deposit of half the account that moves no return.
fn curve(deposit: bool) -> Vec<EquityPoint> {
    let mut day = NaiveDate::from_ymd_opt(2026, 1, 2).expect("a date");
    let mut equity = Decimal::from(1000);
    let point = |day: NaiveDate, equity, flow| EquityPoint {
        at: day.and_hms_opt(21, 0, 0).expect("a time").and_utc(),
        equity,
        flow,
    };
    let mut points = vec![point(day, equity, Decimal::ZERO)];
    for (at, r) in RETURNS.iter().enumerate() {
        day = day + Days::new(1);
        while matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
            day = day + Days::new(1);
        }
        equity *= Decimal::ONE + Decimal::from_f64_retain(*r).expect("a decimal").round_dp(6);
        let flow = if deposit && at == 9 { Decimal::from(500) } else { Decimal::ZERO };
        equity += flow;
        points.push(point(day, equity, flow));
    }
    points
}

#[test]
fn the_vector_of_returns() {
    let figures = EquityFigures::of_returns(&RETURNS, Conventions::BUSINESS_DAYS);
    let moments = Moments::of(&RETURNS).expect("moments");
    near(moments.mean, 0.001_666_666_67, 1e-11);
    near(moments.sd, 0.011_893_244_946_7, 1e-12);
    near(value(figures.sharpe), 2.224_583_217_55, 1e-9);
    near(value(EquityFigures::of_returns(&RETURNS, Conventions::ALL_DAYS).sharpe), 2.677_286_316_75, 1e-9);
    near(value(figures.sortino), 3.683_785_367_87, 1e-9);
    near(value(figures.volatility), 0.188_799_410_463, 1e-11);
    near(1.0 + value(figures.total_return), 1.039_090_706_032, 1e-11);
    near(value(figures.cagr), 0.495_757_998_387, 1e-10);
    let drawdown = figures.drawdown.as_ref().expect("a drawdown");
    near(drawdown.max, -0.030_788_308, 1e-9);
    assert_eq!((drawdown.valley, drawdown.longest_underwater), (14, 9));
    near(value(figures.calmar), 16.102_151_452_7, 1e-8);
    near(drawdown.ulcer, 0.013_452_391_677, 1e-11);
    near(drawdown.ulcer * (24.0_f64 / 23.0).sqrt(), 0.013_741_723_523, 1e-11);
    near(value(figures.omega), 1.416_666_667, 1e-9);
    near(value(figures.gain_to_pain), 0.416_666_667, 1e-9);
    near(value(figures.tail_ratio), 1.397_959_184, 1e-9);
    near(value(figures.worst_twentieth), -0.0185, 1e-12);
    near(value(figures.stability), 0.389_195_490, 1e-9);
    near(value(figures.sharpe_above_zero), 0.749_490, 1e-6);
    near(moments.skew, 0.065_584_80, 1e-8);
    near(moments.kurtosis, 2.376_057_85, 1e-8);
    let (skew, excess) =
        (moments.corrected_skew().expect("skew"), moments.corrected_excess().expect("kurtosis"));
    near(skew, 0.070_040_64, 1e-8);
    near(excess, -0.477_850_08, 1e-8);
    let corrected = sharpe::probabilistic(moments.mean / moments.sd, 0.0, 24, skew, excess + 3.0);
    near(corrected.expect("a probability"), 0.749_480, 1e-6);
    let as_trades = TradeFigures::of(&RETURNS);
    assert_eq!((as_trades.wins, as_trades.losses, as_trades.scratches), (12, 10, 2));
    near(value(as_trades.win_rate_decided), 0.545_454_545, 1e-9);
    near(value(as_trades.payoff), 1.180_555_556, 1e-9);
    assert_eq!((as_trades.longest_winning_streak, as_trades.longest_losing_streak), (2, 3));
}

#[test]
fn years_by_the_calendar_need_dates_and_a_deposit_moves_no_return() {
    for deposit in [false, true] {
        let points = curve(deposit);
        let figures = EquityFigures::of(&points, Conventions::BUSINESS_DAYS).expect("figures");
        near(value(figures.cagr_calendar), 0.509_740_296_749, 1e-9);
        near(value(figures.sharpe), 2.224_583_217_55, 1e-9);
        let drawdown = figures.drawdown.expect("a drawdown");
        near(drawdown.max, -0.030_788_308, 1e-9);
        // It falls from 19 January, and the valley is 22 January.
        assert_eq!(points[drawdown.valley].at.date_naive().to_string(), "2026-01-22");
        assert_eq!(figures.calmar_36_months, Figure::none(Undefined::TooFew));
    }
}

#[test]
fn the_vector_of_trades() {
    let figures = TradeFigures::of(&TRADES);
    assert_eq!(
        (figures.wins, figures.losses, figures.scratches, figures.longest_losing_streak),
        (5, 9, 1, 3)
    );
    near(value(figures.win_rate), 0.333_333_333, 1e-9);
    near(value(figures.win_rate_decided), 0.357_142_857, 1e-9);
    near(value(figures.mean_win), 1.86, 1e-12);
    near(value(figures.mean_loss), 0.977_778, 1e-6);
    near(value(figures.payoff), 1.902_273, 1e-6);
    near(value(figures.profit_factor), 1.056_818, 1e-6);
    near(value(figures.expectancy), 0.033_333, 1e-6);
    near(value(figures.standard_deviation), 1.449_466, 1e-6);
    near(value(figures.sqn), 0.089_067, 1e-6);
    near(figures.net, 0.5, 1e-12);
    near(figures.max_drawdown, 3.7, 1e-12);
}

#[test]
fn without_a_loss_ratios_have_no_value() {
    let all = [0.01, 0.02, 0.0];
    let trades = TradeFigures::of(&all);
    assert_eq!(trades.profit_factor, Figure::none(Undefined::NoLosses));
    assert_eq!(trades.payoff, Figure::none(Undefined::NoLosses));
    near(value(trades.win_rate_decided), 1.0, 0.0);
    let equity = EquityFigures::of_returns(&all, Conventions::BUSINESS_DAYS);
    assert_eq!(equity.sortino, Figure::none(Undefined::NoDownside));
    assert_eq!(equity.calmar, Figure::none(Undefined::NoDrawdown));
    assert_eq!(equity.martin, Figure::none(Undefined::NoDrawdown));
    assert_eq!(equity.omega, Figure::none(Undefined::NoDownside));
}

#[test]
fn what_has_no_value_says_why_and_is_neither_zero_nor_infinite() {
    let none = TradeFigures::of(&[]);
    for figure in
        [none.win_rate, none.win_rate_decided, none.expectancy, none.profit_factor, none.payoff, none.best]
    {
        assert_eq!(figure, Figure::none(Undefined::NoTrades));
    }
    assert_eq!(TradeFigures::of(&[1.0]).sqn, Figure::none(Undefined::TooFew));
    assert_eq!(TradeFigures::of(&[0.1; 7]).sqn, Figure::none(Undefined::NoSpread));
    assert_eq!(TradeFigures::of(&[0.0, 0.0]).profit_factor, Figure::none(Undefined::OnlyScratches));
    assert_eq!(TradeFigures::of(&[-1.0, -2.0]).payoff, Figure::none(Undefined::NoWins));
    near(value(TradeFigures::of(&[-1.0, -2.0]).profit_factor), 0.0, 0.0);
    let equity = EquityFigures::of_returns(&[0.01; 9], Conventions::BUSINESS_DAYS);
    assert_eq!(equity.sharpe, Figure::none(Undefined::NoSpread));
    let none = EquityFigures::of_returns(&[], Conventions::BUSINESS_DAYS);
    assert_eq!(none.sharpe, Figure::none(Undefined::TooFew));
    let text = serde_json::to_string(&none).expect("text");
    assert!(text.contains(r#""sharpe":{"undefined":"too-few"}"#) && !text.contains("null,"), "{text}");
    let again: EquityFigures = serde_json::from_str(&text).expect("figures");
    assert_eq!(again, none);
}

#[test]
fn a_loss_in_the_first_period_is_a_drawdown() {
    let drawdown = Drawdown::of(&[-0.05, 0.02, 0.01]).expect("a drawdown");
    near(drawdown.max, -0.05, 1e-12);
    assert_eq!((drawdown.peak, drawdown.valley, drawdown.recovery), (0, 1, None));
    let healed = Drawdown::of(&[0.10, -0.10, 0.20, -0.01]).expect("a drawdown");
    assert_eq!((healed.peak, healed.valley, healed.recovery), (1, 2, Some(3)));
    near(healed.now, -0.01, 1e-12);
}

#[test]
fn published_sharpe_probabilities() {
    near(sharpe::probabilistic(0.458, 0.0, 24, -2.448, 10.164).expect("psr"), 0.913_361, 1e-6);
    near(sharpe::probabilistic(0.458, 0.0, 24, 0.0, 3.0).expect("psr"), 0.981_675, 1e-6);
    let daily = 252.0_f64.sqrt();
    let record = sharpe::minimum_record(2.0 / daily, 1.0 / daily, 0.95, 0.0, 3.0).expect("a length");
    near(record, 688.208, 1e-3);
    near(record / 252.0, 2.731, 1e-3);
    let spread = (0.5_f64 / 250.0).sqrt();
    near(sharpe::expected_best(100, spread).expect("a ratio"), 0.113_172, 1e-6);
    let deflated = sharpe::deflated(2.5 / 250.0_f64.sqrt(), 1250, -3.0, 10.0, 100, spread);
    near(deflated.expect("a probability"), 0.900_397, 1e-6);
    let best = [
        (1, 0.0),
        (2, 0.51976),
        (5, 1.19259),
        (10, 1.57460),
        (20, 1.90071),
        (50, 2.27630),
        (100, 2.53060),
        (500, 3.05253),
        (1000, 3.25512),
    ];
    for (trials, expected) in best {
        near(sharpe::expected_best(trials, 1.0).expect("a ratio"), expected, 5e-6);
    }
}

#[test]
fn the_sharpe_ratio_of_the_strategy() {
    let daily = 252.0_f64.sqrt();
    let s = 0.69 / daily;
    near(sharpe::probabilistic(s, 0.0, 2772, 0.0, 3.0).expect("psr"), 0.98890, 5e-6);
    near(sharpe::probabilistic(s, 0.5 / daily, 2772, 0.0, 3.0).expect("psr"), 0.7356, 5e-5);
    let days = sharpe::minimum_record(s, 0.0, 0.95, 0.0, 3.0).expect("a length");
    near(days, 1434.0, 0.5);
    near(days / 252.0, 5.69, 5e-3);
    near(sharpe::minimum_record(0.69 / 12.0_f64.sqrt(), 0.0, 0.95, 0.0, 3.0).expect("a length"), 70.5, 0.05);
    near(sharpe::minimum_record(0.69 / 52.0_f64.sqrt(), 0.0, 0.95, 0.0, 3.0).expect("a length"), 297.9, 0.05);
    let table = [
        (5, [0.971, 0.933, 0.865]),
        (10, [0.961, 0.893, 0.765]),
        (20, [0.951, 0.848, 0.654]),
        (50, [0.937, 0.782, 0.509]),
        (100, [0.926, 0.729, 0.409]),
    ];
    for (trials, row) in table {
        for (spread, expected) in [0.1, 0.2, 0.3].into_iter().zip(row) {
            let found = sharpe::deflated(s, 2772, 0.0, 3.0, trials, spread / daily).expect("a probability");
            near(found, expected, 6e-4);
        }
    }
    let error = sharpe::standard_error(s, 2772, 0.0, 3.0).expect("an error") * daily;
    near(error, 0.302, 5e-4);
    assert_eq!(sharpe::minimum_record(0.1, 0.2, 0.95, 0.0, 3.0), Err(Undefined::NotAbove));
    assert_eq!(sharpe::probabilistic(3.0, 0.0, 24, 4.0, 1.0), Err(Undefined::NoVariance));
}

#[test]
fn correlated_returns_annualise_by_less() {
    near(sharpe::annualisation(252, &[]).expect("a factor"), 252.0_f64.sqrt(), 1e-12);
    // One lag of 0.1 over four periods: 4 / sqrt(4 + 2 * 3 * 0.1).
    near(sharpe::annualisation(4, &[0.1]).expect("a factor"), 4.0 / 4.6_f64.sqrt(), 1e-12);
    assert_eq!(sharpe::annualisation(4, &[-1.0, 0.0]), Err(Undefined::NoVariance));
    near(mean(&TRADES).expect("a mean"), 0.5 / 15.0, 1e-12);
}
