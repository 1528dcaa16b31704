// The graph: folders first, opened where one looks closer.  What stands above depends on what stands below.
import { DirectedGraph } from "graphology";
import Sigma from "sigma";
import { html, useEffect, useMemo, useRef, useState } from "../../core/html.js";
import { number, plural } from "../../core/format.js";
import { go, set_query } from "../../core/router.js";
import { Icon } from "../../parts/icon.js";
import { ROOT, is_folder } from "./chart.js";
import { source_link } from "./links.js";
import { fitted, spoken } from "./canvas.js";
import { WIDTH, drawn_lines, lines, open_text, opened, scene } from "./scene.js";
import { css, folders_shown, mix, nearest, painter } from "./state.js";

const font = (size, bold) => `${bold ? "600 " : ""}${size}px ${getComputedStyle(document.body).fontFamily}`;
const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

// Below its node, as wide as its cell; behind it the paper, so that lines do not run through it.
function draw_label(pen, { ink, back, cell, sigma, bold, label, x, y, size: radius }) {
	const size = 12, width = cell * sigma.scaleSize(1);
	if (width < 44) return;
	pen.font = font(size, bold);
	const text = fitted(pen, label, width);
	if (!text) return;
	pen.textAlign = "center";
	pen.lineJoin = "round";
	pen.lineWidth = 3;
	pen.strokeStyle = back;
	pen.strokeText(text, x, y + radius + size + 2);
	pen.fillStyle = ink;
	pen.fillText(text, x, y + radius + size + 2);
	pen.textAlign = "start";
}

function draw_hover(pen, data) {
	pen.beginPath();
	pen.arc(data.x, data.y, data.size + 2.5, 0, 2 * Math.PI);
	pen.lineWidth = 2;
	pen.strokeStyle = data.ink;
	pen.stroke();
	draw_label(pen, { ...data, cell: data.cell * 3 });
}

// Open folders: around what they hold, with their names.
function draw_hulls(pen, sigma, hulls, c) {
	const scale = sigma.scaleSize(1);
	for (const hull of hulls) {
		const { x, y } = sigma.graphToViewport({ x: hull.x, y: -hull.y });
		const w = hull.w * scale, h = hull.h * scale;
		pen.beginPath();
		pen.roundRect(x, y, w, h, Math.min(8, w / 8, h / 8));
		pen.fillStyle = css(mix(c.card, c.shade, 0.55));
		pen.fill();
		pen.lineWidth = hull.chosen ? 2.5 : 1;
		pen.strokeStyle = css(hull.chosen ? c.ink : c.line);
		pen.stroke();
		if (w < 50 || h < 34) continue;
		pen.font = font(12, true);
		pen.fillStyle = css(c["ink-2"]);
		pen.fillText(fitted(pen, hull.label, w - 14), x + 7, y + 15);
	}
}

// What is drawn, with its colours: graphology's graph.
function filled({ nodes }, all, { chart, c, at, shown, query, sigma }) {
	const graph = new DirectedGraph();
	const colour = painter(chart, query.color, c);
	const some = shown && folders_shown(chart, shown);
	const passes = ({ node }) => !shown || (is_folder(node) ? some.has(node) : Boolean(shown[node]));
	const chosen = new Set(nodes.flatMap(({ node }, i) => (at !== null && at !== ROOT && (node === at || chart.within(node, at) || chart.within(at, node)) ? [i] : [])));
	const near = new Set(chosen);
	for (const l of all) {
		if (chosen.has(l.from)) near.add(l.to);
		if (chosen.has(l.to)) near.add(l.from);
	}
	nodes.forEach((n, i) => {
		const on = passes(n) && (!chosen.size || near.has(i));
		graph.addNode(i, { ...n, y: -n.y, size: n.r, cell: n.w, label: chart.name(n.node) + (is_folder(n.node) ? "/" : ""), forceLabel: true, sigma,
			bold: is_folder(n.node), color: css(mix(c.paper, colour(n.node), on ? 1 : 0.22)), ink: css(on ? c.ink : mix(c.paper, c["ink-2"], 0.6)), back: css(c.paper), highlighted: n.node === at, zIndex: on ? 1 : 0 });
	});
	for (const l of drawn_lines(all, (i) => chosen.has(i))) {
		const out = chosen.has(l.from), into = chosen.has(l.to);
		const faint = (chosen.size && !out && !into) || !passes(nodes[l.from]) || !passes(nodes[l.to]);
		const full = out && !into ? c["edge-out"] : into && !out ? c["edge-in"] : l.cyclic ? c.bad : c["line-2"];
		graph.addDirectedEdge(l.from, l.to, { weight: l.weight, type: "arrow", color: css(mix(c.paper, full, faint ? 0.12 : out || into || l.cyclic ? 0.9 : 0.6)), zIndex: faint ? 0 : out || into ? 2 : 1 });
	}
	return graph;
}

// Lines are as thick on every step of the zoom.
function thicken(sigma) {
	const unit = 1 / sigma.scaleSize(1);
	sigma.getGraph().updateEachEdgeAttributes((_, a) => ({ ...a, size: (1.1 + 0.3 * Math.log2(a.weight)) * unit }), { attributes: ["size"] });
}

// Sigma on a box: { ref, sigma } with what it shows kept in `now`.
function useSigma(now, height) {
	const ref = useRef(null);
	const [sigma, set_sigma] = useState(null);
	useEffect(() => {
		const it = new Sigma(new DirectedGraph(), ref.current, { allowInvalidContainer: true, itemSizesReference: "positions", zoomToSizeRatioFunction: (x) => x, zIndex: true, labelRenderedSizeThreshold: 0,
			defaultDrawNodeLabel: draw_label, defaultDrawNodeHover: draw_hover, minEdgeThickness: 1, stagePadding: 12, minCameraRatio: 0.0005, maxCameraRatio: 2, enableCameraRotation: false, doubleClickZoomingRatio: 1 });
		const pen = it.createCanvasContext("hulls", { beforeLayer: "edges", style: { position: "absolute" } }).getCanvases().hulls.getContext("2d");
		let ratio = 1;
		it.on("beforeRender", () => {
			const { width, height: h } = it.getDimensions();
			const sharp = devicePixelRatio || 1;
			pen.canvas.width = width * sharp;
			pen.canvas.height = h * sharp;
			pen.canvas.style.width = `${width}px`;
			pen.canvas.style.height = `${h}px`;
			pen.scale(sharp, sharp);
			draw_hulls(pen, it, now.current.hulls, now.current.c);
		});
		it.getCamera().on("updated", (state) => {
			if (Math.abs(Math.log(state.ratio / ratio)) < 0.1) return;
			ratio = state.ratio;
			thicken(it);
		});
		it.on("clickNode", ({ node }) => now.current.select(now.current.nodes[node].node));
		it.on("doubleClickNode", (e) => (e.preventSigmaDefault(), now.current.enter(now.current.nodes[e.node].node)));
		it.on("clickStage", ({ event }) => now.current.select(now.current.hull_at(it.viewportToGraph(event))));
		it.on("doubleClickStage", (e) => (e.preventSigmaDefault(), now.current.leave(now.current.hull_at(it.viewportToGraph(e.event)))));
		it.on("enterNode", ({ node }) => now.current.set_over(now.current.nodes[node].node));
		it.on("leaveNode", () => now.current.set_over(null));
		set_sigma(it);
		return () => it.kill();
	}, []);
	useEffect(() => sigma?.setCustomBBox({ x: [0, WIDTH], y: [-height, 0] }), [sigma, height]);
	return { ref, sigma };
}

// Move so that a rectangle of the drawing fills the view, or all of it.
function look_at(sigma, r) {
	const camera = sigma.getCamera();
	const to = r ? { ...sigma.viewportToFramedGraph(sigma.graphToViewport({ x: r.x + r.w / 2, y: -(r.y + r.h / 2) })), ratio: (1.12 * camera.ratio * Math.max((r.w * sigma.scaleSize(1)) / sigma.getDimensions().width, (r.h * sigma.scaleSize(1)) / sigma.getDimensions().height)) } : { x: 0.5, y: 0.5, ratio: 1 };
	if (still()) camera.setState(to);
	else camera.animate(to, { duration: 300 });
}

const Hint = ({ chart, told, all, nodes }) => {
	if (told === null) return "What stands above depends on what stands below; red lines are part of a cycle. Double click or Enter opens a folder.";
	const i = nodes.findIndex((n) => n.node === told);
	const to = all.filter((l) => l.from === i).length, from = all.filter((l) => l.to === i).length;
	return html`${spoken(chart, told, plural, number)}${i >= 0 && html`; here it <span class="out">imports ${to}</span> and is <span class="in">imported by ${from}</span>`}`;
};

export default function GraphView({ chart, graph, query, shown, c, at, id, select }) {
	const now = useRef({ nodes: [], hulls: [] });
	const frame = useRef(null);
	const [over, set_over] = useState(null);
	const [height, set_height] = useState(WIDTH / 1.7);
	const open = useMemo(() => opened(chart, query, at), [chart, query.open, at]);
	const key = open_text(chart, open);
	const drawing = useMemo(() => scene(chart, graph, open, at, height), [chart, graph, key, at !== null && chart.parent(at), height]);
	const all = useMemo(() => lines(chart, graph, drawing), [drawing]);
	const { ref, sigma } = useSigma(now, height);
	// The drawing has the shape of its box.
	useEffect(() => {
		const look = new ResizeObserver(([{ contentRect: box }]) => box.height && set_height(WIDTH / Math.min(2.5, Math.max(0.55, box.width / box.height))));
		look.observe(ref.current);
		return () => look.disconnect();
	}, []);
	const set_open = (next) => set_query({ open: open_text(chart, next) }, { replace: false });
	const enter = (node) => {
		if (!is_folder(node)) return go(source_link(id, chart.path(node), query.commit));
		frame.current = node;
		set_open(new Set([...open, node]));
	};
	const leave = (node) => {
		if (node === null || node === ROOT) return;
		set_query({ open: open_text(chart, new Set([...open].filter((other) => !chart.within(other, node)))), at: chart.path(node) }, { replace: false });
		frame.current = chart.parent(node);
	};
	const hull_at = ({ x, y }) => drawing.hulls.findLast((h) => x >= h.x && x <= h.x + h.w && -y >= h.y && -y <= h.y + h.h)?.node ?? null;
	const label = (h) => chart.name(h.node) + (h.hidden ? ` · ${number(h.hidden)} smaller ones are not drawn` : "");
	now.current = { nodes: drawing.nodes, hulls: drawing.hulls.map((h) => ({ ...h, label: label(h), chosen: h.node === at })), c, select, enter, leave, set_over, hull_at };

	useEffect(() => {
		if (!sigma) return;
		sigma.setGraph(filled(drawing, all, { chart, c, at, shown, query, sigma }));
		thicken(sigma);
	}, [sigma, drawing, all, c, at, shown, query.color]);
	// What was opened, or found from elsewhere, is brought to where it can be read.
	useEffect(() => {
		if (!sigma) return;
		const target = frame.current ?? (at !== null && at !== ROOT ? chart.parent(at) : null);
		frame.current = null;
		const hull = drawing.hulls.find((h) => h.node === target);
		const cell = hull && drawing.nodes.filter((n) => chart.parent(n.node) === target).reduce((least, n) => Math.min(least, n.w), Infinity) * sigma.scaleSize(1);
		if (hull && cell < 46) look_at(sigma, hull);
		else if (target === ROOT) look_at(sigma, null);
	}, [sigma, key]);

	const on_key = (event) => {
		const points = drawing.nodes;
		if (event.key.startsWith("Arrow")) {
			const from = points.find((n) => n.node === at);
			const to = from ? nearest(points, from, event.key) : points[0];
			if (to) select(to.node);
		} else if (event.key === "Enter" && at !== null) enter(at);
		else if ((event.key === "Backspace" || event.key === "-") && at !== null) leave(open.has(at) ? at : chart.parent(at));
		else if (event.key === "Escape") select(null);
		else return;
		event.preventDefault();
	};
	const camera = (act) => () => sigma?.getCamera()[act]({ duration: still() ? 0 : 200 });
	const told = over ?? at;
	return html`<div class="stage" tabindex="0" role="application" aria-roledescription="graph" aria-label=${`Graph of ${plural(drawing.nodes.length, "folder and file", "folders and files")} with ${plural(all.length, "dependency", "dependencies")}. The table view has the same in words.`}
			aria-describedby="map-told" onKeyDown=${on_key}><div class="sigma" ref=${ref}></div></div>
		<div class="stage-acts"><button class="quiet" aria-label="Nearer" title="Nearer" onClick=${camera("animatedZoom")}><${Icon} name="plus" /></button>
			<button class="quiet" aria-label="Further away" title="Further away" onClick=${camera("animatedUnzoom")}>–</button>
			<button class="quiet" onClick=${() => look_at(sigma, null)}>All</button>
			<button class="quiet" disabled=${query.open === undefined && !query.at} onClick=${() => (set_query({ open: null, at: null, near: null }, { replace: false }), look_at(sigma, null))}>As at first</button></div>
		<p class="told" id="map-told" role="status"><${Hint} chart=${chart} told=${told} all=${all} nodes=${drawing.nodes} />${!graph.complete && " Some imports were left out of this very large map."}</p>`;
}
