import { html, useEffect } from "../../core/html.js";
import { duration, number } from "../../core/format.js";
import { useResource } from "../../core/resource.js";
import { Badge } from "../../parts/bits.js";
import { Section } from "../../parts/sections.js";
import { Shown } from "../../parts/states.js";

const EVERY_MS = 5000;
const ALL = { ok: "All is well", degraded: "Works, with a part missing", failing: "Something fails" };
const WORDS = { database: "Database", schema: "Database schema", live: "Live updates" };

export default function Health() {
	const status = useResource("/status");
	useEffect(() => {
		const timer = setInterval(() => document.hidden || status.reload(), EVERY_MS);
		return () => clearInterval(timer);
	}, []);
	return html`<${Section} title="Health" about="Looked at every five seconds.">
		<${Shown} of=${status}>${(s) => html`
			<div class="card row"><${Badge} is=${s.system_health}>${ALL[s.system_health]}</>
				<span class="fine">Version ${s.version} · schema ${s.schema_version}</span></div>
			<div class="grid">${s.modules.map((part) => html`<div class="card" key=${part.name}><h3>${WORDS[part.name] ?? part.name}</h3><${Badge} is=${part.status} />
				${part.detail && html`<p>${part.detail}</p>`}</div>`)}
				<div class="card"><h3>Job runners</h3>
					<${Badge} is=${s.jobs.runners ? "ok" : "degraded"}>${s.jobs.runners ? `${number(s.jobs.runners)} alive` : "none"}</>
					${!s.jobs.runners && html`<p>Jobs wait until one is started.</p>`}</div>
				<div class="card"><h3>Queue</h3><dl class="facts"><dt>Waiting</dt><dd>${number(s.jobs.pending + s.jobs.retrying)}</dd>
					<dt>Running</dt><dd>${number(s.jobs.running)}</dd><dt>Dead</dt><dd>${number(s.jobs.dead)}</dd><dt>Longest wait</dt><dd>${duration(s.jobs.oldest_pending_s)}</dd></dl>
					<a href="/jobs">To the jobs</a></div>
			</div>`}</>
	</>`;
}
