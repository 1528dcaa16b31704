// What can be done with a project: sync, change, delete.
import { html } from "../../core/html.js";
import { patch, post, remove } from "../../core/api.js";
import { useAction, useResource } from "../../core/resource.js";
import { go } from "../../core/router.js";
import { may } from "../../core/session.js";
import { Dialog, sure } from "../../parts/dialog.js";
import { Field, Form } from "../../parts/form.js";
import { Icon } from "../../parts/icon.js";
import { Menu } from "../../parts/menu.js";
import { toast } from "../../parts/toast.js";

const SCHEDULES = [["", "When somebody asks"], ["*/15 * * * *", "Every 15 minutes"], ["@hourly", "Every hour"], ["@daily", "Every day"], ["@weekly", "Every week"]];

function Change({ project, etag, close, reload }) {
	const schedule = useResource(project.sync_schedule_id ? `/schedules/${project.sync_schedule_id}` : null);
	const now = schedule.data?.cron ?? "";
	const known = SCHEDULES.some(([value]) => value === now);
	const save = useAction(async ({ sync_schedule, ...rest }) => {
		const body = { ...rest };
		if ((sync_schedule ?? "") !== now) body.sync_schedule = sync_schedule;
		try {
			return await patch(`/projects/${project.id}`, body, etag);
		} catch (problem) {
			if (problem.status === 412) reload();
			throw problem;
		}
	});
	if (schedule.loading) return null;
	return html`<${Dialog} title=${`Change ${project.name}`} close=${close}>
		<${Form} action=${save} act="Save" cancel=${close} done=${() => (close(), toast("Saved."), reload())}>
			<${Field} label="Name" name="name" value=${project.name} required maxlength="100" />
			<${Field} label="Branch" name="default_branch" value=${project.default_branch} maxlength="255" placeholder="the repository's own default" />
			<${Field} label="Fetch and map the newest commit" name="sync_schedule" value=${now} options=${known ? SCHEDULES : [...SCHEDULES, [now, now]]} />
		</>
	</>`;
}

export function ProjectActs({ project, etag, reload, open, set_open }) {
	const sync = useAction(() => post(`/projects/${project.id}/sync`));
	const start = async () => {
		if (await sync.run()) toast("The newest commit will be fetched and mapped.");
	};
	const end = async () => {
		const yes = await sure({ title: `Delete ${project.name}?`, word: project.name, act: "Delete the project",
			text: "Its maps, its conversations and its clone go with it. The repository itself is not touched." });
		if (!yes) return;
		try {
			await remove(`/projects/${project.id}`, etag);
			toast(`${project.name} is deleted.`);
			go("/projects");
		} catch (problem) {
			toast(problem.detail, "bad");
			reload();
		}
	};
	const busy = ["pending", "cloning", "analysing"].includes(project.status);
	if (sync.problem) queueMicrotask(() => (toast(sync.problem.detail, "bad"), sync.clear()));
	if (!may("member")) return null;
	return html`
		<button onClick=${start} disabled=${sync.busy || busy} title="Fetch and map the newest commit"><${Icon} name="sync" />${busy ? "Syncing" : "Sync now"}</button>
		<${Menu} label="More" items=${[{ label: "Change …", act: () => set_open("change") }, null, { label: "Delete …", danger: true, act: end }]}><${Icon} name="more" /></>
		${open === "change" && html`<${Change} project=${project} etag=${etag} reload=${reload} close=${() => set_open(null)} />`}
	`;
}
