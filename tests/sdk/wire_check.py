"""Holds wire logs of the simulator against the broker's own OpenAPI specs: every request, every answer, every frame.

    wire_check.py --log wire.jsonl --spec trading.openapi.json --spec marketdata.openapi.json --deviations deviations.json

What deviates must stand in the list of deviations, with its reason; a reason that no line needs any more fails too. What the
specs have no schema for is held against `facts.json`, which is written from the broker's pages and from what was recorded on its
wire: an error of the trading API is {"code": number, "message": text}, with the status, the code and the fields that belong to
its message, one of the data API {"message": text}; and a frame of `trade_updates` is one of a few.
"""

import argparse
import collections
import json
import pathlib
import re
import sys

from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012


class Schemas:
    """All schemas there are, by their names."""

    def __init__(self):
        self.registry = Registry()

    def add(self, uri, document):
        resource = Resource(contents=document, specification=DRAFT202012)
        self.registry = self.registry.with_resource(uri, resource)

    def faults(self, uri, pointer, value):
        whole = {"$ref": f"{uri}#{pointer}"}
        validator = Draft202012Validator(whole, registry=self.registry, format_checker=FormatChecker())
        for error in validator.iter_errors(value):
            yield deepest(error)


class Spec:
    """One OpenAPI document: which operation a path is, and whether a body is of its schema."""

    def __init__(self, path, schemas):
        with open(path, encoding="utf-8") as file:
            self.document = json.load(file)
        name = pathlib.Path(path).name.removesuffix(".openapi.json")
        self.uri, self.schemas = f"urn:spec:{name}", schemas
        self.is_trading = name.endswith("trading")
        schemas.add(self.uri, self.document)
        self.operations = []
        for template, operations in self.document["paths"].items():
            pattern = re.compile("^" + re.sub(r"\\\{([^}]*)\\\}", r"(?P<\1>[^/]+)", re.escape(template)) + "$")
            for method, operation in operations.items():
                if method in ("get", "post", "put", "patch", "delete"):
                    shared = operations.get("parameters", [])
                    self.operations.append((method, template, pattern, operation, shared))
        # What is written out goes before what is a pattern.
        self.operations.sort(key=lambda row: row[1].count("{"))

    def find(self, method, path):
        for row in self.operations:
            if row[0] == method.lower() and row[2].match(path):
                return row
        return None

    def resolved(self, part):
        while "$ref" in part:
            place = self.document
            for name in part["$ref"].lstrip("#/").split("/"):
                place = place[name.replace("~1", "/").replace("~0", "~")]
            part = place
        return part

    def faults(self, schema, value):
        yield from self.schemas.faults(self.uri, schema, value)


def deepest(error):
    """The fault that says most: of the alternatives, the one that came furthest."""
    while error.context:
        error = max(error.context, key=lambda inner: len(inner.absolute_path))
    place = "/".join("#" if isinstance(part, int) else str(part) for part in error.absolute_path)
    value = json.dumps(error.instance)
    return f"{place or '(whole)'}: {error.validator} {json.dumps(error.validator_value)[:80]}: {value[:60]}"


def escaped(name):
    return name.replace("~", "~0").replace("/", "~1")


def read_as(spec, schema, text):
    """What the text of a parameter is, where its schema wants something else; a list is told with commas."""
    schema = spec.resolved(schema)
    kind = schema.get("type")
    try:
        if kind == "array":
            return [read_as(spec, schema.get("items", {}), part) for part in text.split(",")]
        if kind == "integer":
            return int(text)
        if kind == "number":
            return float(text)
    except ValueError:
        return text
    return {"true": True, "false": False}.get(text, text) if kind == "boolean" else text


def parameters(spec, row, line):
    """What deviates in the path and behind its question mark."""
    method, template, pattern, operation, shared = row
    base = f"/paths/{escaped(template)}"
    known = {}
    for place, each in [(f"{base}/parameters", shared), (f"{base}/{method}/parameters", operation.get("parameters", []))]:
        for number, parameter in enumerate(each):
            pointer = parameter.get("$ref", "").lstrip("#") or f"{place}/{number}"
            parameter = spec.resolved(parameter)
            known[parameter["in"], parameter["name"]] = (f"{pointer}/schema", parameter.get("schema", {}))
    told = [("query", name, text) for name, text in line.get("query") or []]
    told += [("path", name, text) for name, text in pattern.match(line["path"]).groupdict().items()]
    for place, name, text in told:
        if (place, name) in known:
            pointer, schema = known[place, name]
            value = read_as(spec, schema, text)
            yield from (f"{place} {name}: {fault}" for fault in spec.faults(pointer, value))
        elif place == "query":
            yield f"query {name}: not in the spec"


def error_faults(facts, is_trading, status, body):
    """What deviates in the body of an error: its shape, and what belongs to its words."""
    message = body.get("message") if isinstance(body, dict) else None
    if not (isinstance(message, str) and message):
        yield f"error {status}: without a message: {json.dumps(body)[:80]}"
        return
    code = body.get("code")
    if type(code) is not int or not 10_000_000 <= code <= 99_999_999:
        # The data API has none; neither has somebody who is not let in.
        if code is not None or (is_trading and status < 500 and message not in facts["errors_without_code"]):
            yield f"error {status}: a code of eight digits is missing: {json.dumps(body)[:80]}"
        return
    known = next((row for row in facts["errors"] if re.search(row["message"], message)), None)
    if known is None:
        return
    if status not in known["status"] or code != known["code"]:
        yield f"error {status}: {code} with the words of {known['status'][0]} {known['code']}: {message[:60]}"
    for name in known.get("fields", []):
        if not isinstance(body.get(name), list if name == "related_orders" else str):
            yield f"error {status}: {name} is missing beside: {message[:60]}"


def check(spec, row, line, facts):
    """What deviates in one line of the log."""
    method, template, _, operation, _ = row
    base = f"/paths/{escaped(template)}/{method}"
    yield from parameters(spec, row, line)
    body = spec.resolved(operation.get("requestBody", {}))
    if line.get("body") is not None and line["status"] < 300:
        if "application/json" in body.get("content", {}):
            pointer = body_pointer(spec, operation, base)
            yield from (f"request {fault}" for fault in spec.faults(pointer, line["body"]))
        else:
            yield "request: the spec has no body here"
    status = str(line["status"])
    answers, answer = operation["responses"], line.get("answer")
    if int(status) >= 400:
        yield from error_faults(facts, spec.is_trading, int(status), answer)
    if status == "207" and isinstance(answer, list):
        for part in answer:
            if isinstance(part, dict) and part.get("status", 0) >= 400:
                yield from error_faults(facts, spec.is_trading, part["status"], part.get("body"))
    if status not in answers and int(status) >= 400:
        return
    if status not in answers:
        yield f"answer {status}: not in the spec"
        return
    response = spec.resolved(answers[status])
    content = response.get("content", {}).get("application/json")
    if content is None or "schema" not in content:
        if answer not in (None, "") and int(status) < 400:
            yield f"answer {status}: the spec has no body here"
        return
    pointer = answer_pointer(spec, answers[status], base, status)
    yield from (f"answer {status} {fault}" for fault in spec.faults(pointer, answer))


def body_pointer(spec, operation, base):
    named = operation["requestBody"].get("$ref")
    start = named.lstrip("#") if named else f"{base}/requestBody"
    return f"{start}/content/application~1json/schema"


def answer_pointer(spec, answer, base, status):
    named = answer.get("$ref")
    start = named.lstrip("#") if named else f"{base}/responses/{status}"
    return f"{start}/content/application~1json/schema"


def frames(path):
    """Each frame of a socket with what is to be said of it: of its form, and of its turn."""
    listens, data = set(), set()
    for text in open(path, encoding="utf-8"):
        line = json.loads(text)
        if line["kind"] == "request" and line["seq"] == 1:
            # Another simulator, whose sockets have the same numbers.
            listens.clear()
            data.clear()
        if line["kind"] != "frame" or line["form"] == "close":
            continue
        socket, way, body = line["socket"], line["way"], line["body"]
        turn = []
        if isinstance(body, list):
            # Control messages of market data come alone.
            kinds = [part.get("T") for part in body if isinstance(part, dict)]
            data.add(socket)
            if len(kinds) > 1 and {"success", "error", "subscription"} & set(kinds):
                turn.append("a control message that is not alone")
            yield f"data_{way}", ",".join(map(str, kinds)), body, turn
            continue
        if socket in data and way == "in":
            yield "data_in", body.get("action") if isinstance(body, dict) else None, body, turn
            continue
        said = body if isinstance(body, dict) else {}
        if said.get("action") in ("authenticate", "auth"):
            listens.discard(socket)
        elif said.get("stream") == "listening":
            listens.add(socket)
        elif said.get("stream") == "trade_updates" and socket not in listens:
            turn.append("before anybody listened")
        yield way, said.get("stream") or said.get("action"), body, turn


def exchanges(path):
    """Each request with its answer; what a fault was done to is left out, and what the broker does not serve."""
    asked = {}
    for text in open(path, encoding="utf-8"):
        line = json.loads(text)
        if line["kind"] == "request" and line["seq"] == 1:
            asked.clear()
        if line["kind"] == "request":
            asked[line["seq"]] = line
        elif line["kind"] == "answer" and line["seq"] in asked:
            request = asked.pop(line["seq"])
            if not line.get("fault") and not request["path"].startswith("/_sim/"):
                yield {**request, "status": line["status"], "answer": line.get("body")}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--log", required=True, action="append")
    parser.add_argument("--spec", required=True, action="append")
    parser.add_argument("--deviations", required=True)
    asked = parser.parse_args()
    schemas = Schemas()
    specs = [Spec(path, schemas) for path in asked.spec]
    with open(asked.deviations, encoding="utf-8") as file:
        allowed = json.load(file)
    with open(pathlib.Path(__file__).with_name("facts.json"), encoding="utf-8") as file:
        facts = json.load(file)
    schemas.add("urn:facts", facts)
    counts, used, faults, seen = collections.Counter(), set(), collections.Counter(), 0

    def judge(operation, told):
        for fault in told:
            reason = next((key for key in allowed if re.search(key, f"{operation} {fault}")), None)
            if reason is None:
                faults[f"{operation}: {fault}"] += 1
            else:
                used.add(reason)

    for path in asked.log:
        for way, name, body, turn in frames(path):
            seen += 1
            operation = f"frame {way} {name}"
            counts[operation] += 1
            judge(operation, [*schemas.faults("urn:facts", f"/frames/{way}", body), *turn])
        for line in exchanges(path):
            seen += 1
            found = next(((spec, row) for spec in specs if (row := spec.find(line["method"], line["path"]))), None)
            if found is None:
                operation, told = f"{line['method']} {line['path']}", ["not in the spec"]
            else:
                spec, row = found
                operation, told = f"{row[0].upper()} {row[1]}", list(check(spec, row, line, facts))
            counts[f"{operation} {line['status']}"] += 1
            judge(operation, told)
    for operation, count in sorted(counts.items()):
        print(f"{count:6}  {operation}")
    for reason in sorted(used):
        print(f"deviates: {reason}: {allowed[reason]}")
    for fault, count in faults.most_common():
        print(f"FAULT {count:4}x {fault}", file=sys.stderr)
    unused = sorted(set(allowed) - used)
    for reason in unused:
        print(f"a deviation that no line shows any more: {reason}", file=sys.stderr)
    print(f"{seen} exchanges and frames, {len(counts)} kinds, {len(faults)} kinds of faults, {len(used)} known deviations")
    sys.exit(1 if faults or unused or not seen else 0)


if __name__ == "__main__":
    main()
