"""Writes signals for Tradewind: copy this file beside your strategy, or import it. Python 3.9 or later, nothing else.

    from write_signals import Signal, write_signals

    signal = Signal.enter("BTC/USD", "long", strategy="trend-a", bar_close=close, expires_at=later,
                          decision_price=price, stop=stop, risk_pct="1")
    write_signals("signals.json", [signal])

What it takes care of:

1. Numbers become text with every digit: Decimal, int, text, or a finite float (as Python prints it). NaN and infinity are refused.
2. Times carry their zone and are written in UTC. A naive datetime is refused: nobody knows which moment it means.
3. The id follows from strategy, symbol, action and bar close, so the same decision has the same id whenever the
   script runs, and Tradewind carries it out once. Hold everything else of a decision still as well: the same id with
   another content is a conflict, and the first stands. So do not put the time of the run into `decided_at`.
4. The file is written under another name, flushed to the disk, and renamed: whoever reads sees all of it or the one before.
5. What contradicts itself is refused here, with a ValueError, before anything is written. Tradewind checks again.

Run as a program it writes an example for two coins:

    python3 write_signals.py signals.json
"""

from __future__ import annotations

import argparse
import json
import os
import re
from datetime import datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Dict, Iterable, Optional, Union

Number = Union[Decimal, int, str, float]

SCHEMA = "tradewind.signals/1"
DIGITS_MAX = 28


def number(key: str, value: Number) -> str:
    """The number as plain text, every digit kept; ValueError when it is none, or not above zero."""
    if isinstance(value, bool):
        raise ValueError(f"{key}: {value!r} is no number")
    if not isinstance(value, (Decimal, int, str)):
        # Also the floats of numpy, which print themselves otherwise.
        value = repr(float(value))
    try:
        exact = Decimal(value)
    except InvalidOperation:
        raise ValueError(f"{key}: {value!r} is no number") from None
    if not exact.is_finite():
        raise ValueError(f"{key}: {value} is no number to trade by; leave it out when there is none")
    if exact <= 0:
        raise ValueError(f"{key}: {value} must be above zero")
    text = format(exact, "f")
    if len(text.replace(".", "").lstrip("0")) > DIGITS_MAX:
        raise ValueError(f"{key}: {text} has more than {DIGITS_MAX} digits; round it")
    return text


def time(key: str, value: datetime) -> str:
    """The time in UTC as text; ValueError when it has no zone."""
    if not isinstance(value, datetime):
        raise ValueError(f"{key}: {value!r} is no datetime")
    if value.tzinfo is None or value.utcoffset() is None:
        raise ValueError(f"{key}: {value} has no zone; use datetime(..., tzinfo=timezone.utc) or zoneinfo")
    return value.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")


class Signal:
    """One decision. Make it with `enter`, `exit` or `adjust`; `keys` is what is written."""

    def __init__(self, keys: Dict[str, str]) -> None:
        self.keys = keys

    @classmethod
    def enter(
        cls,
        symbol: str,
        side: str,
        *,
        strategy: str,
        bar_close: datetime,
        decided_at: Optional[datetime] = None,
        expires_at: Optional[datetime] = None,
        decision_price: Optional[Number] = None,
        stop: Optional[Number] = None,
        target: Optional[Number] = None,
        trail: Optional[Number] = None,
        quantity: Optional[Number] = None,
        notional: Optional[Number] = None,
        risk_pct: Optional[Number] = None,
        id: Optional[str] = None,
    ) -> Signal:
        """Open a position. At most one size; without one, the configured size applies."""
        if side not in ("long", "short"):
            raise ValueError(f"side: {side!r} is neither 'long' nor 'short'")
        sizes = {"quantity": quantity, "notional": notional, "risk_pct": risk_pct}
        given = [key for key, value in sizes.items() if value is not None]
        if len(given) > 1:
            raise ValueError(f"{given[1]}: is given beside {given[0]}; one size is enough")
        if risk_pct is not None and stop is None:
            raise ValueError("stop: is missing; risk_pct is measured by the distance to it")
        if risk_pct is not None and Decimal(number("risk_pct", risk_pct)) > 100:
            raise ValueError(f"risk_pct: {risk_pct} is more than 100 percent of equity")
        numbers = {"decision_price": decision_price, "stop": stop, "target": target, "trail": trail, **sizes}
        signal = cls._make("enter", symbol, strategy, bar_close, decided_at, expires_at, id, numbers, side)
        signal._is_ordered(side)
        return signal

    @classmethod
    def exit(
        cls,
        symbol: str,
        *,
        strategy: str,
        bar_close: datetime,
        decided_at: Optional[datetime] = None,
        expires_at: Optional[datetime] = None,
        decision_price: Optional[Number] = None,
        id: Optional[str] = None,
    ) -> Signal:
        """Close whatever is held of the symbol."""
        numbers = {"decision_price": decision_price}
        return cls._make("exit", symbol, strategy, bar_close, decided_at, expires_at, id, numbers)

    @classmethod
    def adjust(
        cls,
        symbol: str,
        *,
        strategy: str,
        bar_close: datetime,
        stop: Optional[Number] = None,
        target: Optional[Number] = None,
        trail: Optional[Number] = None,
        decided_at: Optional[datetime] = None,
        expires_at: Optional[datetime] = None,
        decision_price: Optional[Number] = None,
        id: Optional[str] = None,
    ) -> Signal:
        """Move the stop, the target or the trail of what is held; what is not named stays as it is."""
        if stop is None and target is None and trail is None:
            raise ValueError("stop: is missing, and so are target and trail; an adjustment needs one of them")
        numbers = {"decision_price": decision_price, "stop": stop, "target": target, "trail": trail}
        return cls._make("adjust", symbol, strategy, bar_close, decided_at, expires_at, id, numbers)

    @classmethod
    def _make(
        cls,
        action: str,
        symbol: str,
        strategy: str,
        bar_close: datetime,
        decided_at: Optional[datetime],
        expires_at: Optional[datetime],
        id: Optional[str],
        numbers: Dict[str, Optional[Number]],
        side: Optional[str] = None,
    ) -> Signal:
        if not re.fullmatch(r"[!-~]([ -~]{0,14}[!-~])?", symbol):
            raise ValueError(f"symbol: {symbol!r} is none; write it like AAPL, EUR/USD or BTC/USD")
        if not re.fullmatch(r"[A-Za-z0-9._-]{1,20}", strategy):
            raise ValueError(f"strategy: {strategy!r} is not 1 to 20 of A-Z a-z 0-9 . _ -")
        bar = time("bar_close", bar_close)
        keys = {"symbol": symbol, "action": action, "strategy": strategy, "bar_close": bar}
        if side is not None:
            keys["side"] = side
        if decided_at is not None:
            keys["decided_at"] = time("decided_at", decided_at)
            if decided_at < bar_close:
                raise ValueError(f"bar_close: {bar_close} is after the decision at {decided_at}")
        if expires_at is not None:
            keys["expires_at"] = time("expires_at", expires_at)
            if expires_at <= (decided_at or bar_close):
                raise ValueError(f"expires_at: {expires_at} is not after the decision")
        keys.update({key: number(key, value) for key, value in numbers.items() if value is not None})
        keys["id"] = cls._id(bar_close, symbol, action, strategy) if id is None else id
        if not re.fullmatch(r"[!-~]{1,64}", keys["id"]):
            raise ValueError(f"id: {keys['id']!r} is not 1 to 64 printable characters without a space")
        return cls(keys)

    @staticmethod
    def _id(bar_close: datetime, symbol: str, action: str, strategy: str) -> str:
        """As Tradewind derives it when there is none: bar close, symbol, action, strategy."""
        if bar_close.microsecond:
            raise ValueError(f"bar_close: {bar_close} is not in whole seconds, and the id follows from it")
        bar = bar_close.astimezone(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        return f"{bar}/{symbol.replace(' ', '.')}/{action}/{strategy}"

    def _is_ordered(self, side: str) -> None:
        """For a long entry stop < decision price < target, as far as they are given; for a short one the other way."""
        names = ["stop", "decision_price", "target"]
        known = [(name, Decimal(self.keys[name])) for name in names if name in self.keys]
        for (low, below), (high, above) in zip(known, known[1:]):
            if (below >= above) if side == "long" else (below <= above):
                where = "below" if side == "long" else "above"
                raise ValueError(f"{low}: {below} belongs {where} the {high} {above} of a {side} entry")


def write_signals(path: Union[str, "os.PathLike[str]"], signals: Iterable[Signal]) -> None:
    """Writes the file whole or not at all. An empty list is written too: it says that there was nothing to decide."""
    entries = [signal.keys for signal in signals]
    ids = [entry["id"] for entry in entries]
    for twice in sorted({id for id in ids if ids.count(id) > 1}):
        raise ValueError(f"id: {twice!r} is there twice; every decision has its own")
    text = json.dumps({"schema": SCHEMA, "signals": entries}, indent=2) + "\n"
    path = os.path.abspath(path)
    folder, name = os.path.split(path)
    # In the same folder, for a file cannot be renamed from one disk to another.
    beside = os.path.join(folder, f".{name}.{os.getpid()}.tmp")
    try:
        with open(beside, "x", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        if os.path.exists(beside):
            os.unlink(beside)
        raise
    if hasattr(os, "O_DIRECTORY"):
        # The rename itself, too, shall outlast a power cut.
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _example() -> None:
    parser = argparse.ArgumentParser(description="Writes example signals for two coins.")
    parser.add_argument("file", nargs="?", default="signals.json")
    parser.add_argument("--bar-close", metavar="TIME", help="the close of the last bar, with its zone [default: midnight UTC]")
    arguments = parser.parse_args()
    midnight = datetime.now(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
    # Python before 3.11 does not read the Z.
    given = arguments.bar_close
    close = datetime.fromisoformat(given.replace("Z", "+00:00")) if given else midnight
    common = {"strategy": "example", "bar_close": close, "expires_at": close + timedelta(days=1)}
    signals = [
        Signal.enter("BTC/USD", "long", decision_price="84200", stop="80000", target=Decimal("92000"), risk_pct="0.5", **common),
        Signal.enter("ETH/USD", "long", decision_price=2990.5, stop=2800, notional=500, **common),
    ]
    write_signals(arguments.file, signals)
    print(f"{arguments.file}: {len(signals)} signals of the bar that closed at {close}")


if __name__ == "__main__":
    _example()
