// What the graph shows for the folders that are open: nodes with their places, hulls around what an open folder
// holds, and the imports between nodes summed up.
import { ROOT, folder_node, folder_of, is_folder } from "./chart.js";

export const WIDTH = 1500; // of the whole, in units of the drawing
const CROWD = 120; // children that are drawn of one folder
const LINES = 400; // strongest lines that are drawn

// Room within a folder, below its name.
function room(r) {
	const pad = 0.03 * Math.min(r.w, r.h), head = Math.min(0.2 * r.h, 24);
	return { x: r.x + pad, y: r.y + head + pad, w: r.w - 2 * pad, h: r.h - head - 2 * pad };
}

// The rows in which the stored places put them; one that is much longer than it should be is broken.
function rows_of(graph, children) {
	const place = (node, side) => graph.places[is_folder(node) ? "folders" : "files"][side][is_folder(node) ? folder_of(node) : node];
	const rows = new Map();
	for (const node of [...children].sort((a, b) => place(a, "y") - place(b, "y") || place(a, "x") - place(b, "x"))) {
		const y = place(node, "y");
		rows.set(y, [...(rows.get(y) ?? []), node]);
	}
	const most = Math.max(6, Math.round(Math.sqrt(2.4 * children.length)));
	return [...rows.values()].flatMap((row) => {
		const parts = Math.ceil(row.length / (1.15 * most)), each = Math.ceil(row.length / parts);
		return Array.from({ length: parts }, (_, i) => row.slice(i * each, (i + 1) * each)).filter((part) => part.length);
	});
}

function drawn_children(chart, node, at) {
	const all = chart.children(node);
	if (all.length <= CROWD) return all;
	const kept = new Set([...all].sort((a, b) => chart.code(b) - chart.code(a)).slice(0, CROWD));
	return all.filter((child) => kept.has(child) || (at !== null && chart.within(at, child)));
}

// Open folders parents first, each with its rows; and how much room each node wants: an open folder what is in it.
function grow(chart, graph, open, at) {
	const folders = [], weight = new Map();
	for (const waiting = [ROOT]; waiting.length;) {
		const node = waiting.pop();
		const children = drawn_children(chart, node, at);
		folders.push({ node, children, rows: rows_of(graph, children) });
		waiting.push(...children.filter((child) => is_folder(child) && open.has(child)));
	}
	for (const { node, children } of folders.toReversed()) {
		let sum = 0;
		for (const child of children) {
			if (!weight.has(child)) weight.set(child, is_folder(child) ? 1.25 : chart.files.fan_in[child] + chart.files.fan_out[child] ? 1 : 0.3);
			sum += weight.get(child);
		}
		weight.set(node, 1 + 1.15 * sum);
	}
	return { folders, weight };
}

export function scene(chart, graph, open, at, height) {
	const nodes = [], hulls = [];
	const { folders, weight } = grow(chart, graph, open, at);
	const room_of = new Map([[ROOT, { x: 0, y: 0, w: WIDTH, h: height }]]);
	for (const { node, children, rows } of folders) {
		const r = room_of.get(node);
		const inner = node === ROOT ? r : room(r);
		if (node !== ROOT) hulls.push({ ...r, node, hidden: chart.children(node).length - children.length });
		const total = (list) => list.reduce((a, b) => a + b, 0);
		const sums = rows.map((row) => total(row.map((child) => weight.get(child))));
		const all = total(sums);
		let y = inner.y;
		rows.forEach((row, i) => {
			const h = inner.h * (0.65 * (sums[i] / all) + 0.35 / rows.length);
			const wide = (child) => weight.get(child) ** 0.7; // beside an open folder there is height enough
			const across = total(row.map(wide));
			let x = inner.x;
			for (const child of row) {
				const w = (inner.w * wide(child)) / across;
				if (is_folder(child) && open.has(child)) room_of.set(child, { x: x + 0.01 * w, y: y + 0.02 * h, w: 0.98 * w, h: 0.96 * h });
				else nodes.push({ node: child, x: x + w / 2, y: y + h * 0.42, w, r: Math.min(0.3 * w, 0.26 * h, 24) * (0.45 + 0.55 * Math.sqrt(chart.code(child) / Math.max(1, chart.code(node)))) });
				x += w;
			}
			y += h;
		});
	}
	return { nodes, hulls, owner: owners(chart, nodes) };
}

// By file: the node that shows it, or -1.
function owners(chart, nodes) {
	const of_folder = new Int32Array(chart.nf).fill(-1), of_file = new Int32Array(chart.n).fill(-1);
	nodes.forEach(({ node }, i) => (is_folder(node) ? (of_folder[folder_of(node)] = i) : (of_file[node] = i)));
	for (let d = 1; d < chart.nf; d++) if (of_folder[d] < 0) of_folder[d] = of_folder[chart.folders.parent[d]];
	for (let f = 0; f < chart.n; f++) if (of_file[f] < 0) of_file[f] = of_folder[chart.files.folder[f]];
	return of_file;
}

// Lines between nodes, strongest first: { from, to, weight, cyclic: imports of a cycle are in it }.
export function lines(chart, graph, { nodes, owner }) {
	const found = new Map();
	const { cycle } = chart.files;
	for (let f = 0; f < chart.n; f++) {
		const from = owner[f];
		if (from < 0) continue;
		graph.each("out", f, (t) => {
			const to = owner[t];
			if (to < 0 || to === from) return;
			const key = from * nodes.length + to;
			const line = found.get(key) ?? { from, to, weight: 0, cyclic: false };
			line.weight++;
			line.cyclic ||= cycle[f] > 0 && cycle[f] === cycle[t];
			found.set(key, line);
		});
	}
	return [...found.values()].sort((a, b) => b.weight - a.weight || a.from - b.from || a.to - b.to);
}

// The lines that are drawn: those of the selection, and else the strongest.
export const drawn_lines = (all, is_chosen) => {
	const mine = all.filter((l) => is_chosen(l.from) || is_chosen(l.to));
	return [...all.filter((l) => !is_chosen(l.from) && !is_chosen(l.to)).slice(0, Math.max(0, LINES - mine.length)), ...mine.slice(0, 2 * LINES)];
};

// The open folders of the address, with those around the selection; closed ones stay closed.
export function opened(chart, query, at) {
	const open = query.open === undefined ? chart.first_open() : new Set([ROOT]);
	const add = (node) => {
		for (; !open.has(node); node = chart.parent(node)) open.add(node);
	};
	for (const path of (query.open ?? "").split(",")) if (chart.by_path.has(path)) add(folder_node(chart.by_path.get(path)));
	if (at !== null && at !== ROOT) add(chart.parent(at));
	return open;
}

// As the address has them: the innermost say the others.
export function open_text(chart, open) {
	const inner = [...open].filter((node) => node !== ROOT && ![...open].some((other) => other !== node && chart.parent(other) === node));
	return inner.map((node) => chart.path(node)).sort().join(",") || "/";
}
