import { html } from "../../core/html.js";
import { patch, post, remove } from "../../core/api.js";
import { bytes, number } from "../../core/format.js";
import { go } from "../../core/router.js";
import { choose_tenant, load_session, may, me } from "../../core/session.js";
import { Badge } from "../../parts/bits.js";
import { Field } from "../../parts/form.js";
import { Act, Manage, tag, useManaged } from "../../parts/manage.js";

const lines = (text) => (text ?? "").split(/\s+/).filter(Boolean);
const TONE = { deleting: "warn", deleted: "bad" };

export default function Tenants() {
	const m = useManaged("/tenants", null, ["tenant.*"]);
	const create = () => m.form({ title: "New tenant", act: "Create tenant", save: (values) => post("/tenants", values), done: () => load_session(),
		fields: () => html`<p>A team of its own, with its own projects, members and keys. You become its owner.</p><${Field} label="Name" name="name" required maxlength="100" />` });
	const change = (row) => m.form({ title: `Change ${row.name}`, act: "Save", row, done: () => load_session(),
		save: ({ name, cors_origins }, now) => patch(`/tenants/${row.id}`, { name, cors_origins: lines(cors_origins) }, tag(now)),
		fields: (now) => html`<${Field} label="Name" name="name" value=${now.name} required maxlength="100" />
			<${Field} label="Web pages that may call the interface" name="cors_origins" rows="4" value=${now.cors_origins.join("\n")} spellcheck="false" placeholder="https://app.example.org"
				hint="Origins, one a line. Pages elsewhere are kept out by browsers." />` });
	const drop = async (row) => {
		const done = await m.ask({ title: `Delete ${row.name}?`, word: row.name, act: "Delete tenant",
			text: "At once nobody gets in any more; then a job removes its projects, maps, members and keys. It cannot be brought back." },
		() => remove(`/tenants/${row.id}`, tag(row)), `${row.name} is being deleted.`);
		if (!done) return;
		const other = me.value.tenants.find((t) => t.id !== row.id);
		await (other ? choose_tenant(other.id) : load_session()).catch(load_session);
		go("/projects");
	};
	const off = (row, least) => (row.id !== me.value.tenant_id ? "Switch to it first" : !may(least) && `Needs the role ${least}`);
	return html`<${Manage} m=${m} title="Tenants" about="Those that you belong to. The operator sets their limits: portolan tenant quota." nothing="No tenants" next="Create one."
		aside=${html`<button class="first" onClick=${create}>New tenant</button>`}
		columns=${[
			["Tenant", (row) => html`<strong>${row.name}</strong>${row.id === me.value.tenant_id && html` <span class="fine">this one</span>`}<div class="fine">you are ${row.role ?? "no member any more"}</div>`],
			["State", (row) => html`<${Badge} is=${row.status} tone=${TONE[row.status]} />`],
			["Limits", (row) => html`<span class="fine">${number(row.projects_max)} projects, ${bytes(row.storage_max_bytes)},<br />${number(row.jobs_max)} jobs, ${number(row.requests_per_minute)} requests a minute</span>`],
			["Web pages let in", (row) => (row.cors_origins.length ? row.cors_origins.map((o) => html`<div class="path">${o}</div>`) : html`<span class="fine">none</span>`)],
			["", (row) => row.status === "active" && html`${row.id !== me.value.tenant_id && html`<${Act} run=${() => m.act(() => choose_tenant(row.id), `You work in ${row.name} now.`)}>Switch</>`}
				<${Act} run=${() => change(row)} off=${off(row, "admin")}>Change</><${Act} danger run=${() => drop(row)} off=${off(row, "owner")}>Delete</>`],
		]} />`;
}
