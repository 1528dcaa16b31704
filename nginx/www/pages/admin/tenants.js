import { html } from "../../core/html.js";
import { patch, post } from "../../core/api.js";
import { bytes, number } from "../../core/format.js";
import { go, set_query } from "../../core/router.js";
import { choose_tenant, load_session, may, me } from "../../core/session.js";
import { Badge, Choice } from "../../parts/bits.js";
import { Field } from "../../parts/form.js";
import { Manage, Name, tag, two, useManaged } from "../../parts/manage.js";

const lines = (text) => (text ?? "").split(/\s+/).filter(Boolean);
const TONE = { deleting: "warn", deleted: "bad" };

const WHOSE = [["", "Mine"], ["1", "All of the installation"]];

export default function Tenants({ query }) {
	const { steward } = me.value.user;
	const all = steward && query.all;
	const m = useManaged("/tenants", { all: all && "true" }, ["tenant.*"]);
	const create = () => m.form({
		title: "New tenant", act: "Create tenant", save: (values) => post("/tenants", values), done: load_session,
		fields: () => html`<p>A team of its own, with its own projects, members and keys. You become its owner.</p><${Name} />`,
	});
	const change = (row) => m.form({
		title: `Change ${row.name}`, act: "Save", row, done: load_session,
		save: ({ name, cors_origins }, now) => patch(m.at(row), { name, cors_origins: lines(cors_origins) }, tag(now)),
		fields: (now) => html`<${Name} value=${now.name} />
			<${Field} label="Web pages that may call the interface" name="cors_origins" rows="4" value=${now.cors_origins.join("\n")} spellcheck="false"
				placeholder="https://app.example.org" hint="Origins, one a line. Pages elsewhere are kept out by browsers." />`,
	});
	const drop = async (row) => {
		const text = "At once nobody gets in any more; then a job removes its projects, maps, members and keys. It cannot be brought back.";
		if (!(await m.drop(row, text, { word: row.name }))) return;
		const other = me.value.tenants.find((t) => t.id !== row.id);
		await (other ? choose_tenant(other.id) : load_session()).catch(load_session);
		go("/projects");
	};
	const role = (row) => me.value.tenants.find((t) => t.id === row.id)?.role;
	const here = (row) => row.id === me.value.tenant_id;
	const off = (row, least) => (!here(row) ? "Switch to it first" : !may(least) && `Needs the role ${least}`);
	return html`<${Manage} m=${m} title="Tenants" about=${all ? "All of the installation. Of those that are not yours you see the limits alone." : "Those that you belong to. Who runs the installation sets their limits: portolan tenant quota."}
		filters=${steward && html`<div class="filters"><${Choice} label="Whose" options=${WHOSE} value=${query.all ?? ""} choose=${(v) => set_query({ all: v }, { replace: false })} /></div>`}
		nothing="No tenants" next="Create one." add=${["New tenant", create]}
		columns=${[
			["Tenant", (row) => two(row.name, `${here(row) ? "this one; " : ""}${role(row) ? `you are ${role(row)}` : "you are no member"}`)],
			["State", (row) => html`<${Badge} is=${row.status} tone=${TONE[row.status]} />`],
			["Limits", (row) => html`<span class="fine">${number(row.projects_max)} projects, ${bytes(row.storage_max_bytes)},<br />
				${number(row.jobs_max)} jobs, ${number(row.requests_per_minute)} requests a minute</span>`],
			["Web pages let in", (row) => html`<span class="path">${row.cors_origins.join(" ") || "–"}</span>`],
		]}
		acts=${(row) => (row.status !== "active" ? [] : [...(steward ? [["Limits", () => go(`/admin/usage?tenant=${row.id}`)]] : []), ...(role(row) ? [
			["Switch", () => m.act(() => choose_tenant(row.id), `You work in ${row.name} now.`), here(row) && "You are here"],
			["Change", () => change(row), off(row, "admin")],
			["Delete", () => drop(row), off(row, "owner"), true],
		] : [])])} />`;
}
