#!/usr/bin/env python3
"""Compares the trades of a replay with those of the reference, market by market.

    compare.py --binary PATH [--markets N] [--first SEED] [--data DIR] [--keep DIR]

For each seed it makes a market (markets.py), plays it with `PATH replay ...` and with replay.py, and compares trade by trade;
numbers as exact fractions, so 1.50 is 1.5, but 1.5000000001 is not. `--data DIR` also plays the bars of DIR/bars by the rules of
DIR/symbols.csv. It prints the first trade that parts for each market that fails, and at the end how much the comparison
has seen; it fails on any difference, and when it has seen fewer than 5 trades for each market.
"""

import argparse
import csv
import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections import Counter
from datetime import datetime, timezone
from fractions import Fraction
from multiprocessing.pool import ThreadPool

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, HERE)
from markets import write_market  # noqa: E402

REFERENCE = [sys.executable, os.path.join(HERE, "replay.py")]
NUMBERS = ("quantity", "entry_price", "exit_price", "gross", "fees")
COLUMNS = ("symbol", "side", "quantity", "opened_at", "entry_price", "closed_at", "exit_price", "exit", "gross", "fees")
SIDES = {"buy": "long", "sell": "short"}


class Outcome:
    """What the comparison of one market gave."""

    def __init__(self, name):
        self.name = name
        self.difference = None  # text, when there is one
        self.trades = 0
        self.counts = Counter()


def parsed(row):
    """One line of trades.csv in a form in which equal things are equal."""
    cells = {}
    for column in COLUMNS:
        text = (row.get(column) or "").strip()
        if column in NUMBERS:
            cells[column] = Fraction(text)
        elif column in ("opened_at", "closed_at"):
            cells[column] = datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)
        elif column == "side":
            cells[column] = SIDES.get(text, text)
        else:
            cells[column] = text
    return cells


def shown(row):
    return "(no such trade)" if row is None else ",".join((row.get(column) or "").strip() for column in COLUMNS)


def rows_of(folder):
    with open(os.path.join(folder, "trades.csv"), newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        missing = [column for column in COLUMNS if column not in (reader.fieldnames or [])]
        if missing:
            raise ValueError("trades.csv has no column " + ", ".join(missing))
        return list(reader)


def first_difference(theirs, ours):
    for place in range(max(len(theirs), len(ours))):
        their = theirs[place] if place < len(theirs) else None
        our = ours[place] if place < len(ours) else None
        if their is not None and our is not None:
            their_cells, our_cells = parsed(their), parsed(our)
            parts = [column for column in COLUMNS if their_cells[column] != our_cells[column]]
            if not parts:
                continue
        else:
            parts = ["one side has no such trade"]
        return "\n".join(
            [
                f"  trade {place + 1} parts in {', '.join(parts)} ({len(theirs)} trades of the binary, {len(ours)} of the reference)",
                "            " + ",".join(COLUMNS),
                "  binary    " + shown(their),
                "  reference " + shown(our),
            ]
        )
    return None


def difference_in_equity(theirs, ours):
    """The final equity, which open positions and the fees of orders that are not over also touch: to half a cent."""
    for name in ("equity_closed", "equity_marked"):
        if name in theirs and abs(Fraction(str(theirs[name])) - Fraction(ours[name])) > Fraction(1, 200):
            return f"  the trades agree, {name} does not: binary {theirs[name]}, reference {ours[name]}"
    return None


def play(command, out):
    done = subprocess.run(command + ["--out", out], capture_output=True, text=True)
    if done.returncode != 0:
        return f"  {shlex.join(command)} ended with {done.returncode}: {(done.stderr or done.stdout).strip()[-600:]}"
    return None


def compare(binary, folder, name, bars, symbols, options):
    outcome = Outcome(name)
    arguments = ["--bars", bars, "--symbols", symbols] + options
    their_out, our_out = os.path.join(folder, "binary"), os.path.join(folder, "reference")
    failure = play(REFERENCE + arguments, our_out) or play([binary, "replay"] + arguments, their_out)
    if failure and "error[TW0207]" in failure:
        with open(os.path.join(our_out, "summary.json"), encoding="utf-8") as file:
            if json.load(file)["bars"] == 0:
                return outcome  # no bar in the time asked for: a result for the one, an error for the other
    if failure:
        outcome.difference = failure
        return outcome
    with open(os.path.join(our_out, "summary.json"), encoding="utf-8") as file:
        our_summary = json.load(file)
    try:
        ours, theirs = rows_of(our_out), rows_of(their_out)
        outcome.trades = len(ours)
        outcome.counts.update(row["side"] + " " + row["exit"] for row in ours)
        outcome.counts.update(our_summary["seen"])
        outcome.difference = first_difference(theirs, ours)
        their_summary = os.path.join(their_out, "summary.json")
        if outcome.difference is None and os.path.isfile(their_summary):
            with open(their_summary, encoding="utf-8") as file:
                outcome.difference = difference_in_equity(json.load(file, parse_float=str), our_summary)
    except (ValueError, OSError) as error:
        outcome.difference = f"  the results cannot be read: {error}"
    return outcome


def compare_seed(binary, seed, keep):
    with tempfile.TemporaryDirectory() as temporary:
        folder = os.path.join(keep, str(seed)) if keep else temporary
        about = write_market(seed, folder)
        name = f"seed {seed} ({about['form']}{', small volume' if about['small_volume'] else ''}: {' '.join(about['options'])})"
        bars, symbols = os.path.join(folder, about["bars"]), os.path.join(folder, about["symbols"])
        return compare(binary, folder, name, bars, symbols, about["options"])


RULES_OF_REAL_DATA = {"equity": ("0.000001", "1"), "forex": ("0.00001", "1"), "crypto": ("0.01", "0.0001")}


def compare_data(binary, data, costs, keep):
    with tempfile.TemporaryDirectory() as temporary:
        folder = os.path.join(keep, "data-" + costs) if keep else temporary
        os.makedirs(folder, exist_ok=True)
        symbols = os.path.join(folder, "symbols.csv")
        with open(os.path.join(data, "symbols.csv"), newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        with open(symbols, "w", encoding="utf-8") as file:
            file.write("symbol,asset_class,tick,lot\n")
            for row in rows:
                file.write(",".join((row["symbol"], row["asset_class"], *RULES_OF_REAL_DATA[row["asset_class"]])) + "\n")
        options = ["--strategy", "breakout", "--limits", "wide", "--direction", "both", "--costs", costs]
        return compare(binary, folder, f"data, --costs {costs}", os.path.join(data, "bars"), symbols, options)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--binary", required=True)
    parser.add_argument("--markets", type=int, default=100)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--data")
    parser.add_argument("--keep", help="keep the markets and both results here, in a folder for each seed")
    options = parser.parse_args()
    binary = os.path.abspath(options.binary)
    keep = os.path.abspath(options.keep) if options.keep else None
    again = [sys.executable, os.path.abspath(__file__), "--binary", binary]
    jobs = []
    if options.data:
        data = os.path.abspath(options.data)
        command = again + ["--markets", "0", "--data", data, "--keep", "KEPT"]
        jobs += [(compare_data, (binary, data, costs, keep), command) for costs in ("config", "none")]
    for seed in range(options.first, options.first + options.markets):
        jobs.append((compare_seed, (binary, seed, keep), again + ["--markets", "1", "--first", str(seed), "--keep", "KEPT"]))
    counts, trades, failed = Counter(), 0, 0
    with ThreadPool(2) as pool:
        for outcome, command in pool.imap(lambda job: (job[0](*job[1]), job[2]), jobs):
            trades += outcome.trades
            counts += outcome.counts
            if outcome.difference is not None:
                failed += 1
                print(f"{outcome.name}\n{outcome.difference}\n  again: {shlex.join(command)}", flush=True)
    print(f"{len(jobs)} markets, {failed} differ, {trades} trades; " + ", ".join(f"{name} {count}" for name, count in sorted(counts.items())))
    if trades < 5 * len(jobs) and not failed and options.markets != 1:
        print("fewer than 5 trades for each market: the comparison had too little to compare")
        return 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
