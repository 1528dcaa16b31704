import { html, useState } from "../../core/html.js";
import { patch } from "../../core/api.js";
import { bytes, number, percent } from "../../core/format.js";
import { useAction, useResource } from "../../core/resource.js";
import { me } from "../../core/session.js";
import { Dialog } from "../../parts/dialog.js";
import { Field, Form } from "../../parts/form.js";
import { tag } from "../../parts/manage.js";
import { Meter } from "../../parts/meter.js";
import { Section } from "../../parts/sections.js";
import { Shown } from "../../parts/states.js";
import { toast } from "../../parts/toast.js";

const GIB = 2 ** 30;
const STORAGE = "storage_max_bytes";
const LABELS = {
	projects_max: "Projects", storage_max_bytes: "Clones, maps, documents", jobs_max: "Unfinished jobs", requests_per_minute: "Requests in a minute",
	members_max: "Members", api_keys_max: "API keys", documents_max: "Documents", conversations_max: "Conversations",
};
const say_of = (name) => (name === STORAGE ? bytes : number);

function Card({ limit: { name, used, counted, max, own, setting } }) {
	const say = say_of(name);
	const from = own && html`<p class="fine">its own limit; the setting says ${say(setting)}</p>`;
	return html`<div class="card"><h2>${LABELS[name]}</h2>
		${counted ? html`<p class="big">${say(used)}</p><${Meter} label=${LABELS[name]} value=${used} max=${max} />
			<p class="fine">${used > max ? `more than the ${say(max)} that it may have` : `${percent(used, max)} of ${say(max)}`}</p>`
			: html`<p class="big">${max ? number(max) : "no limit"}</p><p class="fine">${max ? "at most, " : ""}of all people and keys together</p>`}
		${from}</div>`;
}

function Change({ all, close, reload }) {
	const action = useAction(async (values) => {
		if (values[STORAGE]) values[STORAGE] = Math.round(values[STORAGE] * GIB);
		try {
			return await patch(`/tenants/${all.tenant_id}/limits`, values, tag(all));
		} catch (problem) {
			if (problem.status === 412) reload();
			throw problem;
		}
	});
	const done = () => {
		close();
		reload();
		toast(`The limits of ${all.name} are changed.`);
	};
	const unit = (name) => (name === STORAGE ? GIB : 1);
	return html`<${Dialog} title=${`Limits of ${all.name}`} close=${close}>
		<${Form} key=${all.version} action=${action} act="Save" cancel=${close} done=${done}>
			<p>They hold from the next request on; what there is beyond a lower limit stays. An empty field leaves it to the setting.</p>
			<div class="picks">${all.items.map((l) => html`<${Field} key=${l.name} label=${LABELS[l.name] + (l.name === STORAGE ? ", in GiB" : "")} name=${l.name} type="number" min="0"
				step=${l.name === STORAGE ? "any" : "1"} value=${l.own ? l.max / unit(l.name) : null} placeholder=${number(l.setting / unit(l.name))}
				hint=${l.counted ? `used: ${say_of(l.name)(l.used)}` : "0: no limit"} />`)}</div>
		</>
	</>`;
}

export default function Usage({ query }) {
	const id = query.tenant ?? me.value.tenant_id;
	const [open, set_open] = useState(false);
	const limits = useResource(`/tenants/${id}/limits`, null, { live: ["project.*", "job.*", "member.*", "api_key.*", "tenant.changed"] });
	const all = limits.data;
	const own = String(id) === String(me.value.tenant_id);
	return html`<${Section} title=${own || !all ? "Usage and limits" : `Usage and limits of ${all.name}`}
		about=${all?.may_change ? "What the tenant takes of what it is allowed. As a steward of the installation you may change it."
			: "What this tenant takes of what it is allowed. Who runs the installation sets the limits: portolan tenant quota."}
		aside=${all?.may_change && html`${!own && html`<a class="button" href="/admin/tenants?all=1">All tenants</a>`}
			<button class="first" onClick=${() => set_open(true)}>Change limits</button>`}>
		<${Shown} of=${limits}>${(d) => html`<div class="grid">${d.items.map((l) => html`<${Card} key=${l.name} limit=${l} />`)}</div>`}</>
		${open && html`<${Change} all=${all} close=${() => set_open(false)} reload=${limits.reload} />`}
	</>`;
}
