// Queues: how full, how fast, and what holds them back.
import { html, useState } from "../core/html.js";
import { get, patch, post } from "../core/api.js";
import { duration, number } from "../core/format.js";
import { useAction, useResource } from "../core/resource.js";
import { may } from "../core/session.js";
import { Badge, Page, Time } from "../parts/bits.js";
import { Dialog } from "../parts/dialog.js";
import { Field, Form } from "../parts/form.js";
import { Shown } from "../parts/states.js";
import { toast } from "../parts/toast.js";
import { Charts } from "./jobs/charts.js";
import { Pick } from "./jobs/filters.js";
import { KNOWN_TYPES, type_name } from "./jobs/words.js";

const AGAIN_MS = 3000;

const rate = (l) => (l.rate_limit ? `${number(l.rate_limit)} starts in ${duration(l.rate_period_s)}` : null);
const limits = (l) => [l.concurrency && `${number(l.concurrency)} at a time`, l.per_runner && `${number(l.per_runner)} a runner`, rate(l)].filter(Boolean).join(", ");

// Limits of a queue; who is late is shown what they are now, and keeps what was typed.
function Limits({ queue, close, done }) {
	const [now, set_now] = useState(queue);
	const [turn, set_turn] = useState(0);
	const save = useAction(async (values) => {
		try {
			return await patch(`/queues/${encodeURIComponent(now.name)}`, values, `"${now.version}"`);
		} catch (problem) {
			if (problem.status === 412) {
				set_now((await get(`/queues/${encodeURIComponent(now.name)}`)).data);
				set_turn((n) => n + 1);
			}
			throw problem;
		}
	});
	const late = save.problem?.status === 412;
	return html`<${Dialog} title=${`Limits of ${queue.name}`} close=${close}>
		<${Form} action=${late ? { ...save, problem: null } : save} act=${late ? "Save over it" : "Save"} done=${done} cancel=${close}>
			${late && html`<div class="changed-note" role="alert" key=${turn}><strong>Somebody else has changed it.</strong> It is now: ${limits(now.limits) || "without limits"}${now.limits.paused ? ", paused" : ""}. Yours is still below: save over it, or close to leave it.</div>`}
			<${Field} label="Jobs at a time" name="concurrency" type="number" min="1" value=${queue.limits.concurrency} hint="On all runners together. Empty: no limit." />
			<${Field} label="Starts" name="rate_limit" type="number" min="1" value=${queue.limits.rate_limit} hint="Most starts in the time below. Empty, as that then too: no limit." />
			<${Field} label="In so many seconds" name="rate_period_s" type="number" min="1" value=${queue.limits.rate_period_s} />
			${limits(queue.installation) && html`<p class="fine">Over all tenants the installation allows ${limits(queue.installation)}.</p>`}
		</>
	</>`;
}

const Figures = ({ q }) => html`<dl class="queue-figures">
	${[["waiting", q.pending], ["running", q.running], ["retrying", q.retrying], ["blocked", q.blocked], ["dead", q.dead]].map(([name, n]) => html`<div key=${name}><dt>${name}</dt>
		<dd class="num">${n && name !== "blocked" ? html`<a href=${`/jobs?queue=${encodeURIComponent(q.name)}&status=${name === "waiting" ? "pending" : name}`}>${number(n)}</a>` : number(n)}</dd></div>`)}
</dl>`;

const times = (t) => (t.p99 ? [t.p50, t.p95, t.p99].map((ms) => duration(ms / 1000)).join(" · ") : "–");

function Queue({ queue: q, act, change }) {
	const by = q.limits.paused ? q.limits : q.installation.paused ? q.installation : null;
	return html`<section class="card queue" aria-label=${`Queue ${q.name}`}>
		<div class="row"><h2><a class="plain" href=${`/jobs?queue=${encodeURIComponent(q.name)}`}>${q.name}</a></h2>${q.paused ? html`<${Badge} is="paused" />` : q.running ? html`<${Badge} is="running" />` : null}</div>
		<${Figures} q=${q} />
		<dl class="facts">
			<dt>Oldest waits</dt><dd>${q.oldest_s ? html`<span class=${q.oldest_s > 300 ? "late" : ""}>${duration(q.oldest_s)}</span>` : "–"}</dd>
			<dt>Last hour</dt><dd class="num">${number(q.completed.h1)} completed, ${number(q.failed.h1)} failed</dd>
			<dt>Waited</dt><dd class="num">${times(q.wait_ms)}</dd>
			<dt>Ran</dt><dd class="num">${times(q.run_ms)}</dd>
			<dt>Limits</dt><dd>${limits(q.limits) || "none"}${limits(q.installation) ? html`<br /><span class="fine">installation: ${limits(q.installation)}</span>` : ""}</dd>
			${by && html`<dt>Paused</dt><dd>by ${by.paused_by ?? "somebody"}, <${Time} at=${by.paused_at} />${by === q.installation ? " (over all tenants, on the command line)" : ""}</dd>`}
		</dl>
		${may("operator") && html`<footer class="row">
			<button onClick=${() => act(q, q.limits.paused ? "resume" : "pause")}>${q.limits.paused ? "Resume" : "Pause"}</button>
			<button onClick=${() => change(q)}>Limits …</button></footer>`}
	</section>`;
}

export default function Queues({ query }) {
	const list = useResource("/queues", null, { live: ["queue.*", "job.*"], every: AGAIN_MS });
	const [changing, set_changing] = useState(null);
	const act = async (q, what) => {
		try {
			await post(`/queues/${encodeURIComponent(q.name)}/${what}`);
			toast(what === "pause" ? `${q.name} starts no job until it is resumed` : `${q.name} goes on`);
			list.reload();
		} catch (problem) {
			toast(problem.detail, "bad");
		}
	};
	const saved = () => {
		set_changing(null);
		toast("The limits hold from now on");
		list.reload();
	};
	const names = list.data?.items.map((q) => [q.name, q.name]) ?? [];
	return html`<${Page} title="Queues" aside=${html`<a class="button" href="/jobs">Jobs</a>`}>
		<div class="filters"><${Pick} name="queue" label="Charts of queue" value=${query.queue} options=${[["", "All"], ...names]} />
			<${Pick} name="type" label="Type" value=${query.type} options=${[["", "All"], ...KNOWN_TYPES.map((t) => [t, type_name(t)])]} /></div>
		<${Charts} queue=${query.queue} type=${query.type} period=${query.period} />
		${!may("operator") && html`<p class="fine">You can look. Pausing and limiting queues need the role operator.</p>`}
		<p class="fine queue-note">Waited, ran: half, 95 % and 99 % of the jobs of the last hour took no longer.</p>
		<${Shown} of=${list} lines=${6}>${(data) => html`<div class="grid">${data.items.map((q) => html`<${Queue} key=${q.name} queue=${q} act=${act} change=${set_changing} />`)}</div>`}</>
		${changing && html`<${Limits} queue=${changing} close=${() => set_changing(null)} done=${saved} />`}
	</>`;
}
