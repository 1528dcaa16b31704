import { html } from "../../core/html.js";
import { bytes, number, percent } from "../../core/format.js";
import { useResource } from "../../core/resource.js";
import { me } from "../../core/session.js";
import { Meter } from "../../parts/meter.js";
import { Section } from "../../parts/sections.js";
import { Shown } from "../../parts/states.js";

const shares = (u) => [
	["Projects", u.projects, u.projects_max, number],
	["Clones and maps", u.storage_bytes, u.storage_max_bytes, bytes],
	["Unfinished jobs", u.jobs, u.jobs_max, number],
];

export default function Usage() {
	const usage = useResource(`/tenants/${me.value.tenant_id}/usage`, null, { live: ["project.*", "job.*"] });
	return html`<${Section} title="Usage and limits" about="What this tenant takes of what it is allowed. The operator sets the limits: portolan tenant quota.">
		<${Shown} of=${usage}>${(u) => html`<div class="grid">
			${shares(u).map(([label, used, most, say]) => html`<div class="card" key=${label}><h2>${label}</h2>
				<p class="big">${say(used)}</p><${Meter} label=${label} value=${used} max=${most} />
				<p class="fine">${percent(used, most)} of ${say(most)}</p></div>`)}
			<div class="card"><h2>Requests</h2><p class="big">${number(u.requests_per_minute)}</p>
				<p class="fine">in a minute at most, of all people and keys together</p></div>
		</div>`}</>
	</>`;
}
