// What an answer rests on: a number in its text, the lines beside it, and the way to the source.
import { classes, html, signal, useEffect, useRef, useState } from "../../core/html.js";
import { get } from "../../core/api.js";
import { short_id } from "../../core/format.js";
import { useKeys } from "../../parts/keys.js";
import { Icon } from "../../parts/icon.js";
import { Lines, lines_of, source_url } from "../../parts/lines.js";
import { Failure, Skeleton } from "../../parts/states.js";

const KEPT = 60; // passages, so that pointing at one again asks nothing
const PEEK_LINES = 12;
const PEEK_MS = 180; // pointing for so long is meant

export const shown = signal(null); // the citation in the panel
const peeked = signal(null); // { c, at: rectangle }: that one points at

export const place = (c) => `${c.path}:${c.start}${c.end > c.start ? `-${c.end}` : ""}`;
const why_of = (c) => c.why?.replaceAll("`", "");
const href_of = (c) => (c.project_id ? source_url(c.project_id, c.path, c.commit, c.start, c.end) : undefined);

const kept = new Map();
function passage(c) {
	const key = [c.project_id, c.commit, place(c)].join();
	if (!kept.has(key)) {
		if (kept.size >= KEPT) kept.delete(kept.keys().next().value);
		kept.set(key, get(`/projects/${c.project_id}/source`, { path: c.path, commit: c.commit, from: c.start, to: c.end }).then((r) => r.data));
		kept.get(key).catch(() => kept.delete(key));
	}
	return kept.get(key);
}

function Passage({ c, most = Infinity }) {
	const [state, set_state] = useState({});
	useEffect(() => {
		let here = true;
		set_state({});
		passage(c).then((source) => here && set_state({ source }), (problem) => here && set_state({ problem }));
		return () => (here = false);
	}, [c]);
	if (state.problem) return html`<${Failure} problem=${state.problem} compact />`;
	if (!state.source) return html`<${Skeleton} lines=${3} />`;
	const lines = lines_of(state.source.text ?? "");
	return html`<${Lines} lines=${lines.slice(0, most)} from=${state.source.from} label=${place(c)} />${lines.length > most && html`<p class="fine">… ${lines.length - most} more lines</p>`}`;
}

let timer = 0;
let opener = null; // what gets the focus back when the panel is closed, and shows no lines for that
let quiet = false;
const peek = (c) => (event) => {
	if (quiet) return;
	clearTimeout(timer);
	const at = event.currentTarget.getBoundingClientRect();
	timer = setTimeout(() => (peeked.value = { c, at }), event.type === "focus" ? 0 : PEEK_MS);
};
const unpeek = () => {
	clearTimeout(timer);
	peeked.value = null;
};
const open = (c) => (event) => {
	if (!c.project_id || event.ctrlKey || event.metaKey || event.shiftKey) return;
	event.preventDefault();
	unpeek();
	opener = event.currentTarget;
	shown.value = c;
};

export const Cite = ({ c }) => html`<a class="cite" href=${href_of(c)} aria-label=${`Citation ${c.number}: ${place(c)}`}
	onClick=${open(c)} onMouseEnter=${c.project_id && peek(c)} onMouseLeave=${unpeek} onFocus=${c.project_id && peek(c)} onBlur=${unpeek}>[${c.number}]</a>`;

// The lines under what one points at, above it where there is no room below.
export function Peek() {
	useEffect(() => {
		addEventListener("scroll", unpeek, { passive: true, capture: true });
		const leave = (event) => event.key === "Escape" && unpeek();
		addEventListener("keydown", leave);
		return () => {
			unpeek();
			removeEventListener("scroll", unpeek, { capture: true });
			removeEventListener("keydown", leave);
		};
	}, []);
	if (!peeked.value) return null;
	const { c, at } = peeked.value;
	const width = Math.min(560, innerWidth - 24);
	const left = Math.max(12, Math.min(at.left, innerWidth - width - 12));
	const below = at.bottom < innerHeight * 0.6;
	return html`<div class="peek" role="tooltip" style=${{ width: `${width}px`, left: `${left}px`, ...(below ? { top: `${at.bottom + 6}px` } : { bottom: `${innerHeight - at.top + 6}px` }) }}>
		<p class="path">${place(c)}</p><${Passage} c=${c} most=${PEEK_LINES} />
	</div>`;
}

// The cited lines beside the answer; below it where there is no room.
export function CitedPanel() {
	const box = useRef(null);
	const c = shown.value;
	const close = () => {
		shown.value = null;
		quiet = true;
		opener?.focus({ preventScroll: true });
		quiet = false;
	};
	useKeys(c ? [["Escape", "", close]] : []);
	useEffect(() => c && box.current.focus({ preventScroll: true }), [c]);
	useEffect(() => () => (shown.value = null), []);
	if (!c) return null;
	return html`<aside class="cited card" aria-label="Cited lines" tabindex="-1" ref=${box}>
		<header><h2 class="path">${place(c)}</h2><button class="quiet" aria-label="Close" onClick=${close}><${Icon} name="close" /></button></header>
		<p class="fine">[${c.number}] ${why_of(c)} at commit <code>${short_id(c.commit)}</code> · <a href=${href_of(c)}>Open the source</a></p>
		<${Passage} c=${c} />
	</aside>`;
}

// All of an answer's citations, by their numbers.
export const Sources = ({ citations }) => citations.length > 0 && html`<details class="sources" open=${citations.length < 7}>
	<summary>${citations.length === 1 ? "1 place is cited" : `${citations.length} places are cited`}</summary>
	<ol>${citations.map((c) => html`<li key=${c.number} value=${c.number} class=${classes(shown.value === c && "here")}>
		<${Cite} c=${c} /> <a class="path" href=${href_of(c)}>${place(c)}</a> <span class="fine">${c.commit && html`at <code>${short_id(c.commit)}</code> `}${why_of(c)}</span></li>`)}</ol>
</details>`;
