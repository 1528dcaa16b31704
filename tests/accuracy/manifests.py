"""Dependencies of manifests as the package managers' own formats tell them, against those of a map.

Read by CPython's json, tomllib and ElementTree, and by `go mod edit` where Go is installed; compared are
names and versions as written.  A manifest is exact when all its rows are the same.
"""

import collections
import json
import re
import shutil
import subprocess
import tomllib
import xml.etree.ElementTree


def package_json(path):
    document = json.loads(path.read_text(encoding="utf-8-sig"))
    for key in ("dependencies", "devDependencies", "peerDependencies", "optionalDependencies"):
        yield from ((name, spec) for name, spec in (document.get(key) or {}).items() if isinstance(spec, str))


def cargo_spec(spec):
    if isinstance(spec, str):
        return spec
    if not isinstance(spec, dict):
        return ""
    return "workspace" if spec.get("workspace") is True else spec.get("version") or spec.get("git", "")


def cargo_table(table):
    for name, spec in table.items():
        if isinstance(spec, dict) and "path" in spec:
            continue  # a folder of this repository
        yield (spec.get("package", name) if isinstance(spec, dict) else name), cargo_spec(spec)


def cargo(path):
    document = tomllib.loads(path.read_text())
    places = [document, *document.get("target", {}).values()]
    for place in places:
        for key in ("dependencies", "dev-dependencies", "build-dependencies"):
            yield from cargo_table(place.get(key, {}))
    yield from cargo_table(document.get("workspace", {}).get("dependencies", {}))


def requirement(text):
    """PEP 508: name, and what follows up to the marker, without extras."""
    found = re.match(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*([^;#]*)", text)
    return (found[1], found[2].strip().strip("()").strip()) if found else None


def pyproject(path):
    document = tomllib.loads(path.read_text())
    project = document.get("project", {})
    lists = [project.get("dependencies", []), *project.get("optional-dependencies", {}).values(),
             *document.get("dependency-groups", {}).values(), document.get("build-system", {}).get("requires", []),
             document.get("tool", {}).get("uv", {}).get("dev-dependencies", [])]
    for one in lists:
        yield from filter(None, (requirement(text) for text in one if isinstance(text, str)))
    poetry = document.get("tool", {}).get("poetry", {})
    tables = [poetry.get("dependencies", {}), poetry.get("dev-dependencies", {}),
              *(group.get("dependencies", {}) for group in poetry.get("group", {}).values())]
    for table in tables:
        for name, spec in table.items():
            if name != "python":
                yield name, cargo_spec(spec)


def go_mod(path):
    if shutil.which("go"):
        done = subprocess.run(["go", "mod", "edit", "-json", str(path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              check=False, cwd="/")
        if done.returncode == 0:
            return [(one["Path"], one["Version"]) for one in json.loads(done.stdout).get("Require") or []]
    # written for a newer Go than is here
    rows, inside = [], False
    for line in path.read_text().split("\n"):
        words = line.split("//")[0].split()
        if words[:2] == ["require", "("]:
            inside = True
        elif words == [")"]:
            inside = False
        elif words[:1] == ["require"] and len(words) == 3:
            rows.append((words[1], words[2]))
        elif inside and len(words) == 2:
            rows.append((words[0], words[1]))
    return rows


def pom(path):
    root = xml.etree.ElementTree.parse(path).getroot()
    space = root.tag[:root.tag.index("}") + 1] if root.tag.startswith("{") else ""
    properties = {one.tag.removeprefix(space): (one.text or "").strip() for one in root.iterfind(f"{space}properties/*")}

    def text(node, name):
        return (node.findtext(space + name) or "").strip()

    own = {"project.groupId": text(root, "groupId") or root.findtext(f"{space}parent/{space}groupId", "").strip(),
           "project.version": text(root, "version") or root.findtext(f"{space}parent/{space}version", "").strip()}

    def filled(value):
        return re.sub(r"\$\{([^}]*)\}", lambda found: {**properties, **own}.get(found[1], found[0]), value)

    places = [root, *root.iterfind(f"{space}profiles/{space}profile"), *root.iterfind(f"{space}dependencyManagement")]
    for place in places:
        for one in place.iterfind(f"{space}dependencies/{space}dependency"):
            yield filled(f"{text(one, 'groupId')}:{text(one, 'artifactId')}"), filled(text(one, "version"))


READERS = {"package.json": package_json, "cargo": cargo, "pyproject": pyproject, "go.mod": go_mod, "pom": pom}
FILES = {"package.json": "package.json", "Cargo.toml": "cargo", "pyproject.toml": "pyproject", "go.mod": "go.mod", "pom.xml": "pom"}


def compare(mapped, folder):
    rows = collections.defaultdict(collections.Counter)
    for one in mapped.content["externals"]:
        rows[mapped.paths[one["manifest"]]][one["name"], one["spec"]] += 1
    result = {"read": 0, "exact": 0, "wrong": [], "unread": []}
    listed = {mapped.paths[file] for file in mapped.content["manifests"]["file"]}
    for path in mapped.paths:
        kind = FILES.get(path.rsplit("/", 1)[-1])
        if kind is None or path in mapped.skipped or mapped.role[path] == "vendored":
            continue
        try:
            theirs = READERS[kind](folder / path)
            theirs = None if theirs is None else collections.Counter(theirs)
        except Exception as error:  # not a document that its own tools would take
            result["unread"].append((path, str(error)))
            continue
        if theirs is None:
            continue
        ours = rows.get(path, collections.Counter())
        result["read"] += 1
        if ours == theirs and path in listed:
            result["exact"] += 1
            continue
        if path not in listed:
            result["wrong"].append((path, "not listed"))
        result["wrong"] += [(path, f"not in the map: {name} {spec}") for name, spec in sorted((theirs - ours).elements())]
        result["wrong"] += [(path, f"only in the map: {name} {spec}") for name, spec in sorted((ours - theirs).elements())]
    return result
