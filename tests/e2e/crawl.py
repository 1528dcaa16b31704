"""Two tenants, every operation of the OpenAPI document, each other's ids.

    crawl.py URL MINE.json THEIRS.json STEP

A credential file holds {email, password, key}.  The steps, each a check of
t0500-wall.sh, say what they found wrong and exit with 1:

    ids     of every operation with an id in its path or body: theirs and one that
            nobody has get the same answer, whoever asks, by session and by key
    lists   no answer to me names anything of theirs, and no list holds one of their ids
    intact  what is theirs is as it was
    time    medians of "not yours" and "not there", as a remark

Nothing here knows the operations: new ones are called as soon as the document has them, with a
body made from their schema.  One that refuses such a body fails the step: its schema wants an example.
"""

import http.client
import json
import re
import statistics
import sys
import time

URL, MINE, THEIRS, STEP = sys.argv[1:5]
HOST = URL.removeprefix("http://")
CANARY = "canary"
# What the crawl's own sign-ins are told in, and what is counted by minutes.
GROWING = ("listAudit", "exportAudit", "listEvents", "streamEvents", "openEvents", "openProjectEvents",
           "openNamedProjectEvents", "listActivity", "listSubscriptions", "getMetrics", "openRun",
           "readJobStats")
# Named alike for everybody: whose jobs are in a queue is what the answers must keep apart.
SHARED = ("queues",)
# What goes by a name of the tenant's own.
NAMED = ("models", "providers", "budgets")
# What asks for a WebSocket, and whose ids and names are in a path that does not say so.
UPGRADE = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
KINDS = {"ws": "projects", "project": "projects"}
LISTENED_S = 0.3  # to a stream
NAME = re.compile(r"[A-Za-z0-9._:-]{1,180}\Z")
NOBODY = 900_000_000_000_000
troubles = []


def trouble(text):
    troubles.append(text)
    print(text)


class Caller:
    """One credential: a session with what a page of ours would send, or a key."""

    def __init__(self, path, kind):
        self.kind, self.who = kind, json.load(open(path))
        self.link = http.client.HTTPConnection(HOST, timeout=30)
        self.headers = {"Content-Type": "application/json"}
        if kind == "key":
            self.headers["Authorization"] = "Bearer " + self.who["key"]
            return
        status, body, head = self.call(
            "post", "/api/v1/auth/login", {k: self.who[k] for k in ("email", "password")}
        )
        assert status == 200, body
        self.tenant = body["tenant_id"]
        self.headers |= {
            "Cookie": head["Set-Cookie"].split(";")[0],
            "X-CSRF-Token": body["csrf_token"],
            "Origin": URL,
        }

    def call(self, method, path, body=None, headers=()):
        text = None if body is None else json.dumps(body)
        upgrade = UPGRADE if is_socket(path) else {}
        self.link.request(method.upper(), path, text, self.headers | upgrade | dict(headers))
        answer = self.link.getresponse()
        raw = self.read(answer).decode()
        try:
            raw = json.loads(raw)
        except ValueError:
            pass
        if STEP != "time" and answer.status >= 500:
            trouble(f"{method} {path}: {answer.status} {raw}")
        return answer.status, raw, answer.headers


    def read(self, answer):
        """All of an answer, or what a stream tells within a moment."""
        stream = answer.headers.get("Content-Type", "").startswith("text/event-stream")
        if not stream and answer.status != 101:
            return answer.read()
        raw = b""
        self.link.sock.settimeout(LISTENED_S)
        try:
            while more := answer.read1() if stream else self.link.sock.recv(65536):
                raw += more
        except TimeoutError:
            pass
        self.link.close()
        return raw.decode(errors="replace").encode()


def is_socket(path):
    return path.startswith("/ws/") or path.split("?")[0].endswith("/ws")


class Operation:
    def __init__(self, path, method, row):
        self.method, self.row = method, row
        wanted = [p["name"] + "=" + str(sample(p["schema"])) for p in self.queries() if p.get("required")]
        self.path = path + ("?" + "&".join(wanted) if wanted else "")
        self.name = row["operationId"]
        self.open = not row["security"]
        self.kinds = {"key" if "ApiKey" in s else "session" for s in row["security"] if "AccessToken" not in s}

    def body(self):
        content = self.row.get("requestBody", {}).get("content", {})
        return sample(content["application/json"]["schema"]) if content else None

    def queries(self):
        return [p for p in map(resolve, self.row.get("parameters", ())) if p["in"] == "query"]


def resolve(thing):
    for name in thing["$ref"].split("/")[1:] if "$ref" in thing else ():
        thing = (DOCUMENT if name == "components" else thing)[name]
    return thing


def sample(schema):
    """A value that the schema allows: its example where it has one."""
    schema = resolve(schema)
    kind = schema.get("type", "string")
    kind = kind if isinstance(kind, str) else kind[0]
    if "examples" in schema:
        return schema["examples"][0]
    if "enum" in schema:
        return schema["enum"][0]
    if kind == "object":
        fields = schema.get("properties", {})
        wanted = schema.get("required") or list(fields)[:1]
        return {name: sample(fields[name]) for name in wanted}
    if kind == "array":
        return [sample(schema["items"])] * schema.get("minItems", 0)
    if kind in ("integer", "number"):
        return schema.get("minimum", 1)
    return True if kind == "boolean" else "x" * max(schema.get("minLength", 1), 8)


def ids_of(caller):
    """What a caller has, by kind: projects, jobs ..., from every list of the document."""
    found = {"tenants": {caller.tenant}}
    for round_ in (1, 2):  # lists below an item need the items' ids first
        for op in OPERATIONS:
            if op.method != "get" or not lists(op):
                continue
            kind = op.path.split("/")[-1]
            parents = [None]
            if "{id}" in op.path:
                parents = found.get(before_id(op.path), set())
            for parent in parents:
                status, body, _ = caller.call("get", op.path.replace("{id}", str(parent)))
                if status == 200:
                    found.setdefault(kind, set()).update(i["id"] for i in body["items"] if "id" in i)
                    found.setdefault("runs", set()).update(i["run_id"] for i in body["items"] if i.get("run_id"))
    return found


def lists(op):
    content = op.row["responses"].get("200", {}).get("content", {}).get("application/json", {})
    return "items" in resolve(content.get("schema", {})).get("properties", {})


def before_id(path):
    kind = re.split("/{id}|/{name}", path)[0].split("/")[-1]
    return KINDS.get(kind, kind)


def keys_of(caller):
    """What a caller has that goes by a name, by kind."""
    found = {}
    for op in OPERATIONS:
        if op.method == "get" and lists(op) and "{" not in op.path:
            status, body, _ = caller.call("get", op.path)
            if status == 200:
                kind = op.path.split("/")[-1]
                name = "name" if kind in SHARED + NAMED else "key"
                found.setdefault(kind, set()).update(i[name] for i in body["items"] if name in i)
                if kind == "projects":
                    found[kind].update(i["name"] for i in body["items"] if NAME.match(i["name"]))
    return found


def same_words(body, *ids):
    text = json.dumps(body, sort_keys=True)
    text = re.sub(r'"request_id": "[^"]*"', "", text)
    for i in ids:
        text = text.replace(str(i), "ID")
    return text


def compare(caller, op, path, body, theirs, what, headers=()):
    """The same call with one of their ids and with nobody's."""
    answers = []
    for i in (theirs, NOBODY + theirs):
        status, said, _ = caller.call(
            op.method, path.replace("{id}", str(i)), fill(body, i), {"If-Match": "*", **dict(fill(headers, i) or {})}
        )
        answers.append((status, same_words(said, i, NOBODY + theirs, theirs)))
        check_canary(op, said)
    if answers[0] != answers[1]:
        trouble(f"{op.name} ({caller.kind}, {what}): theirs {answers[0]}, nobody's {answers[1]}")
    return answers[0]


def compare_names(me, op, body, theirs):
    """The same call with a name of theirs and with one that nobody has."""
    if before_id(op.path) in SHARED:
        return 0
    for name in theirs.get(before_id(op.path), ()):
        answers = []
        for i in (name, "nobody-" + name):
            status, said, _ = me.call(op.method, op.path.replace("{name}", i), body, {"If-Match": "*"})
            answers.append((status, same_words(said, "nobody-" + name, name)))
            check_canary(op, said)
        if answers[0] != answers[1] or answers[0][0] != 404:
            trouble(f"{op.name} ({me.kind}): theirs {answers[0]}, nobody's {answers[1]}")
    if not theirs.get(before_id(op.path)):
        trouble(f"{op.name}: the other tenant has no {before_id(op.path)} to try")
    return len(theirs.get(before_id(op.path), ()))


def fill(body, value):
    if isinstance(body, dict):
        return {k: fill(v, value) for k, v in body.items()}
    return str(value) if body == "{id}" else value if body == "{number}" else body


def check_canary(op, said):
    if CANARY in (said if isinstance(said, str) else json.dumps(said)):
        trouble(f"{op.name} shows something of theirs: {json.dumps(said)[:300]}")


def step_ids():
    theirs = ids_of(Caller(THEIRS, "session"))
    names = keys_of(Caller(THEIRS, "session"))
    called = 0
    for kind in ("session", "key"):
        me = Caller(MINE, kind)
        for op in OPERATIONS:
            if kind not in op.kinds:
                continue
            body = op.body()
            if "{name}" in op.path:
                called += compare_names(me, op, body, names)
            elif "{id}" in op.path:
                have = theirs.get(before_id(op.path))
                if not have:
                    trouble(f"{op.name}: the other tenant has no {before_id(op.path)} to try")
                    continue
                for i in sorted(have)[:3]:
                    status, said = compare(me, op, op.path, body, i, "path")
                    called += 1
                    if status != 404:
                        trouble(f"{op.name} ({kind}): {status} where 404 was expected: {said[:300]}")
            elif body is not None:
                called += compare_fields(me, op, body, theirs)
            for query in op.queries():
                if query["name"].endswith("_id") and "{id}" not in op.path:
                    for i in sorted(of_field(theirs, query["name"]))[:2]:
                        compare(me, op, f"{op.path}?{query['name']}={{id}}", body, i, query["name"])
                        called += 1
            if op.method == "get" and "{" not in op.path:
                for i in theirs["tenants"]:
                    compare(me, op, op.path, None, i, "X-Portolan-Tenant", {"X-Portolan-Tenant": "{id}"})
    print(f"# {called} calls with ids of another tenant, in {len(OPERATIONS)} operations")


def of_field(theirs, name):
    kind = name.removesuffix("_id").replace("_", "-") + "s"
    return theirs.get(kind, {min(min(v) for v in theirs.values() if v)})


def compare_fields(me, op, body, theirs):
    content = op.row["requestBody"]["content"]["application/json"]
    fields = [f for f in resolve(content["schema"])["properties"] if f.endswith("_id")]
    for field in fields:
        for i in sorted(of_field(theirs, field))[:2]:
            status, said = compare(me, op, op.path, body | {field: "{number}"}, i, field)
            if status < 400:
                trouble(f"{op.name}: took {field} of another tenant: {said[:300]}")
    return len(fields)


def step_lists():
    theirs = ids_of(Caller(THEIRS, "session"))
    me = Caller(MINE, "session")
    mine, names = ids_of(me), keys_of(me)
    for kind, ids in theirs.items():
        both = ids & mine.get(kind, set())
        if both:
            trouble(f"{kind} {both} are in both tenants' lists")
        if not mine.get(kind):
            print(f"# I have no {kind}")
    order = {"get": 0, "post": 1, "patch": 2, "put": 2, "delete": 3}
    for kind in ("key", "session"):
        me = Caller(MINE, kind)
        for op in sorted(OPERATIONS, key=lambda o: order[o.method]):
            if "{id}" in op.path and op.method == "get":
                for i in sorted(mine.get(before_id(op.path), ()))[:3]:
                    check_canary(op, me.call("get", op.path.replace("{id}", str(i)))[1])
            elif "{name}" in op.path and op.method == "get":
                for i in names.get(before_id(op.path), ()):
                    check_canary(op, me.call("get", op.path.replace("{name}", i))[1])
            elif "{" not in op.path:
                check_canary(op, me.call(op.method, op.path, op.body(), {"If-Match": "*"})[1])


def state():
    """All that the other tenant sees of itself, but for what time and the crawl's own sign-ins change."""
    they = Caller(THEIRS, "key")
    seen = {}
    ids, names = ids_of(Caller(THEIRS, "session")), keys_of(Caller(THEIRS, "session"))
    for op in OPERATIONS:
        if op.method != "get" or "key" not in op.kinds or op.name in GROWING:
            continue
        have = ids if "{id}" in op.path else names
        for i in sorted(have.get(before_id(op.path), ())) if "{" in op.path else (None,):
            path = re.sub("{(id|name)}", str(i), op.path)
            text = same_words(they.call("get", path)[1])
            text = re.sub(r'"last_[a-z_]*": ("[^"]*"|null)', "", text)
            seen[path] = re.sub(r'"(completed|failed|wait_ms|run_ms)": \{[^}]*\}', "", text)
    return seen


def step_intact():
    before = json.load(open(THEIRS + ".state"))
    after = state()
    for path in before:
        if before[path] != after.get(path):
            trouble(f"{path} was {before[path][:300]} and is {after.get(path, 'gone')[:300]}")
    print(f"# {len(before)} answers are as they were")


def step_time():
    me, theirs = Caller(MINE, "key"), ids_of(Caller(THEIRS, "session"))
    i = min(theirs["projects"])
    took = {i: [], NOBODY: []}
    for _ in range(300):
        for one, times in took.items():
            begin = time.perf_counter()
            me.call("get", f"/api/v1/projects/{one}")
            times.append(time.perf_counter() - begin)
    medians = [statistics.median(t) * 1e6 for t in took.values()]
    print(f"# not yours {medians[0]:.0f} us, not there {medians[1]:.0f} us, medians of 300")


link = http.client.HTTPConnection(HOST, timeout=30)
link.request("GET", "/api/v1/openapi.json")
DOCUMENT = json.loads(link.getresponse().read())
OPERATIONS = [
    Operation(path, method, row) for path, rows in DOCUMENT["paths"].items() for method, row in rows.items()
]
if STEP == "state":
    json.dump(state(), open(THEIRS + ".state", "w"))
else:
    {"ids": step_ids, "lists": step_lists, "intact": step_intact, "time": step_time}[STEP]()
sys.exit(1 if troubles else 0)
