#!/usr/bin/env python3
"""Makes one small random market from a seed.

    markets.py SEED DIR

writes DIR/symbols.csv, DIR/bars/*.csv (or DIR/tape.csv) and DIR/args.json: the options of a replay of that market. The
same seed gives the same bytes. The prices are there to be awkward, not to be likely: gaps through stops and targets, bars
that touch both, equal highs, closes exactly at a channel, flat stretches, missing rows, prices with more digits than a
tick, spreads that come and go, volumes so small that they cut orders down.
"""

import json
import os
import sys
from datetime import date, timedelta

DAY = 86400


class Random:
    """splitmix64, whole numbers only."""

    def __init__(self, seed):
        self.state = seed & (2**64 - 1)

    def _next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & (2**64 - 1)
        number = self.state
        number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & (2**64 - 1)
        number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & (2**64 - 1)
        return number ^ (number >> 31)

    def between(self, least, greatest):
        return least + self._next() % (greatest - least + 1)

    def chance(self, percent):
        return self.between(1, 100) <= percent

    def one_of(self, *choices):
        return choices[self.between(0, len(choices) - 1)]

    def shuffled(self, things):
        things = list(things)
        for last in range(len(things) - 1, 0, -1):
            other = self.between(0, last)
            things[last], things[other] = things[other], things[last]
        return things


def scaled_text(number, places):
    """`number` / 10^places as text, without zeros at the end."""
    digits = str(number).rjust(places + 1, "0")
    text = digits[: len(digits) - places] + "." + digits[len(digits) - places :] if places else digits
    return text.rstrip("0").rstrip(".") if "." in text else text


class Instrument:
    """What is traded. Prices are counted in hundredths of the smallest decimal of the tick."""

    # name: asset class, quote column, places of the tick, sizes of a tick in its last place, about the price in the last
    # place, lots, about the worth of one unit in account currency
    KNOWN = {
        "AAA": ("equity", "", 2, (1, 5, 10, 25), 5000, ("1",), 50),
        "BBB": ("equity", "", 2, (1, 25, 50), 12000, ("1", "10"), 120),
        "CCC": ("equity", "", 2, (1, 1, 5), 900, ("1",), 9),
        "DDD": ("equity", "EUR", 2, (1, 5, 20), 4000, ("1",), 44),
        "EUR/USD": ("forex", "", 5, (1, 1, 50, 100), 110000, ("1", "1000"), 1),
        "GBP/USD": ("forex", "", 5, (1, 10, 100), 130000, ("1", "100"), 1),
        "EUR/GBP": ("forex", "", 5, (1, 1, 50), 86000, ("1",), 1),
        "USD/JPY": ("forex", "", 3, (1, 50, 100), 110000, ("1", "1000"), 1),
        "GBP/JPY": ("forex", "", 3, (1, 100), 145000, ("1",), 1),
        "XYZ/USD": ("crypto", "", 2, (1, 50, 100), 60000, ("0.0001", "0.01"), 600),
        "QRS/USD": ("crypto", "", 4, (1, 10, 100), 30000, ("0.1", "1"), 3),
    }
    # What turns the quote of these into account currency.
    NEEDS = {"DDD": "EUR/USD", "EUR/GBP": "GBP/USD", "GBP/JPY": "USD/JPY"}

    def __init__(self, name, random):
        self.name = name
        self.asset_class, self.quote, self.places, ticks, self.about, lots, self.worth = self.KNOWN[name]
        self.tick = random.one_of(*ticks)
        self.lot = random.one_of(*lots)


class Walk:
    """The prices of one instrument, in steps of several ticks, so that equal prices are common."""

    def __init__(self, random, instrument):
        self.random = random
        tick = instrument.tick * 100
        # One step moves the price by about a hundredth to a thousandth.
        self.step = tick * random.one_of(1, 1, 2, 5) * max(1, instrument.about // (instrument.tick * 2000))
        self.start = max(80, instrument.about * 100 // self.step)
        self.swing = random.one_of(2, 3, 5, 8)
        self.close = self.start
        self.trend, self.trend_left, self.flat_left = 0, 0, 0
        self.highs, self.lows = [], []
        self.more_digits = random.one_of(0, 0, 0, 0, 30, 100)  # percent of the prices

    def bar(self):
        random = self.random
        opens, high, low, close = self._levels()
        self.close = close
        self.highs.append(high)
        self.lows.append(low)
        prices = [level * self.step for level in (opens, high, low, close)]
        if self.more_digits:
            prices = [price + (random.between(0, 99) if random.chance(self.more_digits) else 0) for price in prices]
            prices[1] = max(prices)
            prices[2] = min(prices)
        return prices

    def _levels(self):
        random, swing, before = self.random, self.swing, self.close
        if self.flat_left:
            self.flat_left -= 1
            return before, before, before, before
        if random.chance(3):
            self.flat_left = random.between(1, 6)
        if self.trend_left == 0:
            self.trend_left = random.between(4, 20)
            self.trend = random.one_of(-1, 0, 1, 1)
            if before < self.start * 2 // 3:
                self.trend = 1
            elif before > self.start * 2:
                self.trend = -1
        self.trend_left -= 1
        opens = before
        if random.chance(40):
            opens += random.between(-1, 1) * random.between(0, max(1, swing // 2))
        if random.chance(5):
            opens += random.one_of(-1, 1) * swing * random.between(2, 6)
        close = opens + random.between(-swing, swing) + self.trend * random.between(0, swing)
        opens, close = max(opens, 8), max(close, 8)
        if random.chance(8) and self.highs:
            # A close exactly at a channel, or one step beyond it.
            nearby = random.between(2, 8)
            close = random.one_of(max(self.highs[-nearby:]), min(self.lows[-nearby:])) + random.one_of(-1, 0, 0, 1)
        high = max(opens, close) + random.between(0, swing)
        low = min(opens, close) - random.between(0, swing)
        if random.chance(6):
            high += swing * random.between(2, 7)
        if random.chance(6):
            low -= swing * random.between(2, 7)
        if random.chance(5):
            # Both ways at once.
            high, low = max(opens, close) + swing * random.between(3, 9), min(opens, close) - swing * random.between(3, 9)
        if random.chance(10) and self.highs:
            high = max(max(opens, close), max(self.highs[-random.between(1, 6) :]))  # an equal high
        if random.chance(10) and self.lows:
            low = min(min(opens, close), min(self.lows[-random.between(1, 6) :]))
        low = max(low, 4)
        return max(opens, low), max(high, opens, close), low, max(close, low)


class Market:
    def __init__(self, seed):
        self.random = random = Random(seed * 1000003 + 17)
        self.form = random.one_of("dates", "dates", "dates", "moments", "moments", "seconds", "tape", "tape", "mixed", "half days")
        self.instruments = self._instruments()
        self.cash = random.one_of(10000, 25000, 100000, 100000, 1000000, 1000000000)
        self.percent = random.one_of("5", "8", "10", "20", "25", "33.3", "50")
        self.costs = random.one_of("config", "config", "none")
        self.small_volume = self.costs == "config" and random.chance(30)
        self.options = self._options()
        self.files = {}  # name -> lines

    def _instruments(self):
        random = self.random
        wanted = random.one_of(1, 2, 2, 3, 3, 4, 5, 6)
        names = random.shuffled(Instrument.KNOWN)[:wanted]
        for name, needed in Instrument.NEEDS.items():
            if name in names and needed not in names and random.chance(90):
                if len(names) < 6:
                    names.append(needed)
                else:
                    names[names.index(name)] = needed
        if all(name in Instrument.NEEDS and Instrument.NEEDS[name] not in names for name in names):
            names[0] = "AAA"
        if self.form == "half days":
            names = random.shuffled(["AAA", "BBB", "CCC"])[: random.between(1, 2)] + random.shuffled(["EUR/USD", "GBP/USD", "XYZ/USD", "QRS/USD"])[: random.between(1, 3)]
        return [Instrument(name, random) for name in random.shuffled(dict.fromkeys(names))]

    def _options(self):
        random = self.random
        options = ["--strategy", "breakout", "--cash", str(self.cash), "--slots", str(1 if self.form == "half days" else random.between(1, 4))]
        if random.chance(65):
            options += ["--equity-percent", self.percent]
        else:
            options += ["--risk-percent", random.one_of("0.25", "0.5", "1", "2")]
        options += ["--equity", random.one_of("closed", "marked"), "--costs", self.costs, "--limits", "wide"]
        options += ["--entry", str(random.between(3, 8)), "--exit", str(random.between(2, 5)), "--atr", str(random.between(2, 7))]
        options += ["--stop", random.one_of("0.5", "1", "1.5", "1.5", "2", "2", "2.5"), "--target", random.one_of("1", "1.5", "2", "2", "3", "4")]
        options += ["--direction", random.one_of("long", "both", "both")]
        return options

    def symbols_file(self):
        random = self.random
        columns = ["symbol", "asset_class", "tick", "lot", "quote"]
        for column in ("margin", "shortable", "qty_min", "qty_max", "notional_min", "note"):
            if random.chance(35):
                columns.append(column)
        columns = random.shuffled(columns)
        lines = [",".join(columns)]
        for instrument in self.instruments:
            cells = {
                "symbol": instrument.name,
                "asset_class": instrument.asset_class,
                "tick": scaled_text(instrument.tick, instrument.places),
                "lot": instrument.lot,
                "quote": instrument.quote or (random.one_of("", instrument.name.split("/")[1]) if "/" in instrument.name else ""),
                "margin": random.one_of("", "0.05", "0.2", "0.5", "1"),
                "shortable": random.one_of("", "yes", "yes", "no"),
                "qty_min": random.one_of("", "", instrument.lot, "1", "5"),
                "qty_max": random.one_of("", "", "100", "2000"),
                "notional_min": random.one_of("", "", "10", "500"),
                "note": "x",
            }
            lines.append(",".join(cells[column] for column in columns))
        return lines

    def make(self):
        random = self.random
        self.symbols = self.symbols_file()
        columns = ["open", "high", "low", "close"]
        volume = self.small_volume or random.chance(60)
        spread = random.chance(35)
        columns += ["volume"] * volume + ["spread"] * spread
        if self.form == "tape":
            columns.append("symbol")
        columns.append("time")
        if random.chance(40):
            columns = random.shuffled(columns)
        count = random.between(40, 250)
        first_day = date(random.between(2015, 2021), random.between(1, 12), random.between(1, 28))
        step = random.one_of(300, 900, 3600, 3600, 14400, DAY)
        same_step = random.chance(70)
        every_day = random.chance(10)
        tape = []
        for instrument in self.instruments:
            form = random.one_of("dates", "moments", "seconds") if self.form == "mixed" else self.form
            if form == "half days":
                form = "dates" if instrument.asset_class == "equity" else "seconds"
            times = self._times(form, instrument, count, first_day, step if same_step else random.one_of(900, 3600, 14400), every_day)
            rows = self._rows(form, instrument, times, volume, spread)
            head = random.one_of("date", "ts", "timestamp") if form != "dates" or random.chance(20) else "date"
            if self.form == "tape":
                tape += [(moment, cells) for moment, cells in zip(times, rows)]
                continue
            name = instrument.name.replace("/", random.one_of("", "_", "-")) + ".csv"
            self.files["bars/" + name] = self._lines(columns, head, rows)
        if self.form == "tape":
            if random.chance(50):
                tape = random.shuffled(tape)
            tape.sort(key=lambda row: row[0])
            self.files["tape.csv"] = self._lines(columns, random.one_of("ts", "timestamp"), [cells for _, cells in tape])
        if random.chance(10):
            last = first_day + timedelta(days=count if self.form == "dates" else max(3, count * step // DAY))
            self.options += ["--from", str(first_day + (last - first_day) // 8), "--to", str(last - (last - first_day) // 8)]
        return self

    def _lines(self, columns, head, rows):
        lines = [",".join(head if column == "time" else column for column in columns)]
        return lines + [",".join(row[column] for column in columns) for row in rows]

    def _times(self, form, instrument, count, first_day, step, every_day):
        """Dates, or seconds; random rows are missing."""
        random = self.random
        missing = random.one_of(0, 0, 2, 8, 20)
        count = max(40, count - random.between(0, 20))
        late = random.one_of(0, 0, 0, random.between(1, 10))
        if self.form == "half days":
            # Sessions that end at 13:00 in New York, between others; the other bars close at 19:30 UTC, which is after
            # the end of a half day and before that of a whole one.
            days = [day for year in range(2008, 2021) for day in self._around_half_days(year) if not random.chance(missing)]
            return days if form == "dates" else [(day - date(1970, 1, 1)).days * DAY + 19 * 3600 + 1800 for day in days]
        if form == "dates":
            days = (first_day + timedelta(days=late + number) for number in range(1000))
            # Stocks have no bars on weekends.
            is_weekly = instrument.asset_class == "equity" or instrument.asset_class == "forex" and not every_day
            last_weekday = 4 if is_weekly else 6
            # Sunday to Friday is a week of currencies, too.
            sundays = instrument.asset_class == "forex" and random.chance(30)
            times = [day for day in days if day.weekday() <= last_weekday or (sundays and day.weekday() == 6)][:count]
        else:
            start = (first_day - date(1970, 1, 1)).days * DAY
            if self.form == "mixed":
                step = DAY
            if form == "moments":
                step = min(step, DAY // 2)  # daily bars are written as dates
            if self.form == "mixed":
                start += random.one_of(0, 14 * 3600 + 1800, 20 * 3600, 21 * 3600, 22 * 3600)
            times = [start + step * (late + number) for number in range(count)]
        kept = [moment for moment in times if not random.chance(missing)]
        return kept if len(kept) >= 30 else times

    def _around_half_days(self, year):
        thanksgiving = next(day for day in (date(year, 11, number) for number in range(22, 29)) if day.weekday() == 3)
        middles = [date(year, 7, 3), thanksgiving + timedelta(days=1), date(year, 12, 24)]
        days = [middle + timedelta(days=away) for middle in middles for away in (-1, 0)]
        return [day for day in days if day.weekday() <= 4]

    def _rows(self, form, instrument, times, volume, spread):
        random = self.random
        walk = Walk(random, instrument)
        places = instrument.places + 2
        spread_steps = random.one_of(1, 2, 2, 4)
        rows = []
        for moment in times:
            opens, high, low, close = walk.bar()
            cells = {"symbol": instrument.name, "open": opens, "high": high, "low": low, "close": close}
            cells = {column: scaled_text(value, places) if column != "symbol" else value for column, value in cells.items()}
            if form == "dates":
                cells["time"] = str(moment)
            elif form == "moments":
                cells["time"] = self._moment(moment)
            else:
                cells["time"] = str(moment)
            if volume:
                cells["volume"] = self._volume(instrument)
            if spread:
                ticks = random.one_of(0, 1, 2, 2, 2, 4, spread_steps * max(1, walk.step // (instrument.tick * 200)))
                cells["spread"] = random.one_of("", *[scaled_text(ticks * instrument.tick * 100, places)] * 4)
            rows.append(cells)
        return rows

    def _moment(self, seconds):
        day = date(1970, 1, 1) + timedelta(days=seconds // DAY)
        rest = seconds % DAY
        return f"{day}T{rest // 3600:02d}:{rest % 3600 // 60:02d}:{rest % 60:02d}Z"

    def _volume(self, instrument):
        random = self.random
        if random.chance(3):
            return ""
        if random.chance(2):
            return "0"
        if not self.small_volume:
            return "0" if instrument.asset_class == "forex" and random.chance(50) else str(random.between(10**9, 2 * 10**9))
        # About so much that an entry takes one to three bars.
        usual = self.cash * 10 // (100 * instrument.worth) + 1
        thousandths = usual * 20 * random.between(200, 3000)
        if instrument.asset_class == "crypto":
            return scaled_text(thousandths, 3)
        return str(thousandths // 1000)

    def write(self, folder):
        os.makedirs(os.path.join(folder, "bars") if self.form != "tape" else folder, exist_ok=True)
        for name, lines in {"symbols.csv": self.symbols, **self.files}.items():
            with open(os.path.join(folder, name), "w", encoding="utf-8", newline="") as file:
                file.write("\n".join(lines) + "\n")
        about = {"bars": "tape.csv" if self.form == "tape" else "bars", "symbols": "symbols.csv", "form": self.form, "small_volume": self.small_volume, "options": self.options}
        with open(os.path.join(folder, "args.json"), "w", encoding="utf-8") as file:
            json.dump(about, file, indent=2)
            file.write("\n")
        return about


def write_market(seed, folder):
    return Market(seed).make().write(folder)


def main():
    if len(sys.argv) != 3 or not sys.argv[1].isdigit():
        print("markets.py SEED DIR", file=sys.stderr)
        return 2
    write_market(int(sys.argv[1]), sys.argv[2])
    return 0


if __name__ == "__main__":
    sys.exit(main())
