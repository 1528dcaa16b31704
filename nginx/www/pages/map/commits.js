// Choosing a commit: from the maps that there are, or one that is typed and then mapped.
import { html, useState } from "../../core/html.js";
import { get, post } from "../../core/api.js";
import { ago, short_id } from "../../core/format.js";
import { useEvents } from "../../core/live.js";
import { useAction, useResource } from "../../core/resource.js";
import { may } from "../../core/session.js";
import { Progress } from "../../parts/bits.js";
import { Failure } from "../../parts/states.js";

export const useMaps = (id) => useResource(`/projects/${id}/maps`, { limit: 100 }, { live: ["map.*"], project: Number(id) });

export const said = (map) => `${map.requested ? "" : map.ref ? `${map.ref} ` : ""}${short_id(map.commit)}, ${ago(map.generated_at)}`;

// The maps there are, and the last line for another.
export function CommitPick({ label, maps, value, choose, newest }) {
	const known = maps.some((m) => m.commit.startsWith(value ?? "-"));
	return html`<label class="pick-line"><span>${label}</span><select value=${value ?? ""} onChange=${(e) => choose(e.currentTarget.value)}>
		${newest && html`<option value="" selected=${!value}>${newest}</option>`}
		${value && !known && html`<option value=${value} selected>${value.length > 12 ? short_id(value) : value}</option>`}
		${maps.map((m) => html`<option key=${m.id} value=${m.commit} selected=${Boolean(value) && m.commit.startsWith(value)}>${said(m)}</option>`)}
	</select></label>`;
}

// A job until it has ended: { data, problem }.
function useJob(id, project) {
	const job = useResource(id ? `/jobs/${id}` : null, null, { live: ["job.*"], project });
	return id ? job.data : null;
}

// Ask for the map of a commit, a branch or a tag; `done` is told the commit that it is.
export function AskMap({ id, done, wanted = "" }) {
	const [job_id, set_job] = useState(null);
	const ask = useAction(async (commit) => {
		const { data } = await post(`/projects/${id}/maps`, { commit });
		if (data.map_id) done((await get(`/maps/${data.map_id}`)).data.commit);
		else set_job(data.job_id);
	});
	const job = useJob(job_id, Number(id));
	useEvents(job_id ? ["job.completed"] : [], async (event) => {
		if (event.payload?.job_id !== job_id && event.data?.job_id !== job_id) return;
		const { data } = await get(`/jobs/${job_id}`);
		if (data.status === "completed") (set_job(null), done(data.result.commit));
	}, { project: Number(id) });
	const waits = job && ["pending", "running", "retrying", "claimed"].includes(job.status);
	const failed = job && !waits && job.status !== "completed";
	if (!may("member")) return html`<p class="fine">Having another commit mapped needs the role member.</p>`;
	return html`<form class="ask-map" onSubmit=${(e) => (e.preventDefault(), ask.run(e.currentTarget.elements.commit.value.trim()))}>
		<label class="pick-line"><span>Another commit, branch or tag</span><input name="commit" required minlength="1" maxlength="255" autocomplete="off" spellcheck="false" defaultValue=${wanted} /></label>
		<button disabled=${ask.busy || waits}>Map it</button>
		${ask.problem && html`<${Failure} problem=${ask.problem} compact />`}
		${waits && html`<div class="job-line" role="status"><${Progress} value=${job.status === "running" ? job.progress : null} label="Progress of the map" /><span class="fine">${job.message || job.status} · <a href=${`/jobs/${job_id}`}>job ${job_id}</a></span></div>`}
		${failed && html`<${Failure} problem=${{ title: `Job ${job_id} ${job.status}`, detail: job.error_message ?? "" }} compact />`}
	</form>`;
}
