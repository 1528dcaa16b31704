"""What shfmt's parser says of shell scripts: files that are read in, functions, lines.

    oracle_shell.py FOLDER  <{"files": [...]}

The words behind source and "." (load in bats) are worked out from shfmt's tree: literals, the script's own
folder ($0, BASH_SOURCE, dirname, realpath, cd ... && pwd), git's top level, and variables that were given
such a value once.  A path from the working directory is looked for beside the script, then at the top.  Where the
beginning of a path is known when it runs alone, the rest of it leads to the one file whose path ends so, of
several to the one that shares most folders with the script; without a folder in it, or when several are
equally near, it is not judged.
"""

import json
import os
import pathlib
import subprocess
import sys

FOLDER = pathlib.Path(sys.argv[1]).resolve()
FILES = json.load(sys.stdin)["files"]
ALL = {os.path.relpath(os.path.join(at, name), FOLDER) for at, _, names in os.walk(FOLDER) for name in names}
UNKNOWN = "\0"  # in a word: something that is known when it runs alone
HERE = "\1"  # the script's path


def parse(file, text):
    flags = ["-ln", "bats"] if file.endswith(".bats") else []
    done = subprocess.run(["shfmt", "--to-json", *flags, "-filename", file], input=text, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else None


def tree(node):
    """All nodes with a type, by position."""
    stack = [node]
    while stack:
        one = stack.pop()
        if isinstance(one, dict):
            yield one
            stack.extend(reversed(list(one.values())))
        elif isinstance(one, list):
            stack.extend(reversed(one))


class Script:
    def __init__(self, file, root):
        self.file, self.root, self.vars = file, root, {}
        self.defs, self.sources, self.comments = [], [], []
        for node in tree(root):
            kind = node.get("Type")
            if "Hash" in node:
                self.comments.append((node["Hash"]["Offset"], node["End"]["Offset"]))
            if kind == "FuncDecl":
                self.defs.append((node["Name"]["Pos"]["Line"], node["Name"]["Value"]))
            elif "Name" in node and "Value" in node and isinstance(node["Name"], dict) and kind is None:
                self.assign(node)
            elif kind == "CallExpr" and node.get("Args"):
                self.call(node["Args"])

    def assign(self, node):
        name = node["Name"].get("Value")
        value = self.word(node["Value"])
        known = value.startswith(HERE) or (UNKNOWN not in value and "/" in value)
        if name in self.vars and self.vars[name] != value:
            value = UNKNOWN + value.rpartition(UNKNOWN)[2] if known and self.vars[name] == UNKNOWN else self.vars[name]
        self.vars[name] = value

    def call(self, words):
        texts = [self.word(one) for one in words]
        while texts and texts[0] in ("command", "builtin"):
            texts, words = texts[1:], words[1:]
        bats = self.file.endswith((".bats", ".bash"))
        if len(texts) > 1 and (texts[0] in ("source", ".") or (texts[0] == "load" and bats)):
            self.sources.append((words[0]["Pos"]["Line"], texts[0], texts[1]))

    # A word as text: HERE for the script, UNKNOWN for what is not known.
    def word(self, word):
        return "".join(self.part(one) for one in word.get("Parts", []))

    def part(self, part):
        kind = part["Type"]
        if kind in ("Lit", "SglQuoted"):
            return part["Value"].replace("\\", "") if kind == "Lit" else part.get("Value", "")
        if kind == "DblQuoted":
            return "".join(self.part(one) for one in part.get("Parts", []))
        if kind == "ParamExp":
            return self.parameter(part)
        if kind == "CmdSubst":
            return self.command(part.get("Stmts", []))
        return UNKNOWN

    def parameter(self, part):
        name = part["Param"]["Value"]
        if part.get("Exp") and (part["Exp"].get("Op") in (69, 70) or self.cuts(part["Exp"])):
            value = self.value(name)
            return up(value) if self.cuts(part["Exp"]) else UNKNOWN
        if part.get("Exp") or part.get("Slice") or part.get("Repl"):
            return UNKNOWN
        return self.value(name)

    def cuts(self, exp):
        """${x%/*}: the folder of x"""
        return self.word(exp.get("Word") or {}) == "/*"

    def value(self, name):
        if name in ("0", "BASH_SOURCE"):
            return HERE
        if name == "BATS_TEST_DIRNAME":
            return up(HERE)
        return self.vars.get(name, UNKNOWN)

    # dirname x, realpath x, readlink -f x, cd x && pwd, pwd, git rev-parse --show-toplevel
    def command(self, statements):
        calls = [[self.word(word) for word in node["Args"]] for one in statements for node in tree(one)
                 if node.get("Type") == "CallExpr" and node.get("Args")]
        calls = [call for call in calls if call[0]]
        # those of the substitution itself, not of ones inside its words
        own = [[self.word(word) for word in node["Args"]] for one in statements for node in outer_calls(one)]
        last = own[-1] if own else []
        plain = [one for one in last[1:] if not one.startswith("-")]
        if len(own) == 1 and last[0] == "dirname" and plain:
            return up(plain[0])
        if len(own) == 1 and last[0] in ("realpath", "readlink", "echo", "printf") and plain:
            return plain[0] if last[0] in ("realpath", "readlink") else UNKNOWN
        if last[:3] == ["git", "rev-parse", "--show-toplevel"]:
            return "\2"
        if last and last[0] == "pwd" and len(own) == 2 and own[0][0] == "cd":
            places = [one for one in own[0][1:] if one != "--" and not (one.startswith("-") and len(one) == 2)]
            return places[0] if places else UNKNOWN
        return UNKNOWN


def outer_calls(statement):
    stack = [statement.get("Cmd")]
    while stack:
        node = stack.pop()
        if not node:
            continue
        if node.get("Type") == "CallExpr":
            if node.get("Args"):
                yield node
        elif node.get("Type") == "BinaryCmd":
            stack += [node["Y"].get("Cmd"), node["X"].get("Cmd")]
        else:
            return


def up(path):
    if path == UNKNOWN or not path:
        return UNKNOWN
    if path.startswith(HERE) and "/" not in path:
        return path + "/.."
    return path + "/.."


def inside(path):
    path = os.path.normpath(path)
    return None if path.startswith("../") or path == ".." else path


def common(a, b):
    a, b = a.split("/")[:-1], b.split("/")[:-1]
    n = 0
    while n < min(len(a), len(b)) and a[n] == b[n]:
        n += 1
    return n


def resolve(script, kind, text):
    """(judged, path or None)"""
    if any(c in text for c in "*?["):
        return False, None
    known = text.rpartition(UNKNOWN)
    if known[1]:
        rest = known[2]
        if known[0].endswith(HERE) or "/" not in rest.lstrip("/") and not rest.startswith("/"):
            return False, None
        rest = inside(rest.lstrip("/")) if rest.strip("/") else None
        if rest is None or kind == "load":
            return False, None
        fits = [one for one in ALL if one == rest or one.endswith("/" + rest)]
        if len(fits) == 1:
            return True, fits[0]
        return False, None
    endings = ["", ".bash"] if kind == "load" else ["", ".sh"]
    if text.startswith(HERE):
        # HERE is the script itself: the first /.. takes its name off
        path = inside(text.replace(HERE, script.file, 1))
        places = [path] if path else []
        endings = endings[:1] if kind != "load" else endings
    elif text.startswith("\2"):
        places = [inside(text[1:].lstrip("/"))]
    elif text.startswith(("/", "~")):
        return True, None
    elif kind == "load":
        places = [inside(os.path.join(os.path.dirname(script.file), text))]
    else:
        places = [inside(os.path.join(os.path.dirname(script.file), text)), inside(text)]
    for place in filter(None, places):
        for ending in endings:
            if place + ending in ALL:
                return True, place + ending
    if "/" in text and not text.startswith(("\2", HERE)):
        return False, None
    return True, None


def code_lines(text, comments):
    kept = bytearray(text)
    for start, end in comments:
        if start == 0 and text.startswith(b"#!"):
            continue  # says who runs it
        kept[start:end] = b" " * (end - start)
    return sum(1 for line in kept.split(b"\n") if line.strip(b" \t\r\f\v"))


def main():
    answer = {"imports": [], "defs": [], "unparsed": [], "unjudged": [], "code": {}}
    for file in FILES:
        text = (FOLDER / file).read_bytes()
        root = parse(file, text)
        if root is None:
            answer["unparsed"].append(file)
            continue
        script = Script(file, root)
        answer["code"][file] = code_lines(text, script.comments)
        answer["defs"] += [(file, line, name) for line, name in script.defs]
        for line, kind, word in script.sources:
            judged, to = resolve(script, kind, word)
            if judged:
                answer["imports"].append((file, line, to))
            else:
                answer["unjudged"].append((file, line))
    json.dump(answer, sys.stdout)


main()
