// Lines of a file with their numbers, and words in them marked.
//
//     html`<${Lines} text=${hit.text} from=${hit.start_line} words=${["pars", "request"]} label="lib/parse.c" />`
import { html } from "../core/html.js";
import { with_query } from "../core/router.js";

const WORDS = 24; // that are marked at most

export const words_in = (words) => {
	const all = [...new Set(words.filter((w) => w.length > 1))].sort((a, b) => b.length - a.length).slice(0, WORDS);
	return all.length ? new RegExp(`(${all.map((w) => w.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})`, "i") : null;
};

// pattern: of words_in(); the text as nodes.
export const Marked = ({ text, pattern }) =>
	pattern ? text.split(pattern).map((part, i) => (i % 2 ? html`<mark>${part}</mark>` : part)) : text;

// The lines as they stand; a line feed at the end is no line.
export const lines_of = (text) => (text.endsWith("\n") ? text.slice(0, -1) : text).split("\n");

export const Lines = ({ lines, from, pattern, label }) => html`<pre class="lines" tabindex="0" role="group" aria-label=${label}>
${lines.map((line, i) => html`<span key=${i} class="line"><span class="no" aria-hidden="true">${from + i}</span><span><${Marked} text=${line} pattern=${pattern} />${"\n"}</span></span>`)}</pre>`;

// Where lines are shown in full: the source view of the project.
export const source_url = (project, path, commit, start, end) =>
	with_query({ path, commit }, { path: `/projects/${project}/source`, query: {} }) + (start ? `#L${start}${end > start ? `-L${end}` : ""}` : "");
