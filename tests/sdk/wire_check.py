"""Holds a wire log of the simulator against the broker's own OpenAPI specs: every request and every answer.

    wire_check.py --log wire.jsonl --spec trading.openapi.json --spec marketdata.openapi.json --deviations deviations.json

What deviates must stand in the list of deviations, with its reason; a reason that no line needs any more fails too. Errors (4xx,
5xx) that a spec gives no schema for have the shape {"code": number, "message": text}, or {"message": text} of the data API.
"""

import argparse
import collections
import json
import re
import sys

from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012


class Spec:
    """One OpenAPI document: which operation a path is, and whether a body is of its schema."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.document = json.load(file)
        self.uri = f"urn:spec:{len(self.document['paths'])}"
        resource = Resource(contents=self.document, specification=DRAFT202012)
        self.registry = Registry().with_resource(self.uri, resource)
        self.operations = []
        for template, operations in self.document["paths"].items():
            pattern = re.compile("^" + re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(template)) + "$")
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
        pointer = {"$ref": f"{self.uri}#{schema}"}
        validator = Draft202012Validator(pointer, registry=self.registry, format_checker=FormatChecker())
        for error in validator.iter_errors(value):
            yield deepest(error)


def deepest(error):
    """The fault that says most: of the alternatives, the one that came furthest."""
    while error.context:
        error = max(error.context, key=lambda inner: len(inner.absolute_path))
    place = "/".join("#" if isinstance(part, int) else str(part) for part in error.absolute_path)
    value = json.dumps(error.instance)
    return f"{place or '(whole)'}: {error.validator} {json.dumps(error.validator_value)[:80]}: {value[:60]}"


def escaped(name):
    return name.replace("~", "~0").replace("/", "~1")


def check(spec, row, line):
    """What deviates in one line of the log."""
    method, template, _, operation, shared = row
    base = f"/paths/{escaped(template)}/{method}"
    parameters = [spec.resolved(each) for each in operation.get("parameters", []) + shared]
    known = {each["name"] for each in parameters if each["in"] == "query"}
    for name in {name for name, _ in line.get("query") or []}:
        if name not in known:
            yield f"query {name}: not in the spec"
    body = spec.resolved(operation.get("requestBody", {}))
    if line.get("body") is not None and line["status"] < 300:
        if "application/json" in body.get("content", {}):
            pointer = body_pointer(spec, operation, base)
            yield from (f"request {fault}" for fault in spec.faults(pointer, line["body"]))
        else:
            yield "request: the spec has no body here"
    status = str(line["status"])
    answers = operation["responses"]
    if status not in answers and int(status) >= 400:
        answer = line.get("answer")
        if not (isinstance(answer, dict) and isinstance(answer.get("message"), str)):
            yield f"answer {status}: an error without a message: {json.dumps(answer)[:80]}"
        return
    if status not in answers:
        yield f"answer {status}: not in the spec"
        return
    response = spec.resolved(answers[status])
    content = response.get("content", {}).get("application/json")
    if content is None or "schema" not in content:
        if line.get("answer") not in (None, "") and int(status) < 400:
            yield f"answer {status}: the spec has no body here"
        return
    pointer = answer_pointer(spec, answers[status], base, status)
    yield from (f"answer {status} {fault}" for fault in spec.faults(pointer, line.get("answer")))


def body_pointer(spec, operation, base):
    named = operation["requestBody"].get("$ref")
    start = named.lstrip("#") if named else f"{base}/requestBody"
    return f"{start}/content/application~1json/schema"


def answer_pointer(spec, answer, base, status):
    named = answer.get("$ref")
    start = named.lstrip("#") if named else f"{base}/responses/{status}"
    return f"{start}/content/application~1json/schema"


def exchanges(path):
    """Each request with its answer; what a fault was done to is left out, and what the broker does not serve."""
    asked = {}
    for text in open(path, encoding="utf-8"):
        line = json.loads(text)
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
    specs = [Spec(path) for path in asked.spec]
    with open(asked.deviations, encoding="utf-8") as file:
        allowed = json.load(file)
    counts, used, faults, seen = collections.Counter(), set(), collections.Counter(), 0
    for path in asked.log:
        for line in exchanges(path):
            seen += 1
            found = next(((spec, row) for spec in specs if (row := spec.find(line["method"], line["path"]))), None)
            if found is None:
                operation, told = f"{line['method']} {line['path']}", ["not in the spec"]
            else:
                spec, row = found
                operation, told = f"{row[0].upper()} {row[1]}", list(check(spec, row, line))
            counts[f"{operation} {line['status']}"] += 1
            for fault in told:
                reason = next((key for key in allowed if re.search(key, f"{operation} {fault}")), None)
                if reason is None:
                    faults[f"{operation}: {fault}"] += 1
                else:
                    used.add(reason)
    for operation, count in sorted(counts.items()):
        print(f"{count:6}  {operation}")
    for reason in sorted(used):
        print(f"deviates: {reason}: {allowed[reason]}")
    for fault, count in faults.most_common():
        print(f"FAULT {count:4}x {fault}", file=sys.stderr)
    unused = sorted(set(allowed) - used)
    for reason in unused:
        print(f"a deviation that no line shows any more: {reason}", file=sys.stderr)
    print(f"{seen} exchanges, {len(counts)} kinds, {len(faults)} kinds of faults, {len(used)} known deviations")
    sys.exit(1 if faults or unused or not seen else 0)


if __name__ == "__main__":
    main()
