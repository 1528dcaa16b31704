// Things under a name of their own, written whole by PUT: providers, models, budgets.
import { call, put, remove } from "../../core/api.js";
import { tag } from "../../parts/manage.js";

// row: what is there; without one there must be nothing of that name.
export const write = (path, name, body, row) => {
	const at = `${path}/${encodeURIComponent(name)}`;
	return row?.version ? put(at, body, tag(row)) : call("PUT", at, { body, headers: { "If-None-Match": "*" } });
};

export const drop = (m, path, row, text) => m.ask({ title: `Delete ${row.name}?`, text, act: "Delete" },
	() => remove(`${path}/${encodeURIComponent(row.name)}`, tag(row)), `${row.name} is deleted.`);

// Amounts are kept in millionths of the currency.
export const MICRO = 1000000;
export const micro = (amount) => (amount === null ? null : Math.round(amount * MICRO));
const money = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 4 });
export const amount = (millionths) => money.format(millionths / MICRO);
