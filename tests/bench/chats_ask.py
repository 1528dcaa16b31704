"""A hundred chats at once, by the door of OpenAI's form, against the fake provider: what each one got, and when.

    chats_ask.py URL KEY MODEL CHATS PIECES PACE_MS

Each chat asks for PIECES words, which come PACE_MS apart, and reads its stream as it comes.  Prints one line:
chats that were complete and equal to what the fake sent, how many of them streamed at the same time at most, time to
the first token as p50 and p99, the longest silence within an answer as p50 and p99, all in ms, and the seconds that
they took in all.
"""

import http.client
import json
import sys
import threading
import time
import urllib.parse

url, key, model, chats, pieces, pace = sys.argv[1], sys.argv[2], sys.argv[3], *map(int, sys.argv[4:7])
at = urllib.parse.urlsplit(url)
lock = threading.Lock()
now_streaming, most, good, first, gaps = 0, 0, 0, [], []


def ask(n):
    global now_streaming, most, good
    want = "".join("chat%dsaid%d " % (n, i) for i in range(pieces))
    script = {"key": n, "steps": [{"text": "chat%dsaid%%d " % n, "times": pieces, "piece": 12, "pace": pace}]}
    body = {"model": model, "stream": True,
            "messages": [{"role": "user", "content": "Where is it? fake:" + json.dumps(script)}]}
    c = http.client.HTTPConnection(at.hostname, at.port, timeout=120)
    since = time.monotonic()
    c.request("POST", "/v1/chat/completions", json.dumps(body),
              {"Authorization": "Bearer " + key, "Content-Type": "application/json"})
    answer = c.getresponse()
    if answer.status != 200:
        print(answer.status, answer.read()[:300], file=sys.stderr)
        return
    got, last, gap, done = "", None, 0, False
    for line in answer:
        if line.startswith(b"data: [DONE]"):
            done = True
            break
        if not line.startswith(b"data: "):
            continue
        chunk = json.loads(line[6:])
        piece = "".join(x["delta"].get("content") or "" for x in chunk.get("choices", []))
        if not piece:
            continue
        now = time.monotonic()
        if last is None:
            with lock:
                first.append(now - since)
                now_streaming += 1
                most = max(most, now_streaming)
        else:
            gap = max(gap, now - last)
        last = now
        got += piece
    with lock:
        now_streaming -= last is not None
        gaps.append(gap)
        good += done and got.strip() == want.strip()


def part(values, share):
    values = sorted(values)
    return round(values[min(len(values) - 1, int(len(values) * share))] * 1000) if values else 0


begun = time.monotonic()
threads = [threading.Thread(target=ask, args=(n,)) for n in range(chats)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(good, most, part(first, 0.5), part(first, 0.99), part(gaps, 0.5), part(gaps, 0.99), round(time.monotonic() - begun, 1))
