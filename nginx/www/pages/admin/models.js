import { html, useState } from "../../core/html.js";
import { post } from "../../core/api.js";
import { number } from "../../core/format.js";
import { useResource } from "../../core/resource.js";
import { Badge, Time } from "../../parts/bits.js";
import { Field } from "../../parts/form.js";
import { Manage, two, useManaged } from "../../parts/manage.js";
import { Lent, MICRO, PlainName, amount, is_lent, micro, write } from "./named.js";

const KINDS = [["chat", "Chat: answers"], ["embedding", "Embedding: turns texts into vectors"]];
const ABILITIES = [
	["tools", "Calls tools"], ["json_schema", "Answers by a JSON Schema"], ["vision", "Sees pictures"], ["stream_usage", "Tells tokens of a stream"],
];
const KNOWN = [["", "A probe finds out"], ["yes", "Yes"], ["no", "No"]];
const PRICES = [["price_input", "Input"], ["price_cached", "Input from the provider's cache"], ["price_output", "Output"]];

const useProviders = () => useResource("/ai/providers", { limit: 200 }).data?.items.filter((p) => !is_lent(p));

function Fields({ row, models }) {
	const providers = useProviders() ?? [];
	const [kind, set_kind] = useState(row.kind ?? "chat");
	const chat = kind === "chat";
	const count = (name, label) => html`<${Field} label=${label} name=${name} type="number" min="1" value=${row[name]} />`;
	const others = models.filter((m) => m.kind === "chat" && m.name !== row.name).map((m) => [m.name, m.name]);
	return html`${!row.version && html`<${PlainName} />`}
		<${Field} label="Provider" name="provider" options=${providers.map((p) => [p.name, p.name])} value=${row.provider} required />
		<${Field} label="Name at the provider" name="remote_name" value=${row.remote_name} required maxlength="200" hint="Of Azure, the deployment." />
		<${Field} label="Kind" name="kind" options=${KINDS} value=${kind} onChange=${(e) => set_kind(e.currentTarget.value)} />
		<label class="check"><input type="checkbox" name="preferred" defaultChecked=${row.preferred ?? !models.some((m) => m.kind === kind && m.preferred)} />
			Asked where no model is named</label>
		<details><summary>Limits, abilities, prices</summary><div class="form">
			${chat && html`<${Field} label="Asked when this one cannot" name="fallback" value=${row.fallback} options=${[["", "None"], ...others]} />`}
			${count("context_tokens", "Most tokens that it takes and gives")}
			${chat ? count("output_tokens", "Most tokens of an answer") : count("dimensions", "Length of its vectors")}
			${chat && ABILITIES.map(([name, label]) =>
				html`<${Field} label=${label} name=${name} options=${KNOWN} value=${row.found?.includes(name) ? "" : row[name]} />`)}
			${PRICES.map(([name, label]) => html`<${Field} label=${`${label}: price of a million tokens`} name=${name} type="number"
				min="0" step="0.000001" value=${(row[name] ?? 0) / MICRO} />`)}
		</div></details>`;
}

const body_of = (values) => ({ ...values, ...Object.fromEntries(PRICES.map(([name]) => [name, micro(values[name] ?? 0)])) });

export default function Models() {
	const m = useManaged("/ai/models", null, ["model.*"], "name");
	const providers = useProviders();
	const fields = (row) => html`<${Fields} row=${row} models=${m.list.items} />`;
	const create = () => m.form({ title: "New model", act: "Add model", fields, save: ({ name, ...values }) => write(m, name, body_of(values)) });
	const change = (row) => m.form({ title: `Change “${row.name}”`, act: "Save", row, fields,
		save: (values, now) => write(m, row.name, body_of(values), now) });
	const probe = (row) => m.act(() => post(`${m.at(row)}/probe`), `“${row.name}” is asked what it can do; that takes a few seconds.`);
	return html`<${Manage} m=${m} title="Models" about="Which models there are, what they can do and what they cost." nothing="No models yet"
		next=${providers?.length ? "Add the first one." : html`Begin with a <a href="/admin/providers">provider</a>.`}
		add=${["New model", create, providers?.length === 0 && "Add a provider first"]}
		columns=${[
			["Model", (row) => two(html`${row.name} ${is_lent(row) && html`<${Lent} />`} ${row.preferred && html`<${Badge} tone="busy">first choice</>`}`,
				html`${row.kind} · <code>${row.remote_name}</code> at ${row.provider}`)],
			["Can", (row) => html`<span class="fine">${ABILITIES.filter(([name]) => row[name] === "yes").map(([, label]) => label).join(", ") || "–"}</span>
				${row.context_tokens && html`<div class="fine">${number(row.context_tokens)} tokens</div>`}`],
			["Price in / out", (row) => `${amount(row.price_input)} / ${amount(row.price_output)}`, "num"],
			["Probed", (row) => html`<${Time} at=${row.probed_at} none="never" />${row.probe_error && html`<div class="fine bad">${row.probe_error}</div>`}`],
		]}
		acts=${(row) => (is_lent(row) ? [] : [
			["Probe", () => probe(row)],
			["Change", () => change(row)],
			["Delete", () => m.drop(row, "What it has cost stays in the books."), "", true],
		])} />`;
}
