#!/usr/bin/env python3
"""Adds or changes one key of your own in paper-state.json, safely beside Tradewind.

    python3 own_keys.py paper-state.json my_notes '{"seen": ["AAPL"], "run": 17}'

Tradewind keeps every key that is not its own. Names that begin with "my_" never become its own, so this program
writes no others. It holds the lock that Tradewind holds while it works, writes a new file beside the old one, and
lets it take the name only when it is on the disk: a crash at any moment leaves the old file or the new one.

Exit codes: 0 done, 2 refused and nothing written, 5 Tradewind works with the file (try again).
"""

import argparse
import contextlib
import datetime
import decimal
import fcntl
import json
import os
import socket
import sys
import time

SCHEMA = "tradewind.state/1"
PREFIX = "my_"


class Refused(Exception):
    """Something that must not be written over."""


class Held(Exception):
    """Somebody else holds the lock."""


@contextlib.contextmanager
def lock(path, wait):
    """The operating system's lock on `<state>.lock`: flock, as Tradewind takes it. It ends with the process."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        end = time.monotonic() + wait
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= end:
                    holder = os.read(descriptor, 4096).decode("utf-8", "replace").strip()
                    raise Held(holder or "it has not said who it is") from None
                time.sleep(0.05)
        # Whoever finds the lock held reads here who holds it.
        now = datetime.datetime.now(datetime.timezone.utc)
        holder = {
            "pid": os.getpid(),
            "since": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "program": "own_keys.py",
            "host": socket.gethostname(),
        }
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, (json.dumps(holder) + "\n").encode(), 0)
        try:
            yield
        finally:
            os.ftruncate(descriptor, 0)
            fcntl.flock(descriptor, fcntl.LOCK_UN)
    finally:
        os.close(descriptor)


def exact(text):
    """A number with a point: kept only if Python writes the same number again."""
    value = float(text)
    if decimal.Decimal(repr(value)) != decimal.Decimal(text):
        raise Refused(f"the file holds the number {text}, which Python would round")
    return value


def once(pairs):
    """An object: a key that is there twice would lose one of its values."""
    known = dict(pairs)
    if len(known) != len(pairs):
        raise Refused("the file holds an object with the same key twice")
    return known


def no_number(word):
    raise Refused(f"{word} is no JSON")


def read(text):
    return json.loads(text, parse_float=exact, parse_constant=no_number, object_pairs_hook=once)


def put(path, key, value):
    """Sets one key; all others stay as they are. Hold the lock."""
    path = os.path.realpath(path)
    with open(path, encoding="utf-8") as file:
        state = read(file.read())
    if not isinstance(state, dict) or state.get("schema") != SCHEMA:
        found = state.get("schema") if isinstance(state, dict) else None
        raise Refused(f"its schema is {found!r}, and this program knows only {SCHEMA!r}")
    state[key] = value
    part = path + ".own.part"
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), os.stat(path).st_mode & 0o7777)
            json.dump(state, file, indent=2, ensure_ascii=False, allow_nan=False)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(part)
        raise
    folder = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("state", help="paper-state.json")
    words.add_argument("key", help='a name of your own that begins with "my_"')
    words.add_argument("value", help="JSON")
    words.add_argument("--wait", type=float, default=10.0, help="how many seconds to wait for Tradewind [10]")
    asked = words.parse_args()
    try:
        if not asked.key.startswith(PREFIX):
            raise Refused(f'{asked.key!r} does not begin with "{PREFIX}", so it may be or become one of Tradewind\'s')
        if not os.path.exists(asked.state):
            raise Refused(f"{asked.state} is not there; the first pass of Tradewind writes it")
        value = read(asked.value)
        with lock(asked.state + ".lock", asked.wait):
            put(asked.state, asked.key, value)
    except Held as who:
        print(f"error: another process works with {asked.state} ({who}); nothing was written", file=sys.stderr)
        return 5
    except (Refused, ValueError, OSError) as why:
        print(f"error: {asked.state}: {why}; nothing was written", file=sys.stderr)
        return 2
    print(f"{asked.state}: {asked.key} is written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
