// Passages that were found, by their files: the lines, what is marked in them, and why they were found.
import { html, useState } from "../../core/html.js";
import { plural, short_id } from "../../core/format.js";
import { useResource } from "../../core/resource.js";
import { with_query } from "../../core/router.js";
import { Badge } from "../../parts/bits.js";
import { Lines, lines_of, source_url, words_in } from "../../parts/lines.js";
import { Empty, Shown } from "../../parts/states.js";

const MOST = 50; // passages
const FEW = 12; // lines of one, until more are asked for
const REASONS = { symbol: "name", path: "path", text: "text", commits: "changes", doc: "comment" };

// "symbol:pars" and such: the place of the word, and the word as it is kept, without its ending.
const reasons_of = (hit) => {
	const by = new Map();
	for (const why of hit.why) {
		const [place, word] = [why.slice(0, why.indexOf(":")), why.slice(why.indexOf(":") + 1)];
		by.set(place, [...(by.get(place) ?? []), word]);
	}
	return [...by];
};

function Passage({ hit }) {
	const [all, set_all] = useState(false);
	const reasons = reasons_of(hit);
	const pattern = words_in(reasons.flatMap(([place, w]) => (place === "commits" ? [] : w)));
	const lines = lines_of(hit.text);
	const first = Math.max(0, lines.findIndex((line) => pattern?.test(line)));
	const from = all || first < FEW ? 0 : first - 2;
	const shown = all ? lines : lines.slice(from, from + FEW);
	const label = `${hit.path}:${hit.start_line}-${hit.end_line}`;
	const href = hit.project_id && source_url(hit.project_id, hit.path, hit.commit, hit.start_line, hit.end_line);
	return html`<li class="passage">
		<p class="row"><a class="num" data-hit href=${href || undefined}>${hit.start_line === hit.end_line ? `Line ${hit.start_line}` : `Lines ${hit.start_line}–${hit.end_line}`}<span class="hidden"> of ${hit.path}</span></a>
			<span class="fine">${hit.kind}${hit.symbols.length > 0 && html` <code>${hit.symbols.slice(0, 3).join(", ")}</code>`}</span>
			<span class="fine why" title="Why this was found; words are kept without their endings">${reasons.map(([place, w]) => html`<span>${REASONS[place] ?? place}: ${w.join(", ")}</span>`)}</span></p>
		<${Lines} lines=${shown} from=${hit.start_line + from} pattern=${pattern} label=${label} />
		${shown.length < lines.length && html`<button class="quiet" onClick=${() => set_all(true)}>Show all ${lines.length} lines</button>`}
	</li>`;
}

const key_of = (hit) => `${hit.project_id ?? ""}:${hit.document_id ?? ""}:${hit.path}`;

function grouped(hits) {
	const groups = new Map();
	for (const hit of hits) groups.set(key_of(hit), [...(groups.get(key_of(hit)) ?? []), hit]);
	return [...groups.values()];
}

const File = ({ hits, names }) => {
	const { project_id, path, commit, language, source } = hits[0];
	return html`<section class="file card">
		<header class="row"><h2 class="path">${project_id ? html`<a href=${source_url(project_id, path, commit)}>${path}</a>` : path}</h2>
			<span class="fine">${[names.get(project_id), language].filter(Boolean).join(" · ")}${commit && html` at <code>${short_id(commit)}</code>`}</span>${source === "document" && html`<${Badge}>own document</>`}</header>
		<ol>${hits.map((hit) => html`<${Passage} key=${hit.start_line} hit=${hit} />`)}</ol>
	</section>`;
};

const Suggestions = ({ q, filtered, complete }) => html`<${Empty} title="Nothing was found"><ul class="hints">
	${filtered && html`<li><a href=${with_query({ path: null, language: null, source: null, project: null })}>Search without the filters</a></li>`}
	<li>Use fewer words, or words that stand in the code: names of functions, files, messages</li>
	<li><a href=${`/ask?q=${encodeURIComponent(q)}`}>Ask it as a question</a></li>
	${!complete && html`<li>Something is not indexed yet: try again in a moment</li>`}
</ul></>`;

const Start = () => html`<${Empty} title="Search all that your team has mapped"><p>Words, identifiers (also parts of them) or a whole question; <kbd>↓</kbd> goes to what was found, <kbd>Enter</kbd> opens it.</p></>`;

export function Passages({ q, project, path, language, source, names }) {
	const found = useResource(q ? "/search" : null, { q, project, path, language, source, top_k: MOST });
	if (!q) return html`<${Start} />`;
	return html`<div aria-busy=${found.loading}><${Shown} of=${found} empty=${(d) => !d.items.length} nothing=${html`<${Suggestions} q=${q} filtered=${path || language || source || project} complete=${found.data?.complete} />`}>${(d) => {
		const files = grouped(d.items);
		return html`<p class="fine" role="status">${plural(d.items.length, "passage")} in ${plural(files.length, "file")}, the best first.${!d.complete && " Something is not indexed yet, or a limit kept more out."}</p>
			<div class="found-files">${files.map((hits) => html`<${File} key=${key_of(hits[0])} hits=${hits} names=${names} />`)}</div>`;
	}}</></div>`;
}
