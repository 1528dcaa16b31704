// What a request led to: the jobs that it brought about, the events of each, and deliveries that failed.
import { get } from "../../core/api.js";
import { html, useEffect, useState } from "../../core/html.js";
import { useEvents } from "../../core/live.js";
import { may } from "../../core/session.js";
import { Badge, Time } from "../../parts/bits.js";
import { Shown } from "../../parts/states.js";
import { type_name } from "../jobs/words.js";
import { Actor, summary } from "./words.js";

const SLACK_MS = 60000; // an event has its time from when its transaction began
const MOST = 200;

// from: when one of it happened; of what a job did, the request was there before the job.
async function gather({ request, from, actor }) {
	const job = /^job:(\d+)$/.exec(actor ?? "");
	const asked = job ? await get(`/jobs/${job[1]}`).then(({ data }) => data.created_at, () => from) : from;
	const since = new Date(Math.min(new Date(from), new Date(asked)) - SLACK_MS).toISOString();
	const query = { request_id: request, since };
	const [events, jobs, deliveries] = await Promise.all([
		get("/events", { ...query, limit: MOST }),
		get("/jobs", { ...query, limit: MOST }),
		may("operator") ? get("/event-deliveries", { limit: MOST }) : { data: { items: [] } },
	]);
	return { events: events.data.items, more: events.data.more, jobs: jobs.data.items.reverse(), deliveries: deliveries.data.items.filter((d) => d.request_id === request) };
}

function Leaf({ event, deliveries, here }) {
	const failed = deliveries.filter((d) => d.position === event.position);
	return html`<li class=${event.position === here ? "here" : ""}><strong>${event.kind}</strong> ${summary(event)} <span class="fine"><${Time} at=${event.created_at} /></span>
		${failed.length > 0 && html`<ul>${failed.map((d) => html`<li key=${d.id}>not taken by ${d.subscription} <${Badge} tone="bad">${d.state}</> ${d.error_message}</li>`)}</ul>`}</li>`;
}

function Tree({ data, here }) {
	const by = (actor) => data.events.filter((e) => e.actor === actor);
	const jobs = new Map(data.jobs.map((job) => [`job:${job.id}`, job]));
	const others = [...new Set(data.events.map((e) => e.actor))].filter((actor) => !jobs.has(actor));
	const leaves = (actor) => by(actor).map((e) => html`<${Leaf} key=${e.position} event=${e} deliveries=${data.deliveries} here=${here} />`);
	return html`<ul class="tree">
		${others.map((actor) => html`<li key=${actor}><span class="who"><${Actor} name=${actor} /></span><ul>${leaves(actor)}</ul></li>`)}
		${data.jobs.map((job) => html`<li key=${job.id}><a href=${`/jobs/${job.id}`}>job ${job.id}</a> ${type_name(job.job_type)} <${Badge} is=${job.status} /><ul>${leaves(`job:${job.id}`)}</ul></li>`)}
	</ul>${data.more && html`<p class="fine">There may be more than is shown.</p>`}`;
}

export function Effects({ here, ...of }) {
	const [state, set_state] = useState({ data: null, problem: null });
	const load = () => gather(of).then((data) => set_state({ data, problem: null }), (problem) => set_state({ data: null, problem }));
	useEffect(() => void load(), [of.request, of.from]);
	useEvents(["job.*"], load);
	return html`<${Shown} of=${{ ...state, reload: load }} lines=${3} empty=${(d) => !d.events.length && !d.jobs.length} nothing=${html`<p class="fine">Nothing that is still kept.</p>`}>
		${(data) => html`<${Tree} data=${data} here=${here} />`}</>`;
}
