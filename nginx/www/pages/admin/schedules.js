import { html } from "../../core/html.js";
import { patch, post } from "../../core/api.js";
import { Badge, Time } from "../../parts/bits.js";
import { Field } from "../../parts/form.js";
import { Manage, Name, changed, tag, two, useManaged } from "../../parts/manage.js";
import { useProjects } from "../../parts/projects.js";

const MISSED = [["once", "Make up for the last one"], ["skip", "Leave them out"], ["all", "Make up for each"]];
const OFTEN = ["@hourly", "@daily", "@weekly", "@monthly"];

const Fields = ({ row }) => html`<${Name} value=${row.name} />
	<${Field} label="When" name="cron" value=${row.cron ?? "@daily"} required maxlength="200" list="cron" spellcheck="false"
		hint="Minute, hour, day of month, month, day of week: 30 3 * * 1-5. Or @hourly, @daily, @weekly, @monthly." />
	<datalist id="cron">${OFTEN.map((o) => html`<option value=${o} />`)}</datalist>
	<${Field} label="Time zone" name="time_zone" value=${row.time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone} maxlength="64" />
	<${Field} label="Times that were missed" name="catch_up" options=${MISSED} value=${row.catch_up ?? "once"} />`;

const Project = () => html`<${Field} label="Project to sync" name="project_id" options=${(useProjects() ?? []).map((p) => [String(p.id), p.name])} required />`;

export default function Schedules() {
	const m = useManaged("/schedules", null, ["schedule.*"]);
	const projects = useProjects();
	const name_of = (id) => projects?.find((p) => p.id === id)?.name ?? `project ${id}`;
	const create = () => m.form({
		title: "New schedule", act: "Create schedule",
		save: ({ project_id, ...values }) => post("/schedules", { ...values, job_type: "repository_processing", project_id: Number(project_id) }),
		fields: () => html`<${Project} /><${Fields} row=${{}} />`,
	});
	const change = (row) => m.form({ title: `Change “${row.name}”`, act: "Save", row, fields: (now) => html`<${Fields} row=${now} />`,
		save: (values, now) => patch(m.at(row), changed(values, now), tag(now)) });
	const pause = (row) => m.act(() => patch(m.at(row), { enabled: !row.enabled }, tag(row)), `“${row.name}” ${row.enabled ? "is paused" : "goes on"}.`);
	return html`<${Manage} m=${m} title="Schedules" about="When projects are synced by themselves." nothing="No schedules yet"
		next="A project is synced when somebody asks for it, until it has one." add=${["New schedule", create, projects?.length === 0 && "Add a project first"]}
		columns=${[
			["Schedule", (row) => two(row.name, row.project_id ? html`<a href=${`/projects/${row.project_id}`}>${name_of(row.project_id)}</a>` : row.job_type)],
			["When", (row) => html`<code>${row.cron}</code><div class="fine">${row.time_zone}</div>`],
			["State", (row) => html`<${Badge} is=${row.failures ? "failing" : row.enabled ? "active" : "paused"} />
				${row.error_message && html`<div class="fine">${row.error_message}</div>`}`],
			["Next", (row) => html`<${Time} at=${row.enabled ? row.next_at : null} />`],
			["Last", (row) => (row.last_job_id ? html`<a href=${`/jobs/${row.last_job_id}`}><${Time} at=${row.last_at} /></a>` : "never")],
		]}
		acts=${(row) => [
			[row.enabled ? "Pause" : "Resume", () => pause(row)],
			["Change", () => change(row)],
			["Delete", () => m.drop(row, "Jobs that it has made stay."), "", true],
		]} />`;
}
