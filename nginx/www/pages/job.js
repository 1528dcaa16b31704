// One job: what it does, how far it is, why it failed and what to do about it, what it caused.
import { html, useState } from "../core/html.js";
import { duration } from "../core/format.js";
import { useResource } from "../core/resource.js";
import { go } from "../core/router.js";
import { may } from "../core/session.js";
import { Badge, Copy, Page, Progress, Time } from "../parts/bits.js";
import { useKeys } from "../parts/keys.js";
import { useProjectNames, useProjects } from "../parts/projects.js";
import { Raw, Readable } from "../parts/readable.js";
import { Empty, Shown } from "../parts/states.js";
import { EventLines } from "./events/lines.js";
import { Attempts } from "./job/attempts.js";
import { Rerun } from "./job/rerun.js";
import { act_on_job } from "./jobs/acts.js";
import { ProjectLink } from "./jobs/filters.js";
import { is_ended, is_live, next_step, seconds, type_name } from "./jobs/words.js";

const LOOK_MS = 1500; // progress is told by no event

function Actions({ job, act, change }) {
	if (!may("operator")) return html`<span class="fine">Acting on jobs needs the role operator.</span>`;
	return html`
		${is_ended(job) && html`<button class="first" onClick=${() => act("retry")}>Retry</button><button onClick=${change}>Run with changes …</button>
			<button class="danger" onClick=${() => act("discard")}>Discard</button>`}
		${is_live(job) && html`<button class="danger" disabled=${job.cancel_requested} onClick=${() => act("cancel")}>${job.cancel_requested ? "Asked to stop" : "Cancel"}</button>`}`;
}

const Now = ({ job }) => html`<section class="card now" role="status" aria-label="Progress">
	<${Progress} value=${job.status === "running" ? job.progress : job.progress || 0} label=${`Progress of job ${job.id}`} />
	<p>${job.status === "running" ? html`<strong>${job.progress} %</strong> ${job.message || "running"}`
		: job.waits_for.length ? html`It waits for ${job.waits_for.map((id, i) => html`${i ? ", " : ""}<a href=${`/jobs/${id}`}>job ${id}</a>`)}.`
		: job.status === "retrying" ? html`It failed and starts again <${Time} at=${job.run_at} />.` : html`It waits for a runner${new Date(job.run_at) > Date.now() ? html`, and starts <${Time} at=${job.run_at} />` : ""}.`}
		${job.cancel_requested && html` <${Badge} tone="warn">asked to stop</>`}</p>
</section>`;

const Why = ({ job }) => html`<section class="card why-card" aria-label="Why it failed">
	<h2>${job.status === "cancelled" ? "It was cancelled" : job.status === "retrying" ? "Its last start failed" : "It failed"} <code>${job.error_type}</code></h2>
	<p>${job.error_message}</p>
	<p><strong>What to do:</strong> ${next_step(job)}</p>
</section>`;

const Facts = ({ job, projects }) => html`<section class="card" aria-label="Facts"><h2>Facts</h2><dl class="facts">
	<dt>Project</dt><dd><${ProjectLink} id=${job.project_id} projects=${projects} /></dd>
	<dt>Type</dt><dd><a href=${`/jobs?type=${encodeURIComponent(job.job_type)}`}>${job.job_type}</a></dd>
	<dt>Queue</dt><dd><a href=${`/jobs?queue=${encodeURIComponent(job.queue)}`}>${job.queue}</a>, priority ${job.priority}</dd>
	<dt>Starts</dt><dd>${job.attempt} of at most ${job.max_attempts}</dd>
	<dt>Asked for</dt><dd><${Time} at=${job.created_at} /></dd>
	<dt>Started</dt><dd><${Time} at=${job.started_at} /></dd>
	<dt>Ended</dt><dd><${Time} at=${job.finished_at} /></dd>
	<dt>Took</dt><dd class="num">${seconds(job.started_at, job.finished_at) === null ? "–" : duration(seconds(job.started_at, job.finished_at))}</dd>
	<dt>Request</dt><dd>${job.request_id ? html`<a class="path" href=${`/events?request=${encodeURIComponent(job.request_id)}`}>${job.request_id}</a><${Copy} text=${job.request_id} label="Copy the request's id" />` : "–"}</dd>
</dl></section>`;

const Value = ({ title, value, none }) => html`<section class="card" aria-label=${title}><h2>${title}</h2><${Readable} value=${value} none=${none} />${value && html`<${Raw} value=${value} />`}</section>`;

// Events that the job told, from the time at which it was asked for.
function Caused({ job }) {
	const events = useResource("/events", { actor: `job:${job.id}`, since: job.created_at, limit: 100 }, { live: ["job.*", "project.*", "map.*"], project: job.project_id || undefined });
	return html`<section class="card" aria-label="What it caused"><h2>What it caused</h2>
		<${Shown} of=${events} lines=${3} empty=${(d) => !d.items.length} nothing=${html`<p class="fine">No event so far${events.data?.more ? ", as far as was looked" : ""}.</p>`}>
			${(data) => html`<${EventLines} events=${data.items} />`}
		</>
		<p class="fine"><a href=${`/events?actor=job:${job.id}`}>All of its events</a>${job.request_id && html` · <a href=${`/events?request=${encodeURIComponent(job.request_id)}`}>All that its request led to</a>`}</p>
	</section>`;
}

export default function Job({ params }) {
	const id = Number(params.id);
	const [unfinished, set_unfinished] = useState(true);
	const [changing, set_changing] = useState(false);
	const job = useResource(id ? `/jobs/${id}` : null, null, { live: ["job.*"], every: unfinished ? LOOK_MS : 0 });
	const projects = useProjectNames(useProjects());
	const data = job.data;
	if (data && is_live(data) !== unfinished) set_unfinished(is_live(data));
	const act = async (what) => {
		if (!(await act_on_job(what, data))) return;
		if (what === "discard") go("/jobs");
		else job.reload();
	};
	const operator = may("operator");
	useKeys([
		["r", "Retry the job", () => operator && data && is_ended(data) && act("retry")],
		["c", "Cancel the job", () => operator && data && is_live(data) && act("cancel")],
	]);
	if (!id || job.problem?.status === 404) return html`<${Empty} title=${`There is no job ${params.id}`}><p>It was discarded, or is older than what is kept. <a href="/jobs">All jobs</a></p></>`;
	return html`<${Page} title=${data ? html`${type_name(data.job_type)} <span class="fine num">job ${id}</span> <${Badge} is=${data.status} />` : `Job ${params.id}`}
		aside=${data && html`<${Actions} job=${data} act=${act} change=${() => set_changing(true)} />`}>
		<${Shown} of=${job}>${(j) => html`
			${is_live(j) && html`<${Now} job=${j} />`}
			${j.error_message && j.status !== "completed" && html`<${Why} job=${j} />`}
			<div class="grid job-grid">
				<${Facts} job=${j} projects=${projects} />
				<${Value} title="Arguments" value=${j.arguments} none="It takes none." />
				${j.result && html`<${Value} title="Result" value=${j.result} none="none" />`}
				${j.checkpoint && html`<${Value} title="Where it goes on" value=${j.checkpoint} none="At its beginning." />`}
			</div>
			<${Attempts} key=${`a${id}`} job=${j} />
			<${Caused} key=${`c${id}`} job=${j} />
			${changing && html`<${Rerun} job=${j} close=${() => set_changing(false)} done=${() => (set_changing(false), job.reload())} />`}`}
		</>
	</>`;
}
