#!/usr/bin/env python3
"""What an account at OANDA earned, computed a second time from what happened and nothing that was reckoned.

    oanda_pl.py --url http://127.0.0.1:8080 [--account ID]
                            reads an account over its public REST, works out every figure, and says where it differs
    oanda_pl.py --told FILE
                            the same of what was read before and kept with --save FILE
    ... --quotes FILE --charge 0.005
                            what currencies were worth follows from these prices, less or more the charge; otherwise it is
                            what each transaction says they were
    ... --out FILE          every figure that it worked out, as JSON
    ... --wrong RULE        with one rule broken, to see that the comparison notices: one of WRONG below

The token is taken from OANDA_ACCESS_TOKEN. It reads only. Every figure is an exact fraction until it is booked, and then has
the places that OANDA's figures have. It ends with 1 when a figure differs and with 2 when something cannot be read.

It is written from the rules that docs/brokers/oanda.md lists under "The rules of the money", and shares nothing with the
programs that it is held against. Where those rules leave a choice, it is marked "Reading:". Of a transaction it takes what
happened (FACTS); profit, balance and the rest of what was reckoned is only looked at once everything has been worked out.

FILE of --quotes has one JSON object a line, in the order of time: {"at": TIME, "instrument": "EUR_USD", "bid": "1.1", "ask": "1.2"}.
Netting accounts only, without dividends: whatever else moves the balance is told as a difference.
"""

import argparse
import json
import os
import sys
import urllib.error
import urllib.request
from datetime import datetime, time, timedelta, timezone
from fractions import Fraction
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
ROLL = time(17, 0)  # rule 5
DAYS_OF_A_YEAR = 365  # rule 6
MONEY, FACTOR, BASE = 4, 8, 14  # places: of the account's money, of a factor, of financing in the base currency
DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
SECOND = 10**9
FACTS = {
    "id", "time", "type", "instrument", "units", "price", "fullVWAP", "amount", "commission", "guaranteedExecutionFee",
    "homeConversionFactors", "positionFinancings",
}  # fmt: skip
WRONG = {
    "sides": "what is won is converted as what is lost, and the other way round",
    "no_charge": "converting costs nothing",
    "base_as_quote": "financing is converted by the quote currency",
    "sign": "financing that is paid is earned",
    "utc_roll": "the night begins at 21:00 UTC, in winter too",
    "weekend": "the days of the weekend are not charged on another day",
    "year": "a year has 360 days",
    "newest_first": "the newest trade is closed first",
}


class InputError(Exception):
    """Something that was read cannot be trusted."""


def number(value):
    try:
        if "/" in str(value):
            raise ValueError
        return Fraction(str(value))
    except (ValueError, ZeroDivisionError):
        raise InputError(f"{value!r} is not a number")


def places(value, count):
    """Reading: to the nearest, and a tie to the even neighbour. Nobody documented how OANDA rounds."""
    return Fraction(round(Fraction(value), count))


def text(value, count):
    """A figure of so many places. It must have no more."""
    units = Fraction(value) * 10**count
    if units.denominator != 1:
        raise AssertionError(f"{value} has more than {count} places")
    digits = str(abs(units.numerator)).rjust(count + 1, "0")
    return ("-" if units < 0 else "") + digits[:-count] + "." + digits[-count:]


def nanoseconds(moment):
    """A moment as OANDA writes it, with up to nine places of a second."""
    try:
        whole, _, rest = moment.removesuffix("Z").partition(".")
        at = datetime.fromisoformat(whole).replace(tzinfo=timezone.utc)
        return int(at.timestamp()) * SECOND + int(rest.ljust(9, "0") or 0)
    except (AttributeError, ValueError):
        raise InputError(f"{moment!r} is not a moment")


# ---------------------------------------------------------------------------------------------------------------------
# Rule 3: what one unit of a currency is worth in the account's


class Worth:
    """From prices: `walk` goes on to a moment, and the last prices up to it count."""

    def __init__(self, home, quotes, charge, wrong):
        self.home, self.wrong = home, wrong
        self.charge = Fraction(0) if wrong == "no_charge" else charge
        self.coming = list(reversed(quotes))
        self.prices = {}

    def walk(self, at):
        while self.coming and self.coming[-1][0] <= at:
            _, pair, bid, ask = self.coming.pop()
            self.prices[pair] = (bid, ask)

    def pair(self, one, other):
        for name, turned in ((f"{one}_{other}", False), (f"{other}_{one}", True)):
            if name in self.prices:
                middle = sum(self.prices[name]) / 2
                return 1 / middle if turned else middle
        return None

    def middle(self, currency):
        """Reading: by a pair of the two where there is one, else over the dollar."""
        if currency == self.home:
            return Fraction(1)
        direct = self.pair(currency, self.home)
        if direct is not None:
            return direct
        over = (self.pair(currency, "USD"), self.pair("USD", self.home))
        if None in over:
            raise InputError(f"no price says what a {currency} is worth in {self.home}")
        return over[0] * over[1]

    def factors(self, currency, _):
        """What a unit is worth when it is won, and when it is lost."""
        if currency == self.home:
            return Fraction(1), Fraction(1)
        middle = self.middle(currency)
        factors = [places(middle * (1 + side * self.charge), FACTOR) for side in (-1, 1)]
        return tuple(reversed(factors)) if self.wrong == "sides" else tuple(factors)


class ToldWorth(Worth):
    """From what a transaction says they were."""

    def factors(self, currency, told):
        if currency == self.home:
            return Fraction(1), Fraction(1)
        if None in told:
            raise InputError(f"a transaction does not say what a {currency} was worth; give --quotes")
        return tuple(reversed(told)) if self.wrong == "sides" else tuple(told)


def told_factors(row, side):
    told = (row or {}).get("homeConversionFactors") or {}
    found = [(told.get(f"{what}{side}Home") or {}).get("factor") for what in ("gain", "loss")]
    return [None if factor is None else number(factor) for factor in found]


# ---------------------------------------------------------------------------------------------------------------------
# Rules 1, 2, 4 to 7: the account


class Account:
    def __init__(self, told, quotes, charge, wrong):
        self.home = told["account"]["currency"]
        self.pairs = {pair["name"]: pair for pair in told["pairs"]}
        self.wrong = wrong
        self.worth = (ToldWorth if quotes is None else Worth)(self.home, quotes or [], charge, wrong)
        self.has_prices = quotes is not None
        self.open = {}  # pair -> trades, the oldest first: [id, units, price]
        self.legs = {}  # pair -> what is being made of it, from flat to flat
        self.balance = self.exact = Fraction(0)
        self.fills, self.rolls, self.trades = [], [], []
        rows = [{name: row[name] for name in FACTS if name in row} for row in told["transactions"]]
        self.financed = {nanoseconds(row["time"]): row for row in rows if row["type"] == "DAILY_FINANCING"}
        nights = self.nights(nanoseconds(rows[0]["time"]), nanoseconds(told["now"]))
        for row in rows:
            at = nanoseconds(row["time"])
            # Nothing is traded at that very moment.
            while nights and nights[0][0] < at:
                self.roll(*nights.pop(0))
            self.worth.walk(at)
            if row["type"] == "TRANSFER_FUNDS":
                self.moves(number(row["amount"]), number(row["amount"]))
            elif row["type"] == "ORDER_FILL":
                self.fill(row)
        for night in nights:
            self.roll(*night)
        self.worth.walk(nanoseconds(told["now"]))

    def moves(self, booked, exact):
        self.balance += booked
        self.exact += exact

    def won(self, amount, factors):
        """Rule 2: what is won by the one factor, what is lost by the other; exactly."""
        return amount * (factors[0] if amount > 0 else factors[1])

    def fill(self, row):
        pair, units = row["instrument"], number(row["units"])
        price = number(row.get("fullVWAP") or row["price"])
        factors = self.worth.factors(pair.split("_")[1], told_factors(row, "Quote"))
        trades, closed, left, exact = self.open.setdefault(pair, []), [], units, Fraction(0)
        # Rule 1: the oldest trade the other way is closed first; what is left opens one.
        while left and trades and trades[0][1] * left < 0:
            trade = trades[-1 if self.wrong == "newest_first" else 0]
            part = max(left, -trade[1]) if left < 0 else min(left, -trade[1])
            quote = (price - trade[2]) * -part
            home = self.won(quote, factors)
            closed.append({"trade": trade[0], "units": part, "quote": quote, "pl": places(home, MONEY)})
            exact += home
            trade[1] += part
            left -= part
            trades[:] = [trade for trade in trades if trade[1]]
        if left:
            trades.append([row["id"], left, price])
        pl = sum((part["pl"] for part in closed), Fraction(0))
        costs = sum(number(row.get(name, "0")) for name in ("commission", "guaranteedExecutionFee"))
        self.moves(pl - costs, exact - costs)
        told = {
            "id": row["id"], "time": row["time"], "instrument": pair, "units": units, "price": price,
            "gain": factors[0], "loss": factors[1], "quote_pl": sum((part["quote"] for part in closed), Fraction(0)),
            "pl": pl, "closed": closed, "half_spread": self.half_spread(pair, units), "balance": self.balance,
        }  # fmt: skip
        self.fills.append(told)
        self.leg(told, left)

    def half_spread(self, pair, units):
        """Rule 7. It is in the price already, and only told."""
        if not self.has_prices:
            return None
        bid, ask = self.worth.prices[pair]
        return places(abs(units) * (ask - bid) / 2 * self.worth.middle(pair.split("_")[1]), MONEY)

    def leg(self, fill, opened):
        """What is made of a pair from flat to flat, or until it turns, is a trade of whoever trades it."""
        pair = fill["instrument"]
        is_flat = not self.open[pair] or fill["closed"] and opened
        if fill["closed"]:
            leg = self.legs[pair]
            leg["fills"].append(fill["id"])
            leg["pl"] += fill["pl"]
            if is_flat:
                self.trades.append({"instrument": pair, "closed_at": fill["time"], **self.legs.pop(pair)})
        if opened:
            leg = self.legs.setdefault(pair, {"fills": [], "units": Fraction(0), "pl": Fraction(0)})
            leg["fills"].append(fill["id"])
            leg["units"] += opened

    # Rules 5 and 6: financing

    def nights(self, first, last):
        """Every 17:00 of New York, as a moment and a date there, also where a clock changes between two."""
        date = datetime.fromtimestamp(first // SECOND, NEW_YORK).date() - timedelta(days=1)
        found = []
        while True:
            local = datetime.combine(date, ROLL, NEW_YORK)
            if self.wrong == "utc_roll":
                local = datetime.combine(date, time(21, 0), timezone.utc)
            at = int(local.timestamp()) * SECOND
            if at > last:
                return found
            if at > first:
                found.append((at, date))
            date += timedelta(days=1)

    def roll(self, at, date):
        self.worth.walk(at)
        told = {part["instrument"]: part for part in self.financed.get(at, {}).get("positionFinancings", [])}
        parts, exact = [], Fraction(0)
        for pair, trades in sorted(self.open.items()):
            listed = self.pairs[pair]
            days = listed["days"][DAYS[date.weekday()]]
            if self.wrong == "weekend":
                days = min(days, 1)
            if not trades or not days:
                continue
            if pair not in told and not self.has_prices:
                raise InputError(f"{pair}: nothing tells what its financing on {date} was converted by; give --quotes")
            side = "Quote" if self.wrong == "base_as_quote" else "Base"
            currency = pair.split("_")[1 if side == "Quote" else 0]
            factors = self.worth.factors(currency, told_factors(told.get(pair), side))
            rows = []
            for trade, units, _ in trades:
                rate = number(listed["long_rate" if units > 0 else "short_rate"])
                base = abs(units) * rate * days / (360 if self.wrong == "year" else DAYS_OF_A_YEAR)
                base = -base if self.wrong == "sign" else base
                home = self.won(places(base, BASE), factors)
                exact += self.won(base, factors)
                rows.append({"trade": trade, "base": places(base, BASE), "financing": places(home, MONEY)})
            parts.append({"instrument": pair, "financing": sum(row["financing"] for row in rows), "trades": rows})
        if parts:
            total = sum(part["financing"] for part in parts)
            self.moves(total, exact)
            self.rolls.append({"at": at, "financing": total, "parts": parts, "balance": self.balance})

    def nav(self):
        """Rule 4: longs are worth the bid, shorts the ask, and what they would win or lose is converted as if it were."""
        if not self.has_prices:
            return None
        open_now = Fraction(0)
        for pair, trades in self.open.items():
            factors = self.worth.factors(pair.split("_")[1], None) if trades else None
            for _, units, price in trades:
                bid, ask = self.worth.prices[pair]
                open_now += self.won(((bid if units > 0 else ask) - price) * units, factors)
        return places(self.balance + open_now, MONEY)

    def json(self):
        def plain(value):
            if isinstance(value, Fraction):
                return text(places(value, 10), 10).rstrip("0").rstrip(".")
            if isinstance(value, dict):
                return {name: plain(inner) for name, inner in value.items()}
            return [plain(inner) for inner in value] if isinstance(value, list) else value

        def moment(at):
            return datetime.fromtimestamp(at // SECOND, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")

        return plain({
            "currency": self.home, "fills": self.fills, "trades": self.trades,
            "rolls": [{**roll, "at": moment(roll["at"])} for roll in self.rolls],
            "pl": sum((fill["pl"] for fill in self.fills), Fraction(0)),
            "financing": sum((roll["financing"] for roll in self.rolls), Fraction(0)),
            "balance": self.balance, "unrounded_balance": self.exact, "nav": self.nav(),
        })  # fmt: skip


# ---------------------------------------------------------------------------------------------------------------------
# What was told, beside it


class Seen:
    def __init__(self):
        self.compared, self.differences = 0, []

    def same(self, what, ours, told):
        """Two figures; one that was not told, or that nothing here can work out, is not compared."""
        if ours is None or told is None:
            return
        self.compared += 1
        if Fraction(ours) != (told if isinstance(told, Fraction) else number(told)):
            self.differences.append(f"{what}: {float(ours):.14g} here, {told} told")

    def fault(self, what):
        self.compared += 1
        self.differences.append(what)


def compare(account, told):
    seen = Seen()
    rows = {row["id"]: row for row in told["transactions"]}
    for fill in account.fills:
        row, what = rows[fill["id"]], f"fill {fill['id']} of {fill['instrument']}"
        for name, of in (("quote_pl", "quotePL"), ("pl", "pl"), ("half_spread", "halfSpreadCost"), ("balance", "accountBalance")):
            seen.same(f"{what}, {of}", fill[name], row.get(of))
        for name, one in zip(("gain", "loss"), told_factors(row, "Quote")):
            seen.same(f"{what}, factor of a {name}", fill[name], one)
        parts = {part["tradeID"]: part for part in row.get("tradesClosed", []) + [row.get("tradeReduced") or {"tradeID": None}]}
        parts.pop(None, None)
        if set(parts) != {part["trade"] for part in fill["closed"]}:
            seen.fault(f"{what}: it closes {sorted(parts)}, here {sorted(part['trade'] for part in fill['closed'])}")
            continue
        for part in fill["closed"]:
            seen.same(f"{what}, units of trade {part['trade']}", part["units"], parts[part["trade"]].get("units"))
            seen.same(f"{what}, profit of trade {part['trade']}", part["pl"], parts[part["trade"]].get("realizedPL"))
    nights = {nanoseconds(row["time"]): row for row in told["transactions"] if row["type"] == "DAILY_FINANCING"}
    rolls = {roll["at"]: roll for roll in account.rolls}
    for at in sorted(set(nights) | set(rolls)):
        what = f"financing of {datetime.fromtimestamp(at // SECOND, timezone.utc):%a %Y-%m-%d %H:%M:%SZ}"
        if at not in nights or at not in rolls:
            seen.fault(f"{what}: {'only told' if at in nights else 'only here'}")
            continue
        seen.same(what, rolls[at]["financing"], nights[at].get("financing"))
        seen.same(f"{what}, balance", rolls[at]["balance"], nights[at].get("accountBalance"))
        parts = {part["instrument"]: part for part in nights[at]["positionFinancings"]}
        if set(parts) != {part["instrument"] for part in rolls[at]["parts"]}:
            seen.fault(f"{what}: not of the same pairs")
            continue
        for part in rolls[at]["parts"]:
            seen.same(f"{what}, {part['instrument']}", part["financing"], parts[part["instrument"]].get("financing"))
            trades = {trade["tradeID"]: trade for trade in parts[part["instrument"]].get("openTradeFinancings", [])}
            for trade in part["trades"]:
                row = trades.get(trade["trade"], {})
                seen.same(f"{what}, trade {trade['trade']}", trade["financing"], row.get("financing"))
                seen.same(f"{what}, trade {trade['trade']} in base currency", trade["base"], row.get("baseFinancing"))
    known = {"ORDER_FILL", "DAILY_FINANCING", "TRANSFER_FUNDS"}
    for row in told["transactions"]:
        if "accountBalance" in row and row["type"] not in known:
            seen.fault(f"transaction {row['id']} ({row['type']}) moves the balance, and is not known here")
    summary = told["account"]
    figures = account.json()
    for name, of in (("balance", "balance"), ("pl", "pl"), ("financing", "financing"), ("nav", "NAV")):
        seen.same(f"the account's {of}", figures[name], summary.get(of))
    return seen


# ---------------------------------------------------------------------------------------------------------------------
# Reading


def get(url, path):
    request = urllib.request.Request(url.rstrip("/") + path)
    request.add_header("Authorization", f"Bearer {os.environ.get('OANDA_ACCESS_TOKEN', '')}")
    request.add_header("Accept-Datetime-Format", "RFC3339")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)
    except (urllib.error.URLError, ValueError) as why:
        raise InputError(f"{path}: {why}")


def read(url, account):
    if account is None:
        accounts = [row["id"] for row in get(url, "/v3/accounts")["accounts"]]
        if len(accounts) != 1:
            raise InputError(f"name one of the accounts with --account: {', '.join(accounts)}")
        account = accounts[0]
    path = f"/v3/accounts/{account}"
    summary = get(url, f"{path}/summary")["account"]
    if summary.get("hedgingEnabled"):
        raise InputError("the account holds both sides of a pair at once: not done here")
    pairs = []
    for row in get(url, f"{path}/instruments")["instruments"]:
        financing = row.get("financing") or {}
        days = {day["dayOfWeek"]: day["daysCharged"] for day in financing.get("financingDaysOfWeek", [])}
        pairs.append({
            "name": row["name"], "long_rate": financing.get("longRate"), "short_rate": financing.get("shortRate"),
            "days": {day: days.get(day, 0) for day in DAYS},
        })  # fmt: skip
    rows, last = [], int(summary["lastTransactionID"])
    for first in range(1, last + 1, 1000):
        rows += get(url, f"{path}/transactions/idrange?from={first}&to={min(first + 999, last)}")["transactions"]
    if [int(row["id"]) for row in rows] != list(range(1, last + 1)):
        raise InputError(f"not every transaction from 1 to {last} was told")
    now = get(url, f"{path}/pricing?instruments=EUR_USD")["time"]
    return {"account": summary, "pairs": pairs, "transactions": rows, "now": now}


def read_quotes(path):
    with open(path, encoding="utf-8") as file:
        rows = [json.loads(line) for line in file if line.strip()]
    quotes = [(nanoseconds(row["at"]), row["instrument"], number(row["bid"]), number(row["ask"])) for row in rows]
    if quotes != sorted(quotes, key=lambda row: row[0]):
        raise InputError(f"{path}: the prices are not in the order of time")
    return quotes


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--url")
    source.add_argument("--told")
    parser.add_argument("--account")
    parser.add_argument("--save")
    parser.add_argument("--quotes")
    parser.add_argument("--charge", default="0.005")
    parser.add_argument("--out")
    parser.add_argument("--wrong", choices=sorted(WRONG))
    asked = parser.parse_args()
    if asked.told:
        with open(asked.told, encoding="utf-8") as file:
            told = json.load(file)
    else:
        told = read(asked.url, asked.account)
    if asked.save:
        with open(asked.save, "w", encoding="utf-8") as file:
            json.dump(told, file)
    account = Account(told, asked.quotes and read_quotes(asked.quotes), number(asked.charge), asked.wrong)
    figures = account.json()
    if asked.out:
        with open(asked.out, "w", encoding="utf-8") as file:
            json.dump(figures, file, indent=1)
    seen = compare(account, told)
    for difference in seen.differences[:20]:
        print(difference)
    print(
        f"{figures['currency']}: {len(account.fills)} fills, {len(account.trades)} trades, {len(account.rolls)} nights; "
        f"profit {figures['pl']}, financing {figures['financing']}, balance {figures['balance']}, "
        f"{figures['unrounded_balance']} if nothing were rounded, worth {figures['nav']}"
    )
    print(f"{seen.compared} figures compared, {len(seen.differences)} differ")
    return 1 if seen.differences else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except InputError as why:
        print(f"cannot be read: {why}", file=sys.stderr)
        sys.exit(2)
