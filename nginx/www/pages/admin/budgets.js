import { html } from "../../core/html.js";
import { compact } from "../../core/format.js";
import { useResource } from "../../core/resource.js";
import { Field } from "../../parts/form.js";
import { Act, Manage, useManaged } from "../../parts/manage.js";
import { Meter } from "../../parts/meter.js";
import { MICRO, amount, drop, micro, write } from "./named.js";

const PERIODS = [["day", "A day"], ["month", "A month"]];

const Spent = ({ spent, held, limit, say, label }) => (limit === null ? html`<span class="fine">${say(spent)}, without a limit</span>` : html`
	<div class="spent">${say(spent + held)} of ${say(limit)}</div><${Meter} label=${label} value=${spent + held} max=${limit} />`);

export default function Budgets() {
	const m = useManaged("/ai/budgets", null, ["budget.*", "run.ended"]);
	const members = useResource("/members", { status: "active", limit: 200 }).data?.items ?? [];
	const keys = useResource("/api-keys", { status: "active", limit: 200 }).data?.items ?? [];
	const whose = [["tenant", "The whole tenant"], ...members.map((p) => [`user:${p.user_id}`, p.name || p.email]), ...keys.map((k) => [`key:${k.id}`, `Key “${k.name}”`])];
	const who = (name) => whose.find(([value]) => value === name)?.[1] ?? name;
	const save = (name, { limit_micro, ...values }, now) => write("/ai/budgets", name, { ...values, limit_micro: micro(limit_micro) }, now);
	const fields = (row) => html`${!row.version && html`<${Field} label="Whose" name="name" options=${whose.filter(([value]) => !m.list.items.some((b) => b.name === value))} />`}
		<${Field} label="For" name="period" options=${PERIODS} value=${row.period ?? "month"} />
		<${Field} label="Most that may be spent" name="limit_micro" type="number" min="0.000001" step="0.000001" value=${row.limit_micro && row.limit_micro / MICRO} hint="In the currency of the prices. Empty: money does not count." />
		<${Field} label="Most tokens" name="limit_tokens" type="number" min="1" value=${row.limit_tokens} hint="Empty: tokens do not count." />`;
	const create = () => m.form({ title: "New budget", act: "Set budget", fields, save: ({ name, ...values }) => save(name, values) });
	const change = (row) => m.form({ title: `Budget of ${who(row.name)}`, act: "Save", row, fields, save: (values, now) => save(row.name, values, now) });
	return html`<${Manage} m=${m} title="Budgets" about="What models may cost. Who has used theirs up is refused until the next day or month." nothing="No budgets yet" next="Nothing but the provider limits what models cost."
		aside=${html`<button class="first" onClick=${create}>New budget</button>`}
		columns=${[
			["Whose", (row) => html`<strong>${who(row.name)}</strong><div class="fine">${row.period === "day" ? "a day" : "a month"}, by UTC</div>`],
			["Money", (row) => html`<${Spent} label="Money spent" spent=${row.spent_micro} held=${row.held_micro} limit=${row.limit_micro} say=${amount} />`],
			["Tokens", (row) => html`<${Spent} label="Tokens used" spent=${row.spent_tokens} held=${row.held_tokens} limit=${row.limit_tokens} say=${compact} />`],
			["", (row) => html`<${Act} run=${() => change(row)}>Change</><${Act} danger run=${() => drop(m, "/ai/budgets", row, "It limits nothing any more.")}>Delete</>`],
		]} />`;
}
