// Two maps side by side: what came, what went, what changed.  The address holds both commits.
import { html } from "../core/html.js";
import { address } from "../core/api.js";
import { number, plural, short_id } from "../core/format.js";
import { useResource } from "../core/resource.js";
import { set_query } from "../core/router.js";
import { Copy, Tabs } from "../parts/bits.js";
import { Icon } from "../parts/icon.js";
import { ProjectFrame } from "../parts/project_frame.js";
import { Empty, Shown } from "../parts/states.js";
import { here, with_query } from "../core/router.js";
import { AskMap, CommitPick, useMaps } from "./map/commits.js";
import { source_url } from "../parts/lines.js";

const KINDS = [["files", "Files"], ["imports", "Imports"], ["cycles", "Cycles"], ["externals", "Packages"], ["routes", "Routes"], ["components", "Parts"], ["component_links", "Links of parts"], ["hotspots", "Hotspots"]];
const SHOWN = 200; // rows before "show all"

const specs = (list) => (list ?? []).map((s) => s.spec || "any").join(", ");
const arrow = (from, to) => `${from} → ${to}`;

// What a row says, by kind: [text, address of the source, what stands at its end]
const SAY = {
	files: (r, s) => [r.moved_from ? arrow(r.moved_from, r.path) : r.path, s(r.path), r.code_from !== undefined && r.code_to !== undefined ? (r.code_from === r.code_to ? "same length" : `${number(r.code_from)} → ${number(r.code_to)} lines`) : plural(r.code_to ?? r.code_from, "line")],
	imports: (r, s) => [arrow(r.from, r.to), s(r.from), ""],
	cycles: (r) => [(r.to ?? r.from).join(", "), null, r.from && r.to ? `${number(r.from.length)} → ${plural(r.to.length, "file")}` : plural((r.to ?? r.from).length, "file")],
	externals: (r) => [r.name, null, `${r.ecosystem} ${r.from && r.to ? arrow(specs(r.from), specs(r.to)) : specs(r.to ?? r.from)}`],
	routes: (r, s) => [`${r.method} ${r.pattern}`, s(r.path, r.line), r.path],
	components: (r) => [r.moved_from ? arrow(r.moved_from, r.path) : r.name, null, r.code_from !== undefined && r.code_to !== undefined ? `${number(r.code_from)} → ${number(r.code_to)} lines` : `${r.kind}, ${plural(r.code_to ?? r.code_from, "line")}`],
	component_links: (r) => [arrow(r.from, r.to), null, ""],
	hotspots: (r, s) => [r.path, s(r.path), ""],
};

const SIGN = { added: ["+", "added"], removed: ["−", "removed"], changed: ["~", "changed"] };

function Group({ kind, what, rows, all, link, query }) {
	if (!rows?.length) return null;
	const shown = query.all === what ? rows : rows.slice(0, SHOWN);
	return html`<section class="came"><h2>${number(all ?? rows.length)} ${SIGN[what][1]}</h2>
		<ul class="rows diff">${shown.map((r, i) => {
			const [text, href, end] = SAY[kind](r, link);
			return html`<li key=${i} class=${what}><span class="sign" aria-hidden="true">${SIGN[what][0]}</span>${href ? html`<a class="path" href=${href}>${text}</a>` : html`<span class="path">${text}</span>`}<span class="num">${end}</span></li>`;
		})}</ul>
		${shown.length < rows.length && html`<button onClick=${() => set_query({ all: what })}>Show all ${number(rows.length)}</button>`}
		${all > rows.length && html`<p class="fine">The first ${number(rows.length)} are told.</p>`}</section>`;
}

function Sum({ name, from, to }) {
	const by = to - from;
	return html`<div class="sum"><span class="fine">${name}</span><strong>${number(to)}</strong><span class=${`fine ${by ? "by" : ""}`}>${by > 0 ? `+${number(by)}` : by < 0 ? `−${number(-by)}` : "as before"}</span></div>`;
}

function Kinds({ id, diff, query }) {
	const count = (kind) => Object.entries(diff.summary[kind]).reduce((n, [, v]) => n + v, 0);
	const kind = KINDS.some(([k]) => k === query.kind) ? query.kind : (KINDS.find(([k]) => count(k) > 0) ?? KINDS[0])[0];
	const links = { added: diff.to.commit, changed: diff.to.commit, removed: diff.from.commit };
	return html`<${Tabs} label="What" tabs=${KINDS.map(([k, label]) => ({ href: with_query({ kind: k, all: null }, here.value), label: html`${label} <span class="fine">${number(count(k))}</span>`, here: k === kind }))} />
		${count(kind) === 0 && html`<p class="fine">Nothing of these came, went or changed.</p>`}
		${["added", "removed", "changed"].map((what) => html`<${Group} key=${kind + what} kind=${kind} what=${what} rows=${diff[kind][what]} query=${query}
			all=${what === "changed" ? diff.summary[kind].changed : diff.summary[kind][what]} link=${(path, line) => source_url(id, path, links[what], line)} />`)}`;
}

function Diff({ id, query }) {
	const sides = { from: query.from, to: query.to };
	const diff = useResource(`/projects/${id}/diff`, sides);
	if (diff.problem?.status === 404) return html`<${Empty} title="One of them has no map yet"><p>${diff.problem.detail}</p><p>Have it mapped above, then it is compared here.</p></>`;
	const picture = address(`/projects/${id}/diff`, { ...sides, format: "svg" });
	return html`<${Shown} of=${diff} lines=${10}>${(d) => html`
		<div class="sums card">${[["files", "Files"], ["code", "Lines"], ["imports", "Imports"], ["cycles", "Cycles"], ["components", "Parts"]].map(([k, name]) => html`<${Sum} key=${k} name=${name} from=${d.from[k]} to=${d.to[k]} />`)}
			<div class="actions"><${Copy} text=${location.origin + with_query({ from: d.from.commit, to: d.to.commit }, here.value)} label="Copy the address of this comparison" />
				<a class="button" href=${address(`/projects/${id}/diff`, { ...sides, format: "md" })} download=${`compare-${short_id(d.from.commit)}-${short_id(d.to.commit)}.md`}><${Icon} name="download" />Markdown</a>
				<a class="button" href=${picture} download="compare.svg"><${Icon} name="download" />SVG</a></div></div>
		${d.truncated && html`<p class="map-note">There is more than is told here; the counts are of all.</p>`}
		<${Kinds} id=${id} diff=${d} query=${query} />
		<details class="card" open=${query.picture === "1"} onToggle=${(e) => e.currentTarget.open !== (query.picture === "1") && set_query({ picture: e.currentTarget.open ? "1" : null })}><summary>The parts, drawn: what came is marked +, what went −</summary>
			${query.picture === "1" && html`<div class="drawn" tabindex="0" role="region" aria-label="The parts, drawn"><img src=${picture} alt=${`Parts of ${short_id(d.from.commit)} and ${short_id(d.to.commit)} and how they depend on each other; the lists above say the same.`} /></div>`}</details>
	`}</>`;
}

export default function Compare({ params, query }) {
	const { id } = params;
	const maps = useMaps(id);
	return html`<${ProjectFrame} id=${id} tab="compare" wide>${() => html`<${Shown} of=${maps}>${({ items }) => {
		const own = items.filter((m) => !m.requested);
		const from = query.from ?? own[1]?.commit ?? items.find((m) => m.commit !== own[0]?.commit)?.commit;
		const pick = (name) => (commit) => set_query({ [name]: commit, from: name === "from" ? commit : from, all: null }, { replace: false });
		if (!items.length) return html`<${Empty} title="There is no map yet"><p>Sync the project first: <a href=${`/projects/${id}`}>to the project</a>.</p></>`;
		return html`<div class="map-tools">
			<${CommitPick} label="From" maps=${items} value=${from} choose=${pick("from")} />
			<${CommitPick} label="To" maps=${items} value=${query.to} choose=${pick("to")} newest="the newest map" />
			<button disabled=${!from} onClick=${() => set_query({ from: query.to ?? own[0]?.commit, to: from }, { replace: false })}>Turn round</button>
			<${AskMap} id=${id} wanted=${items.some((m) => m.commit.startsWith(query.from ?? "-")) ? "" : (query.from ?? "")} done=${(commit) => (maps.reload(), set_query({ from: commit }, { replace: false }))} />
		</div>
		${from ? html`<${Diff} id=${id} query=${{ ...query, from }} />` : html`<${Empty} title="There is one map so far"><p>Name another commit, branch or tag above to compare it with, or sync the project after the next push.</p></>`}`;
	}}</>`}</>`;
}
