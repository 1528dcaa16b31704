"""What gcc's preprocessor says of includes, and tree-sitter of definitions.

    oracle_c.py c|cpp FOLDER  <{"files": [...]}

Every source file is preprocessed (gcc -E -dI) with the folders that the project's own CMake tells for it; a
project without CMake has those that its makefiles spell out.  A header that is not there is made up, empty,
and what includes it is not judged: it may be made by the build, or stand in a folder that CMake did not name.
Nor is what was found on this machine while the project has a copy of it, which a part that CMake left out may mean.
Lines that the preprocessor does not reach (another platform's) are not judged either.
"""

import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

LANGUAGE, FOLDER = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
FILES = json.load(sys.stdin)["files"]
HERE = pathlib.Path(__file__).resolve().parent
WORK = pathlib.Path(os.environ["ACCURACY_WORK"])
COMPILER = {"c": "gcc", "cpp": "g++"}[LANGUAGE]
SOURCES = {"c": (".c",), "cpp": (".cc", ".cpp", ".cxx", ".c++", ".C")}[LANGUAGE]
STUBS = WORK / "stubs" / FOLDER.name
KEPT_FLAGS = ("-I", "-isystem", "-iquote", "-D", "-include", "-std")
ROUNDS = 60
MARKER = re.compile(r'^# (\d+) "((?:[^"\\]|\\.)*)"((?: \d)*)$')
DIRECTIVE = re.compile(r'^\s*#\s*(?:include|include_next|import)\s*([<"].*[>"])')
MISSING = re.compile(r"fatal error: (.*?): No such file or directory")


def useful(command):
    """Of a compiler's command line, what the preprocessor looks at."""
    kept, words = [], iter(command[1:])
    for word in words:
        flag = next((flag for flag in KEPT_FLAGS if word.startswith(flag)), None)
        if flag is None:
            continue
        kept.append(word)
        if word == flag and flag not in ("-std",):
            kept.append(next(words, ""))
    return kept


def cmake_flags():
    """{source: flags} by the project's CMake; {} when it has none or does not get through."""
    build = WORK / "cmake" / FOLDER.name
    database = build / "compile_commands.json"
    if not (FOLDER / "CMakeLists.txt").exists():
        return {}
    if not database.exists():
        build.mkdir(parents=True, exist_ok=True)
        try:
            subprocess.run(["cmake", "-S", str(FOLDER), "-B", str(build), "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON"], timeout=300,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        except (subprocess.TimeoutExpired, FileNotFoundError):
            pass
    if not database.exists():
        return {}
    flags = {}
    for entry in json.loads(database.read_text()):
        words = entry.get("arguments") or shlex.split(entry["command"])
        flags.setdefault(os.path.realpath(os.path.join(entry["directory"], entry["file"])), useful(words))
    return flags


def written_folders():
    """-I of makefiles, as far as no variable stands in it; the usual two."""
    found = []
    for makefile in sorted([*FOLDER.rglob("Makefile"), *FOLDER.rglob("*.mk"), *FOLDER.rglob("Makefile.am")]):
        if makefile.is_symlink() or not makefile.is_file():
            continue
        for word in re.findall(r"-I\s*([^\s$()\"']+)", makefile.read_text(errors="replace")):
            path = (makefile.parent / word).resolve()
            if path.is_dir() and path.is_relative_to(FOLDER) and path not in found:
                found.append(path)
    usual = [path for path in (FOLDER, FOLDER / "include") if path.is_dir()]
    return [f"-I{path}" for path in found + [path for path in usual if path not in found]]


def preprocess(source, flags):
    """gcc's output, with empty headers in the place of those that it does not find."""
    command = [COMPILER, "-E", "-dI", "-w", *flags, "-idirafter", str(STUBS), source]
    for _ in range(ROUNDS):
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=FOLDER, check=False,
                              env=dict(os.environ, LC_ALL="C"))
        missing = MISSING.search(done.stderr.decode(errors="replace"))
        if missing is None or missing[1].startswith("/") or ".." in missing[1].split("/"):
            return done.stdout.decode(errors="replace")
        stub = STUBS / missing[1]
        stub.parent.mkdir(parents=True, exist_ok=True)
        stub.touch()
    return done.stdout.decode(errors="replace")


PATHS = {}
BY_NAME = {}
for listed in FILES:
    BY_NAME.setdefault(os.path.basename(listed), []).append(listed)


def in_folder(path):
    """Path below the folder; None for anything else."""
    if path not in PATHS:
        full = os.path.realpath(os.path.join(FOLDER, path))
        PATHS[path] = os.path.relpath(full, FOLDER) if full.startswith(str(FOLDER) + "/") else None
    return PATHS[path]


def reached(text):
    """(file, line, what is written, the file that was entered or None) for each include that was reached."""
    rows, pending, file, line = [], None, "", 0
    for row in text.split("\n"):
        if marker := MARKER.match(row):
            if pending is not None and " 1" in marker[3]:
                rows.append((*pending, marker[2]))
                pending = None
            line, file = int(marker[1]), marker[2]
            continue
        if (directive := DIRECTIVE.match(row)) and file and not file.startswith("<"):
            if pending is not None:
                rows.append((*pending, None))
            pending = (file, line, directive[1])
        line += 1
    if pending is not None:
        rows.append((*pending, None))
    return rows


def one_source(source, flags):
    rows = []
    for file, line, written, entered in reached(preprocess(source, flags)):
        inside = in_folder(file)
        if inside is not None:
            rows.append((inside, line, written, entered))
    return rows


def has_copy(written):
    """Whether a file of the project may be meant by what was found outside of it."""
    name = written.strip('<>"')
    return any(path == name or path.endswith("/" + name) for path in BY_NAME.get(os.path.basename(name), ()))


def includes():
    by_source, everywhere = cmake_flags(), []
    for flags in by_source.values():
        everywhere += [flag for flag in flags if flag.startswith("-I") and flag not in everywhere]
    everywhere = everywhere or written_folders()
    sources = [path for path in FILES if path.endswith(SOURCES)]
    STUBS.mkdir(parents=True, exist_ok=True)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        done = list(pool.map(lambda path: one_source(path, by_source.get(os.path.realpath(FOLDER / path), everywhere)), sources))
    rows = [row for rows in done for row in rows]
    entered = {}
    for file, line, written, target in rows:
        if target is not None:
            entered.setdefault((os.path.dirname(file), written), set()).add(target)
    answer, unjudged = set(), set()
    for file, line, written, target in rows:
        targets = {target} if target is not None else entered.get((os.path.dirname(file), written), set())
        for one in targets:
            if os.path.realpath(os.path.join(FOLDER, one)).startswith(str(STUBS)):
                unjudged.add((file, line))
            elif in_folder(one) is None and has_copy(written):
                unjudged.add((file, line))
            else:
                answer.add((file, line, in_folder(one)))
    return sorted(answer, key=str), sorted(unjudged)


def main():
    imports, unjudged = includes()
    tree = subprocess.run(["node", str(HERE / "oracle_tree.mjs"), str(FOLDER), LANGUAGE], check=True, stdout=subprocess.PIPE,
                          input=json.dumps({"files": FILES}).encode())
    tree = json.loads(tree.stdout)
    json.dump({"imports": imports, "unjudged": unjudged, "lines_only": True, "defs": tree["defs"], "code": tree["code"], "unparsed": [],
               "unparsed_defs": tree["unparsed"]}, sys.stdout)


main()
