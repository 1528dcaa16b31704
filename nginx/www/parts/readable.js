// A JSON value for eyes: the members of an object as facts, what is deeper as indented text.
import { html } from "../core/html.js";
import { Copy, Time } from "./bits.js";

const plain = (value) => value === null || typeof value !== "object";
const is_time = (name, value) => /_at$/.test(name) && typeof value === "string" && !Number.isNaN(Date.parse(value));
const text = (value) => JSON.stringify(value, null, 2);

export function Readable({ value, none = "nothing" }) {
	if (value === null || value === undefined) return html`<p class="fine">${none}</p>`;
	if (plain(value) || Array.isArray(value)) return html`<pre>${text(value)}</pre>`;
	const members = Object.entries(value);
	if (!members.length) return html`<p class="fine">${none}</p>`;
	return html`<dl class="facts readable">${members.map(([name, v]) => html`<dt>${name.replaceAll("_", " ")}</dt>
		<dd>${v === null ? html`<span class="fine">–</span>` : is_time(name, v) ? html`<${Time} at=${v} />` : plain(v) ? html`<span class="path">${String(v)}</span>` : html`<pre>${text(v)}</pre>`}</dd>`)}</dl>`;
}

// The value as it is, folded away.
export const Raw = ({ value }) => html`<details class="raw"><summary>As JSON</summary><div class="copied"><pre>${text(value)}</pre><${Copy} text=${text(value)} /></div></details>`;
