"""Holds a wire log of the simulated OANDA against OANDA's own specification: every request, every answer, every line of a stream.

    oanda_check.py --log wire.jsonl --spec oanda-v20.spec.json --deviations oanda-deviations.json

The specification is of 2018 and closed here: a member that it does not know is a fault, unless it stands in the list of
deviations with its reason; a reason that no line needs any more fails too. A transaction, an order and an order request are held
against the schema of their `type`, and what is in a transaction against what its life must be: ids follow each other, a batch has
the id of its first.
"""

import argparse
import collections
import json
import re
import sys

# What stands for many kinds in the specification, told apart by `type`.
KINDS = {"Transaction": "Transaction", "Order": "Order", "OrderRequest": "OrderRequest"}
DECIMAL = re.compile(r"^-?[0-9]+(\.[0-9]+)?$")
# Members that are figures, whatever the specification calls them.
FIGURES = re.compile(r"(?i)(units|price|pl|balance|nav|margin(used|available)|financing|distance|amount|closeoutbid|closeoutask)$")


def concrete(base, told):
    kind = told.get("type", "") if isinstance(told, dict) else ""
    words = "".join(word.capitalize() for word in str(kind).split("_"))
    return {"Transaction": f"{words}Transaction", "Order": f"{words}Order", "OrderRequest": f"{words}OrderRequest"}[base]


class Spec:
    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.document = json.load(file)
        self.definitions = self.document["definitions"]
        self.operations = []
        for template, operations in self.document["paths"].items():
            pattern = re.compile("^/v3" + re.sub(r"\\\{([^}]*)\\\}", r"(?P<\1>[^/]+)", re.escape(template)) + "$")
            for method, operation in operations.items():
                self.operations.append((method, template, pattern, operation))
        self.operations.sort(key=lambda row: row[1].count("{"))

    def find(self, method, path):
        return next((row for row in self.operations if row[0] == method.lower() and row[2].match(path)), None)

    def resolved(self, part):
        while "$ref" in part:
            _, section, name = part["$ref"].split("/")
            part = self.document[section][name]
        return part

    def faults(self, schema, told, place):
        """What deviates in a value."""
        name = schema.get("$ref", "").rpartition("/")[2]
        if name in KINDS and isinstance(told, dict):
            name = concrete(name, told)
            if name not in self.definitions:
                yield f"{place}: there is no {name}"
                return
            schema = self.definitions[name]
            place = name
        elif name:
            schema = self.definitions[name]
            place = name if schema.get("type") == "object" else place
        kind = schema.get("type") or ("object" if "properties" in schema else None)
        fits = {
            "object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float),
        }.get(kind, object)
        if not isinstance(told, fits) or (kind in ("integer", "number") and isinstance(told, bool)):
            yield f"{place}: {kind} wanted: {json.dumps(told)[:60]}"
            return
        if "enum" in schema and told not in schema["enum"]:
            yield f"{place}: none of its words: {told}"
        if kind == "array":
            for part in told:
                yield from self.faults(schema.get("items", {}), part, place)
        if kind == "object":
            known = schema.get("properties", {})
            for member, value in told.items():
                inner = f"{place}.{member}"
                if member not in known:
                    yield f"{inner}: not in the spec"
                    continue
                if isinstance(value, str) and FIGURES.search(member) and not DECIMAL.match(value) and value not in ("ALL", "NONE"):
                    yield f"{inner}: no figure: {value[:40]}"
                yield from self.faults(known[member], value, inner)


def parameters(spec, row, line):
    """What deviates behind the question mark."""
    known = {}
    for parameter in row[3].get("parameters", []):
        parameter = spec.resolved(parameter)
        known[parameter["in"], parameter["name"]] = parameter
    for name, text in line.get("query") or []:
        parameter = known.get(("query", name))
        if parameter is None:
            yield f"query {name}: not in the spec"
            continue
        schema = spec.resolved(parameter.get("schema", parameter))
        if schema.get("type") == "integer" and not text.isdigit():
            yield f"query {name}: no number: {text}"
        if "enum" in schema and text not in schema["enum"]:
            yield f"query {name}: none of its words: {text}"
    body = next((parameter for (place, _), parameter in known.items() if place == "body"), None)
    if line.get("body") is None:
        if body is not None and body.get("required") and line["status"] < 300:
            yield "request: without its body"
    elif body is None:
        yield "request: the spec has no body here"
    elif line["status"] < 300:
        yield from (f"request {fault}" for fault in spec.faults(body["schema"], line["body"], "body"))


def check(spec, row, line):
    """What deviates in a request and its answer."""
    yield from parameters(spec, row, line)
    status, answer, answers = str(line["status"]), line.get("answer"), row[3]["responses"]
    if line["status"] >= 400 and not (isinstance(answer, dict) and isinstance(answer.get("errorMessage"), str)):
        yield f"answer {status}: without errorMessage"
    headers = line["headers_told"]
    if answer is not None and not str(headers.get("requestid", "")).isdigit():
        yield f"answer {status}: without RequestID"
    if line["status"] == 201 and not str(headers.get("location", "")).startswith("/v3/accounts/"):
        yield "answer 201: without Location"
    if status not in answers:
        yield f"answer {status}: not in the spec"
        return
    response = spec.resolved(answers[status])
    if "schema" in response and answer is not None:
        yield from (f"answer {status} {fault}" for fault in spec.faults(response["schema"], answer, "body"))


def lives(transactions):
    """What cannot be in a log of transactions: a hole in the ids, a batch that does not begin with itself."""
    ids = sorted(transactions)
    for before, after in zip(ids, ids[1:]):
        if after != before + 1:
            yield f"after {before} comes {after}"
    for number, told in sorted(transactions.items()):
        batch = transactions.get(int(told["batchID"]))
        if batch is None or batch["batchID"] != batch["id"] or int(told["batchID"]) > number or batch["time"] != told["time"]:
            yield f"{number} is of no batch {told['batchID']}"
        if told["type"] == "ORDER_FILL":
            parts = [told.get("tradeOpened") or {}, told.get("tradeReduced") or {}, *(told.get("tradesClosed") or [])]
            if round(sum(float(part.get("units", 0)) for part in parts) - float(told["units"]), 6):
                yield f"{number}: opened, reduced and closed units do not come to its units"
            opened = (told.get("tradeOpened") or {}).get("tradeID")
            if opened not in (None, told["id"]):
                yield f"{number}: a trade has the id of its fill, not {opened}"
    balance = None
    for _, told in sorted(transactions.items()):
        if "accountBalance" in told and "rejectReason" not in told:
            moved = sum(float(told.get(name, 0)) for name in ("pl", "financing", "amount", "dividendAdjustment"))
            if balance is not None and abs(balance + moved - float(told["accountBalance"])) > 1e-6:
                yield f"{told['id']}: the balance was {balance} and is {told['accountBalance']}"
            balance = float(told["accountBalance"])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--log", required=True)
    parser.add_argument("--spec", required=True)
    parser.add_argument("--deviations", required=True)
    asked = parser.parse_args()
    spec = Spec(asked.spec)
    with open(asked.deviations, encoding="utf-8") as file:
        allowed = json.load(file)
    counts, used, faults, transactions = collections.Counter(), set(), collections.Counter(), {}

    def judge(operation, told):
        counts[operation] += 1
        for fault in told:
            reason = next((key for key in allowed if re.search(key, f"{operation} {fault}")), None)
            if reason is None:
                faults[f"{operation}: {fault}"] += 1
            else:
                used.add(reason)

    def keep(told):
        if isinstance(told, dict):
            if "batchID" in told and "accountID" in told:
                transactions[int(told["id"])] = told
            for value in told.values():
                keep(value)
        elif isinstance(told, list):
            for value in told:
                keep(value)

    requests = {}
    for text in open(asked.log, encoding="utf-8"):
        line = json.loads(text)
        if line["kind"] == "frame" and line["form"] == "text":
            told = line["body"]
            keep(told)
            if "homeConversions" in told:
                counts["line homeConversions"] += 1
                continue
            kind = told.get("type", "")
            if kind == "PRICE":
                schema = {"$ref": "#/definitions/ClientPrice"}
            elif kind == "HEARTBEAT":
                schema = {"$ref": f"#/definitions/{'Transaction' if 'lastTransactionID' in told else 'Pricing'}Heartbeat"}
            else:
                schema = {"$ref": "#/definitions/Transaction"}
            judge(f"line {kind}", spec.faults(schema, told, "line"))
        elif line["kind"] == "request":
            requests[line["seq"]] = line
        elif line["kind"] == "answer" and line["seq"] in requests:
            request = requests.pop(line["seq"])
            if line.get("fault") or request["path"].startswith("/_sim/"):
                continue
            keep(line.get("body"))
            told = {**request, "status": line["status"], "answer": line.get("body"), "headers_told": line.get("headers") or {}}
            row = spec.find(request["method"], request["path"])
            if row is None:
                judge(f"{request['method']} {request['path']}", ["not in the spec"])
            else:
                judge(f"{row[0].upper()} {row[1]} {line['status']}", list(check(spec, row, told)))
    judge("log", lives(transactions))
    for operation, count in sorted(counts.items()):
        print(f"{count:6}  {operation}")
    for reason in sorted(used):
        print(f"deviates: {reason}: {allowed[reason]}")
    for fault, count in faults.most_common():
        print(f"FAULT {count:4}x {fault}", file=sys.stderr)
    unused = sorted(set(allowed) - used)
    for reason in unused:
        print(f"a deviation that no line shows any more: {reason}", file=sys.stderr)
    print(
        f"{sum(counts.values())} exchanges and lines, {len(counts)} kinds, {len(transactions)} transactions, {len(faults)} kinds of "
        f"faults, {len(used)} known deviations"
    )
    sys.exit(1 if faults or unused or not transactions else 0)


if __name__ == "__main__":
    main()
