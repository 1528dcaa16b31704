// What tree-sitter's Kotlin grammar sees: imports, types of the same package and of wildcards, definitions, lines.
//
//   node oracle_kotlin.mjs FOLDER  <{"files": [...]}
//
// No compiler resolves names here without the dependencies: an import leads to the files that declare the name in the
// package, or the type around it (Java's beside them: a class in the file of its name); of several files to those that
// share most folders with the importer.  Where those are of several source sets (expect and actual), or overloads in several
// folders, one is as good as another.  Functions that need no import line, or one of a wildcard, may be members of
// anything: edges of them are neither right nor wrong.
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";

const folder = process.argv[2];
const { files } = JSON.parse(readFileSync(0, "utf8"));
const require = createRequire(join(process.env.ACCURACY_WORK, "npm", "package.json"));
const { Parser, Language } = require("web-tree-sitter");
await Parser.init();
const parser = new Parser();
parser.setLanguage(await Language.load(readFileSync(require.resolve("tree-sitter-wasms/out/tree-sitter-kotlin.wasm"))));

const answer = { imports: [], uses: [], defs: [], unparsed: [], unparsed_defs: [], unsure: [], code: {} };
const children = (node) => node.namedChildren.filter(Boolean);
const child = (node, ...types) => children(node).find((one) => types.includes(one.type)) ?? null;
const line = (node) => node.startPosition.row + 1;
const plain = (text) => text.replace(/^`(.*)`$/, "$1");

// --- What a file declares and uses. ---

const NAMED = ["simple_identifier", "type_identifier"];

function declarations(one, node, top) {
	for (const item of children(node)) {
		const isConst = child(item, "modifiers")?.text.match(/\bconst\b/);
		if (["class_declaration", "object_declaration", "type_alias", "companion_object"].includes(item.type)) {
			const name = child(item, ...NAMED);
			if (name) define(one, name, top, "type");
			const body = child(item, "class_body", "enum_class_body");
			if (body) declarations(one, body, false);
		} else if (item.type === "function_declaration") {
			const name = child(item, "simple_identifier");
			if (name) define(one, name, top, "function");
		} else if (item.type === "property_declaration" && (top || isConst)) {
			const name = child(child(item, "variable_declaration") ?? item, "simple_identifier");
			if (name) define(one, name, top, "property");
		}
	}
}

// What the grammar does not get through (fun interface, annotation class): what begins at a line's start is declared at the top.
function outermost(one, text) {
	const type = /^(?:@\w+ |[a-z]+ )*(?:class|interface|object|typealias) (`[^`]+`|\w+)/gm;
	const other = /^(?:@\w+ |[a-z]+ )*(fun|val|var) (?:<.*?> )?(?:[\w<>?,.* ]+\.)?(`[^`]+`|\w+)\s*(?=[(:=]|by\b|$)/gm;
	for (const [, name] of text.matchAll(type)) one.top.push([plain(name), "type"]);
	for (const [, word, name] of text.matchAll(other)) one.top.push([plain(name), word === "fun" ? "function" : "property"]);
}

function define(one, name, top, kind) {
	const text = plain(name.text);
	one.defs.push([line(name), text]);
	if (top) one.top.push([text, kind]);
}

// Names as a file uses them: heads of types, capitalised heads of expressions, and calls.
function uses(one, root) {
	const stack = [root];
	while (stack.length > 0) {
		const node = stack.pop();
		if (node.type === "package_header" || node.type === "identifier") continue;
		if (/comment/.test(node.type)) { one.comments.push([node.startIndex, node.endIndex]); continue; }
		if (node.type === "user_type") one.types.add(plain(child(node, ...NAMED)?.text ?? ""));
		if (node.type === "simple_identifier" && isHead(node)) one.heads.add(plain(node.text));
		if (node.type === "simple_identifier" || node.type === "type_identifier") {
			one.words.add(plain(node.text));
			if (isDeclared(node)) one.own.add(plain(node.text));
		}
		for (const next of node.children.filter(Boolean)) stack.push(next);
	}
}

const DECLARES = /^(class_declaration|object_declaration|type_alias|type_parameter|parameter|class_parameter|variable_declaration|enum_entry|companion_object|function_declaration|import_alias)$/;
const isDeclared = (node) => DECLARES.test(node.parent.type);
// Not the name behind a dot, of an argument or of what is declared.
function isHead(node) {
	const { parent } = node;
	return /^[A-Z]/.test(plain(node.text)) && parent.type !== "navigation_suffix" && !isDeclared(node) &&
		!(parent.type === "value_argument" && node.nextSibling?.type === "=") && parent.type !== "user_type";
}

function read(file) {
	const text = readFileSync(join(folder, file), "utf8");
	const tree = parser.parse(text), root = tree.rootNode;
	const one = { defs: [], top: [], imports: [], types: new Set(), heads: new Set(), words: new Set(), own: new Set(), comments: [], package: "" };
	if (root.hasError) answer.unparsed_defs.push(file);
	const header = child(root, "package_header");
	if (header) one.package = child(header, "identifier").text.split(".").map((part) => plain(part.trim())).join(".");
	for (const list of children(root))
		for (const item of list.type === "import_list" ? children(list) : []) {
			const name = item.type === "import_header" ? child(item, "identifier") : null;
			if (name === null) continue;
			const alias = child(item, "import_alias");
			one.imports.push([line(item), name.text.split(".").map((part) => plain(part.trim())).join("."),
				child(item, "wildcard_import") !== null, alias ? plain(children(alias)[0].text) : null]);
		}
	if (root.hasError && one.imports.length !== (text.match(/^import\b/gm) ?? []).length) answer.unparsed.push(file);
	for (const item of children(root)) {
		const named = item.type === "file_annotation" ? item.text.match(/^@file\s*:\s*JvmName\(\s*"([^"]+)"/) : null;
		if (named) one.defs.push([line(item), named[1]]);
	}
	declarations(one, root, true);
	outermost(one, text);
	uses(one, root);
	if (!root.hasError) answer.code[file] = codeLines(text, one.comments);
	tree.delete();
	return one;
}

function codeLines(text, comments) {
	let kept = "", at = 0;
	for (const [start, end] of comments.sort((a, b) => a[0] - b[0])) {
		kept += text.slice(at, start) + text.slice(start, end).replace(/[^\n]/g, " ");
		at = end;
	}
	return (kept + text.slice(at)).split("\n").filter((row) => /\S/.test(row)).length;
}

// --- Who declares what. ---

const declared = new Map();
function declare(name, file, kind) {
	if (!declared.has(name)) declared.set(name, new Map());
	declared.get(name).set(file, kind);
}

function* javaFiles(at) {
	for (const one of readdirSync(join(folder, at), { withFileTypes: true })) {
		if (one.isDirectory() && one.name !== ".git") yield* javaFiles(join(at, one.name));
		else if (one.isFile() && one.name.endsWith(".java")) yield join(at, one.name);
	}
}

const readers = new Map(), packages = new Set();
for (const file of files) {
	const one = read(file);
	readers.set(file, one);
	packages.add(one.package);
	for (const [name, kind] of one.top) declare(one.package ? `${one.package}.${name}` : name, file, kind);
}
for (const file of javaFiles("")) {
	const text = readFileSync(join(folder, file), "utf8");
	const name = text.match(/^\s*package\s+([\w.]+)\s*;/m);
	if (name) packages.add(name[1]);
	declare(`${name ? name[1] + "." : ""}${basename(file, ".java")}`, file, "type");
}

function common(a, b) {
	const x = dirname(a).split("/"), y = dirname(b).split("/");
	let n = 0;
	while (n < Math.min(x.length, y.length) && x[n] === y[n]) n++;
	return n;
}

// The files of a declared name that are nearest: [files, kind].
function nearest(name, from) {
	const found = declared.get(name);
	if (!found) return null;
	const most = Math.max(...[...found.keys()].map((one) => common(one, from)));
	const near = [...found].filter(([one]) => common(one, from) === most);
	return [near.map(([one]) => one), near.some(([, kind]) => kind !== "type")];
}

function note(file, at, name) {
	const found = nearest(name, file);
	if (found === null) return false;
	const [near, isFunction] = found, all = [...declared.get(name).keys()];
	if (near.includes(file)) return true; // or overloads beside the file's own
	if (near.length === 1 && (all.length === 1 || !isFunction)) answer.imports.push([file, at, near[0]]);
	else if (isFunction && new Set(all.map(dirname)).size === 1) for (const to of all) answer.imports.push([file, at, to]);
	if (all.length > 1) unsure(file, at, name);
	return true;
}

function unsure(file, at, name) {
	const near = nearest(name, file);
	if (near[0].length === 1 && !near[1]) return;
	if (near[1] && new Set([...declared.get(name).keys()].map(dirname)).size === 1) return;
	for (const to of declared.get(name).keys()) answer.unsure.push([file, at, to]);
}

function importOf(file, at, name) {
	for (let part = name; part; part = part.includes(".") ? part.slice(0, part.lastIndexOf(".")) : "") {
		if (note(file, at, part)) return;
		if (packages.has(part)) break;
	}
	answer.imports.push([file, at, null]);
}

for (const [file, one] of readers) {
	for (const [at, name] of one.defs) answer.defs.push([file, at, name]);
	const hidden = new Set(one.own);
	for (const [, name, all, alias] of one.imports) if (!all) hidden.add(alias ?? name.slice(name.lastIndexOf(".") + 1));
	const full = (space, name) => (space ? `${space}.${name}` : name);
	const types = [...new Set([...one.types, ...one.heads])].filter((name) => name && !hidden.has(name));
	for (const [at, name, all] of one.imports) {
		if (!all) { importOf(file, at, name); continue; }
		if (!packages.has(name)) { importOf(file, at, name); continue; }
		for (const type of types)
			if (!declared.has(full(one.package, type))) note(file, at, full(name, type));
		for (const word of one.words) {
			const found = declared.get(full(name, word));
			if (found && (!types.includes(word) || [...found.values()].some((kind) => kind !== "type")))
				for (const to of found.keys()) answer.unsure.push([file, at, to]);
		}
	}
	for (const word of one.words) {
		const found = declared.get(full(one.package, word));
		if (!found || found.has(file)) continue;
		const near = nearest(full(one.package, word), file);
		if (types.includes(word) && near[0].length === 1 && !near[1]) answer.uses.push([file, near[0][0]]);
		else for (const to of found.keys()) answer.unsure.push([file, 0, to]);
	}
}
process.stdout.write(JSON.stringify(answer));
