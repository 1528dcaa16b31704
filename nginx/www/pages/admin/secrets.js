import { html, useState } from "../../core/html.js";
import { get, patch, post } from "../../core/api.js";
import { Copy, Time } from "../../parts/bits.js";
import { Field } from "../../parts/form.js";
import { Manage, Name, changed, tag, two, useManaged } from "../../parts/manage.js";

const KINDS = [
	["git_https", "Git over https: a token"], ["git_ssh", "Git over ssh: a private key"],
	["provider_key", "Key of a model provider"], ["webhook_secret", "Secret that signs web hooks"],
];

// What is asked for depends on the kind; row: what is there already.
function Fields({ kind, row = {} }) {
	const git = kind.startsWith("git");
	const ssh = kind === "git_ssh";
	return html`${git && !row.id && html`<${Field} label="Server" name="origin" required placeholder=${`${ssh ? "ssh" : "https"}://git.example.org`}
			hint="It is shown to this server and to no other." />`}
		${git && html`<${Field} label="User name" name="username" value=${row.username} required=${!ssh} autocomplete="off"
			hint=${ssh && "Mostly git; the address of a repository may say so instead."} />`}
		${ssh && html`<${Field} label="Key of the server" name="host_key" rows="3" value=${row.host_key} required
			hint="Lines of known_hosts, or fingerprints such as SHA256:…" />`}
		<${Field} label=${ssh ? "Private key" : "Value"} name="value" rows=${ssh && 6} type="password" autocomplete="off" spellcheck="false"
			required=${!row.id} hint=${row.id ? "Empty: it stays as it is. It is never shown." : "It is sealed, and never shown again."} />
		${ssh && html`<${Field} label="Passphrase" name="passphrase" type="password" autocomplete="off" hint="Of a key that has one." />`}`;
}

function NewSecret() {
	const [kind, set_kind] = useState("git_https");
	return html`<${Name} /><${Field} label="Kind" name="kind" options=${KINDS} value=${kind} onChange=${(e) => set_kind(e.currentTarget.value)} />
		<${Fields} key=${kind} kind=${kind} />`;
}

// Where it is used: projects and providers.
function Used({ row }) {
	const [used, set_used] = useState(null);
	const look = async () => {
		const [projects, providers] = await Promise.all([get("/projects", { secret: row.id, limit: 50 }), get("/ai/providers", { limit: 200 })]);
		set_used([...projects.data.items.map((p) => [`/projects/${p.id}`, p.name]),
			...providers.data.items.filter((p) => p.secret_id === row.id).map((p) => ["/admin/providers", `provider ${p.name}`])]);
	};
	if (!used) return html`<button type="button" class="link" onClick=${() => look().catch(() => set_used([]))}>Show</button>`;
	return used.length ? used.map(([href, name]) => html`<div><a href=${href}>${name}</a></div>`) : "nowhere";
}

export default function Secrets() {
	const m = useManaged("/secrets", null, ["secret.*"]);
	const create = () => m.form({ title: "New secret", act: "Store secret", save: (values) => post("/secrets", values), fields: () => html`<${NewSecret} />` });
	const save = ({ value, passphrase, ...rest }, now) =>
		patch(m.at(now), { ...changed(rest, now), ...(value && { value }), ...(passphrase && { passphrase }) }, tag(now));
	const change = (row) => m.form({ title: `Change “${row.name}”`, act: "Save", row, save,
		fields: (now) => html`<${Name} value=${now.name} /><${Fields} kind=${now.kind} row=${now} />` });
	return html`<${Manage} m=${m} title="Secrets" about="What opens private repositories and model providers. Values are sealed; nobody reads them again."
		nothing="No secrets yet" next="Public repositories need none." add=${["New secret", create]}
		columns=${[
			["Name", (row) => two(row.name, KINDS.find(([kind]) => kind === row.kind)[1].split(":")[0])],
			["For", (row) => html`<span class="path">${row.username && `${row.username} at `}${row.origin ?? "–"}</span>
				${row.public_key && html`<div class="fine">Public key <${Copy} text=${row.public_key} label="Copy the public key" /></div>`}`],
			["Used by", (row) => html`<${Used} row=${row} />`],
			["Last used", (row) => html`<${Time} at=${row.last_used_at} none="never" />`],
		]}
		acts=${(row) => [["Change", () => change(row)], ["Delete", () => m.drop(row, "It cannot be brought back. One that is in use stays."), "", true]]} />`;
}
