// The projects of the tenant: found, added, and how their maps are doing.
import "../parts/common.js";
import { html, useState } from "../core/html.js";
import { useList, useResource } from "../core/resource.js";
import { set_query } from "../core/router.js";
import { may } from "../core/session.js";
import { bytes } from "../core/format.js";
import { Badge, Later, More, Page, Progress, Time, open_row } from "../parts/bits.js";
import { Icon } from "../parts/icon.js";
import { useKeys } from "../parts/keys.js";
import { Empty, Shown } from "../parts/states.js";

const STATES = [["", "Any state"], ["ready", "Ready"], ["pending", "Waiting"], ["cloning", "Cloning"], ["analysing", "Analysing"], ["failed", "Failed"]];
const WORKING = ["pending", "cloning", "analysing"];

// The jobs that make maps just now, by project.
function useWork() {
	const options = { live: ["job.*"] };
	const running = useResource("/jobs", { type: "repository_processing", status: "running", limit: 200 }, options);
	return new Map((running.data?.items ?? []).map((job) => [job.project_id, job]));
}

const State = ({ project, job }) => {
	if (project.status === "failed") return html`<${Badge} is="failed" />`;
	if (!WORKING.includes(project.status)) return html`<${Badge} is=${project.status} />`;
	return html`<div class="working"><${Badge} is=${project.status} />
		<${Progress} value=${job?.progress ?? null} label=${`Progress of ${project.name}`} /></div>`;
};

const Row = ({ project: p, job }) => html`<tr data-opens onClick=${open_row(`/projects/${p.id}`)}>
	<td><a href=${`/projects/${p.id}`} dir="auto">${p.name}</a>
		<div class="path fine" title=${p.repository_url}>${p.repository_url}</div>
		${p.error && html`<div class="why">${p.error}</div>`}</td>
	<td><${State} project=${p} job=${job} /></td>
	<td class="num">${p.storage_bytes ? bytes(p.storage_bytes) : "–"}</td>
	<td><${Time} at=${p.updated_at} /></td>
	<td class="acts">${p.head_commit && html`<a class="button" href=${`/projects/${p.id}/map`}><${Icon} name="map" />Map</a>`}</td>
</tr>`;

const Nothing = ({ filtered, add }) => filtered
	? html`<${Empty} title="No project matches"><p>Nothing here has that in its name or address.</p><a href="/projects">Show all projects</a></>`
	: html`<${Empty} title="Chart your first system">
		<p>Give the address of a git repository: within seconds its system map shows what it is made of, how its parts depend on each other, and where it hurts.</p>
		${may("member") ? html`<button class="first" onClick=${add}><${Icon} name="plus" />Add a project</button>` : html`<p>Adding one needs the role member.</p>`}
	</>`;

export default function Projects({ query }) {
	const [adding, set_adding] = useState(false);
	const list = useList("/projects", { q: query.q, status: query.status, limit: 50 }, { live: ["project.*", "map.*"] });
	const work = useWork();
	const add = () => set_adding(true);
	useKeys(may("member") ? [["n", "Add a project", add]] : []);
	const button = may("member") && html`<button class="first" onClick=${add}><${Icon} name="plus" />Add a project</button>`;
	return html`<${Page} title="Projects" aside=${button}>
		<form class="filters" role="search" onSubmit=${(e) => e.preventDefault()}>
			<input type="search" aria-label="Find a project" placeholder="Name or address" value=${query.q ?? ""} onInput=${(e) => set_query({ q: e.currentTarget.value })} />
			<select aria-label="State" onChange=${(e) => set_query({ status: e.currentTarget.value })}>
				${STATES.map(([value, label]) => html`<option value=${value} selected=${value === (query.status ?? "")}>${label}</option>`)}
			</select>
		</form>
		<${Shown} of=${list} empty=${(d) => !d.items.length} nothing=${html`<${Nothing} filtered=${query.q || query.status} add=${add} />`}>${() => html`
			<div class="table"><table class="projects">
				<thead><tr><th>Project</th><th>State</th><th class="num">Size</th><th>Updated</th><th><span class="hidden">Acts</span></th></tr></thead>
				<tbody>${list.items.map((p) => html`<${Row} key=${p.id} project=${p} job=${work.get(p.id)} />`)}</tbody>
			</table></div>
			<${More} list=${list} />
		`}</>
		${adding && html`<${Later} load=${() => import("./projects/add.js")} close=${() => set_adding(false)} />`}
	</>`;
}
