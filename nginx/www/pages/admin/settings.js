import { html } from "../../core/html.js";
import { set_query } from "../../core/router.js";
import { useResource } from "../../core/resource.js";
import { Choice } from "../../parts/bits.js";
import { Table } from "../../parts/manage.js";
import { Section } from "../../parts/sections.js";
import { Empty, Shown } from "../../parts/states.js";

export default function Settings({ query }) {
	const settings = useResource("/settings");
	const q = (query.q ?? "").toLowerCase();
	const fits = (s) => (query.only !== "set" || s.origin !== "default") &&
		`${s.key} ${s.doc} ${s.origin} ${s.secret ? "" : s.value}`.toLowerCase().includes(q);
	const groups = (items) => Object.entries(Object.groupBy(items.filter(fits), (s) => s.group));
	return html`<${Section} title="Settings" 
		about="Of the whole installation. They are changed in its configuration, and hold from the next start; portolan config check tells beforehand.">
		<form class="filters" role="search" onSubmit=${(e) => e.preventDefault()}>
			<input type="search" aria-label="Find a setting" placeholder="Name, meaning, value or origin" value=${query.q ?? ""}
				onInput=${(e) => set_query({ q: e.currentTarget.value })} />
			<${Choice} label="Which" options=${[["", "All"], ["set", "Set by somebody"]]} value=${query.only ?? ""}
				choose=${(only) => set_query({ only })} />
		</form>
		<${Shown} of=${settings} empty=${(d) => !d.items.some(fits)} nothing=${html`<${Empty} title="No such setting"><p>Look for another word.</p></>`}>
			${(d) => groups(d.items).map(([group, items]) => html`<h3>${group}</h3><${Table} id=${(s) => s.key} rows=${items} columns=${[
				["Setting", (s) => html`<code>${s.key}</code><div class="fine">${s.doc}</div>`],
				["Value", (s) => (s.value === "" ? html`<span class="fine">none</span>` : html`<span class="path">${s.value}</span>`)],
				["Origin", (s) => (s.origin === "default" ? html`<span class="fine">default</span>` : html`<span class="path">${s.origin}</span>
					<div class="fine">default: ${s.default || "none"}</div>`)],
			]} />`)}
		</>
	</>`;
}
