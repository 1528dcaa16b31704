// The dependencies that Gradle's Kotlin scripts name, by tree-sitter's tree: {file: [[configuration argument]]}, as JSON.
//
//   node oracle_gradle.mjs FOLDER  <{"files": [...]}
//
// Of each statement of a block called dependencies or constraints: ["text", "g:a:v"], ["alias", "androidx.core"] of the catalogue
// libs, ["kotlin", "stdlib"].  What is put together, and other projects, are left out; a file with such a statement says
// so in "unread".
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const folder = process.argv[2];
const { files } = JSON.parse(readFileSync(0, "utf8"));
const require = createRequire(join(process.env.ACCURACY_WORK, "npm", "package.json"));
const { Parser, Language } = require("web-tree-sitter");
await Parser.init();
const parser = new Parser();
parser.setLanguage(await Language.load(readFileSync(require.resolve("tree-sitter-wasms/out/tree-sitter-kotlin.wasm"))));

const children = (node) => node.namedChildren.filter(Boolean);
const child = (node, type) => children(node).find((one) => one.type === type) ?? null;
const called = (node) => (node.type === "call_expression" ? children(node)[0].text : "");
const answer = { files: {}, unread: [] };

function given(node) {
	const suffix = child(node, "call_suffix"), list = suffix && child(suffix, "value_arguments");
	return list ? children(list).map((one) => children(one)[0]).filter(Boolean) : [];
}

function argument(node, found) {
	if (node.type === "string_literal") {
		const parts = children(node);
		if (parts.length > 0 && parts.every((one) => one.type === "string_content")) found.push(["text", parts.map((one) => one.text).join("")]);
		else if (parts.length > 0) return false;
	} else if (node.type === "navigation_expression" && /^\w+(\.\w+)+$/.test(node.text)) {
		if (!node.text.startsWith("libs.")) return /^(projects|kotlin|compose)\./.test(node.text) && !node.text.startsWith("compose.");
		found.push(["alias", node.text.slice("libs.".length)]);
	} else if (node.type === "call_expression") {
		const name = called(node);
		if (name === "project" || name === "files" || name === "fileTree") return true;
		if (name === "kotlin") {
			const text = given(node).map((one) => children(one)[0]?.text);
			found.push(["kotlin", text[0]]);
			return true;
		}
		if (!/^(platform|enforcedPlatform|testFixtures|npm)$/.test(name) || name === "npm") return false;
		return given(node).every((one) => argument(one, found));
	} else {
		return false;
	}
	return true;
}

for (const file of files) {
	const tree = parser.parse(readFileSync(join(folder, file), "utf8"));
	const found = [];
	let whole = !tree.rootNode.hasError;
	const stack = [[tree.rootNode, false]];
	while (stack.length > 0) {
		const [node, inside] = stack.pop();
		const name = called(node);
		if (node.type === "call_expression" && inside && name !== "constraints" && name !== "dependencies") {
			const list = given(node);
			const [first] = name === "add" ? list.slice(1) : list;
			if (/^["\w]+$/.test(name) && first) whole = argument(first, found) && whole;
			else whole = false;
			continue;
		}
		const opens = /^(dependencies|constraints|dependencies\.constraints)$/.test(name);
		for (const next of children(node)) stack.push([next, opens || (inside && node.type !== "call_expression") || (inside && opens)]);
	}
	answer.files[file] = found;
	if (!whole) answer.unread.push(file);
}
process.stdout.write(JSON.stringify(answer));
