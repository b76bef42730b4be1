"""OANDA's own Python library `v20`, and `oandapyV20`, unchanged, against the simulator.

    oanda_sdk.py --url http://127.0.0.1:PORT --account 101-001-7654321-001

The simulator serves EUR_USD, USD_JPY and GBP_USD with its market open. Each check prints one line; the first that fails ends the
program with 1.
"""

import argparse
import http.client
import itertools
import json
import threading
import time
import urllib.parse

import v20
import oandapyV20
import oandapyV20.oandapyV20 as wrapper
from oandapyV20.contrib import requests as bodies
from oandapyV20.endpoints import accounts, instruments, orders, positions, pricing, trades, transactions
from oandapyV20.exceptions import V20Error


class Control:
    """The simulator's own path, on one connection: a second has room for two new ones."""

    def __init__(self, place):
        self.connection = http.client.HTTPConnection(place.hostname, place.port, timeout=10)

    def tell(self, path, body):
        self.connection.request("POST", f"/_sim/{path}", json.dumps(body), {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        told = answer.read()
        assert answer.status == 200, told


class World:
    """One account behind both libraries, and the prices, which only the simulator's own control path can set."""

    def __init__(self, url, account):
        self.account = account
        place = urllib.parse.urlparse(url)
        self.official = v20.Context(place.hostname, place.port, ssl=False, token="any", poll_timeout=10)
        self.streams = v20.Context(place.hostname, place.port, ssl=False, token="any", stream_timeout=15)
        # Where the library says that practice accounts are.
        wrapper.TRADING_ENVIRONMENTS["practice"] = {"api": url, "stream": url}
        self.api = oandapyV20.API(access_token="any", environment="practice")
        self.control = Control(place)

    def price(self, **prices):
        for pair, price in prices.items():
            self.control.tell("price", {"symbol": pair, "price": price})

    def last(self):
        return int(self.official.account.summary(self.account).get("lastTransactionID", 200))

    def since(self, last):
        return self.official.transaction.since(self.account, id=str(last)).get("transactions", 200)

    def ask(self, request):
        return self.api.request(request)


def v20_account(world):
    ctx, account = world.official, world.account
    listed = ctx.account.list().get("accounts", 200)
    assert [row.id for row in listed] == [account], listed
    whole = ctx.account.get(account).get("account", 200)
    assert (whole.currency, whole.balance, whole.NAV, whole.trades) == ("USD", 100000.0, 100000.0, []), whole
    pairs = {pair.name: pair for pair in ctx.account.instruments(account).get("instruments", 200)}
    assert pairs["EUR_USD"].displayPrecision == 5 and pairs["USD_JPY"].pipLocation == -2, pairs
    told = ctx.account.configure(account, alias="by the library", marginRate="0.05")
    assert told.status == 200, told.raw_body
    assert ctx.account.summary(account).get("account", 200).alias == "by the library"
    told = ctx.account.changes(account, sinceTransactionID="1")
    assert len(told.get("changes", 200).transactions) >= 3 and told.get("state", 200).NAV == 100000.0


def v20_prices(world):
    ctx = world.official
    told = ctx.pricing.get(world.account, instruments="EUR_USD,USD_JPY", includeUnitsAvailable=False)
    prices = told.get("prices", 200)
    assert [price.instrument for price in prices] == ["EUR_USD", "USD_JPY"], prices
    assert prices[0].tradeable and prices[0].bids[0].price < prices[0].asks[0].price + 1e-9, prices[0]
    told = ctx.instrument.candles("EUR_USD", granularity="D", price="MBA", count=5)
    candles = told.get("candles", 200)
    assert len(candles) == 5 and candles[0].complete and candles[0].mid.h >= candles[0].mid.l, candles
    told = ctx.instrument.candles("EUR_USD", granularity="W", fromTime="2026-11-01T00:00:00Z", toTime="2026-11-20T00:00:00Z")
    assert told.get("candles", 200), told.raw_body


def v20_market_with_exits(world):
    ctx, account = world.official, world.account
    world.price(EUR_USD="1.085")
    told = ctx.order.market(
        account, instrument="EUR_USD", units=1000,
        takeProfitOnFill=v20.transaction.TakeProfitDetails(price="1.095"),
        stopLossOnFill=v20.transaction.StopLossDetails(price="1.08"),
        clientExtensions=v20.transaction.ClientExtensions(id="sdk-1", tag="t", comment="c"),
    )
    fill = told.get("orderFillTransaction", 201)
    assert (fill.reason, fill.units, fill.tradeOpened.tradeID) == ("MARKET_ORDER", 1000.0, fill.id), fill
    assert len(told.get("relatedTransactionIDs", 201)) == 4
    trade = ctx.trade.get(account, fill.id).get("trade", 200)
    assert (trade.takeProfitOrder.price, trade.stopLossOrder.price) == (1.095, 1.08), trade
    told = ctx.trade.set_dependent_orders(account, fill.id, trailingStopLoss=v20.transaction.TrailingStopLossDetails(distance="0.005"))
    assert told.get("trailingStopLossOrderTransaction", 200).distance == 0.005
    told = ctx.trade.set_client_extensions(account, fill.id, clientExtensions=v20.transaction.ClientExtensions(id="trade-1"))
    assert told.status == 200, told.raw_body
    assert ctx.trade.get(account, "@trade-1").get("trade", 200).id == fill.id
    assert [row.id for row in ctx.trade.list_open(account).get("trades", 200)] == [fill.id]
    assert len(ctx.order.list_pending(account).get("orders", 200)) == 3
    last = world.last()
    told = ctx.trade.close(account, fill.id, units="400")
    assert told.get("orderFillTransaction", 200).tradeReduced.units == -400.0
    told = ctx.position.close(account, "EUR_USD", longUnits="ALL", shortUnits="NONE")
    assert told.get("longOrderFillTransaction", 200).reason == "MARKET_ORDER_POSITION_CLOSEOUT"
    kinds = [row.type for row in world.since(last)]
    assert kinds.count("ORDER_FILL") == 2 and kinds.count("ORDER_CANCEL") == 3, kinds
    assert ctx.position.list_open(account).get("positions", 200) == []
    assert ctx.position.get(account, "EUR_USD").get("position", 200).long.units == 0
    assert len(ctx.position.list(account).get("positions", 200)) == 1


def v20_waiting_orders(world):
    ctx, account = world.official, world.account
    world.price(EUR_USD="1.085")
    limit = ctx.order.limit(account, instrument="EUR_USD", units=100, price="1.08", timeInForce="GTC").get("orderCreateTransaction", 201)
    stop = ctx.order.stop(account, instrument="EUR_USD", units=100, price="1.09", priceBound="1.095").get("orderCreateTransaction", 201)
    touch = ctx.order.market_if_touched(account, instrument="EUR_USD", units=-100, price="1.1").get("orderCreateTransaction", 201)
    ids = [row.id for row in ctx.order.list(account, instrument="EUR_USD").get("orders", 200)]
    assert ids == [touch.id, stop.id, limit.id], ids
    told = ctx.order.set_client_extensions(account, limit.id, clientExtensions=v20.transaction.ClientExtensions(id="mine"))
    assert told.status == 200, told.raw_body
    told = ctx.order.limit_replace(account, "@mine", instrument="EUR_USD", units=200, price="1.081")
    new = told.get("orderCreateTransaction", 201)
    assert (new.reason, new.clientExtensions.id) == ("REPLACEMENT", "mine"), new
    assert ctx.order.get(account, new.id).get("order", 200).units == 200.0
    for order in (new.id, stop.id, touch.id):
        told = ctx.order.cancel(account, order)
        assert told.get("orderCancelTransaction", 200).reason == "CLIENT_REQUEST"
    told = ctx.order.cancel(account, new.id)
    assert told.get("orderCancelRejectTransaction", 404).rejectReason == "ORDER_DOESNT_EXIST", told.raw_body
    told = ctx.order.limit(account, instrument="EUR_USD", units=100, price="1.0812345")
    assert told.get("errorCode", 400) == "PRICE_PRECISION_EXCEEDED", told.raw_body
    told = ctx.order.market(account, instrument="EUR_USD", units=100, priceBound="1.0")
    assert told.get("orderCancelTransaction", 201).reason == "BOUNDS_VIOLATION", told.raw_body


def v20_transactions(world):
    ctx, account = world.official, world.account
    last = world.last()
    told = ctx.transaction.list(account, pageSize=10)
    pages = told.get("pages", 200)
    assert told.get("count", 200) == last and len(pages) == -(-last // 10), told.raw_body
    told = ctx.transaction.range(account, fromID="1", toID="5").get("transactions", 200)
    assert [row.id for row in told] == ["1", "2", "3", "4", "5"], told
    told = ctx.transaction.range(account, fromID="1", toID=str(last), type="ORDER_FILL").get("transactions", 200)
    assert {row.type for row in told} == {"ORDER_FILL"}, told
    assert ctx.transaction.get(account, "3").get("transaction", 200).type == "TRANSFER_FUNDS"


def v20_streams(world):
    """Both streams by the official library: a snapshot, a price, a transaction, and a beat with the last id."""
    heard = {"price": [], "transaction": []}

    def listen(name, response):
        for kind, row in response.parts():
            heard[name].append((kind, row))
            if kind.endswith("Heartbeat") and len(heard[name]) > 2:
                return

    account = world.account
    asked = {
        "price": world.streams.pricing.stream(account, snapshot=True, instruments="EUR_USD"),
        "transaction": world.streams.transaction.stream(account),
    }
    threads = [threading.Thread(target=listen, args=row, daemon=True) for row in asked.items()]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    world.price(EUR_USD="1.0861")
    world.official.order.limit(account, instrument="EUR_USD", units=1, price="1.0")
    for thread in threads:
        thread.join(timeout=20)
        assert not thread.is_alive(), f"no beat: {heard}"
    kinds = [kind for kind, _ in heard["price"]]
    assert kinds.count("pricing.ClientPrice") >= 2, kinds
    rows = [row for _, row in heard["transaction"]]
    assert any(row.type == "LIMIT_ORDER" for row in rows), rows
    assert rows[-1].type == "HEARTBEAT" and rows[-1].lastTransactionID == str(world.last()), rows[-1]
    world.official.order.cancel(account, rows[1].id)


def wrapper_account_and_prices(world):
    account = world.account
    assert world.ask(accounts.AccountList())["accounts"][0]["id"] == account
    assert world.ask(accounts.AccountDetails(account))["account"]["currency"] == "USD"
    assert world.ask(accounts.AccountSummary(account))["account"]["id"] == account
    pairs = world.ask(accounts.AccountInstruments(account, params={"instruments": "EUR_USD,GBP_USD"}))["instruments"]
    assert len(pairs) == 2, pairs
    world.ask(accounts.AccountConfiguration(account, data={"alias": "by the wrapper"}))
    assert world.ask(accounts.AccountChanges(account, params={"sinceTransactionID": 1}))["changes"]["transactions"]
    prices = world.ask(pricing.PricingInfo(account, params={"instruments": "EUR_USD,USD_JPY"}))["prices"]
    assert prices[0]["bids"][0]["liquidity"] > 0, prices
    candles = world.ask(instruments.InstrumentsCandles("EUR_USD", params={"granularity": "D", "count": 3}))["candles"]
    assert len(candles) == 3, candles


def wrapper_orders(world):
    account = world.account
    world.price(EUR_USD="1.085", USD_JPY="150")

    def create(body):
        return world.ask(orders.OrderCreate(account, data=body.data))

    told = create(bodies.MarketOrderRequest(
        instrument="EUR_USD", units=500, takeProfitOnFill=bodies.TakeProfitDetails(price=1.1).data,
        stopLossOnFill=bodies.StopLossDetails(price=1.05).data,
    ))
    trade = told["orderFillTransaction"]["tradeOpened"]["tradeID"]
    limit = create(bodies.LimitOrderRequest(instrument="EUR_USD", units=100, price=1.08))["orderCreateTransaction"]["id"]
    stop = create(bodies.StopOrderRequest(instrument="EUR_USD", units=100, price=1.09))["orderCreateTransaction"]["id"]
    touch = create(bodies.MITOrderRequest(instrument="EUR_USD", units=-100, price=1.1))["orderCreateTransaction"]["id"]
    assert world.ask(orders.OrdersPending(account))["orders"][0]["id"] == touch
    assert len(world.ask(orders.OrderList(account))["orders"]) == 5
    assert world.ask(orders.OrderDetails(account, orderID=limit))["order"]["state"] == "PENDING"
    replaced = world.ask(orders.OrderReplace(account, orderID=limit, data=bodies.LimitOrderRequest(instrument="EUR_USD", units=50, price=1.07).data))
    world.ask(orders.OrderClientExtensions(account, orderID=stop, data={"clientExtensions": {"id": "w"}}))
    for order in (replaced["orderCreateTransaction"]["id"], "@w", touch):
        world.ask(orders.OrderCancel(account, orderID=order))
    try:
        world.ask(orders.OrderCancel(account, orderID=touch))
    except V20Error as error:
        assert error.code == 404 and "ORDER_DOESNT_EXIST" in error.msg, error
    else:
        raise AssertionError("cancelled twice")
    assert world.ask(trades.TradesList(account))["trades"][0]["id"] == trade
    assert world.ask(trades.OpenTrades(account))["trades"][0]["id"] == trade
    world.ask(trades.TradeClientExtensions(account, tradeID=trade, data={"clientExtensions": {"id": "wt"}}))
    world.ask(trades.TradeCRCDO(account, tradeID=trade, data={"takeProfit": {"price": "1.2"}, "stopLoss": None}))
    create(bodies.StopLossOrderRequest(tradeID=trade, price=1.06))
    create(bodies.TrailingStopLossOrderRequest(tradeID=trade, distance=0.01))
    details = world.ask(trades.TradeDetails(account, tradeID=trade))["trade"]
    assert details["trailingStopLossOrder"]["trailingStopValue"] == "1.07500", details
    world.ask(trades.TradeClose(account, tradeID=trade, data=bodies.TradeCloseRequest(units=100).data))
    world.ask(positions.PositionClose(account, instrument="EUR_USD", data={"longUnits": "ALL", "shortUnits": "NONE"}))
    create(bodies.MarketOrderRequest(instrument="USD_JPY", units=-1000))
    world.price(USD_JPY="149")
    held = world.ask(positions.OpenPositions(account))["positions"]
    assert [row["instrument"] for row in held] == ["USD_JPY"] and float(held[0]["unrealizedPL"]) > 0, held
    assert world.ask(positions.PositionDetails(account, "USD_JPY"))["position"]["short"]["units"] == "-1000"
    told = create(bodies.MarketOrderRequest(instrument="USD_JPY", units=1000))
    assert told["orderFillTransaction"]["tradesClosed"], told
    assert len(world.ask(positions.PositionList(account))["positions"]) == 2


def wrapper_transactions_and_streams(world):
    account = world.account
    last = world.last()
    assert world.ask(transactions.TransactionList(account))["count"] == last
    assert world.ask(transactions.TransactionDetails(account, transactionID=1))["transaction"]["type"] == "CREATE"
    assert len(world.ask(transactions.TransactionIDRange(account, params={"from": 1, "to": 4}))["transactions"]) == 4
    assert world.ask(transactions.TransactionsSinceID(account, params={"id": last}))["transactions"] == []
    stream = world.ask(transactions.TransactionsStream(account))
    assert next(stream)["type"] == "HEARTBEAT"
    world.ask(orders.OrderCreate(account, data=bodies.MarketOrderRequest(instrument="GBP_USD", units=1).data))
    kinds = [row["type"] for row in itertools.islice(stream, 3)]
    assert kinds == ["MARKET_ORDER", "ORDER_FILL", "HEARTBEAT"], kinds
    stream.close()
    stream = world.ask(pricing.PricingStream(account, params={"instruments": "GBP_USD"}))
    assert next(stream)["type"] == "PRICE"
    assert next(stream)["type"] == "HEARTBEAT"
    missing = world.official.trade.get(account, "999999")
    assert missing.get("errorCode", 404) == "NO_SUCH_TRADE", missing.raw_body
    assert [row.id for row in world.since(1)] == [str(number) for number in range(2, world.last() + 1)]


CHECKS = [
    v20_account, v20_prices, v20_market_with_exits, v20_waiting_orders, v20_transactions, v20_streams,
    wrapper_account_and_prices, wrapper_orders, wrapper_transactions_and_streams,
]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--account", required=True)
    asked = parser.parse_args()
    world = World(asked.url, asked.account)
    for check in CHECKS:
        check(world)
        # A second has room for two new connections.
        time.sleep(1)
        print(f"ok  {check.__name__.replace('_', ' ')}", flush=True)
    print(f"{len(CHECKS)} checks, {world.last()} transactions")


if __name__ == "__main__":
    main()
