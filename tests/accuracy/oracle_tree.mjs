// What tree-sitter's grammars see in C, C++ and Rust: definitions, and for Rust what its imports are made of.
//
//   node oracle_tree.mjs FOLDER c|cpp|rust  <{"files": [...]}
//
// Answers {"defs": [[file, line, name]], "unparsed": [file], "code": {file: lines}, "items": {file: [item]}} where an item of Rust is
// {kind: "mod", name, line, path, inline, at: [modules around it]} or {kind: "use", line, path: [names], glob, at, is_pub}.
// A file of which the grammar could not read a definition's surroundings is not judged.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [folder, language] = process.argv.slice(2);
const { files } = JSON.parse(readFileSync(0, "utf8"));
const require = createRequire(join(process.env.ACCURACY_WORK, "npm", "package.json"));
const { Parser, Language } = require("web-tree-sitter");

await Parser.init();
const parser = new Parser();
const wasm = require.resolve(`tree-sitter-${language}/tree-sitter-${language}.wasm`);
parser.setLanguage(await Language.load(readFileSync(wasm)));

const answer = { defs: [], unparsed: [], code: {}, items: {} };
const field = (node, name) => node.childForFieldName(name);
const line = (node) => node.startPosition.row + 1;
const children = (node) => node.namedChildren.filter(Boolean);

function define(file, node, name) {
	if (node !== null && name) answer.defs.push([file, line(node), name]);
}

// The name in a declarator, below pointers, arrays, parameters and the classes it is qualified by.
function declared(node) {
	while (node !== null) {
		switch (node.type) {
			case "identifier": case "type_identifier": case "primitive_type": case "field_identifier": case "operator_name": case "destructor_name":
				return node;
			case "qualified_identifier": node = field(node, "name"); break;
			case "template_function": node = field(node, "name"); break;
			case "reference_declarator": case "parenthesized_declarator": case "attributed_declarator":
				node = children(node)[0] ?? null; break;
			default: node = field(node, "declarator");
		}
	}
	return null;
}

// const X = 1, of the file, a namespace or a class: what the const stands before is the object, no pointer to it.
function visitConstant(file, node) {
	const isConst = children(node).some((one) => one.type === "type_qualifier" && /^(const|constexpr)$/.test(one.text));
	for (const one of node.childrenForFieldName("declarator").filter(Boolean)) {
		const inMember = node.type === "field_declaration" && field(node, "default_value") !== null;
		if (one.type !== "init_declarator" && !inMember) continue;
		let at = one.type === "init_declarator" ? field(one, "declarator") : one, fixed = isConst;
		while (at !== null && (at.type === "pointer_declarator" || at.type === "array_declarator" || at.type === "reference_declarator")) {
			if (at.type === "pointer_declarator")
				fixed = children(at).some((q) => q.type === "type_qualifier" && q.text === "const") || node.text.includes("constexpr");
			if (at.type === "reference_declarator") fixed = false;
			at = at.type === "reference_declarator" ? (children(at)[0] ?? null) : field(at, "declarator");
		}
		const name = fixed && at !== null && at.type !== "function_declarator" ? declared(at) : null;
		if (name !== null) define(file, name, name.text);
	}
}

const NAMED = new Set(["struct_specifier", "union_specifier", "enum_specifier", "class_specifier"]);

function visitC(file, root) {
	const stack = [[root, false]];
	while (stack.length > 0) {
		const [node, inFunction] = stack.pop();
		let inside = inFunction;
		if (node.type === "function_definition") {
			// TEST_IMPL(name) { ... }: what stands for a type is the macro's name
			const isMacro = field(node, "declarator")?.type === "parenthesized_declarator";
			const name = isMacro ? field(node, "type") : declared(field(node, "declarator"));
			const hasBody = !children(node).some((one) => /^(default|delete)_method_clause$/.test(one.type));
			if (!inFunction && hasBody) define(file, name, name?.text);
			inside = true;
		} else if (NAMED.has(node.type) && field(node, "body") !== null) {
			let name = field(node, "name");
			while (name !== null && name.type !== "type_identifier") name = field(name, "name");
			define(file, name, name?.text);
			// methods of a class inside a function are members, not functions inside functions
			inside = language === "cpp" ? false : inFunction;
		} else if (node.type === "namespace_definition") {
			const name = field(node, "name");
			if (name?.type === "namespace_identifier") define(file, name, name.text);
			else for (const part of name === null ? [] : children(name)) define(file, part, part.text);
		} else if (node.type === "type_definition") {
			for (const child of node.childrenForFieldName("declarator").filter(Boolean)) {
				const name = declared(child);
				define(file, name, name?.text);
			}
		} else if (node.type === "declaration" || node.type === "field_declaration") {
			if (!inFunction) visitConstant(file, node);
		} else if (node.type === "alias_declaration") {
			define(file, field(node, "name"), field(node, "name")?.text);
		} else if (node.type === "preproc_def" || node.type === "preproc_function_def") {
			define(file, field(node, "name"), field(node, "name")?.text);
		}
		const dead = node.type === "preproc_if" && field(node, "condition")?.text === "0";
		for (const child of dead ? [field(node, "alternative")].filter(Boolean) : children(node)) stack.push([child, inside]);
	}
}

const RUST_ITEMS = new Set(["function_item", "function_signature_item", "struct_item", "union_item", "enum_item", "trait_item",
	"type_item", "associated_type", "const_item", "static_item", "macro_definition", "mod_item"]);

// The paths of a use-tree: [names, glob]
function* useTree(node, before) {
	switch (node.type) {
		case "scoped_use_list":
			for (const child of children(field(node, "list")))
				yield* useTree(child, [...before, ...names(field(node, "path"))]);
			break;
		case "use_list": for (const child of children(node)) yield* useTree(child, before); break;
		case "use_wildcard": yield [[...before, ...children(node).flatMap(names)], true, node]; break;
		case "use_as_clause": yield [[...before, ...names(field(node, "path"))], false, node]; break;
		case "line_comment": case "block_comment": break;
		default: yield [[...before, ...names(node)], false, node];
	}
}

function names(node) {
	if (node === null) return [];
	if (node.type === "scoped_identifier") return [...names(field(node, "path")), field(node, "name").text];
	return [node.text.replace(/^r#/, "")];
}

// #[path = "..."] before an item
function pathAttribute(node) {
	for (let at = node.previousNamedSibling; at !== null; at = at.previousNamedSibling) {
		if (at.type === "line_comment" || at.type === "block_comment") continue;
		if (at.type !== "attribute_item") break;
		const found = at.text.match(/^#\[\s*path\s*=\s*r?#*"([^"]*)"/);
		if (found) return found[1];
	}
	return null;
}

function blockAround(node) {
	for (let at = node.parent; at !== null && at.type !== "declaration_list"; at = at.parent) if (at.type === "block") return true;
	return false;
}

// Items may stand in braces behind a macro (cfg_rt! { mod runtime; }): what parses as items is taken for them.
function itemsOfMacro(node) {
	const tokens = children(node).find((one) => one.type === "token_tree");
	if (tokens === undefined || !tokens.text.startsWith("{") || blockAround(node)) return null;
	const tree = parser.parse("\n".repeat(tokens.startPosition.row) + tokens.text.slice(1, -1));
	return tree.rootNode.hasError ? null : tree.rootNode;
}

function visitRust(file, root) {
	const items = (answer.items[file] = []);
	const stack = [[root, []]];
	while (stack.length > 0) {
		const [node, at] = stack.pop();
		let around = at;
		const name = field(node, "name");
		const isConstant = node.type === "const_item" || node.type === "static_item" || node.type === "type_item";
		const isDeclared = node.type === "mod_item" && field(node, "body") === null;
		// constants and types' other names in functions, and modules that stand elsewhere, are no definitions in a map
		if (RUST_ITEMS.has(node.type) && !isDeclared && !(isConstant && (name.text === "_" || blockAround(node))))
			define(file, name, name.text.replace(/^r#/, ""));
		if (node.type === "mod_item") {
			items.push({ kind: "mod", name: name.text, line: line(name), path: pathAttribute(node), inline: !isDeclared, at });
			if (!isDeclared) around = [...at, name.text];
		} else if (node.type === "use_declaration") {
			for (const [path, glob, leaf] of useTree(field(node, "argument"), []))
				items.push({ kind: "use", leaf: line(leaf), path, glob, at });
		} else if (node.type === "extern_crate_declaration") {
			items.push({ kind: "use", leaf: line(name), path: [name.text], glob: false, at });
		} else if (node.type === "macro_invocation") {
			const inside = itemsOfMacro(node);
			if (inside !== null) stack.push([inside, at]);
		}
		if (node.type === "token_tree") continue; // of macros: not items yet
		for (const child of children(node)) stack.push([child, around]);
	}
}

// Lines on which something else than a comment stands.
function codeLines(text, root) {
	const lines = text.split("\n"), found = new Set(), stack = [root];
	while (stack.length > 0) {
		const node = stack.pop();
		if (/comment/.test(node.type)) continue;
		const below = node.children.filter(Boolean);
		stack.push(...below);
		const end = node.endPosition.row - (node.endPosition.column === 0 ? 1 : 0);
		for (let at = node.startPosition.row; below.length === 0 && at <= end; at++) if (lines[at].trim() !== "") found.add(at);
	}
	return found.size;
}

for (const file of files) {
	const text = readFileSync(join(folder, file), "utf8");
	const tree = parser.parse(text);
	if (tree.rootNode.hasError) answer.unparsed.push(file);
	else if (language === "rust") visitRust(file, tree.rootNode);
	else visitC(file, tree.rootNode);
	if (!tree.rootNode.hasError) answer.code[file] = codeLines(text, tree.rootNode);
	tree.delete();
}
process.stdout.write(JSON.stringify(answer));
