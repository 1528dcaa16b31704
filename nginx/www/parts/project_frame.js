// What the screens of one project share: its name, its state, its tabs, and the progress of its job.
//
//     html`<${ProjectFrame} id=${params.id} tab="map" wide>${(project) => ...}</>`
import { html } from "../core/html.js";
import { useResource } from "../core/resource.js";
import { Badge, Progress, Tabs } from "./bits.js";
import { Shown } from "./states.js";

const TABS = [["", "Overview"], ["/map", "Map"], ["/compare", "Compare"], ["/source", "Source"], ["/search", "Search"], ["/ask", "Ask"]];

const useProject = (id) => useResource(`/projects/${id}`, null, { live: ["project.*", "map.*"], project: Number(id) });

// The job that works on the project just now: { data: { items } }.
const useRunningJob = (id) => useResource("/jobs", { project: id, type: "repository_processing", limit: 1 }, { live: ["job.*"], project: Number(id) });

function JobLine({ id }) {
	const job = useRunningJob(id).data?.items[0];
	if (!job || !["pending", "running", "retrying"].includes(job.status)) return null;
	return html`<div class="job-line" role="status">
		<${Progress} value=${job.status === "running" ? job.progress : null} label="Progress of the map" />
		<span class="fine">${job.status === "running" ? `${job.progress} %` : job.status} ${job.message} · <a href=${`/jobs/${job.id}`}>job ${job.id}</a></span>
	</div>`;
}

export function ProjectFrame({ id, tab, wide, aside, children }) {
	const project = useProject(id);
	const base = `/projects/${id}`;
	return html`<div class=${wide ? "page wide framed" : "page framed"}>
		<${Shown} of=${project}>${(p) => html`
			<header class="page-head">
				<h1><a class="plain" href=${base}>${p.name}</a></h1><${Badge} is=${p.status} />
				${aside && html`<div class="actions">${aside(p, project)}</div>`}
			</header>
			<${Tabs} label="Project" tabs=${TABS.map(([path, label]) => ({ href: base + path, label, here: path === tab || path === `/${tab}` }))} />
			<${JobLine} id=${id} />
			${children(p, project)}
		`}</>
	</div>`;
}
