import { html, useEffect, useState } from "../../core/html.js";
import { call, get } from "../../core/api.js";
import { moment, number } from "../../core/format.js";
import { set_query, with_query } from "../../core/router.js";
import { useAction, useList } from "../../core/resource.js";
import { Badge, More, Time } from "../../parts/bits.js";
import { Dialog } from "../../parts/dialog.js";
import { Table } from "../../parts/manage.js";
import { Section } from "../../parts/sections.js";
import { Empty, Failure, Shown } from "../../parts/states.js";
import { toast } from "../../parts/toast.js";

const PAGES_MAX = 200; // of 1 000 rows, in one file
const TEXTS = [["actor", "Who", "ada@example.org"], ["action", "Action", "member, project.created"], ["target", "Object", "project:17"]];
const COLUMNS = ["position", "at", "actor", "action", "target", "outcome", "remote", "request_id", "detail"];

const iso = (local) => local && !Number.isNaN(Date.parse(local)) ? new Date(local).toISOString() : null;
const filter_of = ({ actor, action, target, outcome, request_id, since, until }) =>
	({ actor, action, target, outcome, request_id, since: iso(since), until: iso(until) });

// One cell of CSV: what a spreadsheet would take for a formula is text.
function cell(value) {
	const text = value === null ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
	return `"${(/^[=+\-@\t\r]/.test(text) ? `'${text}` : text).replace(/"/g, '""')}"`;
}

const WRITERS = {
	csv: (rows) => [COLUMNS.join(), ...rows.map((row) => COLUMNS.map((c) => cell(row[c])).join())].join("\r\n"),
	json: (rows) => JSON.stringify(rows, null, "\t"),
};

// All rows of the filter, oldest first, as a file.
async function save(filter, kind) {
	const rows = [];
	let cursor = null;
	for (let page = 0; page < PAGES_MAX && (page === 0 || cursor); page++) {
		const { answer } = await call("GET", "/audit/export", { query: { ...filter, cursor }, headers: { Accept: "application/x-ndjson" }, raw: true });
		rows.push(...(await answer.text()).split("\n").filter(Boolean).map((line) => JSON.parse(line)));
		cursor = answer.headers.get("Next-Cursor");
	}
	if (cursor) toast(`The file has the first ${number(rows.length)} rows: narrow the filter to export the others.`, "bad");
	const link = document.createElement("a");
	link.href = URL.createObjectURL(new Blob([WRITERS[kind](rows)], { type: kind === "csv" ? "text/csv" : "application/json" }));
	link.download = `audit.${kind}`;
	link.click();
	setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

const plain = (value) => (value === null || value === undefined ? "–" : typeof value === "object" ? JSON.stringify(value) : String(value));

// What the row says of its object, beside what the row before of the same object had said.
function Entry({ row, close }) {
	const [before, set_before] = useState(null);
	useEffect(() => {
		if (row.target && /changed|deleted|removed|revoked|rotated/.test(row.action))
			get("/audit", { target: row.target, until: row.at, outcome: "done", limit: 1 }).then(({ data }) => set_before(data.items[0]?.detail), () => {});
	}, [row]);
	const same = (name) => !before || !(name in before) || plain(before[name]) === plain(row.detail[name]);
	const now = Object.entries(row.detail ?? {}).sort(([a], [b]) => same(a) - same(b));
	return html`<${Dialog} title=${row.action} close=${close} wide>
		<dl class="facts"><dt>When</dt><dd>${moment(row.at)}</dd><dt>Who</dt><dd>${row.actor}</dd><dt>Object</dt><dd>${row.target ?? "–"}</dd>
			<dt>From</dt><dd>${row.remote ?? "a program of the installation"}</dd><dt>Request</dt><dd><code>${row.request_id ?? "–"}</code></dd>
			<dt>Seal</dt><dd>${row.seal_seq ? html`number ${row.seal_seq} of the chain, <code>${row.seal_hash}</code>` : "not sealed yet"}</dd></dl>
		${now.length > 0 && html`<div class="table"><table>
			<thead><tr><th>What</th>${before && html`<th>Before</th>`}<th>${before ? "After" : "Value"}</th></tr></thead>
			<tbody>${now.map(([name, value]) => html`<tr key=${name} class=${same(name) ? "" : "differs"}><th>${name.replaceAll("_", " ")}</th>
				${before && html`<td class="path">${plain(before[name])}</td>`}<td class="path">${plain(value)}</td></tr>`)}</tbody></table></div>`}
	</>`;
}

const typed = (name) => (e) => set_query({ [name]: e.currentTarget.value });

export default function Audit({ query }) {
	const filter = filter_of(query);
	const list = useList("/audit", { ...filter, limit: 50 });
	const out = useAction((kind) => save(filter, kind));
	const open = list.items.find((row) => String(row.position) === query.row);
	const button = (kind) => html`<button disabled=${out.busy} onClick=${() => out.run(kind)}>Export ${kind.toUpperCase()}</button>`;
	return html`<${Section} title="Audit log" about="Who did what, when, and from where; and who was refused."
			aside=${html`<button onClick=${list.reload}>Refresh</button>${button("csv")}${button("json")}`}>
		${out.problem && html`<${Failure} problem=${out.problem} compact />`}
		<form class="picks" onSubmit=${(e) => e.preventDefault()}>
			${TEXTS.map(([name, label, hint]) => html`<label class="pick">${label}
				<input value=${query[name] ?? ""} placeholder=${hint} onInput=${typed(name)} /></label>`)}
			<label class="pick">Outcome<select value=${query.outcome ?? ""} onChange=${typed("outcome")}>
				<option value="">Any</option><option value="done">Done</option><option value="refused">Refused</option></select></label>
			${[["since", "From"], ["until", "Until"]].map(([name, label]) => html`<label class="pick">${label}
				<input type="datetime-local" value=${query[name] ?? ""} onChange=${typed(name)} /></label>`)}
		</form>
		<${Shown} of=${list} empty=${(d) => !d.items.length} nothing=${html`<${Empty} title="Nothing matches"><p>Take a part of the filter away.</p></>`}>
			${() => html`<${Table} id=${(row) => row.position} rows=${list.items} columns=${[
				["When", (row) => html`<${Time} at=${row.at} />`],
				["Who", (row) => row.actor],
				["Action", (row) => html`<a href=${with_query({ row: row.position })}>${row.action}</a>`],
				["Object", (row) => html`<span class="path">${row.target ?? "–"}</span>`],
				["Outcome", (row) => html`<${Badge} tone=${row.outcome === "refused" ? "bad" : ""}>${row.outcome}</>`],
				["From", (row) => html`<span class="path">${row.remote ?? "–"}</span>`],
			]} /><${More} list=${list} />`}
		</>
	</>
	${open && html`<${Entry} row=${open} close=${() => set_query({ row: null })} />`}`;
}
