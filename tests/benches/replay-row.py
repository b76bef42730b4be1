#!/usr/bin/env python3
"""One row of a series of backtests: `replay-row.py BARS SLOTS` plays a tape with the common channel breakout and prints one
JSON line with bars, run_s, entries, orders, fills, equity, and what was done on the way.

run_s is the time that the replay says it took, from the first file it opened to the ledger's hash: bars read, all checks asked,
all records made, ledger written. The binary is target/release/tradewind, or what TRADEWIND names.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
RULES = {"FX": "forex,0.00001,1", "CR": "crypto,0.01,0.0001"}


def main():
    bars, slots = sys.argv[1:3]
    binary = os.environ.get("TRADEWIND", str(ROOT / "target" / "release" / "tradewind"))
    # The generated workloads have 33 symbols or one; which of them is in the name.
    kinds = [("CR", 6), ("FX", 7), ("ST", 20)] if "w1" in os.path.basename(bars) else [("MIN", 1)]
    names = [kind + str(n).rjust(2 if len(kind) == 2 else 1, "0") for kind, count in kinds for n in range(count)]
    with tempfile.TemporaryDirectory() as folder:
        symbols = os.path.join(folder, "symbols.csv")
        with open(symbols, "w", encoding="utf-8") as file:
            file.write("symbol,asset_class,tick,lot,quote,shortable\n")
            file.writelines(f"{name},{RULES.get(name[:2], 'equity,0.01,1')},USD,no\n" for name in names)
        command = [binary, "replay", "--bars", bars, "--symbols", symbols, "--strategy", "breakout", "--costs", "none"]
        command += ["--limits", "wide", "--slots", slots, "--out", os.path.join(folder, "out"), "--json"]
        # Names of this bench's own are no settings, and would be refused as such.
        settings = {name: value for name, value in os.environ.items() if not name.startswith("TRADEWIND")}
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=settings)
    told = json.loads(done.stdout)["data"]
    row = {name: told[name] for name in ("bars", "entries", "orders", "fills", "reviews", "records", "transitions", "trades_sha256")}
    print(json.dumps({**row, "run_s": told["seconds"], "equity": float(told["equity_closed"])}))


main()
