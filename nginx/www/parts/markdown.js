// Markdown of answers, as nodes.  What a model has written is hostile: it becomes headings, paragraphs, lists, quotes,
// tables, code, emphasis, and links to http and https that are shown to lead elsewhere.  All else, HTML and pictures
// among it, is text.
//
//     html`<${Markdown} text=${answer} cite=${(number) => node or null} />`     [1] becomes what cite() makes of it
//
// Each line is looked at once, and each character a few times: what was not found behind one place is not looked for
// again behind a later one.  Nothing recurs deeper than a constant.
import { html, useMemo } from "../core/html.js";
import { Copy } from "./bits.js";
import { Icon } from "./icon.js";

const MOST = 300000; // characters that are shown
const COLUMNS = 40; // of a table
const DEPTH = 4; // of lists within lists
const NESTED = 3; // of emphasis within emphasis
const LABEL = 500; // characters of a link's text
const ADDRESS = 2000;

// --- Within a line ---

const address_of = (text) => {
	try {
		const url = new URL(text);
		return /^https?:$/.test(url.protocol) && /^https?:/i.test(text) ? url.href : null;
	} catch {
		return null;
	}
};

// Where a run of `mark` ends what begins before `from`: not behind a space, and not part of a longer run.
function closing(text, mark, from) {
	for (let at = text.indexOf(mark, from); at >= 0; at = text.indexOf(mark, at)) {
		let end = at;
		while (text[end] === mark[0]) end++;
		if (end - at === mark.length && (mark[0] === "`" || !/\s/.test(text[at - 1]))) return at;
		at = end;
	}
	return -1;
}

function inline(text, cite, depth = 0) {
	const out = [];
	const none = new Set(); // marks that nothing closes any more
	let plain = 0;
	let link_at = -1; // the next "](" as far as it is known
	const put = (from, node, to) => {
		out.push(text.slice(plain, from), node);
		plain = to;
		return to;
	};
	// What begins at `i`: where it ends, or nothing when it is text.
	const marked = (i) => {
		let end = i;
		while (text[end] === text[i]) end++;
		const mark = text.slice(i, end);
		const emphasis = mark[0] === "*";
		if (none.has(mark) || (emphasis && (mark.length > 2 || depth === NESTED || /\s|^$/.test(text[end] ?? "")))) return end;
		const close = closing(text, mark, end);
		if (close < 0) none.add(mark);
		if (close < 0) return end;
		const inner = text.slice(end, close);
		if (!emphasis) return put(i, html`<code>${inner.trim() || inner}</code>`, close + mark.length);
		const nodes = inline(inner, cite, depth + 1);
		return put(i, mark.length === 2 ? html`<strong>${nodes}</strong>` : html`<em>${nodes}</em>`, close + mark.length);
	};
	const bracket = (i) => {
		const number = /^\[(\d{1,3})\]/.exec(text.slice(i, i + 5));
		const cited = number && cite?.(Number(number[1]));
		if (cited) return put(i, cited, i + number[0].length);
		if (link_at < i) link_at = text.indexOf("](", i);
		if (link_at < 0) link_at = Infinity;
		if (link_at - i > LABEL) return i + 1;
		const target = /^[^\s)]+/.exec(text.slice(link_at + 2, link_at + 2 + ADDRESS))?.[0] ?? "";
		const href = text[link_at + 2 + target.length] === ")" && address_of(target);
		if (!href) return i + 1;
		return put(i, html`<a href=${href} target="_blank" rel="noopener noreferrer nofollow" title=${href}>${text.slice(i + 1, link_at)}<${Icon} name="out" /><span class="hidden"> (leads elsewhere)</span></a>`,
			link_at + 3 + target.length);
	};
	const special = /[\\`*[]/g;
	for (let found = special.exec(text); found; found = special.exec(text)) {
		const i = found.index;
		if (text[i] === "\\") special.lastIndex = /[!-/:-@[-`{-~]/.test(text[i + 1] ?? "") ? put(i, text[i + 1], i + 2) : i + 1;
		else special.lastIndex = text[i] === "[" ? bracket(i) : marked(i);
	}
	return [...out, text.slice(plain)];
}

// --- Blocks ---

const FENCE = /^\s*(`{3,}|~{3,})\s*([\w+#.-]{0,30})/;
const HEADING = /^ {0,3}(#{1,6})\s+(.*)/;
const RULE = /^ {0,3}([-*_])(?: *\1){2,} *$/;
const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])\s+(.*)/;
const DIVIDER = /^[\s|:-]+$/;
const begins = (line) => FENCE.test(line) || HEADING.test(line) || RULE.test(line) || ITEM.test(line) || line.startsWith(">");

function fence(lines, i, [, mark]) {
	let end = i + 1;
	while (end < lines.length && !(lines[end].trim().startsWith(mark) && !lines[end].trim().replaceAll(mark[0], ""))) end++;
	const code = lines.slice(i + 1, end).join("\n");
	return [html`<div class="code"><pre tabindex="0"><code>${code}</code></pre><${Copy} text=${code} label="Copy this code" /></div>`, end + 1];
}

const cells = (line) => line.trim().replace(/^\|/, "").replace(/\|$/, "").split("|", COLUMNS);

function table(lines, i, cite) {
	const head = cells(lines[i]);
	const rows = [];
	let end = i + 2;
	for (; end < lines.length && lines[end].includes("|"); end++) rows.push(cells(lines[end]).slice(0, head.length));
	return [html`<div class="table" tabindex="0" role="group" aria-label="Table"><table>
		<thead><tr>${head.map((c) => html`<th>${inline(c.trim(), cite)}</th>`)}</tr></thead>
		<tbody>${rows.map((r) => html`<tr>${r.map((c) => html`<td>${inline(c.trim(), cite)}</td>`)}</tr>`)}</tbody>
	</table></div>`, end];
}

const ordered = (item) => item.mark.length > 1;
function lists(items, cite) {
	const out = [];
	for (let i = 0; i < items.length; ) {
		const { depth } = items[i];
		let end = i + 1; // of those that are of one kind, with what is within them
		while (end < items.length && (items[end].depth > depth || (items[end].depth === depth && ordered(items[end]) === ordered(items[i])))) end++;
		const tops = [];
		for (let n = i; n < end; n++) if (items[n].depth === depth) tops.push(n);
		const rows = tops.map((n, k) => html`<li>${inline(items[n].text.join("\n"), cite)}${lists(items.slice(n + 1, tops[k + 1] ?? end), cite)}</li>`);
		out.push(ordered(items[i]) ? html`<ol start=${parseInt(items[i].mark, 10)}>${rows}</ol>` : html`<ul>${rows}</ul>`);
		i = end;
	}
	return out;
}

function list(lines, i, cite) {
	const items = [];
	const indents = [];
	for (; i < lines.length; i++) {
		const found = !RULE.test(lines[i]) && ITEM.exec(lines[i]);
		if (found) {
			const indent = found[1].length;
			while (indents.length && indents.at(-1) > indent) indents.pop();
			if (indents.at(-1) !== indent && indents.length < DEPTH) indents.push(indent);
			items.push({ depth: indents.length, mark: found[2], text: [found[3]] });
		} else if (!lines[i].trim()) {
			if (!ITEM.test(lines[i + 1] ?? "")) break;
		} else if (begins(lines[i]) || !lines[i - 1].trim()) break;
		else items.at(-1).text.push(lines[i].trim());
	}
	return [lists(items, cite), i];
}

function block(lines, i, cite) {
	const line = lines[i];
	const fenced = FENCE.exec(line);
	if (fenced) return fence(lines, i, fenced);
	const heading = HEADING.exec(line);
	// One level for all: they come in any order, and the page has those above.
	if (heading) return [html`<h3 class=${heading[1].length < 3 ? "large" : ""}>${inline(heading[2], cite)}</h3>`, i + 1];
	if (RULE.test(line)) return [html`<hr />`, i + 1];
	if (ITEM.test(line)) return list(lines, i, cite);
	if (line.includes("|") && lines[i + 1]?.includes("-") && lines[i + 1].includes("|") && DIVIDER.test(lines[i + 1])) return table(lines, i, cite);
	const quoted = line.startsWith(">");
	let end = i + 1;
	while (end < lines.length && lines[end].trim() && (quoted ? lines[end].startsWith(">") : !begins(lines[end]))) end++;
	const text = lines.slice(i, end).map((l) => (quoted ? l.replace(/^(\s*>)+ ?/, "") : l)).join("\n");
	return [quoted ? html`<blockquote>${inline(text, cite)}</blockquote>` : html`<p>${inline(text, cite)}</p>`, end];
}

export function markdown(text, cite) {
	const lines = text.slice(0, MOST).replaceAll("\r\n", "\n").split("\n");
	const out = [];
	for (let i = 0; i < lines.length; ) {
		if (!lines[i].trim()) {
			i++;
			continue;
		}
		const [node, next] = block(lines, i, cite);
		out.push(node);
		i = next;
	}
	if (text.length > MOST) out.push(html`<p><em>The rest of this text is too long to be shown.</em></p>`);
	return out;
}

export const Markdown = ({ text, cite, of }) => html`<div class="prose">${useMemo(() => markdown(text, cite), [text, of])}</div>`;
