// Lines of a file with their numbers, and words in them marked.
//
//     html`<${Lines} text=${hit.text} from=${hit.start_line} words=${["pars", "request"]} label="lib/parse.c" />`
import { html } from "../core/html.js";
import { with_query } from "../core/router.js";

const WORDS = 24; // that are marked at most

const escaped = (word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
const chosen = (words) => [...new Set(words.filter((w) => w.length > 1))].sort((a, b) => b.length - a.length).slice(0, WORDS);

// A pattern of texts, wherever they stand.
export const parts_in = (texts) => {
	const all = chosen(texts);
	return all.length ? new RegExp(`(${all.map(escaped).join("|")})`, "i") : null;
};

// A pattern of words, without their endings, where a word begins, also within a name: body in check_body and
// requestBody, not in nobody.
export const words_in = (words) => {
	const all = chosen(words.map((w) => w.toLowerCase().replace(/(?<=...)(ing|ed|es|s)$/, ""))).map(escaped);
	if (!all.length) return null;
	const any = (form) => all.map(form).join("|");
	const capital = (w) => w.charAt(0).toUpperCase() + w.slice(1);
	return new RegExp(`((?<![A-Za-z])(?:${any((w) => w)}|${any((w) => w.toUpperCase())})|${any(capital)})`);
};

// pattern: of words_in() or parts_in(); the text as nodes.
export const Marked = ({ text, pattern }) =>
	pattern ? text.split(pattern).map((part, i) => (i % 2 ? html`<mark>${part}</mark>` : part)) : text;

// The lines as they stand; a line feed at the end is no line.
export const lines_of = (text) => (text.endsWith("\n") ? text.slice(0, -1) : text).split("\n");

export const Lines = ({ lines, from, pattern, label }) => html`<pre class="lines" tabindex="0" role="group" aria-label=${label}>
${lines.map((line, i) => html`<span key=${i} class="line"><span class="no" aria-hidden="true">${from + i}</span><span><${Marked} text=${line} pattern=${pattern} />${"\n"}</span></span>`)}</pre>`;

// Where lines are shown in full: the source view of the project.
export const source_url = (project, path, commit, start, end) =>
	with_query({ path, commit }, { path: `/projects/${project}/source`, query: {} }) + (start ? `#L${start}${end > start ? `-L${end}` : ""}` : "");
