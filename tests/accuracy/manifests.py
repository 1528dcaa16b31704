"""Dependencies of manifests as the package managers' own formats tell them, against those of a map.

Read by CPython's json, tomllib and ElementTree, by `go mod edit` where Go is installed, by Ruby's Ripper
(Gemfile and .gemspec) and tree-sitter (Gradle's Kotlin scripts; those in Groovy are not read); compared are
names and versions as written, with what properties, central versions and catalogues of the repository put in.  A manifest is exact when all its rows are the same.
"""

import collections
import json
import os
import pathlib
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


class Pom:
    """One pom, with what its parents in the repository leave to it, by Maven's rules of inheritance."""

    def __init__(self, path, seen=()):
        self.root = xml.etree.ElementTree.parse(path).getroot()
        self.space = self.root.tag[:self.root.tag.index("}") + 1] if self.root.tag.startswith("{") else ""
        self.parent = self.find_parent(path, (*seen, path))
        self.properties = dict(self.parent.properties) if self.parent else {}
        self.properties |= {one.tag.removeprefix(self.space): (one.text or "").strip() for one in self.all(self.root, "properties/*")}
        above = f"{self.space}parent/{self.space}"
        for name in ("groupId", "version"):
            self.properties[f"project.{name}"] = self.text(self.root, name) or self.root.findtext(above + name, "").strip()
        self.managed = dict(self.parent.managed) if self.parent else {}
        self.managed |= {self.name(one): self.text(one, "version") for one in self.all(self.root, "dependencyManagement/dependencies/dependency")}

    def all(self, node, path):
        return node.iterfind("/".join(part if part == "*" else self.space + part for part in path.split("/")))

    def text(self, node, name):
        return (node.findtext(self.space + name) or "").strip()

    def find_parent(self, path, seen):
        node = self.root.find(f"{self.space}parent")
        if node is None:
            return None
        named = node.find(f"{self.space}relativePath")
        at = path.parent / (named.text or "" if named is not None else "../pom.xml")
        at = (at / "pom.xml" if at.is_dir() else at).resolve()
        if named is not None and not named.text or not at.is_file() or at in seen:
            return None
        parent = Pom(at, seen)
        return parent if parent.text(parent.root, "artifactId") == self.text(node, "artifactId") else None

    def filled(self, value):
        for _ in range(8):
            value = re.sub(r"\$\{([^}]*)\}", lambda found: self.properties.get(found[1], found[0]), value)
        return value

    def name(self, node):
        return self.filled(f"{self.text(node, 'groupId')}:{self.text(node, 'artifactId')}")


def pom(path):
    one = Pom(path)
    for place in ("dependencies/dependency", "profiles/profile/dependencies/dependency"):
        for node in one.all(one.root, place):
            name = one.name(node)
            yield name, one.filled(one.text(node, "version") or one.managed.get(name, ""))
    for node in one.all(one.root, "dependencyManagement/dependencies/dependency"):
        yield one.name(node), one.filled(one.text(node, "version"))


def composer(path):
    document = json.loads(path.read_text(encoding="utf-8-sig"))
    for key in ("require", "require-dev"):
        yield from ((name, spec) for name, spec in (document.get(key) or {}).items() if "/" in name)


def plain(root):
    """Without namespaces: projects of before the SDK have one."""
    for one in root.iter():
        if isinstance(one.tag, str):
            one.tag = one.tag.rpartition("}")[2]
    return root


def above(path, folder, name):
    """The files of that name beside and above, from the inside out."""
    for at in path.parents:
        if (at / name).exists():
            yield at / name
        if at == folder:
            return


def properties(path, folder):
    files = [path, *(one for name in ("Directory.Packages.props", "Directory.Build.props", "Directory.Build.targets")
                     for one in above(path, folder, name))]
    found = {}
    for one in files:
        for group in plain(xml.etree.ElementTree.parse(one).getroot()).iterfind("PropertyGroup"):
            for item in group:
                if isinstance(item.tag, str) and (item.text or "").strip():
                    found.setdefault(item.tag, item.text.strip())
    return found


def msbuild(path, folder):
    known, central = properties(path, folder), {}
    for one in above(path, folder, "Directory.Packages.props"):
        for item in plain(xml.etree.ElementTree.parse(one).getroot()).iterfind("ItemGroup/PackageVersion"):
            central.setdefault(item.get("Include", "").lower(), item.get("Version", ""))

    def filled(value):
        return re.sub(r"\$\((\w+)\)", lambda found: known.get(found[1], found[0]), value)

    for item in plain(xml.etree.ElementTree.parse(path).getroot()).iterfind("ItemGroup/*"):
        if item.tag not in ("PackageReference", "PackageVersion", "GlobalPackageReference", "DotNetCliToolReference"):
            continue
        name = item.get("Include") or item.get("Update") or ""
        version = next((found for key in ("VersionOverride", "Version")
                        if (found := item.get(key) or (item.findtext(key) or "").strip())), "")
        if item.tag == "PackageReference" and not version:
            version = central.get(name.lower(), "")
        for one in filter(None, map(str.strip, filled(name).split(";"))):
            yield one, filled(version)


def packages_config(path):
    for item in plain(xml.etree.ElementTree.parse(path).getroot()).iterfind("package"):
        yield item.get("id"), item.get("version", "")


def gems(path):
    if not shutil.which("ruby"):
        return None
    done = subprocess.run(["ruby", str(HERE / "oracle_gems.rb"), str(path)], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return [(name, spec) for name, spec in json.loads(done.stdout)]


def catalog_rows(path):
    """alias -> (module, version); bundle -> aliases"""
    document = tomllib.loads(path.read_text())
    versions = document.get("versions", {})

    def version(spec):
        if isinstance(spec, dict) and "ref" in spec:
            spec = versions.get(spec["ref"], "")
        if isinstance(spec, dict):
            return next((spec[key] for key in ("strictly", "require", "prefer") if key in spec), "")
        return spec or ""

    rows = {}
    for alias, one in document.get("libraries", {}).items():
        if isinstance(one, str):
            group, name, *rest = one.split(":")
            rows[alias] = (f"{group}:{name}", ":".join(rest))
        else:
            rows[alias] = (one.get("module") or f"{one['group']}:{one['name']}", version(one.get("version")))
    return rows, document.get("bundles", {})


def catalog(path):
    return list(catalog_rows(path)[0].values())


def gradle(path, folder):
    if not shutil.which("node"):
        return None
    name = str(path.relative_to(folder))
    done = subprocess.run(["node", str(HERE / "oracle_gradle.mjs"), str(folder)], check=True, stdout=subprocess.PIPE,
                          input=json.dumps({"files": [name]}).encode(), env={**os.environ, "ACCURACY_WORK": str(folder.parent.parent)})
    answer = json.loads(done.stdout)
    if name in answer["unread"]:
        return None
    found = next(above(path, folder, "gradle/libs.versions.toml"), None)
    rows, bundles = catalog_rows(found) if found else ({}, {})
    dotted = {re.sub("[-_]", ".", alias): row for alias, row in rows.items()}
    groups = {re.sub("[-_]", ".", alias): [re.sub("[-_]", ".", one) for one in list_] for alias, list_ in bundles.items()}
    result = []
    for kind, text in answer["files"][name]:
        if kind == "text":
            parts = text.split(":")
            if len(parts) > 1:
                result.append((":".join(parts[:2]), ":".join(parts[2:])))
        elif kind == "kotlin":
            result.append((f"org.jetbrains.kotlin:kotlin-{text}", ""))
        elif text.startswith("bundles."):
            result += [dotted[one] for one in groups.get(text.removeprefix("bundles."), []) if one in dotted]
        elif text in dotted:
            result.append(dotted[text])
    return result


HERE = pathlib.Path(__file__).resolve().parent
FILES = {"package.json": package_json, "Cargo.toml": cargo, "pyproject.toml": pyproject, "go.mod": go_mod, "pom.xml": pom,
         "composer.json": composer, "packages.config": packages_config, "Gemfile": gems, "libs.versions.toml": catalog}
ENDINGS = {".gemspec": gems}
# Those that need what stands above them.
PLACED = {".csproj": msbuild, ".fsproj": msbuild, ".vbproj": msbuild, "Directory.Build.props": msbuild, "Directory.Build.targets": msbuild,
          "Directory.Packages.props": msbuild, ".gradle.kts": gradle}


def read(path, folder):
    """The dependencies of a manifest; None when nothing here reads it."""
    reader = FILES.get(path.name) or next((one for end, one in ENDINGS.items() if path.name.endswith(end)), None)
    placed = next((one for end, one in PLACED.items() if path.name.endswith(end)), None)
    rows = reader(path) if reader else placed(path, folder) if placed else None
    return None if rows is None else collections.Counter(rows)


def compare(mapped, folder):
    rows = collections.defaultdict(collections.Counter)
    for one in mapped.content["externals"]:
        rows[mapped.paths[one["manifest"]]][one["name"], one["spec"]] += 1
    result = {"read": 0, "exact": 0, "wrong": [], "unread": []}
    listed = {mapped.paths[file] for file in mapped.content["manifests"]["file"]}
    for path in mapped.paths:
        if path in mapped.skipped or mapped.role[path] == "vendored":
            continue
        try:
            theirs = read(folder / path, folder)
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
