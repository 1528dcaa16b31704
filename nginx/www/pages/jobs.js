// Jobs: by state, found, watched, and acted on, one or many.
import { html, useEffect, useState } from "../core/html.js";
import { compact, duration, number } from "../core/format.js";
import { useList, useResource } from "../core/resource.js";
import { set_query, with_query } from "../core/router.js";
import { may } from "../core/session.js";
import { Badge, More, Page, Progress, Tabs, Time, open_row } from "../parts/bits.js";
import { Menu } from "../parts/menu.js";
import { Icon } from "../parts/icon.js";
import { useKeys } from "../parts/keys.js";
import { useProjectNames, useProjects } from "../parts/projects.js";
import { Empty, Shown } from "../parts/states.js";
import { act_on_filter, act_on_ids, act_on_job } from "./jobs/acts.js";
import { Charts } from "./jobs/charts.js";
import { Pick, ProjectLink, ProjectPick, SpanPick, TextPick, useSince } from "./jobs/filters.js";
import { ACT_NAMES, KNOWN_TYPES, STATES, acts_of, is_ended, is_live, seconds, type_name } from "./jobs/words.js";

const LIST_MS = 3000; // progress is told by no event
const COUNTS_MS = 5000;
const PAGE = 50;
const CHANGES = ["job.failed", "job.retried", "job.cancelled", "job.discarded"]; // of those that are completed there may be a thousand a second

function StateTabs({ query }) {
	const counts = useResource("/status", null, { live: CHANGES, every: COUNTS_MS }).data?.jobs;
	const tab = (status, label) => {
		const n = counts && (status ? counts[status] : STATES.reduce((sum, s) => sum + counts[s], 0));
		return { href: with_query({ status }), here: (query.status ?? "") === status,
			label: html`${label} <span class="count" title=${n === undefined ? undefined : number(n)}>${n === undefined ? "" : compact(n)}</span>` };
	};
	return html`<${Tabs} label="State" tabs=${[tab("", "All"), ...STATES.map((s) => tab(s, s[0].toUpperCase() + s.slice(1)))]} />`;
}

function Filters({ query, projects }) {
	const queues = useResource("/queues").data?.items ?? [];
	return html`<form class="filters" role="search" onSubmit=${(e) => e.preventDefault()}>
		<${TextPick} search name="q" label="Find" placeholder="Number, type, argument or error" value=${query.q} />
		<${Pick} name="type" label="Type" value=${query.type} options=${[["", "Any"], ...KNOWN_TYPES.map((t) => [t, type_name(t)])]} />
		<${Pick} name="queue" label="Queue" value=${query.queue} options=${[["", "Any"], ...queues.map((q) => [q.name, q.name])]} />
		<${ProjectPick} value=${query.project} projects=${projects} />
		<${SpanPick} value=${query.since} />
	</form>`;
}

const what = (job) => {
	if (job.status === "running") return html`<${Progress} value=${job.progress} label=${`Progress of job ${job.id}`} /><span class="fine">${job.progress} % ${job.message}</span>`;
	return job.error_message ? html`<span class="why" title=${job.error_message}>${job.error_message}</span>` : html`<span class="fine">${job.message}</span>`;
};

const took = (job) => {
	const s = seconds(job.started_at, job.finished_at ?? (job.status === "running" ? Date.now() : null));
	return s === null ? "–" : duration(s);
};

const Row = ({ job, projects, selected, select }) => html`<tr data-job=${job.id} data-opens onClick=${open_row(`/jobs/${job.id}`)} class=${selected ? "chosen" : ""}>
	<td class="tick">${select && html`<input type="checkbox" aria-label=${`Select job ${job.id}`} checked=${selected} onChange=${() => select(job.id)} />`}</td>
	<td class="named"><a href=${`/jobs/${job.id}`}>${type_name(job.job_type)}</a> <span class="fine num">${job.id}</span></td>
	<td class="state"><${Badge} is=${job.status} /></td>
	<td class="said">${what(job)}</td>
	<td class="of" dir="auto"><${ProjectLink} id=${job.project_id} projects=${projects} /></td>
	<td class="where">${job.queue}</td>
	<td class="num tries" title="Starts so far, of the most that there will be">${job.attempt} / ${job.max_attempts}</td>
	<td class="num when"><${Time} at=${job.created_at} /></td>
	<td class="num took">${took(job)}</td>
</tr>`;

// Acts on those that are selected, or on all that match.
function Bar({ chosen, clear, query, filter, done }) {
	if (!may("operator")) return html`<p class="fine jobs-bar">You can look. Retrying, cancelling and discarding need the role operator.</p>`;
	const acts = acts_of(query.status);
	if (chosen.length) {
		return html`<div class="jobs-bar row" role="group" aria-label="With the selected jobs"><strong>${number(chosen.length)} selected</strong>
			${acts.map((act) => html`<button key=${act} class=${act === "discard" ? "danger" : ""} onClick=${() => done(act_on_ids(act, chosen))}>${ACT_NAMES[act]}</button>`)}
			<button class="quiet" onClick=${clear}>Clear</button></div>`;
	}
	return html`<div class="jobs-bar row">
		${acts.length ? html`<${Menu} label="Act on:" items=${acts.map((act) => ({ label: `${ACT_NAMES[act]} all that match …`, danger: act === "discard", act: () => done(act_on_filter(act, filter)) }))}>
			All that match <${Icon} name="down" /></>
			<span class="fine">or select some, with the boxes or <kbd>x</kbd></span>` : html`<span class="fine">These are done: there is nothing to do with them.</span>`}
	</div>`;
}

// Keys go by the row that has the focus.
const focused = () => document.activeElement?.closest("tr[data-job]");
const step = (by) => {
	const rows = [...document.querySelectorAll("tr[data-job]")];
	const at = rows.indexOf(focused());
	rows[Math.max(0, Math.min(rows.length - 1, at < 0 ? 0 : at + by))]?.querySelector(".named a").focus();
};

export default function Jobs({ query }) {
	const [chosen, set_chosen] = useState(new Set());
	const projects = useProjectNames(useProjects());
	const since = useSince(query.since);
	const filter = { status: query.status, type: query.type, queue: query.queue, project: query.project, q: query.q, since };
	// Of what ended without success a time is that of the end, as acts on many have it.
	const path = is_ended(query) ? "/jobs/dead" : "/jobs";
	const list = useList(path, { ...filter, limit: PAGE }, { live: ["job.*", "project.*"], every: LIST_MS });
	const id = JSON.stringify(filter);
	useEffect(() => set_chosen(new Set()), [id]);
	const operator = may("operator");
	const select = operator && ((n) => set_chosen((old) => new Set(old.has(n) ? [...old].filter((o) => o !== n) : [...old, n])));
	const shown = list.items.filter((job) => chosen.has(job.id)).map((job) => job.id);
	const done = async (working) => {
		if (!(await working)) return;
		set_chosen(new Set());
		list.reload();
	};
	const job_here = () => list.items.find((job) => String(job.id) === focused()?.dataset.job);
	const one = (act, fits) => () => {
		const job = job_here();
		if (operator && job && fits(job)) done(act_on_job(act, job));
	};
	useKeys([
		["j", "Next job", () => step(1)], ["k", "Job before", () => step(-1)],
		["x", "Select the job", () => operator && job_here() && select(job_here().id)],
		["r", "Retry the job", one("retry", is_ended)], ["c", "Cancel the job", one("cancel", is_live)],
	]);
	const all = shown.length === list.items.length;
	return html`<${Page} title="Jobs" aside=${html`
		<button aria-pressed=${Boolean(query.charts)} onClick=${() => set_query({ charts: query.charts ? null : "1" }, { replace: false })}>Charts</button>
		<a class="button" href="/queues">Queues</a>`}>
		<${StateTabs} query=${query} />
		<${Filters} query=${query} projects=${projects} />
		${query.charts && html`<${Charts} queue=${query.queue} type=${query.type} period=${query.period} />`}
		<${Bar} chosen=${shown} clear=${() => set_chosen(new Set())} query=${query} filter=${filter} done=${done} />
		<${Shown} of=${list} lines=${8} empty=${(d) => !d.items.length} nothing=${html`<${Nothing} query=${query} />`}>
			${() => html`<div class="table"><table class="jobs"><thead><tr>
				<th class="tick">${operator && html`<input type="checkbox" aria-label="Select all that are shown" checked=${all} onChange=${() => set_chosen(new Set(all ? [] : list.items.map((job) => job.id)))} />`}<span class="hidden">Selected</span></th>
				<th>Job</th><th>State</th><th>What happens</th><th>Project</th><th>Queue</th><th class="num">Starts</th><th class="num">Asked for</th><th class="num">Took</th>
			</tr></thead><tbody>${list.items.map((job) => html`<${Row} key=${job.id} job=${job} projects=${projects} selected=${chosen.has(job.id)} select=${select} />`)}</tbody></table></div>
			<${More} list=${list} />`}
		</>
	</>`;
}

const Nothing = ({ query }) => {
	const filtered = ["type", "queue", "project", "q", "since"].some((name) => query[name]);
	if (filtered) return html`<${Empty} title="No job matches"><p>Take a filter away, or <a href="/jobs">look at all jobs</a>.</p></>`;
	if (query.status) return html`<${Empty} title=${`No job is ${query.status}`}><p>${is_ended(query) ? "That is good: nothing waits for you here." : html`<a href="/jobs">All jobs</a>`}</p></>`;
	return html`<${Empty} title="No jobs yet"><p>Jobs come with work: <a href="/projects">add a project</a>, and watch it being mapped here.</p></>`;
};
