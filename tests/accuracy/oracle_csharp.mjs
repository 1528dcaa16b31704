// What tree-sitter's C# grammar sees: using directives and the types used through them, definitions, lines.
//
//   node oracle_csharp.mjs FOLDER  <{"files": [...]}
//
// No compiler resolves names here without the packages.  A name in the place of a type is looked up as the language
// says: nested types, namespaces around it from the inside out, then using directives (of the project, too); of several
// files of one type those of the own project, of projects that it refers to, then the nearest; parts of a partial type are
// as good as each other.  The head of a member access counts as a type's name where no property, field, parameter or
// variable of the repository is called so, else it is neither right nor wrong, like extension methods.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, normalize } from "node:path";

const folder = process.argv[2];
const { files } = JSON.parse(readFileSync(0, "utf8"));
const require = createRequire(join(process.env.ACCURACY_WORK, "npm", "package.json"));
const { Parser, Language } = require("web-tree-sitter");
await Parser.init();
const parser = new Parser();
parser.setLanguage(await Language.load(readFileSync(require.resolve("tree-sitter-c-sharp/tree-sitter-c_sharp.wasm"))));

const answer = { imports: [], uses: [], defs: [], unparsed: [], unsure: [], code: {} };
const field = (node, name) => node.childForFieldName(name);
const children = (node) => node.namedChildren.filter(Boolean);
const line = (node) => node.startPosition.row + 1;

const TYPES = new Set(["class_declaration", "struct_declaration", "interface_declaration", "enum_declaration", "record_declaration",
	"record_struct_declaration", "delegate_declaration"]);
const IN_TYPE = new Set(["base_list", "type_argument_list", "array_type", "nullable_type", "pointer_type", "ref_type", "scoped_type",
	"primary_constructor_base_type", "type_parameter_constraint", "explicit_interface_specifier", "function_pointer_type"]);
const NAME = new Set(["identifier", "generic_name", "qualified_name", "alias_qualified_name"]);
const values = new Set(); // what is called so somewhere is a value, maybe

const joined = (a, b) => (a && b ? `${a}.${b}` : a || b);
const dotted = (node) => node.text.replace(/\s+/g, "").replace(/<[^.]*>/g, "").replace(/^global::/, "").replace(/^.*::/, "");

// A name as [parts, number of type arguments of the first part]
function written(node) {
	let first = node;
	while (first.type === "qualified_name" || first.type === "alias_qualified_name") {
		if (first.type === "alias_qualified_name") break;
		first = field(first, "qualifier");
	}
	const list = first.type === "generic_name" ? children(first).find((one) => one.type === "type_argument_list") : null;
	const commas = list ? list.text.slice(1, -1).replace(/<[^<>]*(<[^<>]*>[^<>]*)*>|\([^()]*\)/g, "").split(",").length : 0;
	return [dotted(node).split("."), commas];
}

function isType(node) {
	const { parent } = node;
	if (parent === null || !NAME.has(node.type) || parent.type === "qualified_name" || parent.type === "alias_qualified_name") return false;
	if (IN_TYPE.has(parent.type) || parent.type === "attribute") return true;
	if (/^(as|is)_expression$/.test(parent.type) && field(parent, "right")?.id === node.id) return true;
	for (const name of ["type", "returns"])
		if (parent.childrenForFieldName(name).some((one) => one?.id === node.id)) return true;
	return false;
}

class File {
	constructor(file) {
		this.file = file;
		this.defs = []; this.types = []; this.uses = []; this.heads = []; this.usings = []; this.calls = new Set();
		this.extensions = []; this.own = new Set(); this.around = new Set([""]); this.comments = []; this.parameters = new Set();
		const text = readFileSync(join(folder, file), "utf8").replace(/^\ufeff/, "");
		const tree = parser.parse(text);
		if (tree.rootNode.hasError) answer.unparsed.push(file);
		this.visit(tree.rootNode);
		if (tree.rootNode.hasError) this.outermost(text);
		if (!tree.rootNode.hasError) answer.code[file] = this.codeLines(text);
		tree.delete();
	}

	// What the grammar does not get through (#if in the middle of things) declares what stands least far to the right.
	outermost(text) {
		const space = text.match(/^\s*namespace\s+([\w.]+)/m)?.[1] ?? "";
		const found = [...text.matchAll(/^([ \t]*)(?:(?:public|internal|static|abstract|sealed|partial|readonly|ref|unsafe|file) )*(?:class|struct|interface|enum|record) (\w+)(<[^>]*>)?/gm)];
		const least = Math.min(...found.map((one) => one[1].length));
		for (const [, margin, name, list] of found)
			if (margin.length === least) this.types.push([joined(space, name), list ? list.split(",").length : 0]);
		this.enter(space);
	}

	codeLines(text) {
		let kept = "", at = 0;
		for (const [start, end] of this.comments.sort((a, b) => a[0] - b[0])) {
			kept += text.slice(at, start) + text.slice(start, end).replace(/[^\n]/g, " ");
			at = end;
		}
		return (kept + text.slice(at)).split("\n").filter((row) => /\S/.test(row)).length;
	}

	define(name) {
		if (name) this.defs.push([line(name), name.text.replace(/^@/, "")]);
	}

	enter(space) {
		for (let part = space; part; part = part.includes(".") ? part.slice(0, part.lastIndexOf(".")) : "") this.around.add(part);
	}

	// Depth is bounded by the stack of our own.
	visit(root) {
		const stack = [[root, "", 0, false]];
		while (stack.length > 0) {
			const [node, space, depth, inBody] = stack.pop();
			let inner = space, below = depth, body = inBody;
			if (node.type === "comment") { this.comments.push([node.startIndex, node.endIndex]); continue; }
			if (node.type === "namespace_declaration" || node.type === "file_scoped_namespace_declaration") {
				const name = field(node, "name");
				this.defs.push([line(name), dotted(name)]);
				inner = joined(space, dotted(name));
				this.enter(inner);
			} else if (node.type === "using_directive") {
				this.readUsing(node);
				continue;
			} else if (TYPES.has(node.type)) {
				const name = field(node, "name");
				if (!inBody) this.define(name);
				const arity = children(node).find((one) => one.type === "type_parameter_list");
				if (depth === 0) this.types.push([joined(space, name.text), arity ? children(arity).filter((one) => one.type === "type_parameter").length : 0]);
				else this.own.add(name.text);
				below = depth + 1;
			} else if (!inBody) {
				this.readMember(node, depth);
			}
			this.readName(node, space);
			if (node.type === "block" || node.type === "arrow_expression_clause") body = true;
			// what follows "namespace A;" is its sibling
			let at = inner;
			const list = children(node);
			const next = list.map((one) => {
				const row = [one, at, below, body];
				if (one.type === "file_scoped_namespace_declaration") at = joined(space, dotted(field(one, "name")));
				return row;
			});
			stack.push(...next.reverse());
		}
	}

	readUsing(node) {
		const alias = field(node, "name"), isStatic = node.children.some((one) => one?.type === "static");
		const target = children(node).filter((one) => NAME.has(one.type) && one.id !== alias?.id).pop();
		if (!target) return;
		this.usings.push({ line: line(node), name: dotted(target), alias: alias?.text ?? null, isStatic,
			isGlobal: node.children.some((one) => one?.type === "global") });
	}

	readMember(node, depth) {
		if (depth === 0) return;
		switch (node.type) {
			case "method_declaration": {
				this.define(field(node, "name"));
				const first = children(field(node, "parameters")).find((one) => one.type === "parameter");
				if (first && /^(\[[^\]]*\]\s*)*this\b/.test(first.text)) this.extensions.push(field(node, "name").text);
				break;
			}
			case "constructor_declaration": case "destructor_declaration":
				this.define(field(node, "name"));
				break;
			case "operator_declaration": case "conversion_operator_declaration": {
				const word = node.children.find((one) => one?.type === "operator");
				const text = node.text.slice(word.startIndex - node.startIndex);
				this.defs.push([line(word), text.slice(0, text.indexOf("(")).trimEnd()]);
				break;
			}
			case "field_declaration": {
				const words = children(node).filter((one) => one.type === "modifier").map((one) => one.text);
				if (!words.includes("const") && !(words.includes("static") && words.includes("readonly"))) break;
				const list = children(children(node).find((one) => one.type === "variable_declaration"));
				for (const one of list.filter((item) => item.type === "variable_declarator"))
					if (one.children.some((part) => part?.type === "=")) this.define(field(one, "name"));
			}
		}
	}

	readName(node, space) {
		if (/^(property_declaration|parameter|variable_declarator|enum_member_declaration|event_declaration|declaration_pattern|declaration_expression|foreach_statement|catch_declaration|type_parameter|tuple_element)$/.test(node.type)) {
			const name = field(node, "name") ?? field(node, "left");
			if (name?.type === "identifier") values.add(name.text);
			if (node.type === "type_parameter" && name) this.parameters.add(name.text);
		}
		if (node.type === "method_declaration" || node.type === "local_function_statement") values.add(field(node, "name").text);
		if (isType(node)) this.uses.push([...written(node), space, node.parent.type === "attribute"]);
		if (node.type === "member_access_expression") {
			const name = field(node, "name");
			let head = field(node, "expression");
			if (node.parent?.type !== "member_access_expression" && /^[\w.\s]+$/.test(node.text))
				this.heads.push([node.text.replace(/\s+/g, "").split("."), 0, space, false]);
			else if (head?.type === "identifier" || head?.type === "generic_name") this.heads.push([...written(head), space, false]);
			if (name) this.calls.add(name.text.replace(/<.*/s, ""));
		}
		if (node.type === "constant_pattern" && NAME.has(children(node)[0]?.type)) this.heads.push([...written(children(node)[0]), space, false]);
		if (node.type === "member_binding_expression" && field(node, "name")) this.calls.add(field(node, "name").text.replace(/<.*/s, ""));
	}
}

// --- Projects. ---

const projects = new Map(); // folder -> {references: folders, usings}
function findProjects(at) {
	for (const one of readdirSync(join(folder, at), { withFileTypes: true })) {
		if (one.isDirectory() && one.name !== ".git") findProjects(join(at, one.name));
		else if (one.isFile() && one.name.endsWith(".csproj")) {
			const text = readFileSync(join(folder, at, one.name), "utf8");
			const references = [...text.matchAll(/<ProjectReference\s[^>]*Include="([^"]+)"/g)].map((m) => dirname(normalize(join(at, m[1].replaceAll("\\", "/")))));
			const usings = [...text.matchAll(/<Using\s[^>]*Include="([^"]+)"/g)].map((m) => m[1]);
			const had = projects.get(at || ".");
			projects.set(at || ".", { references: [...references, ...(had?.references ?? [])], usings: [...usings, ...(had?.usings ?? [])] });
		}
	}
}
findProjects("");

function projectOf(file) {
	for (let at = dirname(file); ; at = dirname(at)) {
		if (projects.has(at)) return at;
		if (at === ".") return null;
	}
}

function common(a, b) {
	const x = dirname(a).split("/"), y = dirname(b).split("/");
	let n = 0;
	while (n < Math.min(x.length, y.length) && x[n] === y[n]) n++;
	return n;
}

// --- Who declares what. ---

const readers = new Map(), types = new Map(), spaces = new Set(), extensions = new Map(), globals = new Map();
const add = (map, key, file) => map.has(key) ? map.get(key).add(file) : map.set(key, new Set([file]));
for (const file of files) {
	const one = new File(file);
	readers.set(file, one);
	for (const [name, arity] of one.types) {
		add(types, `${name}\`${arity}`, file);
		add(types, name, file);
	}
	for (const space of one.around) spaces.add(space);
	for (const name of one.extensions) for (const space of one.around) add(extensions, joined(space, name), file);
	const project = projectOf(file);
	for (const using of one.usings) if (using.isGlobal && !using.alias && !using.isStatic) add(globals, project, using.name);
}

// The files that a full name may mean, from a file: those of the best project.
function candidates(name, from) {
	const found = [...(types.get(name) ?? [])];
	if (found.length < 2) return found;
	if (found.includes(from)) return [from];
	const own = projectOf(from), refers = projects.get(own)?.references ?? [];
	const rank = (file) => (projectOf(file) === own ? 2 : refers.includes(projectOf(file)) ? 1 : 0);
	const best = Math.max(...found.map(rank));
	let left = found.filter((file) => rank(file) === best);
	if (best === 0) {
		const most = Math.max(...left.map((file) => common(file, from)));
		left = left.filter((file) => common(file, from) === most);
	}
	return left;
}

function typeIn(space, [name], arity, isAttribute, from) {
	for (const full of isAttribute ? [joined(space, `${name}Attribute`), joined(space, name)] : [joined(space, name)])
		for (const key of [`${full}\`${arity}`]) {
			const found = candidates(key, from);
			if (found.length > 0) return found;
		}
	return [];
}

function outward(space) {
	const all = [space];
	while (space) { space = space.includes(".") ? space.slice(0, space.lastIndexOf(".")) : ""; all.push(space); }
	return all;
}

function namespaceFrom(name, one) {
	for (const space of [...one.around].sort((a, b) => b.length - a.length)) if (spaces.has(joined(space, name))) return joined(space, name);
	return null;
}

// A.B.C in full or from a namespace around: the first beginning of it that is a type.
function qualified(parts, space, from) {
	for (const around of outward(space))
		for (let n = 1; n <= parts.length; n++) {
			const found = candidates(joined(around, parts.slice(0, n).join(".")), from);
			if (found.length > 0) return found;
		}
	return [];
}

function tell(file, at, found, certain) {
	if (found.includes(file)) return;
	if (certain && found.length === 1) at > 0 ? answer.imports.push([file, at, found[0]]) : answer.uses.push([file, found[0]]);
	else for (const to of found) answer.unsure.push([file, at, to]);
}

function look(one, usings, [parts, arity, space, isAttribute], certain) {
	const { file } = one;
	if (one.own.has(parts[0]) || one.parameters.has(parts[0])) return;
	for (const around of outward(space)) {
		const found = typeIn(around, parts, parts.length === 1 || arity ? arity : 0, isAttribute && parts.length === 1, file);
		if (found.length > 0) { tell(file, 0, found, certain); return; }
		if (parts.length > 1 && spaces.has(joined(around, parts[0]))) break;
	}
	for (const using of usings.filter((item) => item.alias === parts[0])) {
		if (parts.length > 1 && using.space) tell(file, using.line, candidates(joined(using.space, parts[1]), file), certain);
		return;
	}
	for (const using of usings) {
		if (using.alias || !using.space) continue;
		const found = typeIn(using.space, parts, arity, isAttribute && parts.length === 1, file);
		if (found.length > 0) { tell(file, using.line, found, certain); return; }
	}
	if (parts.length > 1) tell(file, 0, qualified(parts, space, file), certain);
}

for (const [file, one] of readers) {
	for (const [at, name] of one.defs) answer.defs.push([file, at, name]);
	const project = projectOf(file);
	const usings = one.usings.filter((using) => !using.isStatic).map((using) => ({ ...using, space: namespaceFrom(using.name, one) }));
	for (const name of [...(globals.get(project) ?? []), ...(projects.get(project)?.usings ?? [])])
		usings.push({ line: 0, name, alias: null, space: spaces.has(name) ? name : null });
	for (const using of one.usings) {
		if (!using.isStatic && (!using.alias || namespaceFrom(using.name, one))) continue;
		let found = [];
		for (const around of [...one.around].sort((a, b) => b.length - a.length)) if (found.length === 0) found = qualified(using.name.split("."), around, file);
		if (found.length === 1) answer.imports.push([file, using.line, found[0]]);
		else for (const to of found) answer.unsure.push([file, using.line, to]);
	}
	for (const use of one.uses) look(one, usings, use, true);
	for (const use of one.heads) if (/^[A-Z]/.test(use[0][0])) look(one, usings, use, !values.has(use[0][0]));
	for (const call of one.calls) {
		for (const around of one.around) for (const to of extensions.get(joined(around, call)) ?? []) answer.unsure.push([file, 0, to]);
		for (const using of usings) for (const to of (using.space !== null && extensions.get(joined(using.space, call))) || []) answer.unsure.push([file, using.line, to]);
	}
}
// What is told for sure somewhere is no longer unsure.
const sure = new Set([...answer.imports.map(String), ...answer.uses.map(([file, to]) => `${file},0,${to}`)]);
answer.unsure = answer.unsure.filter((row) => !sure.has(String(row)));
process.stdout.write(JSON.stringify(answer));
