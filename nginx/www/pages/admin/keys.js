import { html, useState } from "../../core/html.js";
import { post, remove } from "../../core/api.js";
import { set_query } from "../../core/router.js";
import { Badge, Choice, Time } from "../../parts/bits.js";
import { Field } from "../../parts/form.js";
import { Manage, Name, two, useManaged } from "../../parts/manage.js";
import { Role, above } from "../../parts/roles.js";

const STATES = [["active", "Working"], ["expired", "Expired"], ["revoked", "Revoked"], ["all", "All"]];
const ENDS = [["30", "In 30 days"], ["90", "In 90 days"], ["365", "In a year"], ["", "When it is revoked"]];
const AREAS = [
	["projects", "Projects"], ["maps", "Maps and source"], ["jobs", "Jobs, queues, schedules"], ["events", "Events and state"],
	["status", "Health and settings"], ["tenant", "Tenant"], ["members", "Members"], ["keys", "API keys"], ["secrets", "Secrets"],
	["audit", "Audit log"], ["models", "Models"], ["conversations", "Conversations"],
];
const WAYS = [["read", "Read"], ["write", "Change"]];

function Scopes() {
	const [narrow, set_narrow] = useState(false);
	const box = (area, label) => ([way, text]) =>
		html`<td><input type="checkbox" name=${`${area}:${way}`} aria-label=${`${label}: ${text.toLowerCase()}`} /></td>`;
	return html`<label class="check"><input type="checkbox" name="narrow" checked=${narrow}
			onChange=${(e) => set_narrow(e.currentTarget.checked)} /> Only some of what the role may</label>
		${narrow && html`<table class="scopes"><thead><tr><th>Part</th>${WAYS.map(([, text]) => html`<th>${text}</th>`)}</tr></thead>
			<tbody>${AREAS.map(([area, label]) => html`<tr><th>${label}</th>${WAYS.map(box(area, label))}</tr>`)}</tbody></table>`}`;
}

const body_of = ({ name, role, expires_in_days, narrow, ...scopes }) => ({
	name, role, expires_in_days: expires_in_days && Number(expires_in_days),
	scopes: narrow ? Object.keys(scopes).filter((s) => scopes[s]) : null,
});

export default function Keys({ query }) {
	const status = query.status ?? "active";
	const m = useManaged("/api-keys", { status: status === "all" ? null : status }, ["api_key.*"]);
	const done = ({ data }) => data.key && m.once({ title: `Key “${data.name}”`, text: data.key,
		about: "Keep it where the program that uses it finds it. It is shown only now." });
	const create = () => m.form({
		title: "New API key", act: "Create key", done, save: (values) => post("/api-keys", body_of(values)),
		fields: () => html`<${Name} /><${Role} value="member" /><${Field} label="Ends" name="expires_in_days" options=${ENDS} value="90" /><${Scopes} />`,
	});
	const rotate = (row) => m.form({
		title: `Replace “${row.name}”`, act: "Make the new key", done, save: (values) => post(`${m.at(row)}/rotate`, values),
		fields: () => html`<p>The new key has the same name, role and scopes. The old one works on for a while, so that nothing stops.</p>
			<${Field} label="Hours for which the old key still works" name="overlap_hours" type="number" min="0" max="720" value="24" required />`,
	});
	const revoke = (row) => m.ask({
		title: `Revoke “${row.name}”?`, act: "Revoke", text: "Whatever uses it is refused from now on. This cannot be taken back.",
	}, () => remove(m.at(row)), `“${row.name}” is revoked.`);
	return html`<${Manage} m=${m} title="API keys" about="For programs: each has a role, and may be narrowed to parts of it."
		nothing="No such keys" next="A key lets a program in." add=${["New key", create]}
		filters=${html`<div class="filters"><${Choice} label="State" options=${STATES} value=${status}
			choose=${(s) => set_query({ status: s === "active" ? null : s }, { replace: false })} /></div>`}
		columns=${[
			["Key", (row) => two(row.name, html`<code>${row.prefix}…</code> by ${row.created_by || "set-up"}`)],
			["May", (row) => html`${row.role}<div class="fine">${row.scopes?.join(", ") ?? "everything the role may"}</div>`],
			["State", (row) => html`<${Badge} is=${row.status} />${row.rotated_to && html`<div class="fine">replaced</div>`}`],
			["Last used", (row) => html`<${Time} at=${row.last_used_at} none="never" />`],
			["Ends", (row) => html`<${Time} at=${row.revoked_at ?? row.expires_at} none="when revoked" />`],
		]}
		acts=${(row) => (row.status === "active" ? [
			["Replace", () => rotate(row), row.rotated_to ? "It is replaced already" : above(row)],
			["Revoke", () => revoke(row), above(row), true],
		] : [])} />`;
}
