import { html } from "../../core/html.js";
import { compact } from "../../core/format.js";
import { Field } from "../../parts/form.js";
import { Manage, two, useManaged } from "../../parts/manage.js";
import { Meter } from "../../parts/meter.js";
import { MICRO, amount, micro, write } from "./named.js";
import { useNames } from "./names.js";

const PERIODS = [["day", "A day"], ["month", "A month"]];

const Spent = ({ spent, limit, say, label }) => (limit === null ? html`<span class="fine">${say(spent)}, without a limit</span>` : html`
	<div class="spent">${say(spent)} of ${say(limit)}</div><${Meter} label=${label} value=${spent} max=${limit} />`);

// Of whom there may be a budget, and what they are called.
const useWhose = () => [["tenant", "The whole tenant"], ...useNames("user").map(([id, name]) => [`user:${id}`, name]),
	...useNames("key").map(([id, name]) => [`key:${id}`, `Key “${name}”`])];

const Whose = ({ but }) => html`<${Field} label="Whose" name="name" options=${useWhose().filter(([value]) => !but.some((b) => b.name === value))} />`;

export default function Budgets() {
	const m = useManaged("/ai/budgets", null, ["budget.*", "run.ended"], "name");
	const whose = useWhose();
	const who = (name) => whose.find(([value]) => value === name)?.[1] ?? name;
	const save = (name, { limit_micro, ...values }, now) => write(m, name, { ...values, limit_micro: micro(limit_micro) }, now);
	const fields = (row) => html`
		${!row.version && html`<${Whose} but=${m.list.items} />`}
		<${Field} label="For" name="period" options=${PERIODS} value=${row.period ?? "month"} />
		<${Field} label="Most that may be spent" name="limit_micro" type="number" min="0.000001" step="0.000001"
			value=${row.limit_micro && row.limit_micro / MICRO} hint="In the currency of the prices. Empty: money does not count." />
		<${Field} label="Most tokens" name="limit_tokens" type="number" min="1" value=${row.limit_tokens} hint="Empty: tokens do not count." />`;
	const create = () => m.form({ title: "New budget", act: "Set budget", fields, save: ({ name, ...values }) => save(name, values) });
	const change = (row) => m.form({ title: `Budget of ${who(row.name)}`, act: "Save", row, fields, save: (values, now) => save(row.name, values, now) });
	return html`<${Manage} m=${m} title="Budgets" about="What models may cost. Who has used theirs up is refused until the next day or month."
		nothing="No budgets yet" next="Nothing but the provider limits what models cost." add=${["New budget", create]}
		columns=${[
			["Whose", (row) => two(who(row.name), row.period === "day" ? "a day, by UTC" : "a month, by UTC")],
			["Money", (row) => html`<${Spent} label="Money spent" spent=${row.spent_micro + row.held_micro} limit=${row.limit_micro} say=${amount} />`],
			["Tokens", (row) => html`<${Spent} label="Tokens used" spent=${row.spent_tokens + row.held_tokens} limit=${row.limit_tokens} say=${compact} />`],
		]}
		acts=${(row) => [
			["Change", () => change(row)],
			["Delete", () => m.drop(row, "It limits nothing any more.", { title: `Delete the budget of ${who(row.name)}?` }), "", true],
		]} />`;
}
