// One project at a glance: what its system is made of, how its map is doing, and what can be done with it.
import "../parts/common.js";
import { html, useState } from "../core/html.js";
import { bytes, short_id } from "../core/format.js";
import { useResource } from "../core/resource.js";
import { Badge, Time } from "../parts/bits.js";
import { Icon } from "../parts/icon.js";
import { ProjectFrame } from "../parts/project_frame.js";
import { Empty, Shown } from "../parts/states.js";
import { type_name } from "./jobs/words.js";
import { ProjectActs } from "./projects/acts.js";
import { Glance } from "./projects/glance.js";

// Why the last attempt failed, as the job said it, and what helps.
const LastError = ({ project }) => project.error && html`<div class="failure" role="alert">
	<${Icon} name="warning" />
	<div><strong>The last attempt to map it failed</strong><p>${project.error}</p>
		<p class="row"><a href=${`/docs/problems#${project.error_type}`}>What “${project.error_type}” means</a>
			<a href=${`/jobs?project=${project.id}`}>Its jobs</a></p></div>
</div>`;

const Maps = ({ id }) => {
	const maps = useResource(`/projects/${id}/maps`, { limit: 8 }, { live: ["map.*"], project: Number(id) });
	return html`<section class="card"><h2>Maps</h2>
		<${Shown} of=${maps} lines=${3} empty=${(d) => !d.items.length} nothing=${html`<p class="fine">None yet.</p>`}>${({ items }) => html`
			<ol class="plain-list">${items.map((m, i) => html`<li key=${m.id} class="row">
				<a href=${`/projects/${id}/map?commit=${m.commit}`}><code>${short_id(m.commit)}</code></a>
				<span class="fine">${m.ref ?? ""} <${Time} at=${m.generated_at} /></span>
				${items[i + 1] && html`<a class="end fine" href=${`/projects/${id}/compare?from=${items[i + 1].commit}&to=${m.commit}`}>what changed</a>`}
			</li>`)}</ol>`}
		</>
	</section>`;
};

const Facts = ({ project: p }) => html`<section class="card"><h2>Repository</h2><dl class="facts">
	<dt>Address</dt><dd class="path">${p.repository_url}</dd>
	<dt>Branch</dt><dd>${p.default_branch ?? "the repository's own default"}</dd>
	<dt>Commit</dt><dd>${p.head_commit ? html`<code title=${p.head_commit}>${short_id(p.head_commit)}</code>` : "–"}</dd>
	<dt>Stored</dt><dd>${bytes(p.storage_bytes)}</dd>
	<dt>Synced</dt><dd>${p.sync_schedule_id ? "by a schedule" : "when somebody asks"}</dd>
	<dt>Added</dt><dd><${Time} at=${p.created_at} /></dd>
</dl></section>`;

const Jobs = ({ id }) => {
	const jobs = useResource("/jobs", { project: id, limit: 6 }, { live: ["job.*"], project: Number(id) });
	return html`<section class="card"><h2><a class="plain" href=${`/jobs?project=${id}`}>Jobs</a></h2>
		<${Shown} of=${jobs} lines=${3} empty=${(d) => !d.items.length} nothing=${html`<p class="fine">None.</p>`}>${({ items }) => html`
			<ol class="plain-list">${items.map((j) => html`<li key=${j.id} class="row">
				<a href=${`/jobs/${j.id}`}>${type_name(j.job_type)}</a><${Badge} is=${j.status} />
				<span class="end fine"><${Time} at=${j.finished_at ?? j.created_at} /></span></li>`)}</ol>`}
		</>
	</section>`;
};

function Overview({ project }) {
	const { id, head_commit: commit } = project;
	const map = useResource(commit ? `/projects/${id}/map` : null, { commit, members: "summary,languages,externals,coverage" });
	const cards = html`<${Facts} project=${project} /><${Maps} id=${id} /><${Jobs} id=${id} />`;
	if (commit) return html`<${Shown} of=${map} lines=${9}>${({ content }) => html`<${Glance} project=${project} content=${content}>${cards}</>`}</>`;
	return html`
		${!project.error && html`<${Empty} title="The map is on its way"><p>This page fills by itself when the repository is cloned and analysed.</p></>`}
		<div class="flow">${cards}</div>
	`;
}

export default function Project({ params: { id } }) {
	const [open, set_open] = useState(null);
	const acts = (project, resource) => html`<${ProjectActs} project=${project} etag=${resource.etag} reload=${resource.reload} open=${open} set_open=${set_open} />`;
	return html`<${ProjectFrame} id=${id} tab="" aside=${acts}>${(project) => html`
		<${LastError} project=${project} />
		<${Overview} project=${project} />
	`}</>`;
}
