import { html, useState } from "../../core/html.js";
import { useResource } from "../../core/resource.js";
import { Badge, Time } from "../../parts/bits.js";
import { Field } from "../../parts/form.js";
import { Manage, two, useManaged } from "../../parts/manage.js";
import { Lent, PlainName, is_lent, write } from "./named.js";

const KINDS = [
	["openai", "OpenAI"], ["azure", "Azure OpenAI"], ["anthropic", "Anthropic"], ["compatible", "Compatible with OpenAI: Ollama, llama.cpp, vLLM …"],
];
const ADDRESS = {
	openai: "https://api.openai.com/v1", azure: "https://name.openai.azure.com", anthropic: "https://api.anthropic.com", compatible: "https://…/v1",
};
const MEMBERS = ["kind", "base_url", "api_version", "secret_id", "enabled"];

const useKeys = () => useResource("/secrets", { kind: "provider_key", limit: 200 }).data?.items ?? [];

function Fields({ row }) {
	const secrets = useKeys();
	const [kind, set_kind] = useState(row.kind ?? "openai");
	return html`${!row.version && html`<${PlainName} />`}
		<${Field} label="Kind" name="kind" options=${KINDS} value=${kind} onChange=${(e) => set_kind(e.currentTarget.value)} />
		<${Field} label="Address" name="base_url" type="url" value=${row.base_url} placeholder=${ADDRESS[kind]}
			required=${kind === "azure" || kind === "compatible"} />
		${kind === "azure" && html`<${Field} label="Version of the interface" name="api_version" value=${row.api_version} hint="Empty: by the addresses of v1." />`}
		<${Field} label="Key" name="secret_id" value=${String(row.secret_id ?? "")} data-type="number"
			options=${[["", "None"], ...secrets.map((s) => [String(s.id), s.name])]}
			hint=${html`A secret of the kind “key of a model provider”: make it under <a href="/admin/secrets">secrets</a>.`} />`;
}

export default function Providers() {
	const m = useManaged("/ai/providers", null, ["provider.*"], "name");
	const secrets = useKeys();
	const fields = (row) => html`<${Fields} row=${row} />`;
	const create = () => m.form({ title: "New provider", act: "Add provider", fields, save: ({ name, ...values }) => write(m, name, values) });
	const change = (row) => m.form({ title: `Change “${row.name}”`, act: "Save", row, fields,
		save: (values, now) => write(m, row.name, { ...values, enabled: now.enabled }, now) });
	const turn = (row) => m.act(() => write(m, row.name, { ...Object.fromEntries(MEMBERS.map((n) => [n, row[n]])), enabled: !row.enabled }, row),
		`“${row.name}” is ${row.enabled ? "off" : "on"}.`);
	return html`<${Manage} m=${m} title="Providers" about="Where language models are asked. Without one, answers quote the code instead."
		nothing="No providers yet" next="Answers are extracts of the code until there is one." add=${["New provider", create]}
		columns=${[
			["Provider", (row) => two(html`${row.name} ${is_lent(row) && html`<${Lent} />`}`, KINDS.find(([kind]) => kind === row.kind)[1].split(":")[0])],
			["Address", (row) => html`<span class="path">${row.base_url}</span>`],
			["Key", (row) => (is_lent(row) ? "the operator's" : row.secret_id ? secrets.find((s) => s.id === row.secret_id)?.name ?? `secret ${row.secret_id}` : "–")],
			["State", (row) => html`<${Badge} is=${row.enabled ? (row.failures ? "degraded" : "ok") : "off"} />
				${row.failures > 0 && html`<div class="fine">${row.failures} failed in a row, the last <${Time} at=${row.failed_at} /></div>`}`],
		]}
		acts=${(row) => (is_lent(row) ? [] : [
			[row.enabled ? "Turn off" : "Turn on", () => turn(row)],
			["Change", () => change(row)],
			["Delete", () => m.drop(row, "One that has models stays."), "", true],
		])} />`;
}
