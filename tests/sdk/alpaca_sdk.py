"""Alpaca's own Python library, unchanged, against the simulator: what it may do with a real account, it does here.

    alpaca_sdk.py --url http://127.0.0.1:PORT

The simulator serves AAPL, MSFT and BTC/USD with its market open. Each check prints one line; the first that fails ends the
program with 1.
"""

import argparse
import asyncio
import json
import threading
import time
import urllib.request
import uuid
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from alpaca.common.exceptions import APIError
from alpaca.data.historical.crypto import CryptoHistoricalDataClient
from alpaca.data.historical.stock import StockHistoricalDataClient
from alpaca.data.requests import (
    CryptoBarsRequest,
    CryptoLatestQuoteRequest,
    CryptoLatestTradeRequest,
    StockBarsRequest,
    StockLatestBarRequest,
    StockLatestQuoteRequest,
    StockLatestTradeRequest,
)
from alpaca.data.timeframe import TimeFrame
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import AssetClass, OrderClass, OrderSide, OrderStatus, OrderType, QueryOrderStatus, TimeInForce
from alpaca.trading.requests import (
    ClosePositionRequest,
    GetAssetsRequest,
    GetCalendarRequest,
    GetOrderByIdRequest,
    GetOrdersRequest,
    LimitOrderRequest,
    MarketOrderRequest,
    ReplaceOrderRequest,
    StopLimitOrderRequest,
    StopLossRequest,
    StopOrderRequest,
    TakeProfitRequest,
    TrailingStopOrderRequest,
)
from alpaca.trading.stream import TradingStream
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

BUY, SELL = OrderSide.BUY, OrderSide.SELL
DAY, GTC, IOC = TimeInForce.DAY, TimeInForce.GTC, TimeInForce.IOC


class World:
    """One account behind the library, and the prices, which only the simulator's own control path can set."""

    def __init__(self, url):
        self.url = url
        keys = {"api_key": "PKTEST", "secret_key": "any-secret"}
        self.trading = TradingClient(**keys, paper=True, url_override=url)
        self.stocks = StockHistoricalDataClient(**keys, url_override=url)
        self.crypto = CryptoHistoricalDataClient(**keys, url_override=url)
        self.stream = TradingStream(**keys, paper=True, url_override=url.replace("http", "ws") + "/stream")
        self.updates = []

    def price(self, **prices):
        for symbol, price in prices.items():
            control(self.url, "price", {"symbol": symbol, "price": price})

    def order(self, request):
        return self.trading.submit_order(request)

    def again(self, order):
        return self.trading.get_order_by_id(order.id)

    def becomes(self, order, status, seconds=5):
        """The order once it has this status; orders meet prices a moment after they were taken."""
        end = time.monotonic() + seconds
        while True:
            order = self.again(order)
            if order.status == status or time.monotonic() > end:
                assert order.status == status, f"{order.client_order_id} is {order.status}, not {status}"
                return order
            time.sleep(0.25)

    def held(self, symbol):
        return {p.symbol: Decimal(p.qty) for p in self.trading.get_all_positions()}.get(symbol, Decimal(0))

    def refused(self, request, status, text):
        try:
            self.order(request)
        except APIError as error:
            assert error.status_code == status, f"{error.status_code}: {error}"
            assert text in str(error), str(error)
            return error
        raise AssertionError("it was taken")


def control(url, path, body):
    data = json.dumps(body).encode()
    request = urllib.request.Request(f"{url}/_sim/{path}", data=data, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read() or b"null")


def account(world):
    account = world.trading.get_account()
    assert account.status == "ACTIVE" and account.currency == "USD", account
    assert Decimal(account.cash) == Decimal("100000"), account.cash
    assert Decimal(account.equity) == Decimal("100000") and not account.trading_blocked
    assert world.trading.get_account_configurations() is not None


def assets(world):
    apple = world.trading.get_asset("AAPL")
    assert (apple.symbol, apple.tradable, apple.fractionable) == ("AAPL", True, True), apple
    assert world.trading.get_asset(apple.id).symbol == "AAPL"
    coins = world.trading.get_all_assets(GetAssetsRequest(asset_class=AssetClass.CRYPTO))
    assert [coin.symbol for coin in coins] == ["BTC/USD"], coins
    try:
        world.trading.get_asset("NOSUCH")
    except APIError as error:
        assert error.status_code == 404, error.status_code
    else:
        raise AssertionError("an asset that nobody has")


def clock_and_calendar(world):
    clock = world.trading.get_clock()
    assert clock.is_open and clock.next_open > clock.timestamp and clock.next_close > clock.timestamp, clock
    days = world.trading.get_calendar(GetCalendarRequest(start="2026-11-23", end="2026-11-30"))
    dates = [str(day.date) for day in days]
    assert dates == ["2026-11-23", "2026-11-24", "2026-11-25", "2026-11-27", "2026-11-30"], dates
    assert days[3].close.hour == 13, days[3]


def market_order(world):
    order = world.order(MarketOrderRequest(symbol="AAPL", qty=10, side=BUY, time_in_force=DAY, client_order_id="sdk-1"))
    assert order.client_order_id == "sdk-1" and order.type == OrderType.MARKET, order
    order = world.becomes(order, OrderStatus.FILLED)
    assert Decimal(order.filled_qty) == 10 and Decimal(order.filled_avg_price) > 0, order
    position = world.trading.get_open_position("AAPL")
    assert Decimal(position.qty) == 10 and Decimal(position.qty_available) == 10, position
    assert world.trading.get_order_by_client_id("sdk-1").id == order.id
    again = MarketOrderRequest(symbol="AAPL", qty=1, side=BUY, time_in_force=DAY, client_order_id="sdk-1")
    world.refused(again, 422, "client_order_id must be unique")


def limit_stop_and_trailing(world):
    limit = world.order(LimitOrderRequest(symbol="MSFT", qty=5, side=BUY, time_in_force=GTC, limit_price=90))
    assert world.becomes(limit, OrderStatus.NEW).filled_qty in ("0", 0), limit
    stop = world.order(StopOrderRequest(symbol="AAPL", qty=10, side=SELL, time_in_force=GTC, stop_price=150))
    world.becomes(stop, OrderStatus.NEW)
    error = world.refused(MarketOrderRequest(symbol="AAPL", qty=5, side=SELL, time_in_force=DAY), 403, "insufficient qty")
    assert error.code == 40310000, error.code
    world.trading.cancel_order_by_id(stop.id)
    world.becomes(stop, OrderStatus.CANCELED)
    kinds = [
        StopLimitOrderRequest(symbol="AAPL", qty=4, side=SELL, time_in_force=GTC, stop_price=150, limit_price=149),
        TrailingStopOrderRequest(symbol="AAPL", qty=4, side=SELL, time_in_force=GTC, trail_price=20),
        TrailingStopOrderRequest(symbol="AAPL", qty=2, side=SELL, time_in_force=DAY, trail_percent=5),
    ]
    for order in [world.order(kind) for kind in kinds]:
        world.becomes(order, OrderStatus.NEW)
        world.trading.cancel_order_by_id(order.id)
        world.becomes(order, OrderStatus.CANCELED)
    world.price(MSFT="89.50")
    filled = world.becomes(limit, OrderStatus.FILLED)
    assert Decimal(filled.filled_avg_price) <= 90, filled
    world.price(MSFT="100")


def fractions_and_notional(world):
    part = world.becomes(world.order(MarketOrderRequest(symbol="MSFT", qty=0.5, side=BUY, time_in_force=DAY)), OrderStatus.FILLED)
    assert Decimal(part.filled_qty) == Decimal("0.5"), part
    money = world.becomes(world.order(MarketOrderRequest(symbol="MSFT", notional=50, side=BUY, time_in_force=DAY)), OrderStatus.FILLED)
    assert money.qty is None and Decimal(money.notional) == 50, money
    assert Decimal(money.filled_qty) * Decimal(money.filled_avg_price) <= Decimal("50.01"), money
    world.refused(MarketOrderRequest(symbol="MSFT", qty=0.5, side=BUY, time_in_force=GTC), 422, "fractional")


def bracket(world):
    request = MarketOrderRequest(
        symbol="AAPL", qty=3, side=BUY, time_in_force=DAY, order_class=OrderClass.BRACKET,
        take_profit=TakeProfitRequest(limit_price=260), stop_loss=StopLossRequest(stop_price=150),
    )
    before = world.held("AAPL")
    parent = world.order(request)
    assert len(parent.legs) == 2, parent
    world.becomes(parent, OrderStatus.FILLED)
    nested = world.trading.get_order_by_id(parent.id, GetOrderByIdRequest(nested=True))
    assert len(nested.legs) == 2, nested
    world.price(AAPL="261")
    legs = {leg.type: leg for leg in nested.legs}
    world.becomes(legs[OrderType.LIMIT], OrderStatus.FILLED)
    world.becomes(legs[OrderType.STOP], OrderStatus.CANCELED)
    assert world.held("AAPL") == before, world.held("AAPL")
    world.price(AAPL="200")
    other = LimitOrderRequest(
        symbol="AAPL", qty=2, side=BUY, time_in_force=GTC, limit_price=180, order_class=OrderClass.OTO,
        stop_loss=StopLossRequest(stop_price=150),
    )
    other = world.order(other)
    held = world.again(other.legs[0])
    assert held.status == OrderStatus.HELD, held.status
    world.trading.cancel_order_by_id(other.id)
    world.becomes(other, OrderStatus.CANCELED)
    world.becomes(held, OrderStatus.CANCELED)
    pair = LimitOrderRequest(
        symbol="AAPL", qty=10, side=SELL, time_in_force=GTC, order_class=OrderClass.OCO,
        take_profit=TakeProfitRequest(limit_price=260), stop_loss=StopLossRequest(stop_price=150),
    )
    pair = world.order(pair)
    world.trading.cancel_order_by_id(pair.id)
    world.becomes(pair, OrderStatus.CANCELED)


def replace(world):
    order = world.order(LimitOrderRequest(symbol="MSFT", qty=2, side=BUY, time_in_force=GTC, limit_price=50))
    world.becomes(order, OrderStatus.NEW)
    new = world.trading.replace_order_by_id(order.id, ReplaceOrderRequest(qty=3, limit_price=51))
    assert new.id != order.id and new.replaces == order.id, new
    old = world.becomes(order, OrderStatus.REPLACED)
    assert old.replaced_by == new.id, old
    new = world.becomes(new, OrderStatus.NEW)
    assert (Decimal(new.qty), Decimal(new.limit_price)) == (3, 51), new


def list_filter_page(world):
    is_open = world.trading.get_orders(GetOrdersRequest(status=QueryOrderStatus.OPEN))
    assert [order.symbol for order in is_open] == ["MSFT"], is_open
    everything, until = {}, None
    while True:
        page = world.trading.get_orders(GetOrdersRequest(status=QueryOrderStatus.ALL, limit=4, until=until))
        new = {order.id: order for order in page if order.id not in everything}
        if not new:
            break
        everything |= new
        # A bracket's orders have one time, and a page may end between them: the next one begins with that time again.
        until = page[-1].submitted_at + timedelta(microseconds=1)
    whole = world.trading.get_orders(GetOrdersRequest(status=QueryOrderStatus.ALL, limit=500))
    assert set(everything) == {order.id for order in whole}, (len(everything), len(whole))
    apple = world.trading.get_orders(GetOrdersRequest(status=QueryOrderStatus.CLOSED, symbols=["AAPL"], side=BUY))
    assert apple and all(order.symbol == "AAPL" and order.side == BUY for order in apple), apple


def activities(world):
    rows, token = [], None
    while True:
        page = world.trading.get("/account/activities/FILL", {"page_size": 2, "direction": "asc", **({"page_token": token} if token else {})})
        if not page:
            break
        rows += page
        token = page[-1]["id"]
    assert len({row["id"] for row in rows}) == len(rows) >= 5, rows
    first = rows[0]
    assert (first["symbol"], first["side"], Decimal(first["qty"])) == ("AAPL", "buy", 10), first
    held = sum(Decimal(r["qty"]) * (1 if r["side"] == "buy" else -1) for r in rows if r["symbol"] == "AAPL")
    assert held == world.held("AAPL"), (held, world.held("AAPL"))


def data(world):
    quote = world.stocks.get_stock_latest_quote(StockLatestQuoteRequest(symbol_or_symbols="AAPL"))["AAPL"]
    assert 0 < quote.bid_price <= quote.ask_price, quote
    trade = world.stocks.get_stock_latest_trade(StockLatestTradeRequest(symbol_or_symbols="AAPL"))["AAPL"]
    assert quote.bid_price <= trade.price <= quote.ask_price, (trade, quote)
    bar = world.stocks.get_stock_latest_bar(StockLatestBarRequest(symbol_or_symbols="AAPL"))["AAPL"]
    assert bar.low <= bar.close <= bar.high, bar
    start, end = datetime(2026, 11, 1, tzinfo=timezone.utc), datetime(2026, 11, 14, tzinfo=timezone.utc)
    asked = StockBarsRequest(symbol_or_symbols=["AAPL", "MSFT"], timeframe=TimeFrame.Day, start=start, end=end)
    bars = world.stocks.get_stock_bars(asked)
    assert [len(bars[symbol]) for symbol in ("AAPL", "MSFT")] == [10, 10], bars
    assert all((bar.low, bar.close, bar.high) == (200, 200.25, 200.5) for bar in bars["AAPL"]), bars
    coin = world.crypto.get_crypto_latest_quote(CryptoLatestQuoteRequest(symbol_or_symbols="BTC/USD"))["BTC/USD"]
    assert 0 < coin.bid_price <= coin.ask_price, coin
    traded = world.crypto.get_crypto_latest_trade(CryptoLatestTradeRequest(symbol_or_symbols="BTC/USD"))["BTC/USD"]
    assert traded.price > 0, traded
    asked = CryptoBarsRequest(symbol_or_symbols="BTC/USD", timeframe=TimeFrame.Day, start=start, end=end)
    assert len(world.crypto.get_crypto_bars(asked)["BTC/USD"]) == 10


def crypto(world):
    order = world.order(MarketOrderRequest(symbol="BTC/USD", qty=0.01, side=BUY, time_in_force=GTC))
    order = world.becomes(order, OrderStatus.FILLED)
    assert order.asset_class == AssetClass.CRYPTO and order.symbol == "BTC/USD", order
    position = world.trading.get_open_position("BTCUSD")
    assert Decimal("0.0097") < Decimal(position.qty) < Decimal("0.01"), f"the fee is taken in kind: {position.qty}"
    world.refused(MarketOrderRequest(symbol="BTC/USD", qty=0.01, side=BUY, time_in_force=DAY), 422, "time_in_force")


def positions(world):
    before = world.held("AAPL")
    half = world.trading.close_position("AAPL", ClosePositionRequest(percentage="50"))
    world.becomes(half, OrderStatus.FILLED)
    assert world.held("AAPL") == before / 2, world.held("AAPL")
    # Alpaca cancels and closes in one call without waiting in between, and then refuses to close what an order stands
    # against (recorded); so the orders go first.
    world.trading.cancel_orders()
    end = time.monotonic() + 5
    while world.trading.get_orders(GetOrdersRequest(status=QueryOrderStatus.OPEN)):
        assert time.monotonic() < end, "orders are not cancelled"
        time.sleep(0.25)
    closed = world.trading.close_all_positions(cancel_orders=False)
    assert {row.status for row in closed} == {200}, [(row.symbol, row.status, row.body) for row in closed if row.status != 200]
    end = time.monotonic() + 5
    while world.trading.get_all_positions() and time.monotonic() < end:
        time.sleep(0.25)
    assert world.trading.get_all_positions() == [], world.trading.get_all_positions()


def cancel_all(world):
    for price in (40, 41):
        world.order(LimitOrderRequest(symbol="MSFT", qty=1, side=BUY, time_in_force=GTC, limit_price=price))
    rows = world.trading.cancel_orders()
    assert [row.status for row in rows] == [200, 200], rows


def stream(world):
    told = lambda name: [update for update in world.updates if update.order.client_order_id == name]
    first = [str(update.event) for update in told("sdk-1")]
    assert first == ["pending_new", "new", "fill"], first
    last = told("sdk-1")[-1]
    assert Decimal(str(last.position_qty)) == 10 and last.execution_id is not None, last
    events = {str(update.event) for update in world.updates}
    assert {"new", "fill", "canceled", "replaced", "partial_fill"} <= events, events


def data_stream(world):
    """The library's own data stream speaks MessagePack, which is refused aloud; so it is asked in JSON, in the library's words."""
    url = world.url.replace("http", "ws", 1)
    for path, symbol, price in (("/v2/iex", "AAPL", "200.5"), ("/v1beta3/crypto/us", "BTC/USD", "50001")):
        with connect(url + path) as socket:
            say = lambda message: socket.send(json.dumps(message))
            heard = lambda: json.loads(socket.recv(timeout=5))
            assert heard() == [{"T": "success", "msg": "connected"}]
            say({"action": "subscribe", "quotes": [symbol]})
            assert heard()[0]["code"] == 401
            say({"action": "auth", "key": "PKTEST", "secret": "any-secret"})
            assert heard() == [{"T": "success", "msg": "authenticated"}]
            say({"action": "subscribe", "quotes": [symbol], "trades": [symbol], "bars": [symbol]})
            assert heard()[0]["quotes"] == [symbol]
            world.price(**{symbol: price})
            told = {message["T"]: message for message in (heard()[0], heard()[0], heard()[0])}
            assert set(told) == {"q", "t", "b"} and told["t"]["p"] == float(price), told
        try:
            connect(url + path, additional_headers={"Content-Type": "application/msgpack"})
        except InvalidStatus as error:
            assert error.response.status_code == 415, error.response
        else:
            raise AssertionError("MessagePack is taken")
    world.price(AAPL="200", **{"BTC/USD": "50000"})


def partial_fill(world):
    control(world.url, "faults", {"request": {"method": "POST", "path": "/v2/orders", "do": {"partial_fill": {"qty": "4"}}}})
    order = world.order(MarketOrderRequest(symbol="MSFT", qty=10, side=BUY, time_in_force=DAY))
    # What is left of it meets the price that stands, a moment later.
    order = world.becomes(order, OrderStatus.FILLED)
    time.sleep(0.3)
    told = [update for update in world.updates if update.order.id == order.id and update.qty is not None]
    parts = [(str(update.event), Decimal(str(update.qty)), Decimal(str(update.order.filled_qty))) for update in told]
    assert parts == [("partial_fill", 4, 4), ("fill", 6, 10)], parts


CHECKS = [
    account, assets, clock_and_calendar, market_order, limit_stop_and_trailing, fractions_and_notional, bracket, replace,
    list_filter_page, activities, data, data_stream, crypto, partial_fill, positions, cancel_all, stream,
]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    world = World(parser.parse_args().url)

    async def keep(update):
        world.updates.append(update)

    world.stream.subscribe_trade_updates(keep)
    threading.Thread(target=world.stream.run, daemon=True).start()
    end = time.monotonic() + 10
    while not getattr(world.stream, "_running", False):
        assert time.monotonic() < end, "the stream does not begin"
        time.sleep(0.05)
    time.sleep(0.3)
    for check in CHECKS:
        check(world)
        print(f"ok  {check.__name__.replace('_', ' ')}", flush=True)
    print(f"{len(CHECKS)} checks, {len(world.updates)} updates on the stream")


if __name__ == "__main__":
    main()
