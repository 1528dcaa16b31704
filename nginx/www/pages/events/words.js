// Events in words.
import { html } from "../../core/html.js";
import { short_id } from "../../core/format.js";
import { Badge } from "../../parts/bits.js";
import { type_name } from "../jobs/words.js";

// The payload in a few words.
export function summary({ kind, payload: p }) {
	if (kind.startsWith("job.")) return html`<a href=${`/jobs/${p.job_id}`}>job ${p.job_id}</a> ${type_name(p.job_type ?? "")} <${Badge} is=${p.status} /> ${p.error_message ?? ""}`;
	if (p.status && p.name) return html`${p.name} <${Badge} is=${p.status} /> ${p.error ?? ""}`;
	const told = Object.entries(p).filter(([name, v]) => v !== null && typeof v !== "object" && v !== "" && !/_at$|^version$/.test(name)).slice(0, 4);
	return told.map(([name, v]) => `${name.replaceAll("_", " ")} ${/commit/.test(name) ? short_id(v) : v}`).join(", ");
}

// Who did it: a link where there is something to look at.
export function Actor({ name }) {
	const job = /^job:(\d+)$/.exec(name);
	return job ? html`<a href=${`/jobs/${job[1]}`}>job ${job[1]}</a>` : name;
}
