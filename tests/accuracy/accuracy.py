"""Compare maps with independent tools, on real repositories.

    accuracy.py ANALYSER WORK_DIR REPOSITORY...

Each repository (bare or with a work tree) is mapped at its HEAD, laid out below WORK_DIR, and read
again by tools that share nothing with the analyser: CPython's ast and import machinery, gcc's
preprocessor, the TypeScript compiler, go/types, javac, tree-sitter, php-parser, Ripper, shfmt,
PostgreSQL's parser, cloc, and the package managers' own formats.  What a tool cannot parse is left out and counted, and so are
definitions in files that the map itself calls generated or vendored; a tool that is not installed is said to
be missing.  What differs is listed with file and line, the first SHOW (10) of each kind, and all of it
goes into WORK_DIR/accuracy.json.

An oracle is a program that gets a folder and, on standard input, {"files": [path]}, and answers

    imports    [file, line, target path or null]: one row for each thing that is imported; a target
               "folder/*" is any file there
    uses       [file, target path]: files of one package that need each other (Go, Java); may be missing
    defs       [file, line, name]
    code       {path: lines}: lines of code as the language's own tokenizer counts them; may be missing
    unparsed   [path]: files not to be judged; unparsed_defs: of which only the definitions are not
    unsure     [file, line, target path]: edges that may be right: neither missed nor wrong (line 0: within a package)
    unjudged   [file, line]: import lines of which nothing can be said (their targets are made by a build)
    lines_only true when import lines that are not listed cannot be judged (they are not compiled here)
"""

import collections
import json
import os
import pathlib
import shutil
import subprocess
import sys

import manifests

HERE = pathlib.Path(__file__).resolve().parent
SHOW = int(os.environ.get("SHOW", "10"))
ONLY = set(filter(None, os.environ.get("LANGUAGES", "").split(",")))
ORACLE_SECONDS = 900

# Language of the table, the analyser's languages, the oracle, what it needs.
ORACLES = [
    ("C", ["C"], ["python3", "oracle_c.py", "c"], ["gcc", "node"]),
    ("C++", ["C++"], ["python3", "oracle_c.py", "cpp"], ["g++", "node"]),
    ("Python", ["Python"], ["python3", "oracle_python.py"], []),
    ("JavaScript", ["JavaScript"], ["node", "oracle_js.mjs"], ["node"]),
    ("TypeScript", ["TypeScript", "TSX", "Vue"], ["node", "oracle_js.mjs"], ["node"]),
    ("Go", ["Go"], ["go", "oracle_go.go"], ["go"]),
    ("Rust", ["Rust"], ["python3", "oracle_rust.py"], ["node"]),
    ("Java", ["Java"], ["java", "OracleJava.java"], ["javac"]),
    ("Kotlin", ["Kotlin"], ["node", "oracle_kotlin.mjs"], ["node"]),
    ("C#", ["C#"], ["node", "oracle_csharp.mjs"], ["node"]),
    ("PHP", ["PHP"], ["php", "oracle_php.php"], ["php", "php-parse"]),
    ("Ruby", ["Ruby"], ["ruby", "oracle_ruby.rb"], ["ruby"]),
    ("Shell", ["Shell"], ["python3", "oracle_shell.py"], ["shfmt"]),
    ("SQL", ["SQL"], ["node", "oracle_sql.mjs"], ["node"]),
]
LEAST_FILES = 5  # of a language in a repository, to be worth a row
NO_LINE_KINDS = {"same_package"}


def run(command, check=True, **more):
    return subprocess.run(command, check=check, stdout=subprocess.PIPE, **more).stdout


def git(repository, *arguments, **more):
    return run(["git", "-c", "safe.directory=*", "-C", str(repository), *arguments], **more)


def make_map(analyser, repository, commit):
    """The content of the map, from the analyser itself."""
    folder = git(repository, "rev-parse", "--absolute-git-dir").decode().strip()
    request = {"directory": folder, "commit": commit, "max_blob_bytes": 5 << 20, "max_files": 200000,
               "max_depth": 128, "max_bytes": 128 << 20}
    text = run([analyser], input=json.dumps(request).encode())
    if text.startswith(b"portolan-bundle "):
        text = bundle_part(text, b"content")
    return json.loads(text)


def bundle_part(text, name):
    at = text.index(b"\n") + 1
    while True:
        end = text.index(b"\n", at)
        part, size = text[at:end].split(b" ")
        if part == name:
            return text[end + 1:end + 1 + int(size)]
        at = end + 1 + int(size) + 1


def lay_out(repository, commit, target):
    """The files of the commit in a folder, without what .gitattributes would leave out of an archive."""
    done = target / ".portolan-laid-out"
    if done.exists() and done.read_text() == commit:
        return
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    index = target.parent / (target.name + ".index")
    env = dict(os.environ, GIT_INDEX_FILE=str(index), GIT_LFS_SKIP_SMUDGE="1", GIT_CONFIG_GLOBAL="/dev/null")
    git(repository, "-c", "core.bare=false", "-c", "core.autocrlf=false", f"--work-tree={target}", "read-tree", commit, env=env)
    # objects that a partial copy has not got stay away, in the map and here
    git(repository, "-c", "core.bare=false", "-c", "core.autocrlf=false", f"--work-tree={target}", "checkout-index", "-a", "-f", "-q",
        env=env, cwd=target, check=False, stderr=subprocess.DEVNULL)
    index.unlink()
    done.write_text(commit)


class Map:
    """What a map says, by path instead of by number."""

    def __init__(self, content):
        self.content = content
        files = content["files"]
        self.paths = files["path"]
        names = [one["name"] for one in content["languages"]]
        roles = content["legend"]["roles"]
        self.lang = {path: names[lang] if lang >= 0 else "" for path, lang in zip(self.paths, files["lang"])}
        self.role = {path: roles[role] for path, role in zip(self.paths, files["role"])}
        self.lines = {path: row for path, *row in zip(self.paths, files["code"], files["comment"], files["blank"])}
        skipped = set(content["coverage"]["skipped"]["file"])
        self.skipped = {self.paths[i] for i in skipped}

    def files_of(self, langs):
        return [path for path in self.paths if self.lang[path] in langs and path not in self.skipped]

    def imports(self):
        """(from, line, to) with a line; (from, to) without."""
        table, kinds = self.content["imports"], self.content["legend"]["import_kinds"]
        with_line, without = set(), set()
        for source, target, line, kind in zip(table["from"], table["to"], table["line"], table["kind"]):
            if kinds[kind] in NO_LINE_KINDS:
                without.add((self.paths[source], self.paths[target]))
            else:
                with_line.add((self.paths[source], line, self.paths[target]))
        return with_line, without

    def defs(self):
        table = self.content["defs"]
        return {(self.paths[f], line, name) for f, line, name in zip(table["file"], table["line"], table["name"])}


class Count:
    """Found in both, in the map alone, by the tool alone; with examples."""

    def __init__(self):
        self.both = self.extra = self.missed = 0
        self.extras, self.misses = [], []

    def add(self, ours, theirs):
        self.both += len(ours & theirs)
        extra, missed = sorted(ours - theirs), sorted(theirs - ours)
        self.extra += len(extra)
        self.missed += len(missed)
        self.extras += extra
        self.misses += missed

    def precision(self):
        return self.both / (self.both + self.extra) if self.both + self.extra else None

    def recall(self):
        return self.both / (self.both + self.missed) if self.both + self.missed else None

    def f1(self):
        return 2 * self.both / (2 * self.both + self.extra + self.missed) if self.both else None


def ask_oracle(command, folder, files, work):
    program = [command[0], *(["run"] if command[0] == "go" else []), str(HERE / command[1]), *command[2:], str(folder)]
    env = dict(os.environ, ACCURACY_WORK=str(work), GO111MODULE="off", GOFLAGS="-mod=mod", GOCACHE=str(work / "gocache"))
    answer = run(program, input=json.dumps({"files": files}).encode(), env=env, timeout=ORACLE_SECONDS)
    return json.loads(answer)


def any_of(ours, theirs):
    """A line whose target is any file of a folder: one of them stands for all."""
    for row in sorted(one for one in theirs if one[2].endswith("/*")):
        fits = {one for one in ours if one[:2] == row[:2] and os.path.dirname(one[2]) == row[2][:-2]}
        if fits:
            ours = (ours - fits) | {row}
    return ours, theirs


def compare(mapped, files, truth):
    """One language of one repository."""
    known = set(files) - set(truth["unparsed"])
    with_line, without = mapped.imports()
    theirs = {(f, line, to) for f, line, to in truth["imports"] if to and to != f}
    unjudged = {tuple(row) for row in truth.get("unjudged", [])}
    judged = {(f, line) for f, line, _ in truth["imports"]}
    ours = {row for row in with_line if row[0] in known and row[:2] not in unjudged}
    if truth.get("lines_only"):
        ours = {row for row in ours if row[:2] in judged}
    theirs = {row for row in theirs if row[0] in known and row[:2] not in unjudged}
    unsure = {tuple(row) for row in truth.get("unsure", [])}
    ours, theirs = any_of(ours - unsure, theirs - unsure)
    result = {"imports": Count(), "defs": Count(), "uses": None, "files": len(known),
              "unjudged": len([row for row in unjudged if row[0] in known]),
              "unparsed": sorted({*truth["unparsed"], *truth.get("unparsed_defs", [])})}
    result["imports"].add(ours, theirs)
    # What was bundled or copied from elsewhere is nobody's definition; imports of it count.
    made = {path for path in known if mapped.role[path] in ("generated", "vendored")}
    known_defs = known - made - set(truth.get("unparsed_defs", []))
    result["defs"].add({row for row in mapped.defs() if row[0] in known_defs},
                       {(f, line, name) for f, line, name in truth["defs"] if f in known_defs})
    if "uses" in truth:
        # An import line may lead to the same file: what counts is that the map knows of the use.
        maybe = {(f, to) for f, _, to in unsure}
        without, linked = without - maybe, without | {(f, to) for f, _, to in with_line}
        linked |= maybe
        lines = {(f, to) for f, _, to in truth["imports"] if to}
        uses = {(f, to) for f, to in truth["uses"] if f in known and f != to} - maybe
        result["uses"] = Count()
        result["uses"].add({pair for pair in linked if pair[0] in known and pair in without | uses and pair not in lines},
                           uses - lines)
    return result


def cloc_lines(folder):
    """Code lines by path as cloc counts them."""
    out = run(["cloc", "--by-file", "--json", "--quiet", "--skip-uniqueness", "--timeout", "0", "."], cwd=folder)
    counted = json.loads(out) if out.strip() else {}
    return {path.removeprefix("./"): row["code"] for path, row in counted.items() if path not in ("header", "SUM")}


def compare_code(mapped, code):
    """The same against the lines that the oracle's tokenizer counted, where it did."""
    known = {path: lines for path, lines in code.items() if path in mapped.lines}
    apart = {path: mapped.lines[path][0] - lines for path, lines in known.items() if mapped.lines[path][0] != lines}
    worst = sorted(apart.items(), key=lambda row: (-abs(row[1]), row[0]))
    return {"map": sum(mapped.lines[path][0] for path in known), "tokenizer": sum(known.values()), "token_worst": worst}


def compare_lines(mapped, files, cloc, code):
    """Files that both counted: the map's sum, cloc's, and the sum of differences file by file."""
    both = [path for path in files if path in cloc]
    ours = sum(mapped.lines[path][0] for path in both)
    theirs = sum(cloc[path] for path in both)
    apart = {path: mapped.lines[path][0] - cloc[path] for path in both if mapped.lines[path][0] != cloc[path]}
    worst = sorted(apart.items(), key=lambda row: (-abs(row[1]), row[0]))
    return {"ours": ours, "cloc": theirs, "apart": sum(map(abs, apart.values())), "files": len(both), "worst": worst,
            **compare_code(mapped, code)}


def show(title, rows):
    for row in rows[:SHOW]:
        where = ":".join(str(part) for part in row[:2]) if len(row) == 3 else row[0]
        print(f"    {title} {where} {row[-1]}")
    if len(rows) > SHOW:
        print(f"    {title} ... and {len(rows) - SHOW} more")


def percent(value):
    return "      -" if value is None else f"{value:7.4f}"


def judge_repository(name, repository, analyser, work, missing, total, report):
    commit = git(repository, "rev-parse", "HEAD").decode().strip()
    folder = work / "trees" / name
    mapped = Map(make_map(analyser, repository, commit))
    lay_out(repository, commit, folder)
    cloc = cloc_lines(folder) if shutil.which("cloc") else None
    print(f"\n{name} {commit[:12]}: {len(mapped.paths)} files")
    row = report["repositories"][name] = {"commit": commit, "languages": {}}
    for language, langs, command, needs in ORACLES:
        if ONLY and language not in ONLY:
            continue
        files = mapped.files_of(langs)
        if len(files) < LEAST_FILES or (missing_here := [tool for tool in needs if not shutil.which(tool)]):
            if len(files) >= LEAST_FILES:
                missing[language] = missing_here
            continue
        truth = ask_oracle(command, folder, files, work)
        one = compare(mapped, files, truth)
        lines = compare_lines(mapped, files, cloc or {}, truth.get("code", {}))
        print_language(language, one, lines)
        remember(language, one, lines, total, row)
    deps = manifests.compare(mapped, folder)
    print(f"  manifests   {deps['exact']} of {deps['read']} exact")
    show("manifest", deps["wrong"])
    row["manifests"] = deps
    total["manifests"]["read"] += deps["read"]
    total["manifests"]["exact"] += deps["exact"]


def print_language(language, one, lines):
    imports, defs, uses = one["imports"], one["defs"], one["uses"]
    print(f"  {language:11} {one['files']} files ({len(one['unparsed'])} not parsed by the tool)")
    print(f"    imports recall {percent(imports.recall())} precision {percent(imports.precision())}"
          f" ({imports.both} right, {imports.missed} missed, {imports.extra} wrong; {one['unjudged']} lines not judged)")
    if uses:
        print(f"    within packages recall {percent(uses.recall())} precision {percent(uses.precision())}"
              f" ({uses.both} right, {uses.missed} missed, {uses.extra} wrong)")
    print(f"    definitions F1 {percent(defs.f1())} ({defs.both} right, {defs.missed} missed, {defs.extra} wrong)")
    show("import missed", imports.misses)
    show("import wrong ", imports.extras)
    if uses:
        show("use missed   ", uses.misses)
        show("use wrong    ", uses.extras)
    show("def missed   ", defs.misses)
    show("def wrong    ", defs.extras)
    if lines["tokenizer"]:
        print(f"    lines {lines['map']} tokenizer {lines['tokenizer']}"
              f" ({(lines['map'] - lines['tokenizer']) / lines['tokenizer']:+.3%})")
        show("lines (tokenizer)", [(path, f"{apart:+}") for path, apart in lines["token_worst"][:min(3, SHOW)]])
    if lines["cloc"]:
        print(f"    lines {lines['ours']} cloc {lines['cloc']} ({(lines['ours'] - lines['cloc']) / lines['cloc']:+.3%},"
              f" file by file {lines['apart'] / lines['cloc']:.3%})")
        show("lines        ", [(path, f"{apart:+}") for path, apart in lines["worst"][:min(3, SHOW)]])


def remember(language, one, lines, total, row):
    entry = {"files": one["files"], "unparsed": one["unparsed"], "unjudged": one["unjudged"], "lines": lines}
    for part in ("imports", "uses", "defs"):
        if one[part] is not None:
            count = one[part]
            entry[part] = {"right": count.both, "missed": count.misses, "wrong": count.extras}
            sums = total["languages"][language][part]
            sums.both += count.both
            sums.extra += count.extra
            sums.missed += count.missed
    for key in total["languages"][language]["lines"]:
        total["languages"][language]["lines"][key] += lines[key]
    total["languages"][language]["repositories"] += 1
    row["languages"][language] = entry


def print_total(total, report):
    print("\nLanguage    Repos  Imports: edges  recall precision   Definitions      F1    Lines: cloc  difference  by file  tokenizer")
    for language, sums in total["languages"].items():
        imports, defs, lines = sums["imports"], sums["defs"], sums["lines"]
        apart = (f"{(lines['ours'] - lines['cloc']) / lines['cloc']:+10.3%} {lines['apart'] / lines['cloc']:8.3%}"
                 if lines["cloc"] else " " * 19)
        if lines["tokenizer"]:
            apart += f" {(lines['map'] - lines['tokenizer']) / lines['tokenizer']:+10.3%}"
        print(f"{language:11} {sums['repositories']:5} {imports.both + imports.missed:15} {percent(imports.recall())}"
              f"   {percent(imports.precision())} {defs.both + defs.missed:13} {percent(defs.f1())} {lines['cloc']:14}  {apart}")
        report["total"][language] = {
            "repositories": sums["repositories"], "edges": imports.both + imports.missed, "recall": imports.recall(),
            "precision": imports.precision(), "definitions": defs.both + defs.missed, "f1": defs.f1(), **lines}
        if sums["uses"].both:
            uses = sums["uses"]
            print(f"{'  in packages':17} {uses.both + uses.missed:15} {percent(uses.recall())}   {percent(uses.precision())}")
            report["total"][language]["uses"] = {"recall": uses.recall(), "precision": uses.precision()}
    deps = total["manifests"]
    print(f"Manifests exact: {deps['exact']} of {deps['read']}")
    report["total"]["manifests"] = deps


def name_of(repository):
    parts = [part for part in repository.parts if part not in ("repo", ".git")]
    return parts[-1].removesuffix(".git")


def main():
    analyser, work = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
    missing, report = {}, {"repositories": {}, "total": {}}
    total = {"languages": collections.defaultdict(lambda: {
        "imports": Count(), "uses": Count(), "defs": Count(), "repositories": 0,
        "lines": {"ours": 0, "cloc": 0, "apart": 0, "map": 0, "tokenizer": 0}}),
        "manifests": {"read": 0, "exact": 0}}
    for argument in sys.argv[3:]:
        repository = pathlib.Path(argument).resolve()
        judge_repository(name_of(repository), repository, analyser, work, missing, total, report)
    print_total(total, report)
    for language, tools in missing.items():
        print(f"{language}: not judged, for want of {', '.join(tools)}")
    (work / "accuracy.json").write_text(json.dumps(report, indent=1, sort_keys=True))
    print(f"All of it: {work / 'accuracy.json'}")


main()
