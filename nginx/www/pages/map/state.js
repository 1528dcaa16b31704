// What the three views share: the address says what is selected, shown and coloured.
import { ROOT, folder_of, is_folder } from "./chart.js";

// What "tested" means here, wherever it is shown.
export const TESTED = "Told by imports that begin in tests, not by running them; in C a source counts with the header of its name.";
export const COLOURS = [["lang", "Language"], ["churn", "Changes"], ["central", "Importers"], ["tested", "Reached by tests"], ["layer", "Layer"], ["cycle", "Cycles"]];
export const NEAR = [["", "Everything"], ["both", "Its neighbours"], ["in", "Who imports it"], ["out", "What it imports"], ["impact", "Impact of a change"]];

const PALETTE = 9;

// Colours of the page's tokens, as the canvas wants them; asked anew when the scheme changes.
export function colours() {
	const probe = document.body.appendChild(document.createElement("i"));
	probe.style.transition = "none";
	const of = (name) => {
		probe.style.color = `var(--${name})`;
		return getComputedStyle(probe).color.match(/[\d.]+/g).slice(0, 3).map(Number);
	};
	const all = Object.fromEntries(["ink", "ink-2", "paper", "card", "shade", "line", "line-2", "link", "good", "bad", "warn", "heat", "cool", "edge-in", "edge-out"].map((name) => [name, of(name)]));
	all.palette = Array.from({ length: PALETTE }, (_, i) => of(`c${i + 1}`));
	probe.remove();
	return all;
}
export const css = ([r, g, b]) => `rgb(${Math.round(r)},${Math.round(g)},${Math.round(b)})`;
export const mix = (a, b, t) => a.map((v, i) => v + (b[i] - v) * t);

const share = (value, most) => (most > 0 ? Math.log1p(value) / Math.log1p(most) : 0);

// The highest of a column, once for a chart.
const most = (chart, key) => ((chart.most ??= {})[key] ??= chart.files[key].reduce((a, b) => (b > a ? b : a), 1));

// How a node is coloured: by what it is, of a folder by what is in it.
export function painter(chart, by, c) {
	const { files, sums } = chart;
	const grey = mix(c["line-2"], c.card, 0.35);
	const at = (node, file, sum) => (is_folder(node) ? sum(folder_of(node)) : file(node));
	const heat = (t) => mix(mix(c.cool, c.card, 0.25), c.heat, Math.min(1, Math.max(0, t)));
	const paint = {
		lang: (node) => c.palette[at(node, (f) => files.lang[f], (d) => chart.langs[d])] ?? grey,
		churn: (node) => heat(at(node, (f) => share(files.commits[f] ?? 0, most(chart, "commits")), (d) => share(sums.commits[d] / sums.files[d], most(chart, "commits")))),
		central: (node) => heat(at(node, (f) => share(files.fan_in[f], most(chart, "fan_in")), (d) => share(sums.rank[d], sums.rank[0]))),
		layer: (node) => at(node, (f) => (files.fan_in[f] + files.fan_out[f] ? heat(files.layer[f] / most(chart, "layer")) : grey), () => grey),
		cycle: (node) => at(node, (f) => (files.cycle[f] ? c.bad : grey), (d) => (sums.cyclic[d] ? mix(grey, c.bad, 0.35 + 0.65 * (sums.cyclic[d] / sums.files[d])) : grey)),
		tested: (node) => at(node, (f) => (files.tested[f] >= 0 ? mix(c.good, c.card, Math.min(0.6, files.tested[f] * 0.2)) : chart.roles[files.role[f]] === "source" ? c.heat : grey),
			(d) => (sums.source[d] ? mix(c.heat, c.good, sums.tested[d] / sums.source[d]) : grey)),
	};
	return paint[by] ?? paint.lang;
}

// What the colours mean: [[colour, text]...]
export function legend(chart, by, c) {
	const scale = (low, high) => [[mix(c.cool, c.card, 0.25), low], [mix(mix(c.cool, c.card, 0.25), c.heat, 0.5), "between"], [c.heat, high]];
	const grey = mix(c["line-2"], c.card, 0.35);
	return {
		lang: () => [...chart.languages.slice(0, PALETTE).map((name, i) => [c.palette[i], name]), ...(chart.languages.length > PALETTE ? [[grey, "others"]] : [])],
		churn: () => scale("few changes", "many"),
		central: () => scale("few importers", "many"),
		layer: () => [...scale("depends on nothing", "top"), [grey, "folders, and files without imports"]],
		cycle: () => [[c.bad, "in a cycle"], [grey, "in none"]],
		tested: () => [[c.good, "a test, or near one"], [mix(c.good, c.card, 0.5), "further away"], [c.heat, "no test reaches it"], [grey, "no source"]],
	}[by in { lang: 1, churn: 1, central: 1, layer: 1, cycle: 1, tested: 1 } ? by : "lang"]();
}

// Which files the filters leave: 1 and 0, by file; null when all are.
export function sieve(chart, graph, query) {
	const at = chart.find(query.at);
	const under = query.under ? chart.find(query.under) : null;
	const text = (query.q ?? "").toLowerCase();
	const tests = [];
	const { files } = chart;
	const equals = (column, names, wanted) => {
		const i = names.indexOf(wanted);
		tests.push((f) => files[column][f] === i);
	};
	if (query.lang) equals("lang", chart.languages, query.lang);
	if (query.role) equals("role", chart.roles, query.role);
	if (query.part) equals("component", chart.components.name, query.part);
	if (query.only === "cycle") tests.push((f) => files.cycle[f] > 0);
	if (/^\d+$/.test(query.only ?? "")) tests.push((f) => files.cycle[f] === Number(query.only));
	if (query.only === "untested") tests.push((f) => files.tested[f] < 0 && chart.roles[files.role[f]] === "source" && files.code[f] > 0);
	if (under !== null && under !== ROOT) tests.push((f) => f === under || chart.within(f, under));
	if (query.near && graph && at !== null && at !== ROOT) {
		const begin = is_folder(at) ? chart.files_of(at) : [at];
		const ways = { in: ["in"], out: ["out"], both: ["in", "out"], impact: ["in"] }[query.near] ?? [];
		const steps = ways.map((way) => graph.reach(way, begin, query.near === "impact" ? Infinity : 1));
		tests.push((f) => steps.some((s) => s[f] >= 0));
	}
	if (text) tests.push((f) => chart.path(f).toLowerCase().includes(text));
	return tests.length ? Uint8Array.from({ length: chart.n }, (_, f) => tests.every((test) => test(f))) : null;
}

// The folders with a file that the filters leave.
export function folders_shown(chart, shown) {
	const some = new Set([ROOT]);
	for (let f = 0; f < chart.n; f++)
		if (shown[f]) for (let node = chart.parent(f); !some.has(node); node = chart.parent(node)) some.add(node);
	return some;
}

// The node of a list that lies nearest in a direction: items have x and y.
export function nearest(items, from, key) {
	const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
	let best = null, least = Infinity;
	for (const item of items) {
		const x = item.x - from.x, y = item.y - from.y;
		const ahead = x * dx + y * dy, aside = Math.abs(x * dy) + Math.abs(y * dx);
		if (ahead > 0.5 && ahead + 2.5 * aside < least) [best, least] = [item, ahead + 2.5 * aside];
	}
	return best;
}
