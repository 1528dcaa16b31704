import { html, useState } from "../../core/html.js";
import { post, remove } from "../../core/api.js";
import { set_query } from "../../core/router.js";
import { may } from "../../core/session.js";
import { Badge, Choice, Time } from "../../parts/bits.js";
import { Field } from "../../parts/form.js";
import { Act, Manage, useManaged } from "../../parts/manage.js";
import { role_choices } from "../../parts/roles.js";

const STATES = [["active", "Working"], ["expired", "Expired"], ["revoked", "Revoked"], ["all", "All"]];
const ENDS = [["30", "In 30 days"], ["90", "In 90 days"], ["365", "In a year"], ["", "When it is revoked"]];
const AREAS = [["projects", "Projects"], ["maps", "Maps and source"], ["jobs", "Jobs, queues, schedules"], ["events", "Events and state"], ["status", "Health and settings"],
	["tenant", "Tenant"], ["members", "Members"], ["keys", "API keys"], ["secrets", "Secrets"], ["audit", "Audit log"], ["models", "Models"], ["conversations", "Conversations"]];

function Scopes() {
	const [narrow, set_narrow] = useState(false);
	return html`<label class="check"><input type="checkbox" name="narrow" checked=${narrow} onChange=${(e) => set_narrow(e.currentTarget.checked)} /> Only some of what the role may</label>
		${narrow && html`<table class="scopes"><thead><tr><th>Part</th><th>Read</th><th>Change</th></tr></thead>
			<tbody>${AREAS.map(([area, label]) => html`<tr><th>${label}</th>${["read", "write"].map((way) =>
				html`<td><input type="checkbox" name=${`${area}:${way}`} aria-label=${`${label}: ${way === "read" ? "read" : "change"}`} /></td>`)}</tr>`)}</tbody></table>`}`;
}

const body_of = ({ name, role, expires_in_days, narrow, ...scopes }) =>
	({ name, role, expires_in_days: expires_in_days && Number(expires_in_days), scopes: narrow ? Object.keys(scopes).filter((s) => scopes[s]) : null });

export default function Keys({ query }) {
	const status = query.status ?? "active";
	const m = useManaged("/api-keys", { status: status === "all" ? null : status }, ["api_key.*"]);
	const show = ({ data }) => data.key && m.once({ title: `Key “${data.name}”`, text: data.key, about: "Keep it where the program that uses it finds it. It is shown only now." });
	const create = () => m.form({ title: "New API key", act: "Create key", save: (values) => post("/api-keys", body_of(values)), done: show,
		fields: () => html`<${Field} label="Name" name="name" required maxlength="100" hint="The program that uses it." />
			<${Field} label="Role" name="role" options=${role_choices()} value="member" />
			<${Field} label="Ends" name="expires_in_days" options=${ENDS} value="90" /><${Scopes} />` });
	const rotate = (row) => m.form({ title: `Replace “${row.name}”`, act: "Make the new key", done: show,
		save: (values) => post(`/api-keys/${row.id}/rotate`, values),
		fields: () => html`<p>The new key has the same name, role and scopes. The old one works on for a while, so that nothing stops.</p>
			<${Field} label="Hours for which the old key still works" name="overlap_hours" type="number" min="0" max="720" value="24" required />` });
	const revoke = (row) => m.ask({ title: `Revoke “${row.name}”?`, text: "Whatever uses it is refused from now on. This cannot be taken back.", act: "Revoke" },
		() => remove(`/api-keys/${row.id}`), `“${row.name}” is revoked.`);
	const above = (row) => !may(row.role) && `Needs the role ${row.role}`;
	return html`<${Manage} m=${m} title="API keys" about="For programs: each has a role, and may be narrowed to parts of it." nothing="No such keys" next="A key lets a program in."
		aside=${html`<button class="first" onClick=${create}>New key</button>`}
		filters=${html`<div class="filters"><${Choice} label="State" options=${STATES} value=${status} choose=${(s) => set_query({ status: s === "active" ? null : s }, { replace: false })} /></div>`}
		columns=${[
			["Key", (row) => html`<strong>${row.name}</strong><div class="fine"><code>${row.prefix}…</code> by ${row.created_by || "set-up"}</div>`],
			["May", (row) => html`${row.role}<div class="fine">${row.scopes ? row.scopes.join(", ") : "everything the role may"}</div>`],
			["State", (row) => html`<${Badge} is=${row.status} />${row.rotated_to && html`<div class="fine">replaced</div>`}`],
			["Last used", (row) => html`<${Time} at=${row.last_used_at} none="never" />`],
			["Ends", (row) => html`<${Time} at=${row.revoked_at ?? row.expires_at} none="when revoked" />`],
			["", (row) => row.status === "active" && html`<${Act} run=${() => rotate(row)} off=${row.rotated_to ? "It is replaced already" : above(row)}>Replace</>
				<${Act} danger run=${() => revoke(row)} off=${above(row)}>Revoke</>`],
		]} />`;
}
