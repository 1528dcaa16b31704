// The graph: folders first, opened where one looks closer.  What stands above depends on what stands below.
import "../../parts/common.js";
import { html, useEffect, useMemo, useRef, useState } from "../../core/html.js";
import { number, plural } from "../../core/format.js";
import { go, set_query } from "../../core/router.js";
import { Icon } from "../../parts/icon.js";
import { useCamera } from "./camera.js";
import { fitted, font, spoken, useCanvas } from "./canvas.js";
import { ROOT, is_folder } from "./chart.js";
import { source_url } from "../../parts/lines.js";
import { WIDTH, drawn_lines, lines, open_text, opened, scene } from "./scene.js";
import { css, folders_shown, mix, nearest, painter } from "./state.js";

const BEND = 0.07; // of a line's length: two that run both ways are told apart
const LABEL = 12; // pixels

// Open folders: around what they hold; their names come behind the lines.
function draw_hulls(pen, hulls, { scale, c, at }) {
	for (const hull of hulls) {
		const [x, y, w, h] = [hull.x * scale, hull.y * scale, hull.w * scale, hull.h * scale];
		pen.beginPath();
		pen.roundRect(x, y, w, h, Math.min(8, w / 8, h / 8));
		pen.fillStyle = css(mix(c.card, c.shade, 0.55));
		pen.fill();
		pen.lineWidth = hull.node === at ? 2.5 : 1;
		pen.strokeStyle = css(hull.node === at ? c.ink : c.line);
		pen.stroke();
	}
}

function name_hulls(pen, hulls, { scale, c, chart }) {
	pen.font = font(LABEL, true);
	for (const hull of hulls) {
		const w = hull.w * scale;
		if (w < 50 || hull.h * scale < 34) continue;
		const text = fitted(pen, chart.name(hull.node) + (hull.hidden ? ` · ${number(hull.hidden)} smaller ones are not drawn` : ""), w - 14);
		write(pen, text, hull.x * scale + 7, hull.y * scale + 15, css(c["ink-2"]), c);
	}
}

// With the paper around it, so that lines do not run through it.
function write(pen, text, x, y, ink, c) {
	pen.lineWidth = 3;
	pen.lineJoin = "round";
	pen.strokeStyle = css(c.paper);
	pen.strokeText(text, x, y);
	pen.fillStyle = ink;
	pen.fillText(text, x, y);
}

// From the edge of one node to that of the other, with a head.
function draw_line(pen, a, b, width) {
	const dx = b.px - a.px, dy = b.py - a.py, d = Math.hypot(dx, dy);
	if (d < a.pr + b.pr + 4) return;
	const mx = (a.px + b.px) / 2 - dy * BEND, my = (a.py + b.py) / 2 + dx * BEND;
	const end = Math.hypot(b.px - mx, b.py - my), ex = (b.px - mx) / end, ey = (b.py - my) / end, head = 4 + 1.6 * width;
	const tx = b.px - ex * (b.pr + 1), ty = b.py - ey * (b.pr + 1);
	pen.lineWidth = width;
	pen.beginPath();
	pen.moveTo(a.px, a.py);
	pen.quadraticCurveTo(mx, my, tx - ex * head * 0.8, ty - ey * head * 0.8);
	pen.stroke();
	pen.beginPath();
	pen.moveTo(tx, ty);
	pen.lineTo(tx - ex * head - ey * head * 0.45, ty - ey * head + ex * head * 0.45);
	pen.lineTo(tx - ex * head + ey * head * 0.45, ty - ey * head - ex * head * 0.45);
	pen.fill();
}

// Colours of nodes and lines, by what is selected and what the filters leave.
function dressed({ nodes }, all, { chart, c, at, shown, query }) {
	const colour = painter(chart, query.color, c);
	const some = shown && folders_shown(chart, shown);
	const passes = ({ node }) => !shown || (is_folder(node) ? some.has(node) : Boolean(shown[node]));
	const chosen = new Set(nodes.flatMap(({ node }, i) => (at !== null && at !== ROOT && (node === at || chart.within(node, at) || chart.within(at, node)) ? [i] : [])));
	const near = new Set(chosen);
	for (const l of all) {
		if (chosen.has(l.from)) near.add(l.to);
		if (chosen.has(l.to)) near.add(l.from);
	}
	const dots = nodes.map((n, i) => {
		const on = passes(n) && (!chosen.size || near.has(i) || Boolean(query.near)); // what is shown around the selection may lie further away
		return { ...n, color: css(mix(c.paper, colour(n.node), on ? 1 : 0.22)), ink: css(on ? c.ink : mix(c.paper, c["ink-2"], 0.6)) };
	});
	const strokes = drawn_lines(all, (i) => chosen.has(i)).map((l) => {
		const out = chosen.has(l.from), into = chosen.has(l.to);
		const faint = (chosen.size && !out && !into && !query.near) || !passes(nodes[l.from]) || !passes(nodes[l.to]);
		const full = out && !into ? c["edge-out"] : into && !out ? c["edge-in"] : l.cyclic ? c.bad : c["line-2"];
		return { ...l, width: 1 + 0.3 * Math.log2(l.weight), color: css(mix(c.paper, full, faint ? 0.14 : out || into || l.cyclic ? 0.9 : 0.55)), rank: faint ? 0 : out || into ? 2 : 1 };
	});
	return { dots, strokes: strokes.sort((a, b) => a.rank - b.rank) };
}

function paint(pen, { width, height }, { k, x, y }, { dots, strokes }, drawing, look) {
	const scale = (width / WIDTH) * k, thin = Math.min(1, Math.max(0.5, width / 800));
	pen.clearRect(0, 0, width, height);
	pen.save();
	pen.translate(x, y);
	draw_hulls(pen, drawing.hulls, { ...look, scale });
	for (const d of dots) Object.assign(d, { px: d.x * scale, py: d.y * scale, pr: Math.max(3, Math.min(30, d.r * scale)) });
	for (const s of strokes) {
		pen.strokeStyle = pen.fillStyle = s.color;
		draw_line(pen, dots[s.from], dots[s.to], s.width * thin);
	}
	name_hulls(pen, drawing.hulls, { ...look, scale });
	pen.textAlign = "center";
	for (const d of dots) {
		pen.beginPath();
		pen.arc(d.px, d.py, d.pr, 0, 2 * Math.PI);
		pen.fillStyle = d.color;
		pen.fill();
		const chosen = d.node === look.at || d.node === look.over;
		if (chosen) {
			pen.beginPath();
			pen.arc(d.px, d.py, d.pr + 3, 0, 2 * Math.PI);
			pen.lineWidth = 2;
			pen.strokeStyle = css(look.c.ink);
			pen.stroke();
		}
		const room = d.w * scale * (chosen ? 3 : 1) - 4;
		if (room < 40) continue;
		pen.font = font(LABEL, is_folder(d.node));
		const text = fitted(pen, look.chart.name(d.node) + (is_folder(d.node) ? "/" : ""), room);
		write(pen, text, d.px, d.py + d.pr + LABEL + 3, d.ink, look.c);
	}
	pen.restore();
}

const Hint = ({ chart, told, all, nodes }) => {
	if (told === null) return "What stands above depends on what stands below; red lines are part of a cycle. Double click or Enter opens a folder.";
	const i = nodes.findIndex((n) => n.node === told);
	const to = all.filter((l) => l.from === i).length, from = all.filter((l) => l.to === i).length;
	return html`${spoken(chart, told)}${i >= 0 && html`; here it <span class="out">imports ${to}</span> and is <span class="in">imported by ${from}</span>`}`;
};

// Which folders are open, and what opens and closes them.
function useOpen(chart, query, at, id) {
	const target = useRef(null); // the folder to look at, when it has been drawn
	const open = useMemo(() => opened(chart, query, at), [chart, query.open, at]);
	const set_open = (next, more) => set_query({ open: open_text(chart, next), ...more }, { replace: false });
	const enter = (node) => {
		if (!is_folder(node)) return go(source_url(id, chart.path(node), query.commit));
		target.current = node;
		set_open(new Set([...open, node]));
	};
	const leave = (node) => {
		if (node === null || node === ROOT) return;
		target.current = chart.parent(node);
		set_open(new Set([...open].filter((other) => !chart.within(other, node))), { at: chart.path(node) });
	};
	return { open, target, enter, leave };
}

export default function GraphView({ chart, graph, query, shown, c, at, id, select }) {
	const [over, set_over] = useState(null);
	const { open, target, enter, leave } = useOpen(chart, query, at, id);
	const key = open_text(chart, open);
	const now = useRef({});
	const [ref, size] = useCanvas((pen, box) => now.current.paint?.(pen, box), [chart, graph, key, c, at, over, shown, query.color]);
	const shape = size ? Math.round((WIDTH * size.height) / size.width) : 900; // the drawing has that of its box
	const drawing = useMemo(() => scene(chart, graph, open, at, shape), [chart, graph, key, at !== null && chart.parent(at), shape]);
	const all = useMemo(() => lines(chart, graph, drawing), [drawing]);
	const dress = useMemo(() => dressed(drawing, all, { chart, c, at, shown, query }), [drawing, all, c, at, shown, query.color]);
	const { camera, moved, zoom, go_to } = useCamera(ref, () => size && now.current.paint(ref.current.getContext("2d"), size));
	now.current.paint = (pen, box) => paint(pen, box, camera.current, dress, drawing, { chart, c, at, over });

	const scale = () => (size.width / WIDTH) * camera.current.k;
	const look_at = (r) => {
		if (!r) return go_to({ k: 1, x: 0, y: 0 });
		const base = size.width / WIDTH, k = 0.94 * Math.min(size.width / (r.w * base), size.height / (r.h * base));
		go_to({ k, x: size.width / 2 - (r.x + r.w / 2) * base * k, y: size.height / 2 - (r.y + r.h / 2) * base * k });
	};
	// What was opened, or found from elsewhere, is brought to where it can be read.
	useEffect(() => {
		if (!size) return;
		const folder = target.current ?? (at !== null && at !== ROOT ? chart.parent(at) : null);
		target.current = null;
		const hull = drawing.hulls.find((h) => h.node === folder);
		const cell = hull && drawing.nodes.filter((n) => chart.parent(n.node) === folder).reduce((least, n) => Math.min(least, n.w), Infinity) * scale();
		if (hull && cell < 46) look_at(hull);
		else if (folder === ROOT) look_at(null);
	}, [key, Boolean(size)]);

	const hit = (event) => {
		const x = event.offsetX - camera.current.x, y = event.offsetY - camera.current.y, s = scale();
		const dot = dress.dots.findLast((d) => Math.hypot(d.px - x, d.py - y) < Math.max(d.pr + 3, Math.min(16, 0.4 * d.w * s)));
		return dot?.node ?? drawing.hulls.findLast((h) => x >= h.x * s && x <= (h.x + h.w) * s && y >= h.y * s && y <= (h.y + h.h) * s)?.node ?? null;
	};
	const on_key = (event) => {
		if (event.key.startsWith("Arrow")) {
			const from = drawing.nodes.find((n) => n.node === at);
			const to = from ? nearest(drawing.nodes, from, event.key) : drawing.nodes[0];
			if (to) select(to.node);
		} else if (event.key === "Enter" && at !== null) enter(at);
		else if ((event.key === "Backspace" || event.key === "-") && at !== null) leave(open.has(at) ? at : chart.parent(at));
		else if (event.key === "Escape") select(null);
		else return;
		event.preventDefault();
	};
	const open_or_close = (node) => node !== null && (open.has(node) ? leave(node) : enter(node));
	const middle = (by) => () => zoom(by, size.width / 2, size.height / 2);
	return html`<div class="stage"><canvas class="graph" ref=${ref} tabindex="0" role="application" aria-roledescription="graph" aria-describedby="map-told"
			aria-label=${`Graph of ${plural(drawing.nodes.length, "folder and file", "folders and files")} with ${plural(all.length, "dependency", "dependencies")}. The table view has the same in words.`}
			onPointerMove=${(e) => set_over(hit(e))} onPointerLeave=${() => set_over(null)} onClick=${(e) => moved.current || select(hit(e))} onDblClick=${(e) => open_or_close(hit(e))} onKeyDown=${on_key}></canvas></div>
		<div class="below"><p class="told" id="map-told" role="status"><${Hint} chart=${chart} told=${over ?? at} all=${all} nodes=${drawing.nodes} />${!graph.complete && " Some imports were left out of this very large map."}</p>
		<div class="stage-acts"><button class="quiet" aria-label="Nearer" title="Nearer" onClick=${middle(1.5)}><${Icon} name="plus" /></button>
			<button class="quiet" aria-label="Further away" title="Further away" onClick=${middle(1 / 1.5)}>–</button>
			<button class="quiet" onClick=${() => look_at(null)}>All</button>
			<button class="quiet" disabled=${query.open === undefined && !query.at} onClick=${() => (set_query({ open: null, at: null, near: null }, { replace: false }), look_at(null))}>As at first</button></div></div>`;
}
