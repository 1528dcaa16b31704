import { html } from "../../core/html.js";
import { patch, post, remove } from "../../core/api.js";
import { useResource } from "../../core/resource.js";
import { Badge, Time } from "../../parts/bits.js";
import { Field } from "../../parts/form.js";
import { Act, Manage, changed, tag, useManaged } from "../../parts/manage.js";

const MISSED = [["once", "Make up for the last one"], ["skip", "Leave them out"], ["all", "Make up for each"]];
const OFTEN = ["@hourly", "@daily", "@weekly", "@monthly"];

const Fields = ({ row }) => html`
	<${Field} label="Name" name="name" value=${row.name} required maxlength="100" />
	<${Field} label="When" name="cron" value=${row.cron ?? "@daily"} required maxlength="200" list="cron" spellcheck="false"
		hint="Minute, hour, day of month, month, day of week: 30 3 * * 1-5. Or @hourly, @daily, @weekly, @monthly." />
	<datalist id="cron">${OFTEN.map((o) => html`<option value=${o} />`)}</datalist>
	<${Field} label="Time zone" name="time_zone" value=${row.time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone} maxlength="64" />
	<${Field} label="Times that were missed" name="catch_up" options=${MISSED} value=${row.catch_up ?? "once"} />`;

export default function Schedules() {
	const m = useManaged("/schedules", null, ["schedule.*"]);
	const projects = useResource("/projects", { limit: 200 }).data?.items ?? [];
	const name_of = (id) => projects.find((p) => p.id === id)?.name ?? `project ${id}`;
	const create = () => m.form({ title: "New schedule", act: "Create schedule",
		save: ({ project_id, ...values }) => post("/schedules", { ...values, job_type: "repository_processing", project_id: Number(project_id) }),
		fields: () => html`<${Field} label="Project to sync" name="project_id" options=${projects.map((p) => [String(p.id), p.name])} required /><${Fields} row=${{}} />` });
	const change = (row) => m.form({ title: `Change “${row.name}”`, act: "Save", row,
		save: (values, now) => patch(`/schedules/${row.id}`, changed(values, now), tag(now)), fields: (now) => html`<${Fields} row=${now} />` });
	const pause = (row) => m.act(() => patch(`/schedules/${row.id}`, { enabled: !row.enabled }, tag(row)), row.enabled ? `“${row.name}” is paused.` : `“${row.name}” goes on.`);
	const drop = (row) => m.ask({ title: `Delete “${row.name}”?`, text: "Jobs that it has made stay.", act: "Delete" }, () => remove(`/schedules/${row.id}`, tag(row)), `“${row.name}” is deleted.`);
	return html`<${Manage} m=${m} title="Schedules" about="When projects are synced by themselves." nothing="No schedules yet" next="A project is synced when somebody asks for it, until it has one."
		aside=${html`<button class="first" onClick=${create} disabled=${!projects.length} title=${projects.length ? "" : "Add a project first"}>New schedule</button>`}
		columns=${[
			["Schedule", (row) => html`<strong>${row.name}</strong><div class="fine">${row.project_id ? html`<a href=${`/projects/${row.project_id}`}>${name_of(row.project_id)}</a>` : row.job_type}</div>`],
			["When", (row) => html`<code>${row.cron}</code><div class="fine">${row.time_zone}</div>`],
			["State", (row) => html`<${Badge} is=${row.failures ? "failing" : row.enabled ? "active" : "paused"} />${row.error_message && html`<div class="fine">${row.error_message}</div>`}`],
			["Next", (row) => html`<${Time} at=${row.enabled ? row.next_at : null} />`],
			["Last", (row) => (row.last_job_id ? html`<a href=${`/jobs/${row.last_job_id}`}><${Time} at=${row.last_at} /></a>` : "never")],
			["", (row) => html`<${Act} run=${() => pause(row)}>${row.enabled ? "Pause" : "Resume"}</><${Act} run=${() => change(row)}>Change</><${Act} danger run=${() => drop(row)}>Delete</>`],
		]} />`;
}
