// Things under a name of their own, written whole by PUT: providers, models, budgets.
import { html } from "../../core/html.js";
import { call, put } from "../../core/api.js";
import { Badge } from "../../parts/bits.js";
import { Name, tag } from "../../parts/manage.js";

// row: what is there; without one there must be nothing of that name.
export const write = (m, name, body, row) =>
	row?.version ? put(m.at({ name }), body, tag(row)) : call("PUT", m.at({ name }), { body, headers: { "If-None-Match": "*" } });

export const PlainName = () => html`<${Name} pattern="[A-Za-z0-9._:\\-]+" hint="Letters, digits, and . _ : - alone." />`;

// Providers and models that the operator lends to all tenants: seen and asked, not changed.
export const is_lent = (row) => row.owner === "installation";
export const Lent = () => html`<${Badge} tone="busy">installation's</>`;

// Amounts are kept in millionths of the currency.
export const MICRO = 1000000;
export const micro = (amount) => (amount === null ? null : Math.round(amount * MICRO));
const money = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 4 });
export const amount = (millionths) => money.format(millionths / MICRO);
