#!/usr/bin/env python3
"""The figures of a ledger and of an equity series, computed in plain Python from docs/evidence.md alone.

    evidence.py                         its own values against the published ones, and against other packages
    evidence.py --binary PATH [--ledgers N] [--first SEED]
                                        also ledgers made up at random, compared with what PATH (the example `figures`) says
    evidence.py --make DIR [--ledgers N] [--first SEED]
                                        these ledgers as files, trades-SEED.csv and equity-SEED.csv; and then
    evidence.py --check DIR [--ledgers N] [--first SEED]
                                        compared with what somebody wrote beside them, figures-SEED.json
    evidence.py --trades FILE [--equity FILE] [--periods 252]
                                        the figures of a ledger of one's own, as JSON
    evidence.py --trades FILE --equity FILE --binary PATH
                                        the same held against what PATH says of it, and against the other packages

Other packages (numpy, scipy, pandas, empyrical-reloaded, quantstats) are compared with where they can be imported; it says
which were left out. It fails on any difference that is not a known difference of convention.
"""

import argparse
import csv
import importlib
import json
import math
import os
import random
import subprocess
import sys
import tempfile
import warnings
from datetime import date, datetime, timedelta, timezone
from statistics import NormalDist

RETURNS = [
    .012, -.008, .005, 0, -.015, .021, -.004, .009, -.011, .003, .018, -.022, -.007, -.002, .014, .006, -.009, .011, 0,
    -.005, .025, -.013, .004, .008,
]
TRADES = [1.8, -1, -1, 2.4, -1, -.6, .9, -1, -1, -1, 3.1, 0, -1.2, 1.1, -1]


EQUITY = {"equity", "equitymarked", "value", "balance", "nav"}


# ---- figures: None is "undefined"

def ratio(top, bottom):
    return top / bottom if bottom is not None and top is not None and bottom > 0 else None


def mean(values):
    return math.fsum(values) / len(values) if values else None


def central(values, power):
    middle = mean(values)
    return math.fsum((x - middle) ** power for x in values) / len(values)


def deviation(values):
    """Of the sample, divisor n - 1; None when there is no spread but rounding."""
    if len(values) < 2:
        return None
    spread = math.sqrt(max(central(values, 2), 0))
    return None if spread <= abs(mean(values)) * 1e-13 else spread * math.sqrt(len(values) / (len(values) - 1))


def longest(values, is_in):
    most = now = 0
    for x in values:
        now = now + 1 if is_in(x) else 0
        most = max(most, now)
    return most


def quantile(values, share):
    """On the line between neighbours."""
    order = sorted(values)
    place = share * (len(order) - 1)
    below = math.floor(place)
    above = min(below + 1, len(order) - 1)
    return order[below] + (place - below) * (order[above] - order[below])


def of_trades(values):
    wins = [x for x in values if x > 0]
    losses = [-x for x in values if x < 0]
    n, sd = len(values), deviation(values)
    mean_win, mean_loss = mean(wins), mean(losses)
    payoff = mean_win / mean_loss if wins and losses else None
    rate = len(wins) / n if n else None
    total = peak = fall = 0.0
    for x in values:
        total += x
        peak = max(peak, total)
        fall = max(fall, peak - total)
    spread = central(values, 2) if sd else None
    return {
        "trades": n, "wins": len(wins), "losses": len(losses), "scratches": n - len(wins) - len(losses),
        "win_rate": rate,
        "win_rate_decided": ratio(len(wins), len(wins) + len(losses)),
        "mean_win": mean_win, "mean_loss": mean_loss, "payoff": payoff,
        "profit_factor": ratio(math.fsum(wins), math.fsum(losses)),
        "expectancy": mean(values),
        "standard_deviation": sd,
        "sqn": mean(values) / sd * math.sqrt(n) if sd else None,
        "sharpe_per_trade": mean(values) / sd if sd else None,
        "kelly": rate - (1 - rate) / payoff if payoff else None,
        "break_even_win_rate": 1 / (1 + payoff) if payoff is not None else None,
        "net": math.fsum(values),
        "best": max(values, default=None), "worst": min(values, default=None),
        "median": quantile(values, .5) if values else None,
        "longest_losing_streak": longest(values, lambda x: x < 0),
        "longest_winning_streak": longest(values, lambda x: x > 0),
        "losing_streak_now": next((i for i, x in enumerate(reversed(values)) if x >= 0), n),
        "max_drawdown": fall,
        "skew": central(values, 3) / spread ** 1.5 if sd else None,
        "kurtosis": central(values, 4) / spread ** 2 if sd else None,
    }


def normal(z):
    return .5 * math.erfc(-z / math.sqrt(2))


def growth(total, years):
    return max(1 + total, 0) ** (1 / years) - 1 if years > 0 else None


def falls_of(returns):
    value = peak = 1.0
    falls = []
    for r in returns:
        value *= 1 + r
        peak = max(peak, value)
        falls.append(value / peak - 1)
    return falls


def correlation(values, lag):
    middle = mean(values)
    over = [x - middle for x in values]
    return math.fsum(a * b for a, b in zip(over, over[lag:])) / math.fsum(a * a for a in over)


def of_equity(returns, periods=252.0, dates=None, lags=5):
    n, sd = len(returns), deviation(returns)
    per_period = mean(returns) / sd if sd else None
    total = math.prod(1 + r for r in returns) - 1 if returns else None
    cagr = growth(total, n / periods) if returns else None
    days = (dates[-1] - dates[0]).total_seconds() / 86400 if dates else None
    falls = falls_of(returns)
    deepest = -min(falls, default=0)
    ulcer = math.sqrt(mean([d * d for d in falls])) if falls else None
    downside = math.sqrt(mean([min(r, 0) ** 2 for r in returns])) if returns else None
    skew = central(returns, 3) / central(returns, 2) ** 1.5 if sd else None
    kurtosis = central(returns, 4) / central(returns, 2) ** 2 if sd else None
    root = math.sqrt(periods)
    term = 1 - skew * per_period + (kurtosis - 1) / 4 * per_period ** 2 if sd else None
    factor = None
    if sd and n > lags:
        q = round(periods)
        under = q + 2 * math.fsum((q - k) * correlation(returns, k) for k in range(1, min(lags, q - 1) + 1))
        factor = q / math.sqrt(under) if under > 0 else None
    logs, line = 0.0, []
    for r in returns:
        logs += math.log1p(r) if r > -1 else -math.inf
        line.append(logs)
    stability = None
    if n >= 2 and all(map(math.isfinite, line)):
        mx, my = (n - 1) / 2, mean(line)
        xy = math.fsum((i - mx) * (y - my) for i, y in enumerate(line))
        xx, yy = math.fsum((i - mx) ** 2 for i in range(n)), math.fsum((y - my) ** 2 for y in line)
        stability = ratio(xy * xy, xx * yy)
    low = abs(quantile(returns, .05)) if returns else None
    longest_under = longest(falls, lambda d: d < 0)
    return {
        "periods": n, "total_return": total, "cagr": cagr,
        "cagr_calendar": growth(total, days / 365.25) if dates else None,
        "volatility": sd * root if sd else None,
        "sharpe": per_period * root if sd else None,
        "sharpe_correlated": per_period * factor if sd and factor else None,
        "sharpe_of_growth": cagr / (sd * root) if sd else None,
        "sharpe_error": math.sqrt((1 + per_period ** 2 / 2) / n) * root if sd else None,
        "sharpe_error_shaped": math.sqrt(term / n) * root if sd and term > 0 else None,
        "sharpe_above_zero": normal(per_period * math.sqrt(n - 1) / math.sqrt(term)) if sd and term > 0 else None,
        "minimum_record":
            1 + term * (NormalDist().inv_cdf(.95) / per_period) ** 2 if sd and per_period > 0 and term > 0 else None,
        "sortino": mean(returns) / downside * root if downside else None,
        "calmar": ratio(cagr, deepest), "martin": ratio(cagr, ulcer),
        "omega": ratio(math.fsum(max(r, 0) for r in returns), math.fsum(max(-r, 0) for r in returns)),
        "gain_to_pain": ratio(math.fsum(returns), -math.fsum(min(r, 0) for r in returns)),
        "tail_ratio": ratio(abs(quantile(returns, .95)), low) if returns else None,
        "worst_twentieth": mean(sorted(returns)[:math.floor(.05 * (n - 1)) + 1]) if returns else None,
        "stability": stability, "skew": skew, "kurtosis": kurtosis,
        "drawdown": {"max": -deepest, "now": falls[-1], "ulcer": ulcer, "longest_underwater": longest_under} if falls else {},
    }


# ---- comparison

class Seen:
    """What was compared, and what differed."""

    def __init__(self):
        self.compared = 0
        self.differences = []

    def same(self, name, ours, theirs, tolerance=1e-9):
        self.compared += 1
        if isinstance(theirs, dict):
            theirs = None  # {"undefined": why}
        if theirs is not None and not math.isfinite(theirs):
            theirs = None
        if (ours is None) != (theirs is None):
            self.differences.append(f"{name}: {ours} here, {theirs} there")
        elif ours is not None and abs(ours - theirs) > tolerance * (1 + abs(ours)):
            self.differences.append(f"{name}: {ours!r} here, {theirs!r} there")


def published(seen):
    """The values that docs/evidence.md gives for its two vectors."""
    equity, trades = of_equity(RETURNS), of_trades(TRADES)
    for name, value in {
        "sharpe": 2.22458321755, "sortino": 3.68378536787, "volatility": .188799410463, "total_return": .039090706032,
        "cagr": .495757998387, "calmar": 16.1021514527, "omega": 1.416666667, "tail_ratio": 1.397959184,
        "worst_twentieth": -.0185, "stability": .389195490, "skew": .06558480, "kurtosis": 2.37605785,
        "sharpe_above_zero": .749490,
    }.items():
        seen.same("published " + name, equity[name], value, 1e-6)
    seen.same("published drawdown", equity["drawdown"]["max"], -.030788308, 1e-9)
    seen.same("published ulcer", equity["drawdown"]["ulcer"], .013452391677, 1e-9)
    for name, value in {
        "win_rate": 1 / 3, "win_rate_decided": .357142857, "mean_win": 1.86, "mean_loss": .977778, "payoff": 1.902273,
        "profit_factor": 1.056818, "expectancy": .033333, "standard_deviation": 1.449466, "sqn": .089067, "net": .5,
        "max_drawdown": 3.7, "longest_losing_streak": 3,
    }.items():
        seen.same("published " + name, trades[name], value, 1e-6)


def imported(names):
    found, missing = {}, []
    for name in names:
        try:
            found[name] = importlib.import_module(name)
        except ImportError:
            missing.append(name)
    return found, missing


def packages(seen, returns, trades, label):
    """The same figures by other packages, by the conventions that docs/evidence.md names."""
    warnings.simplefilter("ignore")
    found, missing = imported(["numpy", "scipy.stats", "pandas", "empyrical", "quantstats"])
    equity, ours = of_equity(returns), of_trades(trades)
    if "empyrical" in found and "pandas" in found:
        pandas, empyrical = found["pandas"], found["empyrical"]
        series = pandas.Series(returns, index=pandas.bdate_range("2026-01-05", periods=len(returns)))
        for name, value in {
            "sharpe": empyrical.sharpe_ratio(series), "sortino": empyrical.sortino_ratio(series),
            "volatility": empyrical.annual_volatility(series), "cagr": empyrical.annual_return(series),
            "calmar": empyrical.calmar_ratio(series), "omega": empyrical.omega_ratio(series),
            "tail_ratio": empyrical.tail_ratio(series), "stability": empyrical.stability_of_timeseries(series),
            "worst_twentieth": empyrical.conditional_value_at_risk(series),
        }.items():
            seen.same(f"{label} empyrical {name}", equity[name], float(value))
        seen.same(f"{label} empyrical drawdown", equity["drawdown"]["max"], float(empyrical.max_drawdown(series)))
    if "quantstats" in found and "pandas" in found:
        pandas, stats = found["pandas"], found["quantstats"].stats
        series = pandas.Series(returns, index=pandas.bdate_range("2026-01-05", periods=len(returns)))
        for name, value in {
            "sharpe": stats.sharpe(series), "sortino": stats.sortino(series), "cagr": stats.cagr(series, periods=252),
            "volatility": stats.volatility(series), "calmar": stats.calmar(series, periods=252),
        }.items():
            seen.same(f"{label} quantstats {name}", equity[name], float(value), 1e-8)
        seen.same(f"{label} quantstats drawdown", equity["drawdown"]["max"], float(stats.max_drawdown(series)))
        ulcer = equity["drawdown"]["ulcer"] * math.sqrt(len(returns) / (len(returns) - 1))
        seen.same(f"{label} quantstats ulcer", ulcer, float(stats.ulcer_index(series)), 1e-8)
        # It takes all-positive input for prices, so trades go in as returns.
        rows = pandas.Series([x / 100 for x in trades], index=pandas.bdate_range("2026-01-05", periods=len(trades)))
        seen.same(f"{label} quantstats win rate", ours["win_rate_decided"], float(stats.win_rate(rows)))
        seen.same(f"{label} quantstats payoff", ours["payoff"], float(stats.payoff_ratio(rows)))
        seen.same(f"{label} quantstats profit factor", ours["profit_factor"], float(stats.profit_factor(rows)))
        streak = float(stats.consecutive_losses(rows))
        seen.same(f"{label} quantstats losses in a row", ours["longest_losing_streak"], streak)
    if "scipy.stats" in found:
        stats = found["scipy.stats"]
        for values, figures in ((returns, equity), (trades, ours)):
            seen.same(f"{label} scipy skew", figures["skew"], float(stats.skew(values)))
            seen.same(f"{label} scipy kurtosis", figures["kurtosis"], float(stats.kurtosis(values, fisher=False)))
        seen.same(f"{label} scipy t", ours["sqn"], float(stats.ttest_1samp(trades, 0).statistic))
    return sorted(found), missing


# ---- ledgers made up at random

def made_up(seed, folder):
    """A ledger and an equity series with payments in and out, as files; and their numbers."""
    chance = random.Random(seed)
    n = chance.choice([1, 2, 5, 15, 60, 300])
    kind = chance.choice(["mixed", "mixed", "mixed", "wins", "losses"])
    pnl, risk, at = [], [], datetime(2025, 1, 2, 15, tzinfo=timezone.utc)
    trades = os.path.join(folder, f"trades-{seed}.csv")
    with open(trades, "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["Ticker", "Direction", "entry_time", "exit_time", "Qty", "entry price", "exit price", "Net PnL", "risk"])
        for _ in range(n):
            risk.append(chance.randint(5, 50))
            size = round(chance.expovariate(1 / 1.6) * risk[-1], 2)
            won = chance.random() < .42 if kind == "mixed" else kind == "wins"
            pnl.append(0.0 if chance.random() < .03 else size if won else -round(min(size, risk[-1] * 1.5), 2))
            opened, at = at, at + timedelta(hours=chance.randint(1, 90))
            rows.writerow(["AAPL", chance.choice(["long", "sell"]), opened.isoformat(), at.isoformat(), 1, 100, 101, pnl[-1], risk[-1]])
    returns, dates, day, equity = [], [datetime(2025, 1, 1, tzinfo=timezone.utc)], date(2025, 1, 1), 1000.0
    series = os.path.join(folder, f"equity-{seed}.csv")
    with open(series, "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["date", "equity", "deposit"])
        rows.writerow([day.isoformat(), "1000.00", ""])
        for _ in range(chance.choice([2, 3, 24, 250])):
            day += timedelta(days=chance.choice([1, 1, 1, 3]))
            flow = chance.choice([0, 0, 0, 0, 250.0, -100.0 if equity > 500 else 0])
            before, after = equity, round(equity * (1 + chance.gauss(.0005, .012)), 2)
            equity = round(after + flow, 2)
            returns.append((equity - flow) / before - 1)
            dates.append(datetime(day.year, day.month, day.day, tzinfo=timezone.utc))
            rows.writerow([day.isoformat(), f"{equity:.2f}", flow or ""])
    return trades, series, pnl, [x / r for x, r in zip(pnl, risk)], returns, dates


def compare(seen, seed, told, numbers):
    """What somebody told of the ledger of this seed, figure by figure."""
    _, _, pnl, multiples, returns, dates = numbers
    for part, ours in (("money", of_trades(pnl)), ("r", of_trades(multiples))):
        for name, value in ours.items():
            seen.same(f"seed {seed} {part} {name}", value, told[part][name])
    for name, value in of_equity(returns, 252.0, dates).items():
        theirs = told["equity"].get(name)
        if name == "drawdown":
            for inner, depth in value.items():
                seen.same(f"seed {seed} drawdown {inner}", depth, theirs[inner])
        else:
            seen.same(f"seed {seed} equity {name}", value, theirs)


def against_binary(seen, binary, seeds):
    with tempfile.TemporaryDirectory() as folder:
        for seed in seeds:
            numbers = made_up(seed, folder)
            ran = subprocess.run([binary, *numbers[:2], "252"], check=True, capture_output=True, text=True)
            compare(seen, seed, json.loads(ran.stdout), numbers)


def of_ones_own(asked, pnl):
    """A ledger of one's own: here, by the program, and by the other packages."""
    seen = Seen()
    ran = subprocess.run([asked.binary, asked.trades, asked.equity, str(asked.periods)], check=True, capture_output=True, text=True)
    told = json.loads(ran.stdout)
    equity = [float(x) for x in read(asked.equity, EQUITY)]
    returns = [b / a - 1 for a, b in zip(equity, equity[1:])]
    for name, value in of_trades(pnl).items():
        seen.same(f"money {name}", value, told["money"][name])
    dates = [datetime.fromisoformat(x.replace("Z", "+00:00")) for x in read(asked.equity, {"at", "time", "date"})]
    for name, value in of_equity(returns, asked.periods, dates).items():
        theirs = told["equity"].get(name)
        if name != "drawdown":
            seen.same(f"equity {name}", value, theirs)
            continue
        for inner, depth in value.items():
            seen.same(f"drawdown {inner}", depth, theirs[inner])
    found, missing = packages(seen, returns, pnl, "own")
    print(f"{len(pnl)} trades, {len(returns)} returns; compared with: {asked.binary}, {', '.join(found) or 'no package'}; "
          f"left out, not installed: {', '.join(missing) or 'none'}")
    for difference in seen.differences:
        print(difference)
    print(f"{seen.compared} figures compared, {len(seen.differences)} differ")
    return 1 if seen.differences else 0


def against_files(seen, folder, seeds):
    for seed in seeds:
        with open(os.path.join(folder, f"figures-{seed}.json"), encoding="utf-8") as file:
            compare(seen, seed, json.load(file), made_up(seed, folder))


def read(path, names):
    """A column of a CSV file by one of its names, without case and signs."""
    plain = lambda text: "".join(c for c in text.lower() if c.isalnum())  # noqa: E731
    with open(path, newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    key = next(k for k in rows[0] if plain(k) in names)
    return [row[key].strip() for row in rows]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary")
    parser.add_argument("--ledgers", type=int, default=200)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--make")
    parser.add_argument("--check")
    parser.add_argument("--trades")
    parser.add_argument("--equity")
    parser.add_argument("--periods", type=float, default=252.0)
    asked = parser.parse_args()
    if asked.trades:
        pnl = [float(x) for x in read(asked.trades, {"pnl", "netpnl", "profit", "netprofit", "net"})]
        ends = read(asked.trades, {"closed", "closedat", "exittime", "exitdate", "closetime", "closedate"})
        pnl = [amount for _, amount in sorted(zip(ends, pnl), key=lambda row: row[0])]  # in the order of their ends
        told = {"money": of_trades(pnl)}
        if asked.equity and asked.binary:
            return of_ones_own(asked, pnl)
        if asked.equity:
            equity = [float(x) for x in read(asked.equity, EQUITY)]
            returns = [b / a - 1 for a, b in zip(equity, equity[1:])]
            told["equity"] = of_equity(returns, asked.periods)
        print(json.dumps(told, indent=1))
        return 0
    seeds = range(asked.first, asked.first + asked.ledgers)
    if asked.make:
        for seed in seeds:
            made_up(seed, asked.make)
        return 0
    seen = Seen()
    published(seen)
    found, missing = packages(seen, RETURNS, TRADES, "vector")
    for seed in range(1, 21 if found else 1):
        chance = random.Random(seed)
        returns = [chance.gauss(.0005, .012) for _ in range(250)]
        trades = [chance.expovariate(1 / 1.6) if chance.random() < .42 else -chance.uniform(.2, 1.4) for _ in range(200)]
        packages(seen, returns, trades, f"seed {seed}")
    print(f"compared with: {', '.join(found) or 'no package'}; left out, not installed: {', '.join(missing) or 'none'}")
    if asked.binary:
        against_binary(seen, asked.binary, seeds)
        print(f"compared with {asked.binary}: {asked.ledgers} ledgers from seed {asked.first}")
    if asked.check:
        against_files(seen, asked.check, seeds)
        print(f"compared with {asked.check}: {asked.ledgers} ledgers from seed {asked.first}")
    for difference in seen.differences[:20]:
        print(difference)
    print(f"{seen.compared} figures compared, {len(seen.differences)} differ")
    return 1 if seen.differences else 0


if __name__ == "__main__":
    sys.exit(main())
