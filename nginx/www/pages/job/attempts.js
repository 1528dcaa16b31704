// The starts of a job that have ended, each with its error and its log.
import { html } from "../../core/html.js";
import { duration } from "../../core/format.js";
import { useList } from "../../core/resource.js";
import { Badge, More, Time } from "../../parts/bits.js";
import { Shown } from "../../parts/states.js";
import { seconds } from "../jobs/words.js";

// What every line has, and who reads one knows.
const KNOWN = new Set(["ts", "msg", "level", "job", "type", "actor", "tenant", "project", "attempt", "component", "request_id"]);
const rest = (line) => Object.entries(line).filter(([name]) => !KNOWN.has(name)).map(([name, v]) => `${name}=${typeof v === "object" ? JSON.stringify(v) : v}`).join(" ");

const Log = ({ lines, open }) => html`<details open=${open}><summary>${lines.length} log lines</summary>
	<ol class="log" tabindex="0" aria-label="Log">${lines.map((line, i) => html`<li key=${i} class=${line.level}><time datetime=${line.ts} title=${line.ts}>${(line.ts ?? "").slice(11, 23)}</time> <strong>${line.msg}</strong> ${rest(line)}</li>`)}</ol></details>`;

const MEANS = { returned: "the runner stopped; it is no attempt", snoozed: "it asked to wait", lost: "its runner died" };

export function Attempts({ job }) {
	const list = useList(`/jobs/${job.id}/attempts`, { limit: 20 }, { live: ["job.*"], every: job.status === "retrying" || job.status === "running" ? 3000 : 0 });
	return html`<section class="card" aria-label="Attempts"><h2>Attempts</h2>
		<${Shown} of=${list} lines=${2} empty=${(d) => !d.items.length} nothing=${html`<p class="fine">${job.status === "completed" ? "It was done at its first start." : "None has ended yet."}</p>`}>
			${() => html`<ol class="attempts">${list.items.map((a, i) => html`<li key=${a.token}>
				<div class="row"><strong>Attempt ${a.attempt}</strong><${Badge} is=${a.outcome} />${MEANS[a.outcome] && html`<span class="fine">${MEANS[a.outcome]}</span>`}
					<span class="fine">on ${a.host}, <${Time} at=${a.finished_at} />, took ${a.started_at ? duration(seconds(a.started_at, a.finished_at)) : "–"}</span></div>
				${a.error_message && html`<p class="why-long"><code>${a.error_type}</code> ${a.error_message}</p>`}
				${a.log.length > 0 && html`<${Log} lines=${a.log} open=${i === 0 && a.outcome !== "completed"} />`}
			</li>`)}</ol><${More} list=${list} />`}
		</></section>`;
}
