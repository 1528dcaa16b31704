#!/usr/bin/python3
"""Asks the search, or PostgreSQL's own ts_rank, the queries of tasks and prints how good the answers are.

    retrieval_ask.py KIND URL KEY NAME=TASKS...        asks the API of the stack
    retrieval_ask.py KIND ts_rank PSQL NAME=TASKS...   asks the database, by the command PSQL

KIND is doc2func or commit2file, NAME a project, TASKS a file of retrieval_tasks.py.  One line is printed:
MRR@10, nDCG@10, recall@1, @5, @10, @20, means over the projects, and how many queries there were.
"""
import json
import math
import re
import subprocess
import sys
import urllib.parse
import urllib.request

TOP = 100  # passages asked for, so that 20 files come together


def ask_api(url, key, project, query):
    where = f"{url}/api/v1/search?" + urllib.parse.urlencode({"q": query, "project": project, "top_k": TOP})
    with urllib.request.urlopen(urllib.request.Request(where, headers={"Authorization": "Bearer " + key})) as reply:
        return [(h["path"], h["start_line"], h["end_line"]) for h in json.load(reply)["items"]]


def project_number(url, key, name):
    where = f"{url}/api/v1/projects?" + urllib.parse.urlencode({"q": name})
    with urllib.request.urlopen(urllib.request.Request(where, headers={"Authorization": "Bearer " + key})) as reply:
        return next(p["id"] for p in json.load(reply)["items"] if p["name"] == name)


def ask_ts_rank(psql, name, queries):
    """All queries of a project in one session, any word of the query: its best case."""
    script = ["CREATE TEMP TABLE doc AS SELECT f.path, c.start_line, c.end_line, to_tsvector('english', f.path || ' ' || c.symbols || ' ' || c.text) AS v"
              " FROM app.search_file f JOIN app.search_chunk c ON c.tenant_id = f.tenant_id AND c.file_id = f.id"
              f" JOIN app.project p ON p.id = f.project_id WHERE f.live AND p.name = '{name}';"]
    for number, query in enumerate(queries):
        words = " | ".join(sorted(set(w.lower() for w in re.findall(r"[A-Za-z0-9]+", query))))
        script.append(f"SELECT json_build_array({number}, path, start_line, end_line) FROM doc, to_tsquery('english', '{words}') q"
                      f" WHERE v @@ q ORDER BY ts_rank(v, q) DESC, path, start_line LIMIT {TOP};")
    out = subprocess.run(["bash", "-c", psql], input="\n".join(script), capture_output=True, text=True, check=True).stdout
    found = [[] for _ in queries]
    for line in out.splitlines():
        if line.startswith("["):
            number, path, start, end = json.loads(line)
            found[number].append((path, start, end))
    return found


def ranks_doc2func(task, hits):
    return [i for i, (path, start, end) in enumerate(hits, 1) if path == task["path"] and start <= task["line"] <= end][:1], 1


def ranks_commit2file(task, hits):
    files = list(dict.fromkeys(path for path, _, _ in hits))
    return [i for i, path in enumerate(files, 1) if path in task["paths"]], len(task["paths"])


def measure(ranks, relevant):
    gain = sum(1 / math.log2(r + 1) for r in ranks if r <= 10)
    ideal = sum(1 / math.log2(r + 1) for r in range(1, min(relevant, 10) + 1))
    first = ranks[0] if ranks and ranks[0] <= 10 else None
    return [1 / first if first else 0, gain / ideal] + [sum(1 for r in ranks if r <= k) / relevant for k in (1, 5, 10, 20)]


def main():
    kind, where, how = sys.argv[1:4]
    ranks_of = {"doc2func": ranks_doc2func, "commit2file": ranks_commit2file}[kind]
    means, queries = [], 0
    for argument in sys.argv[4:]:
        name, path = argument.split("=", 1)
        tasks = [json.loads(line) for line in open(path, encoding="utf-8")]
        if where == "ts_rank":
            found = ask_ts_rank(how, name, [t["query"] for t in tasks])
        else:
            project = project_number(where, how, name)
            found = [ask_api(where, how, project, t["query"]) for t in tasks]
        each = [measure(*ranks_of(t, hits)) for t, hits in zip(tasks, found)]
        means.append([sum(column) / len(each) for column in zip(*each)])
        queries += len(tasks)
    print(" ".join("%.3f" % (sum(column) / len(means)) for column in zip(*means)), queries)


main()
