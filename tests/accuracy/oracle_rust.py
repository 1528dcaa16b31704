"""What Rust files import and define, by tree-sitter's grammar and the rules of the reference for modules.

    oracle_rust.py FOLDER  <{"files": [...]}

Weaker than the other oracles: there is no compiler here that resolves names without the dependencies, so
the items come from another parser (oracle_tree.mjs) and this file walks crates and modules once more, from
the text of the reference (items/modules, items/use-declarations, Cargo's target layout): an import leads to
the file of the deepest module on its path.  Macros that write modules are not seen by either side.
"""

import json
import os
import pathlib
import subprocess
import sys
import tomllib

FOLDER = pathlib.Path(sys.argv[1]).resolve()
FILES = json.load(sys.stdin)["files"]
KNOWN = set(FILES)
HERE = pathlib.Path(__file__).resolve().parent


def norm(path):
    return os.path.normpath(path)


class Crate:
    """One target: its root file and the module tree below it: path as tuple of names -> file."""

    def __init__(self, root, package):
        self.root, self.package = root, package
        self.modules = {(): root}
        self.inline = set()


class Package:
    def __init__(self, folder, manifest, workspace):
        self.folder, self.edition = folder, manifest.get("package", {}).get("edition", "2015")
        if isinstance(self.edition, dict):
            self.edition = workspace.get("package", {}).get("edition", "2021")
        self.name = manifest["package"]["name"]
        lib = manifest.get("lib", {})
        self.lib_name = lib.get("name", self.name).replace("-", "_")
        self.lib_root = self.file(lib.get("path", "src/lib.rs"))
        self.roots = [self.lib_root] if self.lib_root else []
        self.renamed = {}
        for key in ("dependencies", "dev-dependencies", "build-dependencies"):
            tables = [manifest.get(key, {})] + [one.get(key, {}) for one in manifest.get("target", {}).values()]
            for table in tables:
                self.read_renames(table, workspace)
        for key, places in (("bin", ["src/main.rs", "src/bin"]), ("example", ["examples"]), ("test", ["tests"]), ("bench", ["benches"])):
            for target in manifest.get(key, []):
                if "path" in target:
                    self.add(target["path"])
            for place in places:
                self.add_place(place)
        build = manifest["package"].get("build", "build.rs")
        if isinstance(build, str):
            self.add(build)

    def read_renames(self, table, workspace):
        for name, spec in table.items():
            if isinstance(spec, dict) and spec.get("workspace"):
                spec = workspace.get("dependencies", {}).get(name, {})
            self.renamed[name.replace("-", "_")] = (spec.get("package", name) if isinstance(spec, dict) else name)

    def file(self, path):
        full = norm(os.path.join(self.folder, path))
        return full if full in KNOWN else None

    def add(self, path):
        found = self.file(path)
        if found and found not in self.roots:
            self.roots.append(found)

    def add_place(self, place):
        if place.endswith(".rs"):
            self.add(place)
            return
        base = norm(os.path.join(self.folder, place))
        for path in sorted(KNOWN):
            if os.path.dirname(path) == base and path.endswith(".rs"):
                self.add(os.path.relpath(path, self.folder or "."))
            elif path.endswith("/main.rs") and os.path.dirname(os.path.dirname(path)) == base:
                self.add(os.path.relpath(path, self.folder or "."))


def packages():
    workspace, found = {}, []
    root = FOLDER / "Cargo.toml"
    if root.exists():
        workspace = tomllib.loads(root.read_text()).get("workspace", {})
    for path in sorted(FOLDER.rglob("Cargo.toml")):
        try:
            manifest = tomllib.loads(path.read_text())
        except (tomllib.TOMLDecodeError, UnicodeDecodeError):
            continue
        if "name" in manifest.get("package", {}):
            folder = str(path.parent.relative_to(FOLDER))
            found.append(Package("" if folder == "." else folder, manifest, workspace))
    return found


def module_file(file, item, is_root):
    """Where `mod name;` says that its text is."""
    folder, stem = os.path.split(file)
    stem = stem.removesuffix(".rs")
    own = folder if is_root or stem == "mod" else os.path.join(folder, stem)
    if item["path"] is not None:
        base = os.path.join(own, *item["at"]) if item["at"] else folder
        path = norm(os.path.join(base, item["path"]))
        return path if path in KNOWN else None
    base = os.path.join(own, *item["at"])
    for path in (os.path.join(base, item["name"] + ".rs"), os.path.join(base, item["name"], "mod.rs")):
        if norm(path) in KNOWN:
            return norm(path)
    return None


class Oracle:
    def __init__(self, items):
        self.items, self.place, self.mods = items, {}, set()
        self.packages = packages()
        self.libs, self.crates = {}, {}
        for package in self.packages:
            for root in package.roots:
                crate = self.grow(Crate(root, package))
                if root == package.lib_root:
                    self.libs.setdefault(package.name.replace("-", "_"), crate)
                    self.crates.setdefault(package.lib_name, crate)
        for file in sorted(items):
            if file not in self.place:
                self.grow(Crate(file, self.package_of(file)))

    def package_of(self, file):
        around = [p for p in self.packages if not p.folder or file.startswith(p.folder + "/")]
        return max(around, key=lambda p: len(p.folder), default=None)

    def grow(self, crate):
        queue, seen = [((), crate.root)], set()
        while queue:
            module, file = queue.pop()
            if file in seen:
                continue
            seen.add(file)
            self.place.setdefault(file, (crate, module))
            for item in self.items.get(file, []):
                if item["kind"] != "mod":
                    continue
                path = module + tuple(item["at"]) + (item["name"],)
                if item["inline"]:
                    crate.inline.add(path)
                    continue
                to = module_file(file, item, file == crate.root)
                self.mods.add((file, item["line"], to))
                if to is not None:
                    crate.modules.setdefault(path, to)
                    queue.append((path, to))
        return crate

    def imports(self):
        rows = sorted(self.mods, key=str)
        for file, items in sorted(self.items.items()):
            crate, module = self.place[file]
            for item in items:
                if item["kind"] == "use":
                    to = self.follow(file, crate, module + tuple(item["at"]), item["path"], True)
                    rows.append((file, item["leaf"], to if to != file else None))
        return rows

    def deepest(self, crate, module, path):
        """Down from a module, as long as there are modules; the file that the last of them is in."""
        for part in path:
            if part == "self":
                continue
            if part == "super":
                module = module[:-1]
            elif module + (part,) in crate.modules or module + (part,) in crate.inline:
                module += (part,)
            else:
                break
        while module not in crate.modules and module:
            module = module[:-1]
        return crate.modules[module]

    def follow(self, file, crate, module, path, first):
        path = [part for part in path if part]
        if not path:
            return None
        head = path[0]
        if head in ("crate", "$crate"):
            return self.deepest(crate, (), path[1:])
        if head in ("self", "super"):
            return self.deepest(crate, module, path)
        if module + (head,) in crate.modules or module + (head,) in crate.inline:
            return self.deepest(crate, module, path)
        package = crate.package
        name = package.renamed.get(head, head).replace("-", "_") if package else head
        other = self.libs.get(name) or self.crates.get(name)
        if other is not None:
            return self.deepest(other, (), path[1:])
        if package is None or package.edition == "2015":
            if (head,) in crate.modules or (head,) in crate.inline:
                return self.deepest(crate, (), path)
        if first and head not in ("std", "core", "alloc"):
            for item in self.items[file]:
                if item["kind"] == "use" and len(item["path"]) > 1 and item["path"][-1] == head and not item["glob"] \
                        and item["path"] != path:
                    return self.follow(file, crate, module, [*item["path"], *path[1:]], False)
        return None


def main():
    tree = subprocess.run(["node", str(HERE / "oracle_tree.mjs"), str(FOLDER), "rust"], check=True, stdout=subprocess.PIPE,
                          input=json.dumps({"files": FILES}).encode())
    tree = json.loads(tree.stdout)
    json.dump({"imports": Oracle(tree["items"]).imports(), "defs": tree["defs"], "code": tree["code"],
               "unparsed": tree["unparsed"]}, sys.stdout)


main()
