import { html, useState } from "../../core/html.js";
import { useResource } from "../../core/resource.js";
import { Badge, Time } from "../../parts/bits.js";
import { Field } from "../../parts/form.js";
import { Act, Manage, useManaged } from "../../parts/manage.js";
import { drop, write } from "./named.js";

const KINDS = [["openai", "OpenAI"], ["azure", "Azure OpenAI"], ["anthropic", "Anthropic"], ["compatible", "Speaks as OpenAI does: Ollama, llama.cpp, vLLM …"]];
const ADDRESS = { openai: "https://api.openai.com/v1", azure: "https://name.openai.azure.com", anthropic: "https://api.anthropic.com", compatible: "http://127.0.0.1:11434/v1" };

const body_of = (row) => Object.fromEntries(["kind", "base_url", "api_version", "secret_id", "enabled"].map((n) => [n, row[n] ?? null]));

function Fields({ row, secrets }) {
	const [kind, set_kind] = useState(row.kind ?? "openai");
	return html`${!row.version && html`<${Field} label="Name" name="name" required maxlength="50" pattern="[a-z0-9][a-z0-9._\\-]*" hint="Small letters, digits, dots and hyphens." />`}
		<${Field} label="Kind" name="kind" options=${KINDS} value=${kind} onChange=${(e) => set_kind(e.currentTarget.value)} />
		<${Field} label="Address" name="base_url" type="url" value=${row.base_url} placeholder=${ADDRESS[kind]} required=${kind === "azure" || kind === "compatible"} />
		${kind === "azure" && html`<${Field} label="Version of the interface" name="api_version" value=${row.api_version} hint="Empty: by the addresses of v1." />`}
		<${Field} label="Key" name="secret_id" value=${String(row.secret_id ?? "")} data-type="number" options=${[["", "None"], ...secrets.map((s) => [String(s.id), s.name])]}
			hint=${html`A secret of the kind “key of a model provider”: make it under <a href="/admin/secrets">secrets</a>.`} />`;
}

export default function Providers() {
	const m = useManaged("/ai/providers", null, ["provider.*"]);
	const secrets = useResource("/secrets", { kind: "provider_key", limit: 200 }).data?.items ?? [];
	const fields = (row) => html`<${Fields} row=${row} secrets=${secrets} />`;
	const create = () => m.form({ title: "New provider", act: "Add provider", fields, save: ({ name, ...values }) => write("/ai/providers", name, values) });
	const change = (row) => m.form({ title: `Change ${row.name}`, act: "Save", row, fields, save: (values, now) => write("/ai/providers", row.name, { ...values, enabled: now.enabled }, now) });
	const turn = (row) => m.act(() => write("/ai/providers", row.name, { ...body_of(row), enabled: !row.enabled }, row), `${row.name} is ${row.enabled ? "off" : "on"}.`);
	return html`<${Manage} m=${m} title="Providers" about="Where language models are asked. Without one, answers quote the code instead." nothing="No providers yet" next="Answers are extracts of the code until there is one."
		aside=${html`<button class="first" onClick=${create}>New provider</button>`}
		columns=${[
			["Provider", (row) => html`<strong>${row.name}</strong><div class="fine">${KINDS.find(([kind]) => kind === row.kind)[1]}</div>`],
			["Address", (row) => html`<span class="path">${row.base_url}</span>`],
			["Key", (row) => (row.secret_id ? secrets.find((s) => s.id === row.secret_id)?.name ?? `secret ${row.secret_id}` : html`<span class="fine">none</span>`)],
			["State", (row) => html`<${Badge} is=${row.enabled ? (row.failures ? "degraded" : "ok") : "off"} />${row.failures > 0 && html`<div class="fine">${row.failures} failed in a row, the last <${Time} at=${row.failed_at} /></div>`}`],
			["", (row) => html`<${Act} run=${() => turn(row)}>${row.enabled ? "Turn off" : "Turn on"}</><${Act} run=${() => change(row)}>Change</>
				<${Act} danger run=${() => drop(m, "/ai/providers", row, "One that has models stays.")}>Delete</>`],
		]} />`;
}
