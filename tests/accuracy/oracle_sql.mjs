// What PostgreSQL's own parser (libpg-query) says of SQL files: tables and views that statements name and the file
// that creates them, files that psql reads in, definitions, lines.
//
//   node oracle_sql.mjs FOLDER  <{"files": [...]}
//
// Commands of psql and the data of COPY are blanked before, variables of psql are put as plain words.  A file that the
// server's grammar does not take (another dialect, a template) is not judged, but counts as the one that creates a
// table when a statement of it by itself can be read.  A table leads to the file that alone creates one of its name.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, normalize } from "node:path";

const folder = process.argv[2];
const { files } = JSON.parse(readFileSync(0, "utf8"));
const pg = createRequire(join(process.env.ACCURACY_WORK, "npm", "package.json"))("libpg-query");
await pg.loadModule();

const answer = { imports: [], defs: [], unparsed: [], unjudged: [], code: {} };
const known = new Set(files);
const blank = (text) => text.replace(/[^\n]/g, " ");

// Commands of the client, noted and blanked; bytes keep their places.
function withoutClient(text, reads) {
	let line = 0, copied = false;
	return text.split("\n").map((row) => {
		line++;
		if (copied) {
			copied = !row.startsWith("\\.");
			return blank(row);
		}
		if (/^\s*COPY\s[^;]*\sFROM\s+stdin\b[^;]*;\s*$/i.test(row)) {
			copied = true;
			return blank(row);
		}
		const found = row.match(/^\s*\\(\w+|\.|!|\?)\s*(.*)$/);
		if (found === null) return row;
		const path = found[2].trim().replace(/^'(.*)'$/, "$1");
		if (/^(i|ir|include|include_relative)$/.test(found[1]) && path) reads.push([line, found[1], path]);
		return blank(row);
	}).join("\n");
}

// :name, :'name' and :"name", where no string, comment or :: is.
function withoutVariables(text) {
	const parts = /('(?:[^']|'')*'|\$(\w*)\$[\s\S]*?\$\2\$|--[^\n]*|\/\*[\s\S]*?\*\/|::)|:(?=['"\w])/g;
	return text.replace(parts, (all, kept) => kept ?? " ");
}

function parse(written) {
	const text = written.replace(/@(ext\w+(?::\w+)?)@/g, (all, name) => `_${name.replace(":", "_")}_`); // of CREATE EXTENSION
	for (const one of [text, withoutVariables(text)]) {
		try {
			return [pg.parseSync(one), one];
		} catch { /* the next */ }
	}
	return null;
}

function scan(text) {
	try {
		return pg.scanSync(text).tokens;
	} catch {
		return null;
	}
}

const lineAt = (bytes, offset) => {
	let line = 1;
	for (let i = 0; i < offset && i < bytes.length; i++) line += bytes[i] === 10;
	return line;
};

const last = (names) => names[names.length - 1].String.sval;
const relation = (range) => [range.relname, range.location];

// Name of what a statement makes, and where it may stand; null when it makes nothing of a map.
function made(kind, node) {
	switch (kind) {
		case "CreateStmt": return relation(node.relation);
		case "CreateForeignTableStmt": return relation((node.base ?? node.baseStmt).relation);
		case "ViewStmt": return relation(node.view);
		case "CreateTableAsStmt": return relation(node.into.rel);
		case "CompositeTypeStmt": return relation(node.typevar);
		case "CreateEnumStmt": case "CreateRangeStmt": return [last(node.typeName), null];
		case "CreateDomainStmt": return [last(node.domainname), null];
		case "CreateFunctionStmt": return [last(node.funcname), null];
		case "CreateTrigStmt": return [node.trigname, null];
		case "CreateEventTrigStmt": return [node.trigname, null];
		case "IndexStmt": return node.idxname ? [node.idxname, null] : null;
		case "CreateSchemaStmt": return node.schemaname ? [node.schemaname, null] : null;
		case "CreatedbStmt": return [node.dbname, null];
		case "DefineStmt":
			return /AGGREGATE|OBJECT_TYPE/.test(node.kind) ? [last(node.defnames), null] : null;
	}
	return null;
}

const TABLES = new Set(["CreateStmt", "CreateForeignTableStmt", "ViewStmt", "CreateTableAsStmt"]);

// Tables that a statement names, without those that it makes and those that WITH names.
function named(root) {
	const found = [], with_ = new Set(), stack = [root];
	while (stack.length > 0) {
		const node = stack.pop();
		if (Array.isArray(node)) { stack.push(...node); continue; }
		if (node === null || typeof node !== "object") continue;
		if (node.objtype === "OBJECT_TYPE" || node.relationType === "OBJECT_TYPE") continue; // ALTER TYPE
		for (const [key, value] of Object.entries(node)) {
			if (key === "CommonTableExpr") with_.add(value.ctename);
			if ((key === "RangeVar" || key === "relation" || key === "pktable") && value?.relname)
				found.push([value.schemaname ? `${value.schemaname}.${value.relname}` : value.relname, value.location ?? 0]);
			stack.push(value);
		}
	}
	return found.filter(([name]) => !with_.has(name));
}

const parsed = new Map(), creators = new Map();
function creates(name, file) {
	if (!creators.has(name)) creators.set(name, new Set());
	creators.get(name).add(file);
}

function readStatements(file, text, tree, bytes) {
	const one = { defs: [], uses: [] };
	const tokens = scan(text) ?? [];
	for (const { stmt, stmt_location: from = 0, stmt_len: length } of tree.stmts) {
		const [kind] = Object.keys(stmt), node = stmt[kind];
		const end = length ? from + length : bytes.length;
		const making = made(kind, node);
		if (making !== null) {
			const [name, location] = making;
			const fits = (t) => bytes.subarray(t.start, t.end).toString().replace(/^"(.*)"$/, "$1").replaceAll('""', '"').slice(0, 63).toLowerCase() === name.toLowerCase();
			const at = tokens.find((t) => t.start >= (location ?? from) && t.start < end && fits(t));
			if (at) one.defs.push([lineAt(bytes, at.start), bytes.subarray(at.start, at.end).toString().replace(/^"(.*)"$/, "$1")]);
		}
		const own = TABLES.has(kind) ? (node.relation ?? node.view ?? node.into?.rel ?? (node.base ?? node.baseStmt)?.relation) : null;
		if (own) {
			creates(own.relname.toLowerCase(), file);
			if (own.schemaname) creates(`${own.schemaname}.${own.relname}`.toLowerCase(), file);
		}
		for (const [name, location] of named(node))
			if (own === null || location !== own.location) one.uses.push([lineAt(bytes, location), name.toLowerCase()]);
		for (const element of schemaElements(kind, node)) readElement(one, file, element, bytes, tokens);
	}
	return one;
}

// CREATE SCHEMA x CREATE TABLE y (...)
function schemaElements(kind, node) {
	return kind === "CreateSchemaStmt" ? (node.schemaElts ?? []) : [];
}

function readElement(one, file, stmt, bytes, tokens) {
	const [kind] = Object.keys(stmt), making = made(kind, stmt[kind]);
	if (making?.[1] != null) one.defs.push([lineAt(bytes, making[1]), making[0]]);
}

// Comments of a text and of the bodies in it, which are strings to the server; null where they are no SQL.
function blankComments(rest, from, tokens) {
	for (const t of tokens) {
		if (t.tokenName === "SQL_COMMENT" || t.tokenName === "C_COMMENT") {
			for (let i = from + t.start; i < from + t.end; i++) if (rest[i] !== 10) rest[i] = 32;
		} else if (t.tokenName === "SCONST" && rest[from + t.start] === 36) {
			const tag = rest.indexOf(36, from + t.start + 1) + 1 - from - t.start;
			const inner = scan(rest.subarray(from + t.start + tag, from + t.end - tag).toString());
			if (inner !== null) blankComments(rest, from + t.start + tag, inner);
		}
	}
}

function codeLines(bytes, tokens) {
	const rest = Buffer.from(bytes);
	blankComments(rest, 0, tokens);
	return rest.toString("latin1").split("\n").filter((row) => /\S/.test(row)).length;
}

for (const file of files) {
	const reads = [], text = readFileSync(join(folder, file), "utf8");
	const plain = withoutClient(text, reads), found = parse(plain);
	for (const [line, how, path] of reads) {
		const places = how === "ir" || how === "include_relative" ? [dirname(file)] : [dirname(file), "."];
		if (/[:`]/.test(path)) answer.unjudged.push([file, line]);
		else answer.imports.push([file, line, places.map((at) => normalize(join(at, path))).find((one) => known.has(one)) ?? null]);
	}
	if (found === null) {
		answer.unparsed.push(file);
		for (const part of plain.split(/;\s*\n/)) {
			const some = parse(part);
			if (some !== null) readStatements(file, some[1], some[0], Buffer.from(some[1]));
			else for (const [, name] of part.matchAll(/\bcreate\s+(?:\w+\s+)*?(?:table|view)\s+(?:if\s+not\s+exists\s+)?([\w.]+)/gi)) {
				creates(name.toLowerCase(), file);
				creates(name.toLowerCase().replace(/^.*\./, ""), file);
			}
		}
		continue;
	}
	const bytes = Buffer.from(found[1]);
	parsed.set(file, readStatements(file, found[1], found[0], bytes));
	const tokens = plain === text ? scan(text) : null; // with the client's commands in it no lexer reads it
	if (tokens !== null) answer.code[file] = codeLines(Buffer.from(text), tokens);
}
for (const [file, one] of parsed) {
	for (const [line, name] of one.defs) answer.defs.push([file, line, name]);
	const seen = new Set();
	for (const [line, name] of one.uses.sort((a, b) => a[0] - b[0])) {
		if (seen.has(name)) continue;
		seen.add(name);
		const makers = creators.get(name);
		if (makers?.size === 1) answer.imports.push([file, line, [...makers][0]]);
	}
}
process.stdout.write(JSON.stringify(answer));
