"""Many who sign in at the same moment, each from an address of its own, and one who only works.

    storm.py URL EMAIL PASSWORD KEY PID...

Prints one JSON object: how the first answer to each was, whether all who were told to come back got in
when they did, how the one with the API key was served all the while, and the most memory that the
processes took together, sampled every few milliseconds, before the storm and in it.  Half of those who
sign in have the right password, half are nobody.
"""

import collections
import http.client
import json
import sys
import threading
import time

URL, EMAIL, PASSWORD, KEY, *PIDS = sys.argv[1:]
HOST = URL.removeprefix("http://")
PEOPLE = 200
PATIENCE_S = 120
start = threading.Barrier(PEOPLE + 1)
lock = threading.Lock()
first, last = collections.Counter(), collections.Counter()
unclean = []
slowest = [0.0]
over = threading.Event()


def attempt(n, email, password, together=False):
    link = http.client.HTTPConnection(HOST, timeout=60)
    body = json.dumps({"email": email, "password": password})
    headers = {"Content-Type": "application/json", "X-Forwarded-For": f"198.51.{n // 200 + 100}.{n % 200 + 1}"}
    link.connect()
    if together:
        start.wait()
    begun = time.monotonic()
    link.request("POST", "/api/v1/auth/login", body, headers)
    answer = link.getresponse()
    text = answer.read()
    link.close()
    with lock:
        slowest[0] = max(slowest[0], time.monotonic() - begun)
    wait = answer.headers.get("Retry-After")
    if answer.status in (429, 503):
        clean = answer.headers["Content-Type"].startswith("application/problem+json") and wait and wait.isdigit()
        if not clean or json.loads(text)["status"] != answer.status:
            unclean.append(f"{answer.status} {wait} {text[:200]}")
    elif answer.status not in (200, 401):
        unclean.append(f"{answer.status} {text[:200]}")
    return answer.status, int(wait or 1)


def person(n):
    right = n % 2 == 0
    email, password = (EMAIL, PASSWORD) if right else (f"nobody{n}@example.org", "a wrong password")
    try:
        status, wait = attempt(n, email, password, together=True)
        with lock:
            first[status] += 1
        end = time.monotonic() + PATIENCE_S
        while status in (429, 503) and time.monotonic() < end:
            time.sleep(wait + (n % 50) / 50)
            status, wait = attempt(n, email, password)
        if status != (200 if right else 401):
            unclean.append(f"{status} at the end")
        with lock:
            last[status] += 1
    except (OSError, http.client.HTTPException, threading.BrokenBarrierError) as reason:
        unclean.append(repr(reason))


def rss_kb():
    total = 0
    for pid in PIDS:
        with open(f"/proc/{pid}/status") as file:
            total += next(int(line.split()[1]) for line in file if line.startswith("VmRSS:"))
    return total


memory = []


def watch():
    while not over.is_set():
        memory.append(rss_kb())
        time.sleep(0.005)


served = collections.Counter()
times = []


def work():
    link = http.client.HTTPConnection(HOST, timeout=30)
    while not over.is_set():
        begun = time.monotonic()
        try:
            link.request("GET", "/api/v1/projects", headers={"Authorization": "Bearer " + KEY})
            answer = link.getresponse()
            answer.read()
            served[answer.status] += 1
        except (OSError, http.client.HTTPException) as reason:
            served[repr(reason)] += 1
            link = http.client.HTTPConnection(HOST, timeout=30)
        times.append(time.monotonic() - begun)
        time.sleep(0.01)


before = rss_kb()
people = [threading.Thread(target=person, args=(n,)) for n in range(PEOPLE)]
others = [threading.Thread(target=f) for f in (watch, work)]
for thread in people:
    thread.start()
for thread in others:
    thread.start()
start.wait()
begun = time.monotonic()
for thread in people:
    thread.join()
took = time.monotonic() - begun
over.set()
for thread in others:
    thread.join()
times.sort()
print(
    json.dumps(
        {
            "first": first,
            "last": last,
            "unclean": unclean[:10],
            "slowest_s": round(slowest[0], 2),
            "all_in_s": round(took, 1),
            "before_kb": before,
            "peak_kb": max(memory),
            "after_kb": rss_kb(),
            "samples": len(memory),
            "served": served,
            "served_p50_ms": round(times[len(times) // 2] * 1000, 1),
            "served_p99_ms": round(times[len(times) * 99 // 100] * 1000, 1),
            "served_max_ms": round(times[-1] * 1000, 1),
        }
    )
)
