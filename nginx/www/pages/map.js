// The system map: one table of files in three views, with a selection that all of them share.
import { html, useEffect, useMemo, useRef, useState } from "../core/html.js";
import { useResource } from "../core/resource.js";
import { number, short_id } from "../core/format.js";
import { set_query } from "../core/router.js";
import { Choice } from "../parts/bits.js";
import { useKeys } from "../parts/keys.js";
import { ProjectFrame } from "../parts/project_frame.js";
import { Empty, Failure, Shown, Skeleton } from "../parts/states.js";
import { Icon } from "../parts/icon.js";
import { Chart, Graph, ROOT } from "./map/chart.js";
import { AskMap, CommitPick, useMaps } from "./map/commits.js";
import { COLOURS, NEAR, TESTED, colours, css, legend, sieve } from "./map/state.js";
import { Detail } from "./map/detail.js";
import { Find } from "./map/find.js";
import { Export } from "./map/export.js";
import { Table } from "./map/table.js";

const VIEWS = [["graph", "Graph"], ["treemap", "Treemap"], ["table", "Table"]];
// What draws comes with the first view that needs it.
const DRAWS = { graph: () => import("./map/graph.js"), treemap: () => import("./map/treemap.js") };

// The colours of the scheme that is shown.
function useColours() {
	const [c, set_c] = useState(colours);
	useEffect(() => {
		const anew = () => set_c(colours());
		const scheme = matchMedia("(prefers-color-scheme: dark)");
		const theme = new MutationObserver(anew);
		scheme.addEventListener("change", anew);
		theme.observe(document.documentElement, { attributeFilter: ["data-theme"] });
		return () => (scheme.removeEventListener("change", anew), theme.disconnect());
	}, []);
	return c;
}

function useDrawing(view) {
	const [drawn, set_drawn] = useState({});
	useEffect(() => {
		DRAWS[view]?.().then((module) => set_drawn({ view, View: module.default }), (error) => set_drawn({ view, error }));
	}, [view]);
	return drawn.view === view ? drawn : {};
}

const Select = ({ label, value, options, choose }) => html`<label class="pick-line"><span>${label}</span>
	<select value=${value ?? ""} onChange=${(e) => choose(e.currentTarget.value)}>${options.map(([v, text]) => html`<option value=${v} selected=${v === (value ?? "")}>${text}</option>`)}</select></label>`;

function Legend({ chart, by, c }) {
	return html`<ul class="map-legend" aria-label="Colours">${legend(chart, by, c).map(([colour, text]) => html`<li key=${text}><i style=${{ background: css(colour) }}></i>${text}</li>`)}
		${by === "tested" && html`<li class="fine">${TESTED}</li>`}</ul>`;
}

// Filters that are on, each with what takes it away.
function Filters({ chart, query, shown }) {
	const only = query.only === "cycle" ? "in a cycle" : query.only === "untested" ? "reached by no test" : query.only ? `in cycle ${query.only}` : "";
	const on = [["under", query.under && `in ${query.under}`], ["lang", query.lang], ["role", query.role], ["part", query.part && `part ${query.part}`], ["only", only], ["q", query.q && `“${query.q}”`],
		["near", query.near && query.at && (NEAR.find(([v]) => v === query.near) ?? [])[1]]].filter(([, text]) => text);
	return html`<div class="map-filters" role="status">
		<span class="fine">${shown ? `${number(shown.reduce((a, b) => a + b, 0))} of ${number(chart.n)} files` : `${number(chart.n)} files`}</span>
		${on.map(([name, text]) => html`<button key=${name} class="chip" title="Take this filter away" onClick=${() => set_query({ [name]: null }, { replace: false })}>${text} <${Icon} name="close" /></button>`)}
	</div>`;
}

function Tools({ id, chart, query, view, at }) {
	const names = (list) => list.filter(Boolean).map((name) => [name, name]);
	return html`<div class="map-tools">
		<${Choice} label="View" options=${VIEWS} value=${view} choose=${(v) => set_query({ view: v }, { replace: false })} />
		<${Find} id=${id} commit=${query.commit} />
		<${Select} label="Colour" value=${query.color ?? "lang"} options=${COLOURS} choose=${(v) => set_query({ color: v === "lang" ? null : v })} />
		<${Select} label="Around the selection" value=${at === null || at === ROOT ? "" : query.near} options=${NEAR} choose=${(v) => set_query({ near: v })} />
		<details class="map-more" open=${Boolean(query.lang || query.role || query.part || query.only)}><summary>Filters</summary><div>
			<${Select} label="Language" value=${query.lang} options=${[["", "All"], ...names(chart.languages)]} choose=${(v) => set_query({ lang: v })} />
			<${Select} label="Role" value=${query.role} options=${[["", "All"], ...names(chart.roles)]} choose=${(v) => set_query({ role: v })} />
			<${Select} label="Part" value=${query.part} options=${[["", "All"], ...names(chart.components.name)]} choose=${(v) => set_query({ part: v })} />
			<${Select} label="Only" value=${query.only} options=${[["", "All"], ["cycle", "In a cycle"], ["untested", "Reached by no test"]]} choose=${(v) => set_query({ only: v })} />
			<label class="pick-line"><span>Path has</span><input value=${query.q ?? ""} onInput=${(e) => set_query({ q: e.currentTarget.value })} /></label>
		</div></details>
	</div>`;
}

function Stage({ chart, graph, query, view, shown, c, at, id }) {
	const { View, error } = useDrawing(view);
	const select = (node) => set_query({ at: node === null ? null : chart.path(node), near: node === null ? null : query.near });
	const common = { chart, graph: graph.data, query, shown, c, at, id, select };
	if (view === "table") return html`<${Table} ...${common} />`;
	if (error) return html`<${Empty} title="The view could not be loaded"><p>The server may have been brought up to date: load the page anew.</p></>`;
	if (view === "graph" && graph.problem) return html`<${Failure} problem=${graph.problem} retry=${graph.reload} />`;
	if (!View || (view === "graph" && !graph.data)) return html`<div class="stage"><${Skeleton} lines=${12} /></div>`;
	return html`<${View} ...${common} />`;
}

// What is made of an answer is made once.
const once = (make, made = new WeakMap()) => (data) => {
	if (!made.has(data)) made.set(data, make(data));
	return made.get(data);
};
const chart_of = once((data) => new Chart(data));
const graph_of = once((data) => new Graph(data));

const view_of = (query) => (VIEWS.some(([v]) => v === query.view) ? query.view : "graph");

function Views({ id, query, data, loaded, reload }) {
	const chart = chart_of(data);
	const view = view_of(query);
	// A newer map may have come between the two answers: both are asked for again, once.
	const asked = useRef("");
	useEffect(() => {
		const both = `${loaded.data?.commit} ${data.commit}`;
		if (!loaded.data || loaded.loading || loaded.data.commit === data.commit || asked.current === both) return;
		asked.current = both;
		reload();
	}, [loaded.data, loaded.loading, data]);
	const graph = useMemo(() => ({ ...loaded, data: loaded.data?.commit === data.commit ? graph_of(loaded.data) : null }), [loaded.data, loaded.problem, data]);
	const at = useMemo(() => chart.find(query.at), [chart, query.at]);
	const c = useColours();
	const { lang, role, part, only, under, q, near } = query;
	const shown = useMemo(() => sieve(chart, graph.data, query), [chart, graph, lang, role, part, only, under, q, near, near && query.at]);
	const again = { replace: false };
	useKeys([
		["v", "Next view of the map", () => set_query({ view: VIEWS[(VIEWS.findIndex(([v]) => v === view) + 1) % VIEWS.length][0] }, again)],
		["i", "Isolate the selection, or show everything", () => query.at && set_query({ near: near ? null : "both" }, again)],
	]);
	if (!chart.n) return html`<${Empty} title="The repository has no files"><p>Push a commit, then sync the project.</p></>`;
	return html`
		<${Tools} id=${id} chart=${chart} query=${query} view=${view} at=${at} />
		<div class="map">
			<section class="map-main" aria-label=${`${VIEWS.find(([v]) => v === view)[1]} of the files`}>
				<${Stage} chart=${chart} graph=${graph} query=${query} view=${view} shown=${shown} c=${c} at=${at} id=${id} />
				<div class="map-foot"><${Legend} chart=${chart} by=${query.color ?? "lang"} c=${c} /><${Filters} chart=${chart} query=${query} shown=${shown} /></div>
			</section>
			<aside class="map-side" aria-label="About the selection">
				${query.at && at === null && html`<p class="map-note">There is no ${query.at} in this map.</p>`}
				<${Detail} id=${id} chart=${chart} graph=${graph.data} at=${at} query=${query} />
			</aside>
		</div>`;
}

// A commit without a map can be mapped; a project without any is to be synced.
const NoChart = ({ id, query, problem, reload }) => problem.status !== 404 ? html`<${Failure} problem=${problem} retry=${reload} />` : html`
	<${Empty} title="There is no map to show"><p>${problem.detail}${problem.detail.endsWith(".") ? "" : "."} ${problem.fix && !query.commit && "Sync the project to have it made."}</p>
		${query.commit && html`<${AskMap} id=${id} wanted=${query.commit} done=${(commit) => (set_query({ commit }), reload())} />`}<p><a href=${`/projects/${id}`}>To the project</a></p></>`;

export default function SystemMap({ params, query }) {
	const { id } = params;
	// Asked for at once, not behind the project.
	const options = { live: ["map.*"], project: Number(id), keep: true };
	const files = useResource(`/projects/${id}/map.files.json`, { commit: query.commit }, options);
	const graph = useResource(view_of(query) === "graph" || query.near || query.at ? `/projects/${id}/map.graph.json` : null, { commit: query.commit }, options);
	useEffect(() => void DRAWS[view_of(query)]?.().catch(() => {}), []);
	const reload = () => (files.reload(), graph.reload());
	const maps = useMaps(id);
	const aside = () => files.data && html`<${CommitPick} label=${files.data.ref ?? "Commit"} maps=${maps.data?.items ?? []} value=${query.commit} newest=${`newest: ${short_id(maps.data?.items.find((m) => !m.requested)?.commit ?? files.data.commit)}`}
			choose=${(commit) => set_query({ commit }, { replace: false })} />
		<${Export} id=${id} commit=${files.data.commit} query=${query} />`;
	return html`<${ProjectFrame} id=${id} tab="map" wide aside=${aside}>${() =>
		files.data === null && files.problem
			? html`<${NoChart} id=${id} query=${query} problem=${files.problem} reload=${reload} />`
			: html`<${Shown} of=${files} lines=${14}>${(data) => html`<${Views} id=${id} query=${query} data=${data} loaded=${graph} reload=${reload} />`}</>`}</>`;
}

