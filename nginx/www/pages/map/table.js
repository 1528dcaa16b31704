// The table: all files, or all folders, a row each; only the rows that are seen are in the page.
import { html, useEffect, useMemo, useRef, useState } from "../../core/html.js";
import { ago, moment, number } from "../../core/format.js";
import { set_query } from "../../core/router.js";
import { Choice } from "../../parts/bits.js";
import { Icon } from "../../parts/icon.js";
import { ROOT, folder_node, folder_of } from "./chart.js";
import { TESTED, css, painter } from "./state.js";

const ROW = 32; // pixels
const SPARE = 8; // rows above and below what is seen

const dash = (value) => (value === null || value === undefined || value === -1 ? "–" : value);

export const tested_text = (steps) => (steps === 0 ? "test" : steps === 1 ? "directly" : steps > 1 ? `by ${steps} imports` : "–");

// [key, label, how it is sorted, what is read, whether it is a number]
function columns(chart, folders) {
	const { files: f, sums: s } = chart;
	const num = (key, label, of) => [key, label, of, (node) => number(of(node)), true];
	const path = ["path", "Path", (node) => chart.path(node), (node) => chart.path(node)];
	const sum = (key, label) => num(key, label, (node) => s[key][folder_of(node)]);
	if (folders)
		return [path, sum("files", "Files"), sum("code", "Lines"), ["lang", "Mostly", (n) => chart.languages[chart.langs[folder_of(n)]] ?? "", (n) => dash(chart.languages[chart.langs[folder_of(n)]])],
			sum("cyclic", "In cycles"), ["tested", "Reached by tests", (n) => s.tested[folder_of(n)] / (s.source[folder_of(n)] || Infinity), (n) => (s.source[folder_of(n)] ? `${Math.round((100 * s.tested[folder_of(n)]) / s.source[folder_of(n)])} %` : "–"), true],
			sum("commits", "Changes")];
	const of = (key) => (node) => f[key][node] ?? 0;
	const name = (key, label, names, column = key) => [key, label, (n) => names[f[column][n]] ?? "", (n) => dash(names[f[column][n]] || null)];
	return [path, name("lang", "Language", chart.languages), name("role", "Role", chart.roles), num("code", "Lines", of("code")),
		num("fan_in", "Importers", of("fan_in")), num("fan_out", "Imports", of("fan_out")), num("impact", "Impact", of("impact")), num("rank", "Rank", of("rank")),
		num("layer", "Layer", of("layer")), ["cycle", "Cycle", of("cycle"), (n) => dash(f.cycle[n] || null), true],
		["tested", "Reached by tests", (n) => (f.tested[n] < 0 ? 99 : f.tested[n]), (n) => tested_text(f.tested[n]), true],
		...(chart.history ? [num("commits", "Changes", of("commits")), num("hot", "Hotspot", (n) => f.commits[n] * f.code[n]), num("authors", "Authors", of("authors")),
			["owner", "Owner", (n) => chart.authors[f.owner[n]] ?? "", (n) => dash(chart.authors[f.owner[n]])],
			["last", "Last change", of("last"), (n) => (f.last[n] ? html`<span title=${moment(f.last[n] * 86400000)}>${ago(f.last[n] * 86400000)}</span>` : "–"), true]] : []),
		name("part", "Part", chart.components.name, "component")];
}

function useRows(chart, shown, folders, sort, desc, all) {
	return useMemo(() => {
		const rows = folders ? folder_rows(chart, shown) : Array.from({ length: chart.n }, (_, f) => f).filter((f) => !shown || shown[f]);
		if (sort === "path") return desc ? rows.reverse() : rows; // files and folders are numbered by their paths
		const key = all.find(([k]) => k === sort)[2];
		const keys = new Map(rows.map((node) => [node, key(node)]));
		const sign = desc ? -1 : 1;
		return rows.sort((a, b) => {
			const x = keys.get(a), y = keys.get(b);
			return x < y ? -sign : x > y ? sign : a - b;
		});
	}, [chart, shown, folders, sort, desc]);
}

function folder_rows(chart, shown) {
	if (!shown) return Array.from({ length: chart.nf }, (_, d) => folder_node(d));
	const seen = new Set();
	for (let f = 0; f < chart.n; f++)
		for (let node = shown[f] ? chart.parent(f) : ROOT; node !== ROOT && !seen.has(node); node = chart.parent(node)) seen.add(node);
	return [...seen].sort((a, b) => b - a);
}

// The rows within the window, and how many are above and below.
function useWindow(count, at_row) {
	const box = useRef(null);
	const [span, set_span] = useState([0, 40]);
	const look = () => {
		if (!box.current) return;
		const { scrollTop, clientHeight } = box.current;
		const first = Math.max(0, Math.floor(scrollTop / ROW) - SPARE);
		set_span((was) => (was[0] === first ? was : [first, first + Math.ceil(clientHeight / ROW) + 2 * SPARE]));
	};
	const show = (row) => {
		const { scrollTop, clientHeight } = box.current;
		if (row * ROW < scrollTop || (row + 3) * ROW > scrollTop + clientHeight) box.current.scrollTop = Math.max(0, row * ROW - clientHeight / 2);
		look();
	};
	useEffect(() => {
		const size = new ResizeObserver(() => (set_span([-1, 0]), look()));
		size.observe(box.current);
		return () => size.disconnect();
	}, []);
	useEffect(() => void (at_row >= 0 ? show(at_row) : look()), [count, at_row]);
	return { box, first: Math.min(Math.max(0, span[0]), count), last: Math.min(span[1], count), look, show };
}

function Head({ all, sort, desc }) {
	const by = (key, numeric) => set_query({ sort: key === "path" ? null : key, desc: (key === sort ? !desc : numeric) ? "1" : null });
	return html`<thead><tr>${all.map(([key, label, , , numeric]) => html`<th key=${key} scope="col" class=${numeric ? "num" : ""} aria-sort=${key === sort ? (desc ? "descending" : "ascending") : "none"}>
		<button title=${key === "tested" ? TESTED : undefined} onClick=${() => by(key, numeric)}>${label}${key === sort && html` <${Icon} name=${desc ? "down" : "up"} />`}</button></th>`)}</tr></thead>`;
}

export function Table({ chart, query, shown, c, at, select }) {
	const folders = query.rows === "folders";
	const all = useMemo(() => columns(chart, folders), [chart, folders]);
	const sort = all.some(([k]) => k === query.sort) ? query.sort : "path";
	const desc = Boolean(query.desc);
	const colour = painter(chart, query.color, c);
	const rows = useRows(chart, shown, folders, sort, desc, all);
	const at_row = useMemo(() => (at === null ? -1 : rows.indexOf(at)), [rows, at]);
	const { box, first, last, look, show } = useWindow(rows.length, at_row);
	const on_key = (event) => {
		const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15 }[event.key];
		if (!step || !event.target.closest("tbody")) return;
		event.preventDefault();
		const row = Math.min(rows.length - 1, Math.max(0, Number(event.target.closest("tr").dataset.row) + step));
		show(row);
		requestAnimationFrame(() => requestAnimationFrame(() => box.current?.querySelector(`tr[data-row="${row}"] button`)?.focus({ preventScroll: true })));
	};
	return html`<div class="map-rows"><${Choice} label="Rows" options=${[["", "Files"], ["folders", "Folders"]]} value=${folders ? "folders" : ""} choose=${(v) => set_query({ rows: v, sort: null, desc: null })} />
		<span class="fine">${number(rows.length)} ${folders ? "folders" : "files"}</span></div>
	<div class="table map-table" ref=${box} onScroll=${look} onKeyDown=${on_key} tabindex="0" role="region" aria-label="Files of the map">
		<table aria-rowcount=${rows.length + 1}>
			<${Head} all=${all} sort=${sort} desc=${desc} />
			<tbody>
				<tr class="gap" aria-hidden="true" style=${{ height: `${first * ROW}px` }}><td colspan=${all.length}></td></tr>
				${rows.slice(first, last).map((node, i) => html`<tr key=${node} data-row=${first + i} aria-rowindex=${first + i + 2} aria-selected=${node === at} class=${node === at ? "on" : ""} onClick=${() => select(node)}>
					${all.map(([key, , , text, numeric]) => html`<td key=${key} class=${numeric ? "num" : ""}>${key === "path" ? html`<button class="path" title=${text(node)}><i class="dot" style=${{ background: css(colour(node)) }}></i>${text(node) || "/"}</button>` : text(node)}</td>`)}</tr>`)}
				<tr class="gap" aria-hidden="true" style=${{ height: `${Math.max(0, rows.length - last) * ROW}px` }}><td colspan=${all.length}></td></tr>
			</tbody>
		</table>
		${rows.length === 0 && html`<p class="empty">No file passes the filters.</p>`}
	</div>`;
}

