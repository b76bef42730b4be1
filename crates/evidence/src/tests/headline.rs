//! What the headline figures of one strategy say, and that their contradictions are told.

use super::{headline, near, skewed, value};
use crate::bands::Metric;
use crate::compare::RateFigures;
use crate::compare::headline::share_of_ledger;
use crate::compare::live::unexplained;
use crate::figures::Moments;
use crate::special::poisson_at_least;
use crate::{Figure, Headline, TradeFigures, Undefined};

#[test]
fn what_follows_from_them() {
    let derived = headline().derived();
    near(value(derived.payoff), 1.629_524, 1e-6);
    near(value(derived.break_even_win_rate), 0.3803, 5e-5);
    near(value(derived.expectancy), 0.1044, 1e-6);
    near(value(derived.sd_two_point), 1.298, 5e-4);
    near(value(derived.sd_skewed), 1.714_762, 1e-6);
    near(value(derived.expectancy) / value(derived.sd_two_point), 0.080, 5e-4);
    near(value(derived.trades_per_year), 266.0, 1e-9);
    near(value(derived.trades_per_week), 5.10, 5e-3);
    near(value(derived.cagr), 0.346, 5e-4);
    near(value(derived.growth_per_trade), 0.001_117, 1e-6);
    near(value(derived.growth_bound), 13.7, 0.05);
    near(value(derived.growth_bound) * (0.018_f64 * 11.0).exp(), 16.8, 0.1);
    near(value(derived.sharpe_error), 0.302, 5e-4);
    near(value(derived.sharpe_if_independent), 0.99, 5e-3);
    near(value(derived.share_per_mean_loss), 0.0118, 5e-5);
    near(value(derived.kelly), 0.064, 5e-4);
    near(value(derived.streak_chance), 3.6975e-6, 1e-9);
    near(value(derived.streak_mean), 13.62, 0.01);
    near(value(derived.loss_after_loss), 0.844, 5e-4);
    near(value(derived.variance_inflation), 4.4, 0.05);
    near(value(derived.win_rate_half_width), 0.0179, 5e-5);
    // 1.31 % is what the first two moments alone give; the ledger itself gives 1.304 %.
    let growth = value(derived.growth_per_trade);
    near(share_of_ledger(&skewed(), growth).expect("a share"), 0.013_044, 1e-6);
    let moments = Moments::of(&skewed()).expect("moments");
    let (mean, square) = (moments.mean, moments.sd * moments.sd + moments.mean * moments.mean);
    near((mean - (mean * mean - 2.0 * square * growth).sqrt()) / square, 0.0131, 6e-5);
}

#[test]
fn the_made_up_ledger_is_the_one_described() {
    let ledger = skewed();
    let moments = Moments::of(&ledger).expect("moments");
    let figures = TradeFigures::of(&ledger);
    assert_eq!((figures.trades, figures.wins, figures.losses), (2926, 1229, 1697));
    near(moments.mean, 0.104_395, 1e-6);
    near(moments.sd, 1.714_762, 1e-6);
    near(moments.skew, 1.739_968, 1e-6);
    near(moments.kurtosis, 7.685_934, 1e-6);
    near(value(figures.best), 12.724, 5e-4);
    near(value(figures.worst), -3.648, 5e-4);
    near(value(figures.profit_factor), 1.18, 1e-12);
    near(value(figures.mean_win), 1.629_341, 1e-6);
    near(value(figures.mean_loss), 1.0, 1e-12);
    near(value(figures.sqn), 3.293, 5e-4);
}

#[test]
fn the_contradictions_are_told() {
    let told: Vec<_> = headline().contradictions();
    let about: Vec<&str> = told.iter().map(|c| c.about.as_str()).collect();
    assert_eq!(about, ["longest-losing-streak", "growth-and-sharpe", "sharpe-and-trades"]);
    assert!(
        told[0].says.contains("36 losses in a row") && told[0].says.contains("1 of 270"),
        "{}",
        told[0].says
    );
    assert!(
        told[1].says.contains("26.3 times in 11 years") && told[1].says.contains("13.7"),
        "{}",
        told[1].says
    );
    assert!(told[2].says.contains("2.1 times as much"), "{}", told[2].says);
    let other = Headline { payoff: Some(2.0), ..headline() };
    assert_eq!(other.contradictions().last().map(|c| c.about.clone()), Some("payoff".to_owned()));
    let plain = Headline {
        longest_losing_streak: Some(14),
        sharpe: Some(0.95),
        multiple: Some(20.0),
        payoff: Some(1.63),
        ..headline()
    };
    assert_eq!(plain.contradictions(), []);
}

#[test]
fn nearly_twice_as_many_trades_are_no_chance() {
    near(poisson_at_least(108, 12.0 * 5.10), 4e-8, 1e-8);
    let rate = RateFigures::of(108, 12.0, 5.10, 1.0);
    assert!(!rate.is_explained_by_chance());
    let told = unexplained(&rate).expect("a contradiction");
    assert_eq!(told.about, "trade-rate");
    assert!(told.says.contains("9.0 trades a week where the backtest has 5.1"), "{}", told.says);
    assert_eq!(unexplained(&RateFigures::of(61, 12.0, 5.10, 1.0)), None);
    assert!(unexplained(&RateFigures::of(30, 12.0, 5.10, 1.0)).is_some());
}

#[test]
fn what_headlines_do_not_hold_says_so() {
    let bare = Headline { trades: 100, win_rate: 0.5, profit_factor: 1.2, ..Headline::default() };
    let derived = bare.derived();
    assert_eq!(derived.cagr, Figure::none(Undefined::NotGiven));
    assert_eq!(derived.loss_after_loss, Figure::none(Undefined::NotGiven));
    assert_eq!(bare.contradictions(), []);
    let none = Headline::default().derived();
    assert_eq!(none.payoff, Figure::none(Undefined::NoWins));
    assert_eq!(none.streak_mean, Figure::none(Undefined::NoTrades));
    assert!(Metric::ALL.iter().all(|m| !m.words().is_empty()));
}
