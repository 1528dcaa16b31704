"""Ask many questions at once:  chats.py URL PROJECT CHATS NAME WORDS HOLD <KEY

Question n is answered "NAMEnsaid0 NAMEnsaid1 ...", WORDS words; the first time that the fake provider is asked, it falls
silent after HOLD of them.  Prints the runs' numbers, a line each, in the order of n from 1.
"""

import concurrent.futures
import json
import sys
import urllib.request

url, project, chats, name, words, hold = sys.argv[1], *[int(a) if a.isdigit() else a for a in sys.argv[2:7]]
key = sys.stdin.read().strip()


def ask(n):
    step = {"text": "%s%dsaid%%d " % (name, n), "times": words, "piece": 12}
    script = {"key": "%s%d" % (name, n), "steps": [{**step, "hold": hold}, step]}
    body = {"project_id": project, "prompt": "Where? fake:" + json.dumps(script)}
    rq = urllib.request.Request(url + "/api/v1/agent/act", json.dumps(body).encode(),
                                {"Authorization": "Bearer " + key, "Content-Type": "application/json"})
    with urllib.request.urlopen(rq, timeout=40) as answer:
        return json.load(answer)["id"]


with concurrent.futures.ThreadPoolExecutor(8) as pool:
    for run in pool.map(ask, range(1, chats + 1)):
        print(run)
