import { html } from "../../core/html.js";
import { number } from "../../core/format.js";
import { set_query } from "../../core/router.js";
import { useResource } from "../../core/resource.js";
import { Choice } from "../../parts/bits.js";
import { Table } from "../../parts/manage.js";
import { Section } from "../../parts/sections.js";
import { Empty, Shown } from "../../parts/states.js";
import { amount } from "./named.js";
import { useNames } from "./names.js";

const BY = [["model", "Model"], ["provider", "Provider"], ["user", "Person"], ["key", "Key"], ["project", "Project"], ["day", "Day"]];
const DAYS = [["1", "A day"], ["7", "A week"], ["30", "30 days"], ["all", "All"]];
const MINUTE = 60000; // the beginning moves on by whole ones, so that the question stays the same

export default function Spending({ query }) {
	const { by = "model", days = "30" } = query;
	const since = days === "all" ? null : new Date(Math.floor(Date.now() / MINUTE) * MINUTE - Number(days) * 1440 * MINUTE).toISOString();
	const usage = useResource("/ai/usage", { by, since }, { live: ["run.ended"] });
	const names = new Map(useNames(by));
	const choose = (name) => (value) => set_query({ [name]: value }, { replace: false });
	const count = (title, name) => [title, (row) => number(row[name]), "num"];
	return html`<${Section} title="Spending" about="What calls of models have cost, as they were counted.">
		<div class="filters"><${Choice} label="By" options=${BY} value=${by} choose=${choose("by")} />
			<${Choice} label="Of" options=${DAYS} value=${days} choose=${choose("days")} /></div>
		<${Shown} of=${usage} empty=${(d) => !d.items.length} nothing=${html`<${Empty} title="Nothing was spent"><p>No model was asked in that time.</p></>`}>
			${(d) => html`<${Table} id=${(row) => row.name} rows=${d.items} columns=${[
				[BY.find(([value]) => value === by)?.[1] ?? by, (row) => names.get(Number(row.name)) ?? (row.name || "none")],
				count("Calls", "calls"), count("Failed", "failed"), count("Tokens in", "input_tokens"), count("Tokens out", "output_tokens"),
				["Cost", (row) => amount(row.cost_micro), "num"],
			]} />`}
		</>
	</>`;
}
