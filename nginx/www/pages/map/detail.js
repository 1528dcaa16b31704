// About the selection: of a file its imports, definitions, owners, history, cycle and impact; of a folder what is
// in it; of nothing the whole: what are the parts, where does it start, where does it hurt.
import { html, useMemo } from "../../core/html.js";
import { compact, number, percent, plural } from "../../core/format.js";
import { useResource } from "../../core/resource.js";
import { here, with_query } from "../../core/router.js";
import { Copy, Time } from "../../parts/bits.js";
import { Icon } from "../../parts/icon.js";
import { Failure } from "../../parts/states.js";
import { ROOT, folder_of, is_folder } from "./chart.js";
import { source_url } from "../../parts/lines.js";
import { TESTED } from "./state.js";
import { tested_text } from "./table.js";

const MOST = 12;

const to = (changes) => with_query(changes, here.value);

// The end of a path says most: it is what stays when there is no room.
const Place = ({ path, children }) => html`<a class="place" href=${to({ at: path, def: null })} title=${path}><bdi>${path}</bdi>${children}</a>`;
const Block = ({ title, open = true, children }) => html`<details class="block" open=${open}><summary>${title}</summary>${children}</details>`;
const Rows = ({ items, more }) => html`<ul class="rows">${items}${more > 0 && html`<li class="fine">and ${number(more)} more</li>`}</ul>`;
const Row = ({ path, end }) => html`<li><${Place} path=${path} /><span class="num">${end}</span></li>`;

function Languages({ chart, d }) {
	const all = [...chart.shares[d]].sort((a, b) => b[1] - a[1]).slice(0, 5);
	return html`<div class="bar-of" aria-hidden="true">${all.map(([lang, code]) => html`<i key=${lang} class=${`c${Math.min(9, lang + 1)}`} style=${{ flexGrow: code }}></i>`)}</div>
		<p class="fine">${all.filter(([, code]) => code > 0).map(([lang, code]) => `${chart.languages[lang]} ${percent(code, chart.sums.code[d])}`).join(" · ")}</p>`;
}

function Whole({ id, chart, query }) {
	const { sums, files } = chart;
	const source = (f) => chart.roles[files.role[f]] === "source";
	const parts = useMemo(() => chart.components.name.map((name, i) => ({ name, i, code: chart.components.code[i], layer: chart.components.layer[i] })).sort((a, b) => b.code - a.code), [chart]);
	const hot = useMemo(() => chart.top((f) => (files.commits[f] > 1 && source(f) ? files.commits[f] * files.code[f] : 0), 5), [chart]);
	const wanted = useMemo(() => chart.top((f) => files.fan_in[f], 5), [chart]);
	const cycles = chart.cycles;
	const largest = cycles.length ? cycles.indexOf(Math.max(...cycles.slice(0, 50000))) + 1 : 0;
	const starts = chart.entries.name.map((name, i) => ({ name, i })).filter(({ i }) => chart.entries.file[i] >= 0).slice(0, 6);
	return html`<div class="card detail"><h2>At a glance</h2>
		<p>${plural(chart.n, "file")}, ${number(sums.code[0])} lines${chart.components.name.length > 1 ? `, ${plural(parts.length, "part")}` : ""}.</p>
		<${Languages} chart=${chart} d=${0} />
		<${Block} title="Where it hurts"><ul class="rows">
			<li><a href=${to({ only: "cycle", view: "table", sort: "cycle", desc: null, at: null })}>${cycles.length ? `${plural(cycles.length, "cycle")} of imports` : "No cycles of imports"}</a>${largest > 0 && html`<a class="num" href=${to({ only: String(largest), color: "cycle" })}>largest: ${number(cycles[largest - 1])} files</a>`}</li>
			<li><a href=${to({ only: "untested", color: "tested", at: null })} title=${TESTED}>Source that no test reaches</a><span class="num">${percent(sums.source[0] - sums.tested[0], sums.source[0])}</span></li>
			${hot.map((f) => html`<${Row} key=${f} path=${chart.path(f)} end=${`${number(files.commits[f])} changes`} />`)}
		</ul></>
		<${Block} title="Parts, by lines"><${Rows} more=${parts.length - MOST} items=${parts.slice(0, MOST).map((p) => html`<li key=${p.i}><a class="place" href=${to({ part: p.name, at: chart.components.path[p.i] || null })}><bdi>${p.name}</bdi></a><span class="num">${compact(p.code)}</span></li>`)} /></>
		<${Block} title="What most depends on"><${Rows} items=${wanted.map((f) => html`<${Row} key=${f} path=${chart.path(f)} end=${plural(files.fan_in[f], "importer")} />`)} /></>
		${starts.length > 0 && html`<${Block} title="Where it starts"><${Rows} more=${chart.entries.name.length - starts.length} items=${starts.map(({ name, i }) => html`<li key=${i}><a class="place" href=${source_url(id, chart.path(chart.entries.file[i]), query.commit, chart.entries.line[i])} title=${chart.path(chart.entries.file[i])}><bdi>${chart.path(chart.entries.file[i])}</bdi></a><span class="num">${chart.entries.kind[i]} ${name}</span></li>`)} /></>`}
	</div>`;
}

// Imports between a folder and what lies elsewhere, by folders beside it.
function crossings(chart, graph, at) {
	const sides = { out: new Map(), in: new Map() };
	const level = (f) => {
		let node = chart.parent(f);
		for (let up = chart.parent(node); node !== ROOT && up !== ROOT && !chart.within(at, up); up = chart.parent(node)) node = up;
		return node;
	};
	for (const f of chart.files_of(at))
		for (const way of ["out", "in"])
			graph.each(way, f, (t) => {
				if (!chart.within(t, at)) sides[way].set(level(t), (sides[way].get(level(t)) ?? 0) + 1);
			});
	return Object.fromEntries(Object.entries(sides).map(([way, all]) => [way, [...all].sort((a, b) => b[1] - a[1])]));
}

const Crossing = ({ title, chart, list }) => list.length === 0 ? html`<p class="fine">${title}: nothing outside of it.</p>` : html`<${Block} title=${`${title} (${plural(list.length, "folder")})`}><${Rows} more=${list.length - MOST} items=${list.slice(0, MOST).map(([node, n]) => html`<li key=${node}><${Place} path=${chart.path(node) || ""} /><span class="num">${plural(n, "import")}</span></li>`)} /></>`;

function Folder({ chart, graph, at, query }) {
	const d = folder_of(at);
	const { sums } = chart;
	const crossing = useMemo(() => graph && crossings(chart, graph, at), [chart, graph, at]);
	const part = chart.components.path.findIndex((path, i) => path === chart.path(at) && chart.components.kind[i] !== "cluster");
	const largest = useMemo(() => chart.files_of(at).sort((a, b) => chart.code(b) - chart.code(a)), [chart, at]);
	return html`<div class="card detail"><${Head} path=${chart.path(at)} icon="folder" />
		<p>${plural(sums.files[d], "file")}, ${number(sums.code[d])} lines${part >= 0 ? `; the part ${chart.components.name[part]} (${chart.components.kind[part]})` : ""}.</p>
		<${Languages} chart=${chart} d=${d} />
		<div class="acts"><a class="button" href=${to({ view: "treemap", under: chart.path(at) })}>Zoom in</a><a class="button" href=${to({ view: "table", under: chart.path(at), rows: null })}>List its files</a>
			${query.view !== "treemap" && query.view !== "table" && html`<a class="button" href=${to({ open: open_also(chart, query, at) })}>Open it</a>`}</div>
		<dl class="facts"><dt title=${TESTED}>Lines reached by tests</dt><dd>${sums.source[d] ? percent(sums.tested[d], sums.source[d]) : "no source"}</dd><dt>Files in cycles</dt><dd>${number(sums.cyclic[d])}</dd>
			${chart.history && html`<dt>Changes</dt><dd>${number(sums.commits[d])} <span class="fine">of its files, by all commits</span></dd>`}</dl>
		${crossing && html`<${Crossing} title="Depends on" chart=${chart} list=${crossing.out} /><${Crossing} title="Used by" chart=${chart} list=${crossing.in} />`}
		<${Block} title="Largest files"><${Rows} more=${largest.length - 8} items=${largest.slice(0, 8).map((f) => html`<${Row} key=${f} path=${chart.path(f)} end=${plural(chart.code(f), "line")} />`)} /></>
	</div>`;
}

const open_also = (chart, query, at) => [query.open ?? [...chart.first_open()].filter((n) => n !== ROOT).map((n) => chart.path(n)).join(","), chart.path(at)].filter((p) => p && p !== "/").join(",");

const Head = ({ path, icon, children }) => html`<header><${Icon} name=${icon} /><h2 class="path">${path || "All files"}</h2><${Copy} text=${path} label="Copy the path" />${children}
	<a class="button quiet" href=${to({ at: null, near: null, def: null })} aria-label="Select nothing" title="Select nothing"><${Icon} name="close" /></a></header>`;

// Both ways, with the line that does it.
function Neighbours({ id, path, commit, way, total }) {
	const found = useResource(total ? `/projects/${id}/graph/neighbours` : null, { path, direction: way, limit: 100, commit });
	const other = way === "in" ? "from" : "to";
	const items = found.data?.items ?? [];
	const files = [...Map.groupBy(items, (e) => e[other])];
	return html`<${Block} title=${`${way === "in" ? "Imported by" : "Imports"} (${number(total)})`} open=${total > 0}>
		${found.problem && html`<${Failure} problem=${found.problem} retry=${found.reload} compact />`}
		<${Rows} more=${found.data ? found.data.total - items.length : 0} items=${files.map(([path, [e, ...rest]]) => html`<li key=${path}><${Place} path=${path} />
			<a class="num" href=${source_url(id, e.from, commit, e.line)} title=${`${e.kind}, found by ${e.rule}, ${e.confidence} % sure`}>${e.line ? `line ${e.line}` : e.kind}${rest.length > 0 && ` +${rest.length}`}</a></li>`)} /></>`;
}

function Definitions({ id, path, commit, def }) {
	const outline = useResource(`/projects/${id}/outline`, { path, commit });
	const defs = outline.data?.items ?? [];
	if (!defs.length) return null;
	return html`<${Block} title=${`Definitions (${number(defs.length)})`}><ul class="rows tall">${defs.slice(0, 300).map((d, i) => html`<li key=${i} class=${d.name === def ? "on" : ""}>
		<a class="place" href=${to({ def: d.name })} title=${d.signature || d.name}><bdi>${d.parent ? `${d.parent}.` : ""}${d.name}</bdi></a><a class="num" href=${source_url(id, path, commit, d.line, d.last_line)}>${d.kind}, line ${d.line}</a></li>`)}</ul></>`;
}

function Uses({ id, def, commit }) {
	const uses = useResource(`/projects/${id}/references`, { name: def, commit });
	if (uses.problem) return uses.problem.status === 404 ? null : html`<${Failure} problem=${uses.problem} compact />`;
	if (!uses.data) return null;
	const { definitions, items, uses: all } = uses.data;
	const line = (d, i, word) => html`<li key=${i}><a class="place" href=${source_url(id, d.path, commit, d.line)} title=${d.path}><bdi>${d.path}</bdi></a><span class="num">${word}, line ${d.line}</span></li>`;
	return html`<${Block} title=${`${def}: ${plural(definitions.length, "definition")}, ${plural(all, "use")}`}><ul class="rows tall">${definitions.map((d, i) => line(d, `d${i}`, d.kind))}${items.slice(0, 100).map((u, i) => line(u, i, u.kind))}</ul></>`;
}

function Impact({ id, path, commit, total }) {
	const found = useResource(total ? `/projects/${id}/graph/impact` : null, { path, depth: 100, limit: 30, commit });
	const d = found.data;
	return html`<${Block} title=${`Impact of a change (${plural(total, "file")})`} open=${false}>
		${d && html`<p class="fine">${d.by_depth.map((n, i) => `${number(n)} at ${plural(i + 1, "step")}`).join(", ")}</p>
			<${Rows} more=${d.total - d.items.length} items=${d.items.map((r) => html`<li key=${r.path}><${Place} path=${r.path} /><span class="num">${plural(r.depth, "step")}</span></li>`)} />`}
		<a class="button" href=${to({ near: "impact" })}>Show it on the map</a></>`;
}

function File({ id, chart, at, query }) {
	const f = chart.files;
	const path = chart.path(at);
	const { commit } = chart;
	const cycle = useMemo(() => (f.cycle[at] ? chart.members(f.cycle[at]).filter((m) => m !== at) : []), [chart, at]);
	const c = chart.coupling;
	const coupled = useMemo(() => c.a.map((a, i) => ({ other: a === at ? c.b[i] : c.b[i] === at ? a : -1, i })).filter((p) => p.other >= 0), [chart, at]);
	const facts = [["Language", chart.languages[f.lang[at]] ?? "–"], ["Role", chart.roles[f.role[at]] || "–"], ["Lines", number(f.code[at])], ["Part", html`<a href=${to({ part: chart.components.name[f.component[at]] })}>${chart.components.name[f.component[at]]}</a>`],
		["Layer", number(f.layer[at])], ["Reached by tests", tested_text(f.tested[at]), TESTED]];
	const past = chart.history ? [["Owner", chart.authors[f.owner[at]] ?? "–"], ["Authors", number(f.authors[at])], ["Changes", number(f.commits[at])], ["Last change", f.last[at] ? html`<${Time} at=${f.last[at] * 86400000} />` : "–"]] : [];
	return html`<div class="card detail"><${Head} path=${path} icon="file" />
		<div class="acts"><a class="button first" href=${source_url(id, path, query.commit)}>Read the source</a><a class="button" href=${to({ near: query.near === "both" ? null : "both" })}>${query.near === "both" ? "Show everything" : "Isolate it"}</a></div>
		<dl class="facts">${[...facts, ...past].map(([name, value, about]) => html`<dt key=${name} title=${about}>${name}</dt><dd>${value}</dd>`)}</dl>
		${query.def && html`<${Uses} id=${id} def=${query.def} commit=${commit} />`}
		<${Neighbours} id=${id} path=${path} commit=${commit} way="out" total=${f.fan_out[at]} />
		<${Neighbours} id=${id} path=${path} commit=${commit} way="in" total=${f.fan_in[at]} />
		<${Definitions} id=${id} path=${path} commit=${commit} def=${query.def} />
		${cycle.length > 0 && html`<${Block} title=${`In a cycle with ${plural(cycle.length, "file")}`}><${Rows} more=${cycle.length - MOST} items=${cycle.slice(0, MOST).map((m) => html`<${Row} key=${m} path=${chart.path(m)} />`)} /><a class="button" href=${to({ only: String(f.cycle[at]) })}>Show the cycle alone</a></>`}
		${f.impact[at] > 0 && html`<${Impact} id=${id} path=${path} commit=${commit} total=${f.impact[at]} />`}
		${coupled.length > 0 && html`<${Block} title="Changes together with"><${Rows} items=${coupled.slice(0, MOST).map(({ other, i }) => html`<${Row} key=${i} path=${chart.path(other)} end=${`${c.degree[i]} %, ${c.together[i]} times`} />`)} /></>`}
	</div>`;
}

export function Detail({ id, chart, graph, at, query }) {
	if (at === null || at === ROOT) return html`<${Whole} id=${id} chart=${chart} query=${query} />`;
	return is_folder(at) ? html`<${Folder} chart=${chart} graph=${graph} at=${at} query=${query} />` : html`<${File} id=${id} chart=${chart} at=${at} query=${query} />`;
}
