#!/usr/bin/python3
"""Makes tasks for tests/bench/retrieval.sh out of real repositories.

    retrieval_tasks.py doc2func REPOSITORY FOLDER
    retrieval_tasks.py commit2file REPOSITORY FOLDER

doc2func: every documented function gives a query, the first sentences of its comment; the comment is
taken out of a copy of the tree, which is committed in FOLDER/repo; what is to be found is the function's
lines there.  commit2file: FOLDER/repo is the repository before its newest commits; the subject of each of
these is a query, the files it changed (that were there) are to be found.

Prints nothing; writes FOLDER/tasks.jsonl: {"query", "path", "line"} or {"query", "paths"}.
"""
import ast
import json
import os
import random
import re
import subprocess
import sys

TASKS_MAX = 300  # of one repository
NEWEST = 250     # commits that the index does not know
FILES_MAX = 10   # changed by a commit that makes a task


def git(*args, **kwargs):
    return subprocess.run(["git", "-c", "safe.directory=*", *args], check=True, capture_output=True, **kwargs).stdout


def first_sentences(text):
    """What a person would ask: the description, without markup, parameters and examples."""
    lines = []
    for line in text.splitlines():
        line = line.strip()
        if re.match(r"[@:]|(param|parameters|args|arguments|returns?|raises|example|usage)\b.{0,3}$|>>>|```|\.\. |<pre", line, re.I):
            break
        if not line and lines:
            break
        if line:
            lines.append(line)
    text = re.sub(r"<[^>]+>|\{@\w+ ([^}]*)\}|[`*]|:\w+:", lambda m: m.group(1) or " ", " ".join(lines))
    return " ".join(text.split())[:400]


def usable(query, name):
    words = re.findall(r"[A-Za-z]{2,}", query)
    return len(words) >= 4 and name.lower() not in query.lower()


def without_name(query, name):
    """A comment may begin with the function's name (Go): then that would be the answer."""
    return re.sub(r"^%s\b\s*(is|are)?\s*" % re.escape(name), "", query)


def python_tasks(text):
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return [], []
    cuts, tasks = [], []
    for node in ast.walk(tree):
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        doc = ast.get_docstring(node)
        if not doc or len(node.body) < 2:
            continue
        cuts.append((node.body[0].lineno, node.body[0].end_lineno))
        tasks.append((first_sentences(doc), node.name, node.lineno))
    return cuts, tasks


GO = re.compile(r"func\s+(?:\([^)]*\)\s*)?(\w+)")
C = re.compile(r"(?:[\w*]+[\s*]+)+?\**(\w+)\s*\([^;]*$")
JAVA = re.compile(r"(?:(?:public|protected|private|static|final|abstract|synchronized|default|<[^>]+>|@\w+(?:\([^)]*\))?)\s+)*[\w.<>\[\], ?]+\s+(\w+)\s*\(")
JS = re.compile(r"(?:export\s+)?(?:default\s+)?(?:async\s+)?(?:static\s+)?(?:function\s*\*?\s*(\w+)|(?:const|let|var)\s+(\w+)\s*=\s*(?:async\s*)?(?:function|\()|(\w+)\s*\([^)]*\)\s*\{|[\w.]+\.(\w+)\s*=\s*(?:async\s+)?function|(\w+)\s*:\s*(?:async\s+)?function)")


def comment_tasks(text, pattern, line_marks):
    """Comments right above a line that begins a function."""
    lines = text.split("\n")
    cuts, tasks, i = [], [], 0
    while i < len(lines):
        start = i
        line = lines[i].strip()
        if line.startswith("/*") and not line_marks:
            while i < len(lines) and "*/" not in lines[i]:
                i += 1
            body = "\n".join(re.sub(r"^\s*(/\*+!?|\*+/?)\s?|\*/\s*$", "", s) for s in lines[start:i + 1])
        elif line_marks and line.startswith("//"):
            while i + 1 < len(lines) and lines[i + 1].strip().startswith("//"):
                i += 1
            body = "\n".join(re.sub(r"^\s*//\s?", "", s) for s in lines[start:i + 1])
        else:
            i += 1
            continue
        at = i + 1
        while at < len(lines) and lines[at].strip().startswith("@"):
            at += 1
        found = pattern.match(" ".join(s.strip() for s in lines[at:at + 2])) if at < len(lines) else None
        head = lines[at].strip() if at < len(lines) else ""
        if found and not head.startswith(("typedef", "struct", "if", "return", "else", "for", "while", "switch", "#")):
            opens = "".join(lines[at:at + 8])
            brace, semicolon = opens.find("{"), opens.find(";")
            if brace >= 0 and (semicolon < 0 or brace < semicolon):
                name = next(g for g in found.groups() if g)
                cuts.append((start + 1, i + 1))
                tasks.append((first_sentences(body), name, at + 1))
        i += 1
    return cuts, tasks


READERS = {
    ".py": python_tasks,
    ".go": lambda t: comment_tasks(t, GO, True),
    ".c": lambda t: comment_tasks(t, C, False),
    ".java": lambda t: comment_tasks(t, JAVA, False),
    ".js": lambda t: comment_tasks(t, JS, False),
    ".ts": lambda t: comment_tasks(t, JS, False),
}


def is_test(path):
    return re.search(r"(^|/)(tests?|testing|__tests__|examples?|docs?|vendor|third_party|dist)/|_test\.|\.test\.|\.spec\.|\.min\.", path)


def doc2func(repo, folder):
    tree = os.path.join(folder, "repo")
    os.makedirs(tree)
    archive = git("--git-dir", repo, "archive", "HEAD")
    subprocess.run(["tar", "-x", "-C", tree], input=archive, check=True)
    tasks = []
    for base, _, names in os.walk(tree):
        for name in names:
            full = os.path.join(base, name)
            path = os.path.relpath(full, tree)
            reader = READERS.get(os.path.splitext(name)[1])
            if reader is None or is_test(path) or os.path.islink(full):
                continue
            try:
                text = open(full, encoding="utf-8").read()
            except (UnicodeDecodeError, OSError):
                continue
            cuts, found = reader(text)
            if not cuts:
                continue
            gone = set()
            for first, last in cuts:
                gone.update(range(first, last + 1))
            lines = text.split("\n")
            with open(full, "w", encoding="utf-8") as out:
                out.write("\n".join(s for n, s in enumerate(lines, 1) if n not in gone))
            for query, function, line in found:
                query = without_name(query, function)
                if usable(query, function):
                    tasks.append({"query": query, "path": path, "line": line - sum(1 for n in gone if n < line)})
    git("-C", tree, "init", "-q", "-b", "main")
    git("-C", tree, "add", "-A", "-f")
    git("-C", tree, "-c", "user.name=bench", "-c", "user.email=bench@test", "commit", "-q", "-m", "one")
    return tasks


def commit2file(repo, folder):
    tree = os.path.join(folder, "repo")
    git("clone", "-q", "--bare", repo, tree)
    log = git("--git-dir", tree, "log", "--first-parent", "--format=%H", "-n", str(NEWEST + 1), "HEAD").decode().split()
    base = log[min(NEWEST, len(log) // 3)]
    newer = git("--git-dir", tree, "log", "--no-merges", "--format=%H%x09%s", f"{base}..HEAD").decode().splitlines()
    there = set(git("--git-dir", tree, "ls-tree", "-r", "--name-only", base).decode().splitlines())
    tasks = []
    for line in newer:
        commit, subject = line.split("\t", 1)
        changed = git("--git-dir", tree, "diff-tree", "-r", "--no-commit-id", "--name-only", commit).decode().splitlines()
        paths = [p for p in changed if p in there and not re.search(r"(^|/)(CHANGES|CHANGELOG|HISTORY|package-lock|go\.sum)", p, re.I)]
        if paths and len(changed) <= FILES_MAX and len(re.findall(r"[A-Za-z]{2,}", subject)) >= 3:
            tasks.append({"query": subject, "paths": paths})
    head = git("--git-dir", tree, "symbolic-ref", "HEAD").decode().strip()
    git("--git-dir", tree, "update-ref", head, base)
    for ref in git("--git-dir", tree, "for-each-ref", "--format=%(refname)").decode().split():
        if ref != head:
            git("--git-dir", tree, "update-ref", "-d", ref)
    return tasks


def main():
    kind, repo, folder = sys.argv[1:4]
    os.makedirs(folder, exist_ok=True)
    tasks = {"doc2func": doc2func, "commit2file": commit2file}[kind](repo, folder)
    random.Random(1).shuffle(tasks)
    with open(os.path.join(folder, "tasks.jsonl"), "w", encoding="utf-8") as out:
        for task in tasks[:TASKS_MAX]:
            out.write(json.dumps(task) + "\n")


main()
