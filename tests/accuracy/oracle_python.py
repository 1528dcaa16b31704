"""What CPython says of Python files: imports and definitions by ast, targets by its own import machinery.

    oracle_python.py FOLDER  <{"files": [...]}

An import is looked up as the interpreter would with the file's folder (or that above its package) first
in sys.path, then the standard library, then the folders that hold the repository's other packages.  A stub
(.pyi) counts where there is no module: that is made by a build, or compiled.
"""

import ast
import importlib.machinery
import importlib.util
import io
import json
import os
import pathlib
import sys
import tokenize
import warnings

warnings.simplefilter("ignore")
FOLDER = pathlib.Path(sys.argv[1]).resolve()
FILES = json.load(sys.stdin)["files"]
NO_CODE = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING, tokenize.ENDMARKER}


def has_init(folder):
    return (folder / "__init__.py").exists()


def root_of(path):
    """The folder that sys.path must hold for a file to be a module of its packages."""
    folder = path.parent
    while has_init(folder) and folder != FOLDER:
        folder = folder.parent
    return folder


def stub(name, places):
    """The .pyi of that name, as if it were a module."""
    for place in places:
        path = os.path.join(place, f"{name}.pyi")
        if os.path.isfile(path):
            return importlib.util.spec_from_loader(name, importlib.machinery.SourceFileLoader(name, path))
    return None


def find(name, places):
    """The file of module `name`, its parents found first; None when there is none."""
    spec = None
    full = ""
    for part in name.split("."):
        full = f"{full}.{part}" if full else part
        try:
            spec = importlib.machinery.PathFinder.find_spec(full, places)
        except KeyError:  # a namespace inside of one that is not imported
            return None
        if spec is None:
            return stub(part, places)
        places = list(spec.submodule_search_locations or [])
    return spec


def inside(spec):
    """Path in the repository, or None for a namespace or what stands outside."""
    if spec is None or spec.origin is None or not spec.has_location:
        return None
    path = pathlib.Path(spec.origin)
    return str(path.relative_to(FOLDER)) if path.is_relative_to(FOLDER) else None


def member_or_module(base, name, places):
    """from base import name: the submodule when there is one, else the module."""
    module = find(base, places)
    if module is None:
        return None
    if name and name != "*" and module.submodule_search_locations is not None:
        below = find(f"{base}.{name}", places)
        if below is not None and inside(below):
            return inside(below)
    return inside(module)


class Reader(ast.NodeVisitor):
    def __init__(self, path, roots):
        self.name = path
        self.path = FOLDER / path
        self.roots = roots
        self.imports, self.defs = [], []
        self.scope = ["module"]

    def note(self, node, target):
        self.imports.append([self.name, node.lineno, target])

    def absolute(self, base, name):
        own = root_of(self.path)
        if (to := member_or_module(base, name, [str(own)])) is not None:
            return to
        top = base.split(".")[0]
        if top in sys.stdlib_module_names:
            return None
        found = []
        for root in self.roots:
            if (to := member_or_module(base, name, [str(root)])) is not None:
                found.append((len(os.path.commonpath([root, self.path])), to))
        return max(found, key=lambda row: row[0])[1] if found else None

    def relative(self, level, base, name):
        folder = self.path.parent
        for _ in range(level - 1):
            folder = folder.parent
        if not folder.is_relative_to(FOLDER):
            return None
        if base:
            return member_or_module(base, name, [str(folder)])
        if name and name != "*" and (to := inside(find(name, [str(folder)]))):
            return to
        init = folder / "__init__.py"
        return str(init.relative_to(FOLDER)) if init.exists() else None

    def visit_Import(self, node):
        for alias in node.names:
            self.note(node, self.absolute(alias.name, ""))

    def visit_ImportFrom(self, node):
        for alias in node.names:
            if node.level:
                self.note(node, self.relative(node.level, node.module or "", alias.name))
            else:
                self.note(node, self.absolute(node.module, alias.name))

    def visit_Call(self, node):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        first = node.args[0] if node.args else None
        if called in ("import_module", "__import__") and isinstance(first, ast.Constant) and isinstance(first.value, str):
            if not first.value.startswith("."):
                self.note(node, self.absolute(first.value, "") if first.value else None)
            elif len(node.args) == 1:
                self.note(node, None)
        self.generic_visit(node)

    def define(self, node, name, scope):
        self.defs.append([self.name, self.line_of(node, name), name])
        self.scope.append(scope)
        self.generic_visit(node)
        self.scope.pop()

    @staticmethod
    def line_of(node, name):
        return node.lineno

    def visit_FunctionDef(self, node):
        self.define(node, node.name, "function")

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_ClassDef(self, node):
        self.define(node, node.name, "class")

    def constant(self, target):
        if isinstance(target, ast.Name) and self.scope[-1] == "module" and target.id.upper() == target.id and \
                any(c.isalpha() for c in target.id):
            self.defs.append([self.name, target.lineno, target.id])

    def visit_Assign(self, node):
        for target in node.targets[:1]:
            self.constant(target)
        self.generic_visit(node)

    def visit_AnnAssign(self, node):
        if node.value is not None:
            self.constant(node.target)
        self.generic_visit(node)


def code_lines(text):
    """Lines on which a token stands that is no comment, by CPython's tokenizer.

    As cloc has it, a line that holds nothing but a part of a triple-quoted string is documentation.
    """
    rows, found = text.splitlines(), set()
    for token in tokenize.tokenize(io.BytesIO(text).readline):
        if token.type in NO_CODE or (token.type == tokenize.STRING and token.string.lstrip("rRbBuUfF")[:3] in ('"""', "'''")):
            continue
        found.update(range(token.start[0], token.end[0] + 1))
    return sum(1 for at in found if at <= len(rows) and rows[at - 1].strip())


def main():
    roots = {FOLDER}
    if (FOLDER / "src").is_dir():
        roots.add(FOLDER / "src")
    for path in FILES:
        if has_init((FOLDER / path).parent):
            roots.add(root_of(FOLDER / path))
    answer = {"imports": [], "defs": [], "unparsed": [], "code": {}}
    for path in FILES:
        try:
            tree = ast.parse((FOLDER / path).read_bytes())
        except (SyntaxError, ValueError, RecursionError):
            answer["unparsed"].append(path)
            continue
        reader = Reader(path, sorted(roots))
        reader.visit(tree)
        answer["imports"] += reader.imports
        answer["defs"] += reader.defs
        answer["code"][path] = code_lines((FOLDER / path).read_bytes())
    json.dump(answer, sys.stdout)


main()
