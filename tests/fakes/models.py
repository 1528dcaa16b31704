#!/usr/bin/env python3
"""Providers of models for tests: OpenAI, Azure OpenAI, Anthropic and a local server, true to the wire.

That they are true is tested with the official clients (tests/sdk).

    models.py

The port is printed on the first line; the server ends when its standard input does.

    /v1/chat/completions, /v1/embeddings, /v1/models                      OpenAI
    /openai/v1/..., /openai/deployments/NAME/...?api-version=2024-10-21   Azure OpenAI
    /v1/messages                                                          Anthropic
    /local/v1/...                                                         compatible, without a key

What a request is answered is said by its own last message (or first text, or first tool's description),
behind the word "fake:" as JSON: {"key": ..., "steps": [...]}.  The n-th request with that key is answered by
the n-th step, further ones by the last.  Without one the answer is "Hello from the fake." A step:

    status, headers, error    another status than 200, with these headers and {type, code, message}
    text, piece               what is answered, in pieces of so many characters (5)
    times                     the text so often, each time with its number in the place of %d
    tools                     [{id, name, arguments, piece}]: calls of tools, arguments in pieces
    obey                      it does whatever it reads: each obey:{"name": ..., "arguments": {...}} in the request
                              becomes a call of that tool, once; then it says all that tools have told it
    finish, cached, reasoning, input   what is told at the end; input: tokens of the request
    usage: false              the tokens are not told (Anthropic tells those of the request all the same)
    split                     bytes are written so many at a time, each as a chunk of its own
    pace                      milliseconds before each piece
    eol, noise                the end of lines; comments, pings and unknown fields in between
    hold: n, cut: n, fail: n  after n pieces: silence until the client goes, the connection dies, an error event
    drop                      the connection dies instead of an answer
    away                      a redirect to another address

GET /journal answers what was charged, as a real provider would have: what it read and what it wrote, from
the moment it began to answer.  The vectors of a model that begins with fake-meaning are near where words are the
same, or mean the same.  GET /health answers while it lives.
"""

import base64
import http.server
import json
import os
import re
import select
import socket
import struct
import sys
import threading
import time
import urllib.parse

KEY = "canary-key-of-the-provider"
VERSION = "2024-10-21"
DIMENSIONS = 8
MEANINGS = 256  # numbers of a vector of fake-meaning, in which words that mean the same are the same
SYNONYMS = {"automobile": "car", "vehicle": "car", "purchase": "buy", "terminate": "end"}
CONTEXT = 20000  # tokens of a text that is embedded
LOCK = threading.Lock()
SEEN = {}
JOURNAL = []


def tokens(text):
    plain = sum(1 for c in text if ord(c) < 128)
    return (plain + 3) // 4 + len(text) - plain


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


class Refused(Exception):
    def __init__(self, status, kind, message, code=None):
        super().__init__(message)
        self.status, self.kind, self.message, self.code = status, kind, message, code


class Gone(Exception):
    """The connection is to end as it is."""


def need(condition, message):
    if not condition:
        raise Refused(400, "invalid_request_error", message)


def script_of(texts):
    for text in reversed(texts):
        at = text.find("fake:")
        if at >= 0:
            return json.JSONDecoder().raw_decode(text[at + 5 :])[0]
    return {"key": None, "steps": [{}]}


def step_of(script):
    """The step for this request, and which request of its key it is."""
    with LOCK:
        n = SEEN.get(script.get("key"), 0)
        if script.get("key") is not None:
            SEEN[script["key"]] = n + 1
    steps = script["steps"]
    return steps[min(n, len(steps) - 1)], n


# --- What a request says, checked as the real ones do ---


def read_openai(rq):
    texts, count, open_calls = [], 0, set()
    need(rq.get("messages"), "messages are missing")
    for m in rq["messages"]:
        need(m.get("role") in ("system", "developer", "user", "assistant", "tool"), "unknown role")
        content = m.get("content") or ""
        need(content or m.get("tool_calls"), "a message without content")
        if m["role"] == "tool":
            need(m.get("tool_call_id") in open_calls, "a tool message that answers no call")
            open_calls.discard(m["tool_call_id"])
        else:
            need(not open_calls, "an assistant message with tool_calls must be answered by tool messages")
        texts.append(content)
        count += 4 + tokens(content)
        for call in m.get("tool_calls") or []:
            need(call["type"] == "function" and isinstance(call["function"]["arguments"], str), "a call is malformed")
            json.loads(call["function"]["arguments"])
            open_calls.add(call["id"])
            count += tokens(call["function"]["name"]) + tokens(call["function"]["arguments"])
    for tool in rq.get("tools") or []:
        need(tool["type"] == "function" and tool["function"]["parameters"]["type"] == "object", "a tool is malformed")
        f = tool["function"]
        count += tokens(f["name"]) + tokens(f["description"]) + tokens(compact(f["parameters"]))
        texts.insert(0, f["description"])
    return texts, count


def blocks_of(content):
    return [{"type": "text", "text": content}] if isinstance(content, str) and content else content


def read_anthropic(rq):
    texts, count, open_calls, last = [], 0, set(), None
    need(isinstance(rq.get("max_tokens"), int) and rq["max_tokens"] > 0, "max_tokens: Field required")
    for block in blocks_of(rq.get("system")) or []:
        count += 4 + tokens(block["text"])
    for m in rq["messages"]:
        need(m["role"] in ("user", "assistant") and m["role"] != last, "roles must alternate")
        last = m["role"]
        need(m["content"], "a message without content")
        for block in blocks_of(m["content"]):
            if block["type"] == "text":
                need(block["text"], "text content blocks must be non-empty")
                texts.append(block["text"])
                count += 4 + tokens(block["text"])
            elif block["type"] == "tool_use":
                need(isinstance(block["input"], dict), "input must be an object")
                open_calls.add(block["id"])
            else:
                need(block["tool_use_id"] in open_calls, "a tool_result without its tool_use")
                open_calls.discard(block["tool_use_id"])
                texts.append(block["content"])
    for tool in rq.get("tools") or []:
        need(tool["input_schema"]["type"] == "object", "a tool is malformed")
        texts.insert(0, tool["description"])
        count += tokens(tool["name"]) + tokens(tool["description"]) + tokens(compact(tool["input_schema"]))
    need(last == "user", "the last message must be the user's")
    return texts, count


# --- What is answered: pieces, then events of the dialect ---


def pieces_of(text, size):
    return [text[i : i + size] for i in range(0, len(text), size)]


def orders_of(texts):
    """What a request tells its reader to do."""
    for text in texts:
        at = text.find("obey:{")
        while at >= 0:
            try:
                yield json.JSONDecoder().raw_decode(text[at + 5 :])[0]
            except ValueError:
                pass
            at = text.find("obey:{", at + 5)


def obey(step, rq):
    """The step of a model that obeys: the orders that it has not followed yet, then the answer."""
    messages = rq["messages"]
    followed = [c["function"]["name"] + c["function"]["arguments"] for m in messages for c in m.get("tool_calls") or []]
    tools = []
    for order in orders_of([m.get("content") or "" for m in messages]):
        call = {"name": order["name"], "arguments": compact(order["arguments"])}
        if call["name"] + call["arguments"] not in followed and rq.get("tools"):
            followed.append(call["name"] + call["arguments"])
            tools.append({"id": "order_%d" % len(followed), **call})
    if tools:
        return {**step, "tools": tools, "text": ""}
    told = " ".join(m["content"] for m in messages if m["role"] == "tool")
    return {**step, "text": step.get("text", "") + " Done as told. " + told}


def plan(step):
    """A list of (kind, index, tool, piece)."""
    out = []
    tools = step.get("tools") or []
    text = step.get("text", "" if tools else "Hello from the fake.")
    if "times" in step:
        text = "".join(text.replace("%d", str(i)) for i in range(step["times"]))
    for piece in pieces_of(text, step.get("piece", 5)):
        out.append(("text", 0, None, piece))
    for i, tool in enumerate(tools):
        out.append(("call", i, tool, ""))
        for piece in pieces_of(tool.get("arguments", ""), tool.get("piece", 4)):
            out.append(("arguments", i, tool, piece))
    return out


class Stream:
    """Writes events in chunks. A piece is counted before it is sent: who has read it finds it in the journal."""

    def __init__(self, handler, step, entry):
        self.handler, self.step, self.entry = handler, step, entry
        self.text, self.args, self.n = "", {}, 0
        self.eol = step.get("eol", "\n")

    def raw(self, text):
        data = text.encode()
        size = self.step.get("split") or len(data)
        for i in range(0, len(data), size):
            part = data[i : i + size]
            self.handler.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
        self.handler.wfile.flush()

    def event(self, data, name=None):
        lines = "" if name is None else "event: " + name + self.eol
        if self.step.get("noise"):
            lines = ": keep-alive" + self.eol + "retry: 1000" + self.eol + self.eol + lines
        self.raw(lines + "data: " + (data if isinstance(data, str) else compact(data)) + self.eol + self.eol)

    def count(self, kind, index, tool, piece):
        if kind == "text":
            self.text += piece
        elif kind == "call":
            self.args[index] = [tool["name"], ""]
        else:
            self.args[index][1] += piece
        self.charge()

    def charge(self):
        written = tokens(self.text) + sum(tokens(n) + tokens(a) for n, a in self.args.values())
        with LOCK:
            self.entry["output"] = written + self.step.get("reasoning", 0)

    def pause(self):
        """What the script does at this place."""
        n, self.n = self.n, self.n + 1
        time.sleep(self.step.get("pace", 0) / 1000)
        if self.step.get("hold") == n:
            self.handler.wait_for_close()
            raise Gone
        if self.step.get("cut") == n:
            raise Gone
        return self.step.get("fail") == n

    def end(self):
        self.handler.wfile.write(b"0\r\n\r\n")


def error_body(dialect, error):
    if dialect == "anthropic":
        return {"type": "error", "error": {"type": error.get("type", "api_error"), "message": error.get("message", "")}}
    return {"error": {"message": error.get("message", ""), "type": error.get("type"), "param": None,
                      "code": error.get("code")}}


def stream_openai(stream, step, entry, rq, azure):
    base = {"id": "chatcmpl-" + entry["id"], "object": "chat.completion.chunk", "created": int(time.time()),
            "model": rq["model"], "system_fingerprint": "fp_fake"}
    told = step.get("usage", True) and (rq.get("stream_options") or {}).get("include_usage")

    def chunk(choices, **more):
        if step.get("noise"):
            more["obfuscation"] = "x" * 7
        if told and "usage" not in more:
            more["usage"] = None
        stream.event({**base, "choices": choices, **more})

    def delta(value, finish=None):
        chunk([{"index": 0, "delta": value, "logprobs": None, "finish_reason": finish}])

    if azure:
        chunk([], prompt_filter_results=[{"prompt_index": 0, "content_filter_results": {}}])
    delta({"role": "assistant", "content": "" if not step.get("tools") else None, "refusal": None})
    for kind, index, tool, piece in plan(step):
        if stream.pause():
            return stream.event(error_body("openai", step.get("error") or {"type": "server_error"}))
        stream.count(kind, index, tool, piece)
        if kind == "text":
            delta({"content": piece})
        elif kind == "call":
            delta({"tool_calls": [{"index": index, "id": tool.get("id", "call_%d" % index), "type": "function",
                                   "function": {"name": tool["name"], "arguments": ""}}]})
        else:
            delta({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
    if stream.pause():
        return stream.event(error_body("openai", step.get("error") or {"type": "server_error"}))
    delta({}, step.get("finish", "tool_calls" if step.get("tools") else "stop"))
    if azure:
        chunk([{"index": 0, "finish_reason": None, "content_filter_results": {}}])
    stream.charge()
    if told:
        chunk([], usage={
            "prompt_tokens": entry["input"], "completion_tokens": entry["output"],
            "total_tokens": entry["input"] + entry["output"],
            "prompt_tokens_details": {"cached_tokens": entry["cached"]},
            "completion_tokens_details": {"reasoning_tokens": step.get("reasoning", 0)}})
    return stream.event("[DONE]")


ANTHROPIC_STOPS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "content_filter": "refusal"}


def stream_anthropic(stream, step, entry, rq):
    def event(name, **data):
        stream.event({"type": name, **data}, name)

    event("message_start", message={
        "id": "msg_" + entry["id"], "type": "message", "role": "assistant", "model": rq["model"], "content": [],
        "stop_reason": None, "usage": {"input_tokens": entry["input"] - entry["cached"], "output_tokens": 1,
                                       "cache_read_input_tokens": entry["cached"], "cache_creation_input_tokens": 0}})
    event("ping")
    block, last = -1, None
    for kind, index, tool, piece in plan(step):
        if stream.pause():
            return event("error", error={"type": "overloaded_error", "message": "Overloaded", **step.get("error", {})})
        stream.count(kind, index, tool, piece)
        here = ("text",) if kind == "text" else ("tool", index)
        if here != last:
            if last is not None:
                event("content_block_stop", index=block)
            block, last = block + 1, here
            event("content_block_start", index=block, content_block={"type": "text", "text": ""} if kind == "text" else
                  {"type": "tool_use", "id": tool.get("id", "toolu_%d" % index), "name": tool["name"], "input": {}})
        if kind == "text":
            event("content_block_delta", index=block, delta={"type": "text_delta", "text": piece})
        elif kind == "arguments":
            event("content_block_delta", index=block, delta={"type": "input_json_delta", "partial_json": piece})
    if stream.pause():
        return event("error", error={"type": "overloaded_error", "message": "Overloaded", **step.get("error", {})})
    if last is not None:
        event("content_block_stop", index=block)
    finish = step.get("finish", "tool_calls" if step.get("tools") else "stop")
    stream.charge()
    usage = {"usage": {"output_tokens": entry["output"]}} if step.get("usage", True) else {}
    event("message_delta", delta={"stop_reason": ANTHROPIC_STOPS[finish], "stop_sequence": None}, **usage)
    return event("message_stop")


def numbers_of(text, model, dimensions):
    if not model.startswith("fake-meaning"):
        return [((hash_of(text) >> (3 * k)) % 17 - 8) / 8 for k in range(dimensions)]
    floats = [0.0] * dimensions
    for word in re.findall("[a-z]+", text.lower()):
        floats[hash_of(SYNONYMS.get(word, word)) % dimensions] += 1
    return floats


def vectors_of(texts, model, base64_form, dimensions):
    data = []
    for i, text in enumerate(texts):
        floats = numbers_of(text, model, dimensions)
        form = base64.b64encode(struct.pack("<%df" % dimensions, *floats)).decode() if base64_form else floats
        data.append({"object": "embedding", "index": i, "embedding": form})
    data.reverse()
    return data


def hash_of(text):
    n = 5381
    for c in text.encode():
        n = (n * 33 + c) & 0xFFFFFFFFFFFFFFFF
    return n


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, status, value, headers=()):
        body = value if isinstance(value, bytes) else compact(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, field in headers:
            self.send_header(name, field)
        self.end_headers()
        self.wfile.write(body)

    def wait_for_close(self):
        self.connection.settimeout(60)
        while True:
            if not select.select([self.connection], [], [], 60)[0]:
                return
            try:
                if self.connection.recv(1) == b"":
                    return
            except OSError:
                return

    def hang_up(self):
        self.close_connection = True
        try:
            # A reset, not an orderly end.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except OSError:
            pass

    def dialect(self):
        url = urllib.parse.urlsplit(self.path)
        path = url.path
        if path.startswith("/local/v1/"):
            return "compatible", path[10:], None
        if path.startswith("/openai/v1/"):
            return "azure", path[11:], self.headers.get("api-key")
        if path.startswith("/openai/deployments/"):
            version = urllib.parse.parse_qs(url.query).get("api-version")
            need(version == [VERSION], "api-version is missing")
            return "azure", path.split("/", 4)[4], self.headers.get("api-key")
        if path == "/v1/messages" or self.headers.get("anthropic-version"):
            need(self.headers.get("anthropic-version") == "2023-06-01", "anthropic-version is missing")
            return "anthropic", path[4:], self.headers.get("x-api-key")
        bearer = self.headers.get("Authorization", "")
        return "openai", path[4:], bearer[7:] if bearer.startswith("Bearer ") else None

    def do_GET(self):
        if self.path == "/journal":
            with LOCK:
                entries = [dict(e) for e in JOURNAL]
            totals = {k: sum(e.get(k, 0) for e in entries) for k in ("input", "cached", "output", "texts")}
            return self.answer(200, {"charged": len(entries), **totals, "entries": entries})
        if self.path == "/health":
            return self.answer(200, {"status": "ok"})
        dialect, what, _ = self.dialect()
        if what == "models":
            return self.answer(200, {"object": "list", "data": [
                {"id": name, "object": "model", "created": 1, "owned_by": "fake",
                 **({"max_model_len": 32768} if dialect == "compatible" else {})} for name in ("fake-1", "fake-embed")]})
        return self.answer(404, error_body(dialect, {"type": "not_found_error", "message": "no such path"}))

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        dialect = "openai"
        try:
            dialect, what, key = self.dialect()
            if dialect != "compatible" and key != KEY:
                raise Refused(401, "authentication_error" if dialect == "anthropic" else "invalid_request_error",
                              "Incorrect API key provided", "invalid_api_key")
            rq = json.loads(body)
            need(rq.get("model"), "model is missing")
            if what == "embeddings":
                return self.embed(dialect, rq)
            need(what in ("chat/completions", "messages"), "no such path")
            need(rq.get("stream") is True, "this gateway is always to stream")
            if dialect in ("openai", "azure"):
                need("max_tokens" not in rq, "Unsupported parameter: 'max_tokens'")
            texts, count = read_anthropic(rq) if dialect == "anthropic" else read_openai(rq)
            return self.chat(dialect, rq, texts, count)
        except Refused as e:
            return self.answer(e.status, error_body(dialect, {"type": e.kind, "message": e.message, "code": e.code}))
        except (Gone, BrokenPipeError, ConnectionResetError):
            return self.hang_up()

    def refuse(self, dialect, step):
        """@ret whether the step is no answer."""
        if step.get("drop"):
            raise Gone
        if step.get("away"):
            self.answer(307, b"", [("Location", step["away"])])
            return True
        if step.get("status", 200) == 200:
            return False
        self.answer(step["status"], error_body(dialect, step.get("error", {})), list(step.get("headers", {}).items()))
        return True

    def book(self, dialect, script, step, n, count):
        entry = {"id": "%08x" % hash((script.get("key"), n, time.time_ns())).__abs__().__mod__(1 << 32),
                 "dialect": dialect, "key": script.get("key"), "n": n, "input": step.get("input", count),
                 "cached": step.get("cached", 0), "output": 0}
        with LOCK:
            JOURNAL.append(entry)
        return entry

    def chat(self, dialect, rq, texts, count):
        script = script_of(texts)
        step, n = step_of(script)
        if self.refuse(dialect, step):
            return
        if step.get("obey"):
            step = obey(step, rq)
        entry = self.book(dialect, script, step, n, count)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("x-request-id", "req_" + entry["id"])
        self.end_headers()
        stream = Stream(self, step, entry)
        if dialect == "anthropic":
            stream_anthropic(stream, step, entry, rq)
        else:
            stream_openai(stream, step, entry, rq, dialect == "azure")
        stream.end()

    def embed(self, dialect, rq):
        texts = rq["input"]
        need(isinstance(texts, list) and all(isinstance(t, str) and t for t in texts), "input is invalid")
        script = script_of(texts[:1])
        step, n = step_of(script)
        if self.refuse(dialect, step):
            return
        need(all(tokens(t) <= CONTEXT for t in texts), "This model's maximum context length is %d tokens" % CONTEXT)
        entry = self.book(dialect, script, step, n, sum(tokens(t) for t in texts))
        entry["texts"] = len(texts)
        default = MEANINGS if rq["model"].startswith("fake-meaning") else DIMENSIONS
        data = vectors_of(texts, rq["model"], rq.get("encoding_format") == "base64", rq.get("dimensions", default))
        self.answer(200, step["answer"] if "answer" in step else {
            "object": "list", "model": rq["model"], "data": data,
            "usage": {"prompt_tokens": entry["input"], "total_tokens": entry["input"]}})


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *args):
        pass


def main():
    server = Server(("127.0.0.1", 0), Handler)
    os.write(1, b"%d\n" % server.server_port)  # one write: the reader goes away after it
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


main()
