#!/usr/bin/env python3
"""Requests of several callers in the same moment: each answer is its caller's own.

    together.py URL CALLERS ROUNDS

CALLERS is a JSON array of {"key", "name", "mine": [ids], "theirs": [ids]}: the names of all projects of a caller's
tenant begin with its name; one whose name is null has a key that no longer counts.  A round sends one request on
each of many connections before it reads the first answer, those of the callers in turn.  Prints a line for each
answer that is not as it should be, and the number of answers; exit status 1 when one is not.
"""

import http.client
import json
import sys

URL, CALLERS, ROUNDS = sys.argv[1], json.loads(sys.argv[2]), int(sys.argv[3])
CONNECTIONS = 12
links = [http.client.HTTPConnection(URL.removeprefix("http://"), timeout=30) for _ in range(CONNECTIONS)]
wrong = answers = 0


def names(body):
    said = json.loads(body)
    return [item["name"] for item in said.get("items", [said])]


def own(caller, status, body, _answer):
    return status == 200 and len(names(body)) > 0 and all(n.startswith(caller["name"]) for n in names(body))


def absent(_caller, status, _body, _answer):
    return status == 404


def refused(_caller, status, _body, _answer):
    return status == 400


def empty(status_wanted):
    return lambda _caller, status, body, _answer: status == status_wanted and body == b""


def operations(caller):
    mine, theirs = caller["mine"][0], caller["theirs"][0]
    return [
        ("GET", "/api/v1/projects?limit=20", {}, own),
        ("GET", f"/api/v1/projects/{mine}", {}, own),
        ("GET", f"/api/v1/projects/{theirs}", {}, absent),
        ("GET", f"/api/v1/projects?q={CALLERS[0]['name']}&limit=5", {}, own if caller is CALLERS[0] else None),
        ("HEAD", "/api/v1/projects?limit=3", {}, empty(200)),
        ("GET", f"/api/v1/projects/{mine}", {"If-None-Match": "*"}, empty(304)),
        ("GET", "/api/v1/projects?cursor=AAAA", {}, refused),
        ("GET", "/api/v1/projects?limit=1", {}, own),
        ("GET", "/api/v1/projects/999999999", {}, absent),
        ("GET", "/api/v1/jobs?limit=1", {}, lambda _c, status, _b, _a: status == 200),
        ("GET", "/api/v1/jobs/999999999", {}, absent),
    ]


for n in range(ROUNDS):
    sent = []
    for at, link in enumerate(links):
        caller = CALLERS[(n + at) % len(CALLERS)]
        table = operations(caller)
        method, path, headers, fits = table[(n * 7 + at // len(CALLERS)) % len(table)]
        link.request(method, path, headers=headers | {"Authorization": f"Bearer {caller['key']}", "X-Request-Id": f"r{n}-{at}"})
        sent.append((caller, method, path, fits))
    for at, (caller, method, path, fits) in enumerate(sent):
        answer = links[at].getresponse()
        body = answer.read()
        answers += 1
        if caller["name"] is None:
            good = answer.status == 401
        elif fits is None:
            good = answer.status == 200 and not json.loads(body)["items"]
        else:
            good = fits(caller, answer.status, body, answer)
        if not good or answer.headers["X-Request-Id"] != f"r{n}-{at}":
            wrong += 1
            print(f"{caller['name']}: {method} {path}: {answer.status} {answer.headers['X-Request-Id']} {body[:200]}")
print(answers)
sys.exit(wrong > 0)
