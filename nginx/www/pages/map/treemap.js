// The treemap: folders within folders, each file as large as its lines; only what is large enough to be seen is laid out.
import "../../parts/common.js";
import { treemapSquarify } from "d3-hierarchy";
import { html, useMemo, useRef, useState } from "../../core/html.js";
import { number, plural } from "../../core/format.js";
import { go, set_query } from "../../core/router.js";
import { ROOT, is_folder } from "./chart.js";
import { source_url } from "../../parts/lines.js";
import { fitted, font, spoken, useCanvas } from "./canvas.js";
import { css, folders_shown, mix, nearest, painter } from "./state.js";

const HEAD = 17; // pixels for a folder's name
const LEAST = 26; // a smaller folder is a rectangle of its own colour
const GAP = 1;

// Rectangles parents first: { node, x, y, width, height, open }.
function lay_out(chart, under, width, height) {
	const all = [];
	const waiting = [{ node: under, x0: 0, y0: 0, x1: width, y1: height, open: true }];
	while (waiting.length) {
		const r = waiting.pop();
		const w = r.x1 - r.x0, h = r.y1 - r.y0;
		r.open = is_folder(r.node) && w > LEAST && h > LEAST;
		r.head = r.open && r.node !== under && w > 44 && h > 44 ? HEAD : 0;
		all.push(r);
		if (!r.open) continue;
		const children = chart.children(r.node).map((node) => ({ node, value: chart.code(node) })).filter((c) => c.value > 0).sort((a, b) => b.value - a.value);
		if (!children.length) continue;
		const pad = r.node === under ? 0 : 2;
		treemapSquarify({ value: chart.code(r.node), children }, r.x0 + pad, r.y0 + pad + r.head, r.x1 - pad, r.y1 - pad);
		for (const c of children) if (c.x1 - c.x0 > 0.6 && c.y1 - c.y0 > 0.6) waiting.push(c);
	}
	return all;
}

function paint(pen, rects, { chart, c, at, shown, query }) {
	const colour = painter(chart, query.color, c);
	const some = shown && folders_shown(chart, shown);
	const passes = (node) => !shown || (is_folder(node) ? some.has(node) : shown[node]);
	for (const r of rects) {
		const w = r.x1 - r.x0, h = r.y1 - r.y0;
		const on = passes(r.node);
		pen.fillStyle = css(r.open ? mix(c.shade, c.card, r.head ? 0 : 0.5) : mix(c.card, colour(r.node), on ? 0.55 : 0.1));
		pen.fillRect(r.x0, r.y0, Math.max(0.5, w - GAP), Math.max(0.5, h - GAP));
		const name = chart.name(r.node);
		pen.fillStyle = css(on ? c.ink : c["ink-2"]);
		pen.font = font(12, r.open);
		if (r.head) pen.fillText(fitted(pen, name, w - 10), r.x0 + 5, r.y0 + 14);
		else if (!r.open && w > 40 && h > 18) pen.fillText(fitted(pen, name, w - 8), r.x0 + 4, r.y0 + 14);
	}
	const chosen = rects.find((r) => r.node === at);
	if (!chosen) return;
	pen.lineWidth = 3;
	pen.strokeStyle = css(c.ink);
	pen.strokeRect(chosen.x0 + 1, chosen.y0 + 1, Math.max(2, chosen.x1 - chosen.x0 - 3), Math.max(2, chosen.y1 - chosen.y0 - 3));
}

function Crumbs({ chart, under }) {
	const way = [];
	for (let node = under; node !== ROOT; node = chart.parent(node)) way.unshift(node);
	return html`<nav class="crumbs" aria-label="Folder">${[ROOT, ...way].map((node) => html`<button class="quiet" key=${node} disabled=${node === under} onClick=${() => set_query({ under: chart.path(node) }, { replace: false })}>${chart.name(node)}</button>`)}</nav>`;
}

export default function Treemap({ chart, query, shown, c, at, id, select }) {
	const under = chart.find(query.under ?? "") ?? ROOT;
	const top = is_folder(under) ? under : chart.parent(under);
	const rects = useRef([]);
	const [over, set_over] = useState(null);
	const [ref, size] = useCanvas((pen) => paint(pen, rects.current, { chart, c, at, shown, query }), [chart, top, c, at, shown, query.color]);
	useMemo(() => (rects.current = size ? lay_out(chart, top, size.width, size.height) : []), [chart, top, size]);
	const hit = (event) => {
		const box = ref.current.getBoundingClientRect();
		const x = event.clientX - box.left, y = event.clientY - box.top;
		return rects.current.findLast((r) => x >= r.x0 && x < r.x1 && y >= r.y0 && y < r.y1)?.node ?? null;
	};
	const zoom = (node) => set_query({ under: chart.path(is_folder(node) ? node : chart.parent(node)) }, { replace: false });
	const on_key = (event) => {
		if (event.key.startsWith("Arrow")) {
			const leaves = rects.current.filter((r) => !r.open).map((r) => ({ node: r.node, x: (r.x0 + r.x1) / 2, y: (r.y0 + r.y1) / 2 }));
			const from = leaves.find((r) => r.node === at);
			const to = from ? nearest(leaves, from, event.key) : leaves[0];
			if (to) select(to.node);
		} else if (event.key === "Enter" && at !== null) is_folder(at) ? zoom(at) : go(source_url(id, chart.path(at), query.commit));
		else if (event.key === "+" && at !== null) zoom(at);
		else if ((event.key === "Backspace" || event.key === "-") && top !== ROOT) zoom(chart.parent(top));
		else if (event.key === "Escape") select(null);
		else return;
		event.preventDefault();
	};
	const told = over ?? at;
	return html`<${Crumbs} chart=${chart} under=${top} />
		<div class="stage"><canvas ref=${ref} tabindex="0" role="application" aria-roledescription="treemap" aria-label=${`Treemap of ${chart.path(top) || "all files"}: ${plural(chart.count(top), "file")}, ${number(chart.code(top))} lines. The table view has the same in words.`} aria-describedby="map-told"
			onPointerMove=${(e) => set_over(hit(e))} onPointerLeave=${() => set_over(null)} onClick=${(e) => select(hit(e))} onDblClick=${(e) => hit(e) !== null && zoom(hit(e))} onKeyDown=${on_key}></canvas></div>
		<p class="told" id="map-told" role="status">${told === null ? "Click selects, double click zooms; arrows, Enter and Backspace do the same." : spoken(chart, told)}</p>`;
}
