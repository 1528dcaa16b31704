// What the TypeScript compiler says of JavaScript, TypeScript and Vue: imports, where they lead, definitions.
//
//   node oracle_js.mjs FOLDER  <{"files": [...]}
//
// Names are resolved by ts.resolveModuleName with the options of the nearest tsconfig.json (or jsconfig.json), by the
// rules of bundlers, with the repository's own packages linked into node_modules as npm and pnpm would.  A package of
// the repository whose entry is not there (built before it is published) is not judged.  Where a declaration stands
// for JavaScript, which is beside it or, for JavaScript that imports it, what Node finds, the JavaScript counts.
// Private names are written without their #, as references to them are.
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, realpathSync, statSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative, resolve } from "node:path";

const folder = realpathSync(process.argv[2]);
const { files } = JSON.parse(readFileSync(0, "utf8"));
const ts = createRequire(join(process.env.ACCURACY_WORK, "npm", "package.json"))("typescript");

const answer = { imports: [], defs: [], unparsed: [], unjudged: [], code: {} };
const isFile = (path) => existsSync(path) && statSync(path).isFile();
const readJson = (path) => ts.parseConfigFileTextToJson(path, readFileSync(path, "utf8")).config ?? {};

// --- Packages of this repository. ---

function folders(pattern) {
	let found = [folder];
	for (const part of pattern.replace(/^\.\//, "").replace(/\/$/, "").split("/")) {
		const next = [];
		for (const at of found) {
			if (!/[*]/.test(part)) next.push(join(at, part));
			else next.push(...below(at, part === "**" ? 8 : 1, part));
		}
		found = next;
	}
	return found.filter((at) => existsSync(join(at, "package.json")));
}

function below(at, depth, part) {
	if (depth === 0 || !existsSync(at) || !statSync(at).isDirectory()) return depth === 8 ? [at] : [];
	const matches = new RegExp("^" + part.replace(/[.+^$()|[\]\\]/g, "\\$&").replace(/\*+/g, ".*") + "$");
	const here = readdirSync(at, { withFileTypes: true })
		.filter((one) => one.isDirectory() && one.name !== "node_modules" && !one.name.startsWith(".") && matches.test(one.name))
		.map((one) => join(at, one.name));
	return part === "**" ? [at, ...here.flatMap((one) => below(one, depth - 1, part))] : here;
}

function workspacePatterns() {
	const patterns = [];
	if (isFile(join(folder, "package.json"))) {
		const { workspaces } = readJson(join(folder, "package.json"));
		patterns.push(...(Array.isArray(workspaces) ? workspaces : (workspaces?.packages ?? [])));
	}
	if (isFile(join(folder, "pnpm-workspace.yaml"))) {
		let inside = false;
		for (const line of readFileSync(join(folder, "pnpm-workspace.yaml"), "utf8").split("\n")) {
			const item = line.match(/^\s*-\s*["']?([^"'#]+?)["']?\s*$/);
			if (/^packages:/.test(line)) inside = true;
			else if (inside && item) patterns.push(item[1]);
			else if (/^\S/.test(line)) inside = false;
		}
	}
	return patterns.filter((one) => !one.startsWith("!"));
}

// The root's own package is one as well: examples and tests import it by its name.
const packages = new Map();
for (const at of [...workspacePatterns().flatMap(folders), ...(isFile(join(folder, "package.json")) ? [folder] : [])]) {
	const { name } = readJson(join(at, "package.json"));
	if (typeof name !== "string" || packages.has(name)) continue;
	packages.set(name, at);
	const link = join(folder, "node_modules", name);
	mkdirSync(dirname(link), { recursive: true });
	if (!lstatSync(link, { throwIfNoEntry: false })) symlinkSync(at, link);
}

// --- Names. ---

const optionsOf = new Map();
function options(at) {
	if (!optionsOf.has(at)) {
		const config = ["tsconfig.json", "jsconfig.json"].map((name) => join(at, name)).find(isFile);
		let found = {};
		if (config) found = ts.parseJsonConfigFileContent(readJson(config), { ...ts.sys, readDirectory: () => [] }, at).options;
		else if (at !== folder && at.startsWith(folder)) found = options(dirname(at));
		optionsOf.set(at, {
			...found, module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler, allowJs: true,
			resolveJsonModule: true, preserveSymlinks: false, types: [], typeRoots: [],
		});
	}
	return optionsOf.get(at);
}

function asListed(path) {
	const plain = path.replace(/\.d\.([cm]?)ts$/, ".$1js");
	const found = plain !== path && isFile(plain) ? plain : path;
	const listed = relative(folder, realpathSync(found));
	return listed.startsWith("..") || listed.startsWith("node_modules/") ? null : listed;
}

// What Node requires; null when that is no script of the repository.
function byNode(name, from) {
	try {
		const found = asListed(createRequire(from).resolve(name));
		return found && /\.[cm]?js$/.test(found) ? found : null;
	} catch {
		return null;
	}
}

function packageOf(name) {
	return name.split("/").slice(0, name.startsWith("@") ? 2 : 1).join("/");
}

function note(file, line, written, mode = ts.ModuleKind.ESNext) {
	const name = written.replace(/\?.*$/, "").replace(/^.*!/, "");
	const from = join(folder, file);
	const found = ts.resolveModuleName(name, from, options(dirname(from)), ts.sys, undefined, undefined, mode).resolvedModule;
	if (found) {
		const listed = asListed(found.resolvedFileName);
		const required = mode === ts.ModuleKind.CommonJS, declared = /\.d\.[cm]?ts$/;
		const asNode = /\.[cm]?jsx?$/.test(file) && declared.test((required ? found.resolvedFileName : listed) ?? "");
		answer.imports.push([file, line, (asNode && byNode(name, from)) || listed]);
		return;
	}
	const here = resolve(dirname(from), name);
	const file_here = [here, `${here}.json`].find(isFile); // Node's require finds the second
	if (/^\.\.?(\/|$)/.test(name) && file_here) answer.imports.push([file, line, asListed(file_here)]);
	else if (packages.has(packageOf(name))) answer.unjudged.push([file, line]);
	else answer.imports.push([file, line, null]);
}

// --- One file. ---

// The scripts of a .vue file at their lines; the rest blank.
function scripts(text) {
	let kept = "", at = 0, lang = "js";
	for (const found of text.matchAll(/<script\b([^>]*)>([\s\S]*?)<\/script>/g)) {
		const start = found.index + found[0].indexOf(">") + 1;
		kept += text.slice(at, start).replace(/[^\n]/g, " ") + found[2] + "\n".slice(1);
		at = start + found[2].length;
		lang = found[1].match(/lang=["'](\w+)/)?.[1] ?? lang;
	}
	return [kept, lang];
}

function parse(file) {
	let text = readFileSync(join(folder, file), "utf8"), kind;
	if (file.endsWith(".vue")) {
		let lang;
		[text, lang] = scripts(text);
		kind = { ts: ts.ScriptKind.TS, tsx: ts.ScriptKind.TSX, jsx: ts.ScriptKind.JSX }[lang] ?? ts.ScriptKind.JS;
	} else if (/\.[cm]?jsx?$/.test(file)) {
		kind = ts.ScriptKind.JSX;
	}
	return ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true, kind);
}

const isFunction = (node) => node && (ts.isFunctionExpression(node) || ts.isArrowFunction(node));

const isClassWithName = (node) => node && ts.isClassExpression(node) && node.name;
const isNamedByVariable = (node) => node && ts.isClassExpression(node) && !node.name;
// What is required is defined elsewhere.
const isRequired = (node) => node && (ts.isPropertyAccessExpression(node) || ts.isCallExpression(node) ||
	ts.isElementAccessExpression(node)) ? (ts.isIdentifier(node.expression) ? node.expression.text === "require" : isRequired(node.expression)) : false;
// A member with a body, or one that is only declared: not a signature before the one with the body.
const isMember = (node) => ts.isClassLike(node.parent) && (node.body || node.parent.flags & ts.NodeFlags.Ambient ||
	(node.modifiers ?? []).some((one) => one.kind === ts.SyntaxKind.AbstractKeyword));

function visit(file, source) {
	const lineOf = (node) => source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
	const define = (name) => {
		if (name && (ts.isIdentifier(name) || ts.isPrivateIdentifier(name))) answer.defs.push([file, lineOf(name), name.text.replace(/^#/, "")]);
	};
	const isText = (node) => node && (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node));
	for (const one of [...source.referencedFiles, ...source.typeReferenceDirectives]) {
		const path = source.referencedFiles.includes(one);
		note(file, source.getLineAndCharacterOfPosition(one.pos).line + 1, path && !/^[./]/.test(one.fileName) ? `./${one.fileName}` : one.fileName);
	}
	const stack = [[source, true]];
	while (stack.length > 0) {
		const [node, top] = stack.pop();
		let inside = top;
		if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && isText(node.moduleSpecifier))
			note(file, lineOf(node), node.moduleSpecifier.text);
		else if (ts.isImportEqualsDeclaration(node) && ts.isExternalModuleReference(node.moduleReference))
			note(file, lineOf(node), node.moduleReference.expression.text);
		else if (ts.isCallExpression(node) && isText(node.arguments[0]) && (node.expression.kind === ts.SyntaxKind.ImportKeyword ||
			(ts.isIdentifier(node.expression) && node.expression.text === "require" && node.arguments.length === 1)))
			note(file, lineOf(node.expression), node.arguments[0].text,
				ts.isIdentifier(node.expression) ? ts.ModuleKind.CommonJS : ts.ModuleKind.ESNext);
		else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument) && isText(node.argument.literal))
			note(file, lineOf(node), node.argument.literal.text);
		else if ((ts.isFunctionDeclaration(node) && (node.body || node.flags & ts.NodeFlags.Ambient)) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node) ||
			ts.isEnumDeclaration(node) || ts.isClassLike(node))
			define(node.name);
		else if (ts.isModuleDeclaration(node) && ts.isIdentifier(node.name) && !(node.flags & ts.NodeFlags.GlobalAugmentation))
			define(node.name);
		else if (ts.isConstructorDeclaration(node) && isMember(node))
			answer.defs.push([file, source.getLineAndCharacterOfPosition(node.getChildren(source).find((one) =>
				one.kind === ts.SyntaxKind.ConstructorKeyword).getStart(source)).line + 1, "constructor"]);
		else if ((ts.isMethodDeclaration(node) || ts.isGetAccessor(node) || ts.isSetAccessor(node)) && isMember(node))
			define(node.name);
		else if (ts.isPropertyDeclaration(node) && ts.isClassLike(node.parent) && isFunction(node.initializer))
			define(node.name);
		else if (ts.isVariableDeclaration(node) && top && ts.isVariableStatement(node.parent.parent) &&
			(isFunction(node.initializer) || isNamedByVariable(node.initializer) ||
			(node.parent.flags & ts.NodeFlags.Const && node.initializer && !isRequired(node.initializer) && !isClassWithName(node.initializer))))
			define(node.name);
		else if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.EqualsToken && top &&
			isFunction(node.right) && ts.isExpressionStatement(node.parent) && node.parent.parent === source &&
			ts.isPropertyAccessExpression(node.left) && node.left.getText(source) !== "module.exports")
			define(node.left.name);
		if (ts.isBlock(node) || ts.isClassLike(node) || ts.isFunctionLike(node)) inside = false;
		if (ts.isCaseBlock(node)) inside = false;
		node.forEachChild((child) => void stack.push([child, inside]));
	}
}

// Lines on which a token stands: what is left are comments and blanks.
function codeLines(source) {
	const lines = source.text.split(/\r\n|\n|\r/), found = new Set();
	const lineOf = (at) => source.getLineAndCharacterOfPosition(at).line;
	const stack = [source];
	while (stack.length > 0) {
		const node = stack.pop();
		if (node.kind >= ts.SyntaxKind.FirstJSDocNode && node.kind <= ts.SyntaxKind.LastJSDocNode) continue;
		const children = node.getChildren(source);
		stack.push(...children);
		if (children.length > 0 || node.kind === ts.SyntaxKind.EndOfFileToken || node.end === node.getStart(source)) continue;
		for (let at = lineOf(node.getStart(source)); at <= lineOf(node.end - 1); at++) if (lines[at].trim() !== "") found.add(at);
	}
	return found.size;
}

for (const file of files) {
	const source = parse(file);
	if (source.parseDiagnostics.length > 0) {
		answer.unparsed.push(file);
		continue;
	}
	visit(file, source);
	if (!file.endsWith(".vue")) answer.code[file] = codeLines(source);
}
process.stdout.write(JSON.stringify(answer));
