#!/usr/bin/env python3
"""A second replay, written from docs/replay.md alone.

    replay.py --bars PATH --symbols FILE --strategy breakout --limits wide --cash 100000 --slots 10 --out DIR

It plays bars of the past by the rules of that page and writes DIR/trades.csv and DIR/summary.json. It is there to be
compared with the replay of the project, trade by trade, so it is plain and slow: every figure is an exact fraction,
no float appears anywhere, and each part quotes the section of the page that it carries out.

What it does not do: `--signals`, a configuration, the limits of a configuration (`--limits wide` only), the journal,
orders.csv and equity.csv. Where the page leaves a choice, it is marked "Reading:".
"""

import argparse
import csv
import json
import os
import sys
from collections import deque
from datetime import date, datetime, time, timedelta, timezone
from fractions import Fraction
from zoneinfo import ZoneInfo

ACCOUNT_CURRENCY = "USD"  # Reading: the page names no default for the currency of the account.
PARTICIPATION = Fraction(5, 100)  # section 5, "Volume"
TRUST_PRICES_UP_TO = Fraction(10) ** 12  # section 3
NEW_YORK = ZoneInfo("America/New_York")
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class InputError(Exception):
    """Something that was read cannot be trusted; nothing is written."""


# ---------------------------------------------------------------------------------------------------------------------
# Section 1: numbers


def whole_units_down(value, unit):
    """The greatest multiple of `unit` that is not above `value`."""
    return (value // unit) * unit


def whole_units_up(value, unit):
    """The least multiple of `unit` that is not below `value`."""
    return -((-value) // unit) * unit


def nearest_unit_ties_up(value, unit):
    """Section 9: "rounded to the nearest tick, ties upwards"."""
    return ((value + unit / 2) // unit) * unit


def half_even(value, places):
    """ "half even" rounds a tie to the even neighbour; this is how a Fraction rounds."""
    return Fraction(round(Fraction(value), places))


def half_even_significant(value, digits):
    """Section 6: "rounded half even to 16 significant digits"; `value` is above zero."""
    exponent = len(str(value.numerator)) - len(str(value.denominator))
    while value < Fraction(10) ** exponent:
        exponent -= 1
    while value >= Fraction(10) ** (exponent + 1):
        exponent += 1
    return half_even(value, digits - 1 - exponent)


def decimal_text(value):
    """An exact decimal as plain text. The denominator must divide a power of ten."""
    value = Fraction(value)
    places = 0
    while (value * 10**places).denominator != 1:
        places += 1
        if places > 400:
            raise AssertionError(f"{value} is not a decimal")
    digits = str(abs((value * 10**places).numerator)).rjust(places + 1, "0")
    text = digits[: len(digits) - places] + ("." + digits[len(digits) - places :] if places else "")
    return ("-" if value < 0 else "") + text


def number_from(text, what):
    try:
        if "/" in text:
            raise ValueError
        return Fraction(text.strip())
    except (ValueError, ZeroDivisionError):
        raise InputError(f"{what}: {text!r} is not a number")


def time_text(seconds):
    return (EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds_of(moment):
    return int((moment - EPOCH) // timedelta(seconds=1))


# ---------------------------------------------------------------------------------------------------------------------
# Section 2: symbols


class Symbol:
    """One row of the symbols file."""

    def __init__(self, index, cells):
        def cell(column):
            return (cells.get(column) or "").strip()

        def number(column, default):
            return number_from(cell(column), f"{cell('symbol')} {column}") if cell(column) else default

        self.index = index  # its place in "the order of symbols"
        self.name = cell("symbol")
        self.asset_class = cell("asset_class")
        if not self.name or self.asset_class not in ("equity", "forex", "crypto"):
            raise InputError(f"symbols, row {index + 1}: symbol or asset_class is missing or not known")
        if not cell("tick") or not cell("lot"):
            raise InputError(f"symbols, {self.name}: tick and lot are needed")
        self.tick = number("tick", None)
        self.lot = number("lot", None)
        base, slash, behind = self.name.partition("/")
        self.quote = cell("quote") or (behind if slash else ACCOUNT_CURRENCY)
        # Section 6: "Pairs are forex and crypto symbols with a `/`."
        self.is_pair = bool(slash) and self.asset_class in ("forex", "crypto")
        self.base = base if self.is_pair else None
        self.margin = number("margin", Fraction(333, 10000) if self.asset_class == "forex" else Fraction(1))
        shortable = cell("shortable")
        if shortable not in ("", "yes", "no"):
            raise InputError(f"symbols, {self.name}: shortable is {shortable!r}")
        self.shortable = shortable == "yes" if shortable else self.asset_class == "forex"
        self.smallest_quantity = number("qty_min", self.lot)
        self.greatest_quantity = number("qty_max", Fraction(1_000_000_000))
        self.smallest_value = number("notional_min", Fraction(0))


def read_symbols(path):
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    symbols = [Symbol(index, row) for index, row in enumerate(rows)]
    if len({symbol.name for symbol in symbols}) != len(symbols):
        raise InputError("symbols: a symbol twice")
    return symbols


# ---------------------------------------------------------------------------------------------------------------------
# Section 3: bars


class Calendar:
    """ "A session, in New York time: equity 09:30 to 16:00 (13:00 on the half days of the exchange); forex from 17:00 of
    the day before to 17:00. Crypto: midnight to midnight UTC." """

    def session(self, asset_class, day):
        if asset_class == "crypto":
            opens = datetime.combine(day, time(0), timezone.utc)
            return seconds_of(opens), seconds_of(opens + timedelta(days=1))
        if asset_class == "forex":
            return self._new_york(day - timedelta(days=1), time(17)), self._new_york(day, time(17))
        return self._new_york(day, time(9, 30)), self._new_york(day, time(13) if self.is_half_day(day) else time(16))

    def is_half_day(self, day):
        """The half days of the exchange by its rule of today: the day after Thanksgiving (the fourth Thursday of
        November), and July 3 and December 24 when they fall on Monday to Thursday."""
        if day.month == 11 and day.weekday() == 4:
            return 23 <= day.day <= 29
        return (day.month, day.day) in ((7, 3), (12, 24)) and day.weekday() <= 3

    def _new_york(self, day, clock):
        return seconds_of(datetime.combine(day, clock, NEW_YORK).astimezone(timezone.utc))


class Bar:
    """One row: prices are mid prices. `opens` is None when the opening is not known."""

    def __init__(self, symbol, opens, closes, prices, volume, spread):
        self.symbol = symbol
        self.opens = opens
        self.closes = closes
        self.open, self.high, self.low, self.close = prices
        self.volume = volume  # None: not known
        self.spread = spread  # None: not known
        self.filled = Fraction(0)  # over all orders of the symbol, in this bar


class BarReader:
    """Reads a folder (one file for each symbol) or a tape (one file of all symbols)."""

    def __init__(self, symbols, first_close_after, last_close_at):
        self.symbols = symbols
        self.calendar = Calendar()
        self.first_close_after = first_close_after
        self.last_close_at = last_close_at

    def read(self, path):
        if os.path.isdir(path):
            bars = []
            for symbol in self.symbols:
                bars += self._file(self._file_of(path, symbol), symbol)
            return self._chosen(bars), False
        return self._chosen(self._file(path, None)), True

    def _chosen(self, bars):
        """ "bars that close after the beginning of DATE and by the end of DATE, in UTC" """
        return [
            bar
            for bar in bars
            if (self.first_close_after is None or bar.closes > self.first_close_after)
            and (self.last_close_at is None or bar.closes <= self.last_close_at)
        ]

    def _file_of(self, folder, symbol):
        """ "the file of `AAPL` is `AAPL.csv`, that of `EUR/USD` is `EURUSD.csv`, `EUR_USD.csv` or `EUR-USD.csv`" """
        for between in ("", "_", "-"):
            path = os.path.join(folder, symbol.name.replace("/", between) + ".csv")
            if os.path.isfile(path):
                return path
        raise InputError(f"{symbol.name}: no file in {folder}")

    def _file(self, path, only_symbol):
        with open(path, newline="", encoding="utf-8") as file:
            rows = csv.reader(file)
            head = [name.strip() for name in next(rows, [])]
            time_column = next((head.index(name) for name in ("date", "ts", "timestamp") if name in head), None)
            if time_column is None or any(name not in head for name in ("open", "high", "low", "close")):
                raise InputError(f"{path}: a column is missing")
            if only_symbol is None and "symbol" not in head:
                raise InputError(f"{path}: a tape needs the column symbol")
            numbered = [(rows.line_num, row) for row in rows if row]
        for line, row in numbered:
            if len(row) < len(head):
                raise InputError(f"{path}:{line}: too few cells")
        form = self._form(numbered[0][1][time_column].strip()) if numbered else None
        if only_symbol is None and form not in (None, "closing seconds"):
            raise InputError(f"{path}: a tape has bars with closing seconds only")
        times = [self._time(form, row[time_column].strip(), f"{path}:{line}") for line, row in numbered]
        step = None
        if form == "moments":
            # "the shortest step between the file's first 1000 rows"
            first = times[:1000]
            steps = [later - earlier for earlier, later in zip(first, first[1:]) if later > earlier]
            if not steps:
                raise InputError(f"{path}: one row alone has no step")  # Reading: the page does not say.
            step = min(steps)
        by_name = {symbol.name: symbol for symbol in self.symbols}
        bars, seen, before = [], set(), None
        for (line, row), stated in zip(numbered, times):
            where = f"{path}:{line}"
            if only_symbol is None:
                name = row[head.index("symbol")].strip()
            else:
                name = only_symbol.name
            if before is not None and stated < before:
                raise InputError(f"{where}: not in the order of time")
            if (name, stated) in seen:
                raise InputError(f"{where}: a time twice")
            before = stated
            seen.add((name, stated))
            prices = [number_from(row[head.index(column)], where) for column in ("open", "high", "low", "close")]
            self._check_prices(where, *prices)
            symbol = by_name.get(name)
            if symbol is None:
                continue  # Reading: rows of a tape for symbols that are not traded are passed over.
            bars.append(self._bar(symbol, form, stated, step, prices, self._cell(head, row, "volume", where), self._cell(head, row, "spread", where)))
        return bars

    def _bar(self, symbol, form, stated, step, prices, volume, spread):
        if form == "sessions":
            opens, closes = self.calendar.session(symbol.asset_class, EPOCH.date() + timedelta(days=stated // 86400))
        elif form == "moments":
            opens, closes = stated, stated + step
        else:
            opens, closes = None, stated
        # "An empty volume, and a volume of zero for forex, means that it is not known. A spread that is empty or zero
        # means that it is not known."
        if volume == 0 and symbol.asset_class == "forex":
            volume = None
        return Bar(symbol, opens, closes, prices, volume, None if spread == 0 else spread)

    def _cell(self, head, row, column, where):
        if column not in head or not row[head.index(column)].strip():
            return None
        number = number_from(row[head.index(column)], where)
        if number < 0:
            raise InputError(f"{where}: {column} below zero")  # Reading: the page does not say.
        return number

    def _form(self, text):
        if text.isdigit():
            return "closing seconds"
        return "moments" if "T" in text else "sessions"

    def _time(self, form, text, where):
        """Seconds since 1970; for a session those of midnight of its date, which only serve the order of rows."""
        try:
            if form == "closing seconds":
                return int(text)
            if form == "moments":
                if not text.endswith("Z"):
                    raise ValueError
                return seconds_of(datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc))
            return seconds_of(datetime.combine(date.fromisoformat(text), time(0), timezone.utc))
        except ValueError:
            raise InputError(f"{where}: the time {text!r} has not the form of the file")

    def _check_prices(self, where, open_, high, low, close):
        if low > min(open_, close, high):
            raise InputError(f"{where}: a low above the open, close or high")
        if high < max(open_, close):
            raise InputError(f"{where}: a high below the open or close")
        if low <= 0 or high > TRUST_PRICES_UP_TO:
            raise InputError(f"{where}: a price that is not above zero, or above 10^12")


def moments_in_order(bars, is_tape):
    """ "the moments are told in the order of time; at the same time first closes, then opens, then ranges, each in the
    order of symbols. A bar whose opening is not known is told whole at its close [...] in a folder such bars of one second
    come in the order of symbols, after the closes and before the opens of other bars; in a tape in the order of the file."
    """
    closes, whole, opens, ranges = 0, 1, 2, 3
    moments = []
    for place, bar in enumerate(bars):
        if bar.opens is None:
            moments.append((bar.closes, whole, 0 if is_tape else bar.symbol.index, place, ("open", "range", "close"), bar))
        else:
            moments.append((bar.opens, opens, bar.symbol.index, place, ("open",), bar))
            moments.append((bar.opens, ranges, bar.symbol.index, place, ("range",), bar))
            moments.append((bar.closes, closes, bar.symbol.index, place, ("close",), bar))
    moments.sort(key=lambda moment: moment[:4])
    return [(moment[0], moment[4], moment[5]) for moment in moments]


# ---------------------------------------------------------------------------------------------------------------------
# Section 4: bid and ask


class Costs:
    """What trading costs, without a configuration, in shares of one."""

    def __init__(self, wanted):
        basis_point = Fraction(1, 10000)
        self.limits_by_volume = wanted == "config"
        if wanted == "config":
            self.spread = {"equity": 2 * basis_point, "forex": Fraction(3, 2) * basis_point, "crypto": 6 * basis_point}
            self.fee = {"equity": Fraction(0), "forex": Fraction(0), "crypto": 10 * basis_point}
            self.slippage = {"equity": basis_point, "forex": basis_point / 2, "crypto": 3 * basis_point}
        else:
            self.spread = self.fee = self.slippage = {"equity": Fraction(0), "forex": Fraction(0), "crypto": Fraction(0)}


class Quote:
    """Bid, ask and mid of one price. "Bid is the price less half of the spread, ask is the price plus half of it; neither
    is rounded." """

    def __init__(self, price, bar, costs):
        spread = bar.spread if bar.spread is not None else price * costs.spread[bar.symbol.asset_class]
        self.mid = price
        self.bid = price - spread / 2
        self.ask = price + spread / 2
        self.tick = bar.symbol.tick

    def bid_the_desk_sees(self):
        return whole_units_down(self.bid, self.tick)

    def ask_the_desk_sees(self):
        return whole_units_up(self.ask, self.tick)


# ---------------------------------------------------------------------------------------------------------------------
# Section 5: orders


class Order:
    """A market order, a stop or a limit. `role` is what it is for: entry, exit, stop or target."""

    def __init__(self, number, symbol, role, buys, quantity, level=None):
        self.number = number
        self.symbol = symbol
        self.role = role
        self.kind = {"entry": "market", "exit": "market", "stop": "stop", "target": "limit"}[role]
        self.buys = buys
        self.left = quantity
        self.level = level
        self.over = False
        self.awake = False  # a stop that was touched
        self.value_so_far = Fraction(0)  # in account currency, each fill at its own rate
        self.fees_so_far = Fraction(0)

    @property
    def closes_a_position(self):
        return self.role != "entry"

    def price_at(self, quote):
        """The table of section 5, column "at an open or close". None: it does not act."""
        side = quote.ask if self.buys else quote.bid
        if self.kind == "market" or self.awake:
            return side
        if self.kind == "stop":
            acts = side >= self.level if self.buys else side <= self.level
        else:
            acts = side <= self.level if self.buys else side >= self.level
        return side if acts else None

    def price_in_range(self, open_quote, low_quote, high_quote):
        """The table of section 5, column "at a range". None: it does not act."""
        if self.kind == "market" or self.awake:
            return None
        if self.kind == "stop":
            if self.buys:
                return max(open_quote.ask, self.level) if high_quote.ask >= self.level else None
            return min(open_quote.bid, self.level) if low_quote.bid <= self.level else None
        if self.buys:
            return min(open_quote.ask, self.level) if low_quote.ask <= self.level else None
        return max(open_quote.bid, self.level) if high_quote.bid >= self.level else None


# ---------------------------------------------------------------------------------------------------------------------
# Sections 6 and 7: conversion and money


class Position:
    """What is held of one symbol. `cost` is the exact sum of price x quantity of its fills that is not released yet."""

    def __init__(self, number, symbol, is_long, opened_at, bar):
        self.number = number
        self.symbol = symbol
        self.is_long = is_long
        self.opened_at = opened_at
        self.opened_in = bar
        self.size = Fraction(0)
        self.cost = Fraction(0)
        self.taken_in = Fraction(0)
        self.value_in = Fraction(0)
        self.given_out = Fraction(0)
        self.value_out = Fraction(0)
        self.gross = Fraction(0)
        self.fees = Fraction(0)

    def closing_price(self, mark):
        return mark.bid if self.is_long else mark.ask

    def profit(self, value, cost):
        return value - cost if self.is_long else cost - value


class Trade:
    """One line of trades.csv (section 11)."""

    COLUMNS = "number,symbol,side,quantity,opened_at,entry_price,closed_at,exit_price,exit,gross,fees,net".split(",")

    def __init__(self, position, closed_at, exit_):
        self.cells = [
            str(position.number),
            position.symbol.name,
            "long" if position.is_long else "short",
            decimal_text(position.taken_in),
            time_text(position.opened_at),
            decimal_text(half_even(position.value_in / position.taken_in, 10)),
            time_text(closed_at),
            decimal_text(half_even(position.value_out / position.given_out, 10)),
            exit_,
            decimal_text(position.gross),
            decimal_text(position.fees),
            decimal_text(position.gross - position.fees),
        ]


class Account:
    """Marks, rates, positions and the balance."""

    def __init__(self, symbols, cash, costs):
        self.symbols = symbols
        self.costs = costs
        self.balance = cash
        self.marks = {}  # symbol -> Quote
        self.positions = {}  # symbol -> Position
        self.trades = []
        self.opened = 0

    def held(self, symbol):
        return self.positions.get(symbol)

    # Section 6

    def _steps(self, currency):
        """The steps from a currency to another by one pair that has a mark: direct ones first, then inverse ones, each in
        the order of symbols."""
        marked = [symbol for symbol in self.symbols if symbol.is_pair and symbol in self.marks]
        for symbol in marked:
            if symbol.base == currency:
                yield symbol.quote, self.marks[symbol].mid
        for symbol in marked:
            if symbol.quote == currency:
                yield symbol.base, 1 / self.marks[symbol].mid

    def rate(self, currency):
        """ *The account's rate*; None where there is none."""
        if currency == ACCOUNT_CURRENCY:
            return Fraction(1)
        for reached, rate in self._steps(currency):
            if reached == ACCOUNT_CURRENCY:
                return half_even_significant(rate, 16)
        for between, first in self._steps(currency):
            for reached, second in self._steps(between):
                if reached == ACCOUNT_CURRENCY:
                    return half_even_significant(first * second, 16)
        return None

    def rate_of_the_desk(self, currency):
        """ *The desk's rate* is "the first symbol, in the order of symbols, that is a pair of the two, direct or inverse,
        and has a mark; half of the sum of bid and ask as the desk sees them, or 1 over that, rounded half even to 16 significant
        digits"; without one "two of them multiplied, over the first other currency that leads there"."""
        if currency == ACCOUNT_CURRENCY:
            return Fraction(1)

        def steps(of):
            for symbol in self.symbols:
                if symbol.is_pair and symbol in self.marks and of in (symbol.base, symbol.quote):
                    mark = self.marks[symbol]
                    middle = (mark.bid_the_desk_sees() + mark.ask_the_desk_sees()) / 2
                    yield (symbol.quote, middle, False) if symbol.base == of else (symbol.base, 1 / middle, True)

        for reached, rate, inverse in steps(currency):
            if reached == ACCOUNT_CURRENCY:
                return half_even_significant(rate, 16) if inverse else rate
        for between, first, _ in steps(currency):
            for reached, second, _ in steps(between):
                if reached == ACCOUNT_CURRENCY:
                    return half_even_significant(first * second, 16)
        return None

    # Section 7

    def equity(self):
        equity = self.balance
        for symbol, position in self.positions.items():
            value = position.size * position.closing_price(self.marks[symbol])
            equity += half_even(position.profit(value, position.cost) * self.rate(symbol.quote), 10)
        return equity

    def margin_used(self):
        used = Fraction(0)
        for symbol, position in self.positions.items():
            value = position.size * position.closing_price(self.marks[symbol])
            used += half_even(value * symbol.margin * self.rate(symbol.quote), 10)
        return used

    def free(self):
        return max(self.equity() - self.margin_used(), Fraction(0))

    def take_fill(self, order, price, quantity, moment, bar):
        symbol = order.symbol
        rate = self.rate(symbol.quote)
        # Section 5, "Fees": the value so far times the fee, half even to 2 places, less what was paid already.
        order.left -= quantity
        order.value_so_far += price * quantity * rate
        fee = half_even(order.value_so_far * self.costs.fee[symbol.asset_class], 2) - order.fees_so_far
        order.fees_so_far += fee
        self.balance -= fee
        position = self.positions.get(symbol)
        if not order.closes_a_position:
            if position is None:
                self.opened += 1
                position = self.positions[symbol] = Position(self.opened, symbol, order.buys, moment, bar)
            position.fees += fee
            position.size += quantity
            position.taken_in += quantity
            position.cost += price * quantity
            position.value_in += price * quantity
            return
        # "A fill that closes a part releases that share of the cost, rounded half even to 10 places; the one that closes
        # the rest releases all that is left."
        position.fees += fee
        if quantity == position.size:
            released = position.cost
        else:
            released = half_even(position.cost * quantity / position.size, 10)
        profit = half_even(position.profit(price * quantity, released) * rate, 10)
        position.size -= quantity
        position.cost -= released
        position.given_out += quantity
        position.value_out += price * quantity
        position.gross += profit
        self.balance += profit
        if position.size == 0:
            del self.positions[symbol]
            # Reading: when several orders closed parts of it, `exit` is what closed the last part.
            self.trades.append(Trade(position, moment, "signal" if order.role == "exit" else order.role))


# ---------------------------------------------------------------------------------------------------------------------
# Section 5: the venue


class Venue:
    """Keeps the orders that are not over and fills them."""

    def __init__(self, account, costs, seen):
        self.account = account
        self.costs = costs
        self.seen = seen
        self.live = {}  # symbol -> its orders that are not over, the older first
        self.made = 0
        self.fills = 0
        self.desk = None

    def add(self, symbol, role, buys, quantity, level=None):
        self.made += 1
        order = Order(self.made, symbol, role, buys, quantity, level)
        mark = self.account.marks.get(symbol)
        order.made_at = None if mark is None else mark.ask if buys else mark.bid
        self.live.setdefault(symbol, []).append(order)
        return order

    def end(self, order):
        if not order.over:
            order.over = True
            self.live[order.symbol].remove(order)

    def orders_of(self, symbol, *roles):
        return [order for order in self.live.get(symbol, []) if order.role in roles]

    def entries_of_others(self, symbol):
        """Entries that are not over, of other symbols."""
        return [order for other, orders in self.live.items() if other is not symbol for order in orders if order.role == "entry"]

    def would_bind(self, symbol, quantity, price):
        """Section 8: "size x the ask (bid for a short) of the mark when it was made x margin x rate, rounded half even to 10
        places, plus its fee"."""
        value = quantity * price * self.account.rate(symbol.quote)
        return half_even(value * symbol.margin, 10) + half_even(value * self.costs.fee[symbol.asset_class], 2)

    def refuses(self, symbol, buys, quantity):
        """Section 8: why the venue refuses an entry, or None."""
        if not buys and not symbol.shortable:
            return "cannot be sold short"
        if self.account.rate(symbol.quote) is None:
            return "no rate"
        bound_by_others = sum(self.would_bind(o.symbol, o.left, o.made_at) for o in self.entries_of_others(symbol))
        mark = self.account.marks[symbol]
        if self.would_bind(symbol, quantity, mark.ask if buys else mark.bid) > self.account.free() - bound_by_others:
            return "not enough free"
        return None

    def act(self, moment, kind, bar, quotes):
        """ "In a moment the orders of a symbol act in this order, each at most once: stops that protect, then market
        orders, then limits; of a kind, the older first." Those that are made meanwhile are not in the list: they take part
        from the next moment on."""
        orders = self.live.get(bar.symbol)
        if orders:
            rank = {"stop": 0, "market": 1, "limit": 2}
            for order in sorted(orders, key=lambda order: (rank[order.kind], order.number)):
                if not order.over:
                    self._try(order, moment, kind, bar, quotes)

    def _try(self, order, moment, kind, bar, quotes):
        price = order.price_in_range(*quotes) if kind == "range" else order.price_at(quotes[0])
        if price is None:
            return
        # "A stop that was touched is a market order from then on, for what is left of it."
        order.awake = order.kind == "stop"
        symbol = order.symbol
        quantity = order.left
        if order.closes_a_position:
            # "it fills for at most what is held, and ends when nothing is held"
            quantity = min(quantity, self.account.held(symbol).size)
        if self.costs.limits_by_volume and bar.volume is not None:
            room = PARTICIPATION * bar.volume - bar.filled
            if quantity > room:
                # "What an order would get beyond that is cut down to whole lots; what is left stays in the order."
                quantity = max(whole_units_down(room, symbol.lot), Fraction(0))
                self.seen["cut_by_volume"] += 1
        if quantity == 0:
            return
        self._note(order, kind, bar, quotes, price)
        fill_price = self._with_slippage_and_rounding(order, price)
        bar.filled += quantity
        self.fills += 1
        self.account.take_fill(order, fill_price, quantity, moment, bar)
        if order.left == 0:
            self.end(order)
        if self.account.held(symbol) is None:
            for other in self.orders_of(symbol, "stop", "target", "exit"):
                self.end(other)
        self.desk.after_fill(order)

    def _with_slippage_and_rounding(self, order, price):
        """ "Then slippage, for market orders and stops: the price times (1 + s) for a buy, times (1 - s) for a sell. Then
        rounding to ticks against the order: a buy up, a sell down, but never below one tick." """
        tick = order.symbol.tick
        if order.kind != "limit":
            slippage = self.costs.slippage[order.symbol.asset_class]
            price *= 1 + slippage if order.buys else 1 - slippage
        return max(whole_units_up(price, tick) if order.buys else whole_units_down(price, tick), tick)

    def end_of_bar(self, symbol):
        """ "A market order for equities ends at the close of the first bar that closes after it was made, those for forex
        and crypto stay." """
        if symbol.asset_class == "equity":
            for order in self.orders_of(symbol, "entry", "exit"):
                self.end(order)
                self.desk.after_end(order)

    def _note(self, order, kind, bar, quotes, price):
        """Counts what a comparison should have seen; it changes nothing."""
        if order.role in ("stop", "target"):
            if price != order.level:
                self.seen["gap_through_" + order.role] += 1
            elif kind != "range":
                self.seen["exactly_at_" + order.role] += 1
            else:
                far = quotes[2] if (order.role == "stop") == order.buys else quotes[1]
                if (far.ask if order.buys else far.bid) == order.level:
                    self.seen["exactly_at_" + order.role] += 1
            if self.account.held(order.symbol).opened_in is bar:
                self.seen["exit_on_the_entry_bar"] += 1
            if order.role == "stop" and kind == "range":
                if any(target.price_in_range(*quotes) is not None for target in self.orders_of(order.symbol, "target")):
                    self.seen["range_touched_both"] += 1


# ---------------------------------------------------------------------------------------------------------------------
# Section 8: from a decision to orders


class Decision:
    """To enter (with stop and target) or to exit."""

    def __init__(self, symbol, action, is_long=None, stop=None, target=None):
        self.symbol = symbol
        self.action = action
        self.is_long = is_long
        self.stop = stop
        self.target = target


class Plan:
    """What the desk keeps of an entry: where it is guarded, and the value it was sized by for one unit."""

    def __init__(self, is_long, stop, target, price):
        self.is_long = is_long
        self.stop = stop
        self.target = target
        self.price = price


class Desk:
    """Turns decisions into orders, and acts after every fill."""

    def __init__(self, account, venue, slots, sized_by, percent, equity_wanted):
        self.account = account
        self.venue = venue
        self.slots = slots
        self.sized_by = sized_by
        self.percent = percent
        self.equity_wanted = equity_wanted
        self.plans = {}  # symbol -> Plan of its latest entry
        self.entries = 0
        self.exits = 0
        self.denied = {}
        venue.desk = self

    def take(self, decision):
        reason = self._enter(decision) if decision.action == "enter" else self._exit(decision)
        if reason is not None:
            self.denied[reason] = self.denied.get(reason, 0) + 1

    def _enter(self, decision):
        symbol, is_long = decision.symbol, decision.is_long
        account, venue = self.account, self.venue
        if account.held(symbol) is not None:
            return "held already"
        mark = account.marks[symbol]
        bid, ask = mark.bid_the_desk_sees(), mark.ask_the_desk_sees()
        price = ask if is_long else bid
        # "Its stop is rounded to ticks away from the market (down for a long position), its target too (up for a long
        # position)."
        if is_long:
            stop, target = whole_units_down(decision.stop, symbol.tick), whole_units_up(decision.target, symbol.tick)
            sound = stop < bid and stop < price and target > price
        else:
            stop, target = whole_units_up(decision.stop, symbol.tick), whole_units_down(decision.target, symbol.tick)
            sound = stop > ask and stop > price and target < price
        if not sound:
            return "stop or target on the wrong side"
        rate = account.rate_of_the_desk(symbol.quote)
        if rate is None:
            return "no rate of the desk"
        quantity = self._size(symbol, price, stop, rate)
        if quantity is None:
            return "too small"
        # The guard.
        others = {other for other in account.positions if other is not symbol}
        others |= {order.symbol for order in venue.entries_of_others(symbol)}
        if len(others) >= self.slots:
            return "no slot"
        needed = quantity * price * rate * symbol.margin
        for order in venue.entries_of_others(symbol):
            # "the value of what is left of all other entries", not times their margin
            needed += order.left * self.plans[order.symbol].price * account.rate_of_the_desk(order.symbol.quote)
        if needed > account.free():
            return "guard: not enough free"
        # The venue.
        refusal = venue.refuses(symbol, is_long, quantity)
        if refusal is not None:
            return "venue: " + refusal
        self.plans[symbol] = Plan(is_long, stop, target, price)
        self.entries += 1
        venue.add(symbol, "entry", is_long, quantity)
        return None

    def _size(self, symbol, price, stop, rate):
        """ "so many whole lots as cost at most the budget, at least `qty_min`, at least `notional_min` of value, at most
        `qty_max`"; None when there is no such quantity."""
        equity = self.account.balance if self.equity_wanted == "closed" else self.account.equity()
        budget = equity * self.percent / 100
        one_unit = (price if self.sized_by == "equity" else abs(price - stop)) * rate
        if price <= 0 or one_unit <= 0:
            return None
        quantity = whole_units_down(min(budget / one_unit, symbol.greatest_quantity), symbol.lot)
        if quantity <= 0 or quantity < symbol.smallest_quantity or quantity * price < symbol.smallest_value:
            return None
        return quantity

    def _exit(self, decision):
        """ "Stop, target and what is left of the entry are cancelled, and a market order over all that is held is made, at
        that moment." """
        position = self.account.held(decision.symbol)
        if position is None:
            return "nothing held"
        if self.venue.orders_of(decision.symbol, "exit"):
            return "exit under way"  # Reading: a second market order over the same position could change no fill.
        for order in self.venue.orders_of(decision.symbol, "stop", "target", "entry"):
            self.venue.end(order)
        self.exits += 1
        self.venue.add(decision.symbol, "exit", not position.is_long, position.size)
        return None

    def after_fill(self, order):
        """ "As soon as anything is filled, stop and target rest over all that is held, and are made anew when that
        changes. The one that fills cancels the other." """
        symbol = order.symbol
        if order.role == "entry":
            for old in self.venue.orders_of(symbol, "stop", "target"):
                self.venue.end(old)
            self._protect(symbol, "stop", "target")
        elif order.role in ("stop", "target"):
            # "What is left of an entry is cancelled with the first fill that takes the position out."
            for rest in self.venue.orders_of(symbol, "entry"):
                self.venue.end(rest)
            if self.account.held(symbol) is not None:
                # What is left of this order is all that is held; the other is made anew over it.
                other = "target" if order.role == "stop" else "stop"
                for old in self.venue.orders_of(symbol, other):
                    self.venue.end(old)
                self._protect(symbol, other)

    def after_end(self, order):
        """A market order ended at the close with a part of it not filled. "What is left of an exit is made anew at that close." """
        position = self.account.held(order.symbol)
        if order.role == "exit" and position is not None:
            self.exits += 1
            self.venue.add(order.symbol, "exit", not position.is_long, position.size)

    def _protect(self, symbol, *roles):
        plan, position = self.plans[symbol], self.account.held(symbol)
        for role in roles:
            level = plan.stop if role == "stop" else plan.target
            self.venue.add(symbol, role, not plan.is_long, position.size, level)


# ---------------------------------------------------------------------------------------------------------------------
# Section 9: the strategy


class GreatestOfTheLast:
    """The greatest of the last `length` numbers that were added."""

    def __init__(self, length):
        self.length = length
        self.count = 0
        self.candidates = deque()  # (place, number), numbers falling

    def add(self, number):
        while self.candidates and self.candidates[-1][1] <= number:
            self.candidates.pop()
        self.candidates.append((self.count, number))
        self.count += 1
        while self.candidates[0][0] < self.count - self.length:
            self.candidates.popleft()

    def value(self):
        return self.candidates[0][1]


class Breakout:
    """The strategy for one symbol."""

    def __init__(self, symbol, parameters):
        self.symbol = symbol
        self.parameters = parameters
        self.bars = 0
        self.close_before = None
        self.entry_highs = GreatestOfTheLast(parameters.entry)
        self.entry_lows = GreatestOfTheLast(parameters.entry)  # of the lows with the sign turned
        self.exit_highs = GreatestOfTheLast(parameters.exit)
        self.exit_lows = GreatestOfTheLast(parameters.exit)
        self.true_ranges = deque(maxlen=parameters.atr)

    def at_close(self, bar, position, under_way, may_decide):
        """Takes the bar in and returns the decision at its close, or None."""
        # "true range of bar i = max(high, close before) - min(low, close before)"
        if self.close_before is not None:
            self.true_ranges.append(max(bar.high, self.close_before) - min(bar.low, self.close_before))
        decision = None
        warm = self.bars >= max(self.parameters.entry, self.parameters.exit, self.parameters.atr)
        if warm and may_decide:
            decision = self._decide(bar, position, under_way)
        self.bars += 1
        self.close_before = bar.close
        for channel in (self.entry_highs, self.exit_highs):
            channel.add(bar.high)
        for channel in (self.entry_lows, self.exit_lows):
            channel.add(-bar.low)
        return decision

    def _decide(self, bar, position, under_way):
        if position is not None:
            if position.is_long and bar.close < -self.exit_lows.value():
                return Decision(self.symbol, "exit")
            if not position.is_long and bar.close > self.exit_highs.value():
                return Decision(self.symbol, "exit")
            return None
        if under_way:
            return None
        if bar.close > self.entry_highs.value():
            return self._entry(bar, True)
        if self.parameters.direction == "both" and self.symbol.shortable and bar.close < -self.entry_lows.value():
            return self._entry(bar, False)
        return None

    def _entry(self, bar, is_long):
        average_true_range = sum(self.true_ranges) / self.parameters.atr
        away = 1 if is_long else -1
        stop = nearest_unit_ties_up(bar.close - away * self.parameters.stop * average_true_range, self.symbol.tick)
        target = nearest_unit_ties_up(bar.close + away * self.parameters.target * average_true_range, self.symbol.tick)
        # "When either is not above zero, or equal to the close, nothing is decided"
        if stop <= 0 or target <= 0 or stop == bar.close or target == bar.close:
            return None
        return Decision(self.symbol, "enter", is_long, stop, target)


# ---------------------------------------------------------------------------------------------------------------------
# Section 10: all of it together


class Replay:
    def __init__(self, options):
        self.options = options
        self.symbols = read_symbols(options.symbols)
        self.costs = Costs(options.costs)
        self.seen = dict.fromkeys(
            "gap_through_stop gap_through_target exactly_at_stop exactly_at_target exit_on_the_entry_bar range_touched_both cut_by_volume".split(), 0
        )
        self.account = Account(self.symbols, options.cash, self.costs)
        self.venue = Venue(self.account, self.costs, self.seen)
        sized_by, percent = ("risk", options.risk_percent) if options.risk_percent is not None else ("equity", options.equity_percent)
        self.desk = Desk(self.account, self.venue, options.slots, sized_by, percent if percent is not None else Fraction(8), options.equity)
        self.strategies = {symbol: Breakout(symbol, options) for symbol in self.symbols}
        self.bars_played = 0

    def run(self):
        options = self.options
        after = seconds_of(datetime.combine(options.from_, time(0), timezone.utc)) if options.from_ else None
        until = seconds_of(datetime.combine(options.to + timedelta(days=1), time(0), timezone.utc)) if options.to else None
        bars, is_tape = BarReader(self.symbols, after, until).read(options.bars)
        for moment, kinds, bar in moments_in_order(bars, is_tape):
            for kind in kinds:
                self._tell(moment, kind, bar)

    def _tell(self, moment, kind, bar):
        # "(A spread that leaves no bid above zero: the moment is passed over.)" Reading: then it sets no mark, fills
        # nothing and brings no decision; for a range the low is what counts. The strategy still counts the bar.
        if kind == "range":
            if self.venue.live.get(bar.symbol):
                quotes = [Quote(price, bar, self.costs) for price in (bar.open, bar.low, bar.high)]
                if all(quote.bid > 0 for quote in quotes):
                    self.venue.act(moment, kind, bar, quotes)
            return
        quote = Quote(bar.open if kind == "open" else bar.close, bar, self.costs)
        sound = quote.bid > 0
        if sound:
            self.account.marks[bar.symbol] = quote
            self.venue.act(moment, kind, bar, [quote])
        if kind == "close":
            self.bars_played += 1
            if sound:
                self.venue.end_of_bar(bar.symbol)
            # "The account is read once for each bar: at its close, after all fills of that bar, before any decision on
            # it." Nothing comes between the reading and the decision, so the desk reads it when it sizes.
            position = self.account.held(bar.symbol)
            under_way = bool(self.venue.orders_of(bar.symbol, "entry", "exit"))
            decision = self.strategies[bar.symbol].at_close(bar, position, under_way, sound)
            if decision is not None:
                self.desk.take(decision)

    def write(self, folder):
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "trades.csv"), "w", newline="", encoding="utf-8") as file:
            lines = csv.writer(file, lineterminator="\n")
            lines.writerow(Trade.COLUMNS)
            lines.writerows(trade.cells for trade in self.account.trades)
        live = [order for orders in self.venue.live.values() for order in orders]
        summary = {
            "bars": self.bars_played,
            "entries": self.desk.entries,
            # An entry counts for three orders (itself, its stop, its target), an exit for one; those made anew do not count.
            "orders": 3 * self.desk.entries + self.desk.exits,
            "fills": self.venue.fills,
            "trades": len(self.account.trades),
            "denied": sum(self.desk.denied.values()),
            "denied_why": self.desk.denied,
            "equity_closed": decimal_text(self.account.balance),
            "equity_marked": decimal_text(self.account.equity()),
            "open_positions": [
                {
                    "number": position.number,
                    "symbol": symbol.name,
                    "side": "long" if position.is_long else "short",
                    "quantity": decimal_text(position.size),
                    "opened_at": time_text(position.opened_at),
                }
                for symbol, position in self.account.positions.items()
            ],
            "open_orders": len(live),
            "seen": self.seen,
        }
        with open(os.path.join(folder, "summary.json"), "w", encoding="utf-8") as file:
            json.dump(summary, file, indent=2)
            file.write("\n")
        return summary


def options_from(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--bars", required=True)
    parser.add_argument("--symbols", required=True)
    parser.add_argument("--strategy", required=True, choices=["breakout"])
    parser.add_argument("--cash", type=Fraction, default=Fraction(100000))
    parser.add_argument("--slots", type=int, default=10)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--equity-percent", type=Fraction)
    size.add_argument("--risk-percent", type=Fraction)
    parser.add_argument("--equity", choices=["closed", "marked"], default="closed")
    parser.add_argument("--costs", choices=["config", "none"], default="config")
    parser.add_argument("--limits", choices=["wide"], help="`--limits wide` only; it must be said", required=True)
    parser.add_argument("--from", dest="from_", type=date.fromisoformat)
    parser.add_argument("--to", type=date.fromisoformat)
    parser.add_argument("--entry", type=int, default=50)
    parser.add_argument("--exit", type=int, default=20)
    parser.add_argument("--atr", type=int, default=14)
    parser.add_argument("--stop", type=Fraction, default=Fraction(2))
    parser.add_argument("--target", type=Fraction, default=Fraction(4))
    parser.add_argument("--direction", choices=["long", "both"], default="long")
    parser.add_argument("--out", required=True)
    options = parser.parse_args(arguments)
    if min(options.entry, options.exit, options.atr, options.slots) < 1:
        parser.error("--entry, --exit, --atr and --slots are at least 1")
    return options


def main():
    options = options_from(sys.argv[1:])
    try:
        replay = Replay(options)
        replay.run()
    except (InputError, OSError) as error:
        print(f"replay.py: {error}", file=sys.stderr)
        return 1
    summary = replay.write(options.out)
    print(
        f"{summary['bars']} bars, {summary['entries']} entries, {summary['orders']} orders, {summary['fills']} fills, "
        f"{summary['denied']} denied, closed equity {summary['equity_closed']}, marked {summary['equity_marked']}, "
        f"{len(summary['open_positions'])} open (--limits wide)"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
