// Lists of things that are made, changed and removed, with the windows for it.
//
//     const m = useManaged("/members", { q }, ["member.*"]);
//     html`<${Manage} m=${m} title="Members" columns=${[["Name", (row) => row.name], ["", (row) => ...]]} nothing="Nobody yet" />`
//
// m.act(change, said) does something at once.  m.form({ title, act, row, fields, save, done }) asks in a window first;
// fields gets the row, save the values and the row.  m.once({ title, text, about }) shows what is never shown again.
// When somebody else was quicker (412) the list is loaded anew and the window shows what is stored now.
import { html, useState } from "../core/html.js";
import { useAction, useList } from "../core/resource.js";
import { Copy, More } from "./bits.js";
import { Dialog, sure } from "./dialog.js";
import { Form } from "./form.js";
import { Section } from "./sections.js";
import { Empty, Shown } from "./states.js";
import { toast } from "./toast.js";

export const tag = (row) => `"${row.version}"`;

// Of the values of a form, those that are not as in the row.
export const changed = (values, row) => Object.fromEntries(Object.entries(values).filter(([name, value]) => value !== (row[name] ?? null)));

export function useManaged(path, query, live) {
	const list = useList(path, { limit: 50, ...query }, { live });
	const [open, show] = useState(null);
	const act = async (change, said) => {
		try {
			const done = await change();
			if (said) toast(said);
			return done;
		} catch (problem) {
			toast(`${problem.detail} ${problem.fix}`, "bad");
			return null;
		} finally {
			list.reload();
		}
	};
	const ask = async (question, change, said) => (await sure(question)) && act(change, said);
	return { list, open, act, ask, form: show, once: (o) => show({ ...o, once: true }), close: () => show(null) };
}

// columns: [title, (row) => cell, class]; on a phone each row is a card, each cell below its title.
export const Table = ({ columns, rows, id = (row) => row.id }) => html`<div class="table"><table class="cards">
	<thead><tr>${columns.map(([title, , kind]) => html`<th class=${kind}>${title || html`<span class="hidden">Actions</span>`}</th>`)}</tr></thead>
	<tbody>${rows.map((row) => html`<tr key=${id(row)}>${columns.map(([title, cell, kind]) =>
		html`<td class=${kind ?? (title ? "" : "acts")} data-label=${title}>${cell(row)}</td>`)}</tr>`)}</tbody>
</table></div>`;

export const Act = ({ run, danger, off, children }) =>
	html`<button type="button" class=${danger ? "quiet bad" : "quiet"} disabled=${Boolean(off)} title=${off || undefined} onClick=${run}>${children}</button>`;

function Editor({ m, title, act, row, fields, save, done }) {
	const now = row && (m.list.items.find((r) => r.id === row.id) ?? row);
	const action = useAction(async (values) => {
		try {
			return await save(values, now);
		} catch (problem) {
			if (problem.status === 412) m.list.reload();
			throw problem;
		}
	});
	const finish = (result) => {
		m.list.reload();
		m.close();
		done?.(result);
	};
	return html`<${Dialog} title=${title} close=${m.close}>
		<${Form} key=${now?.version} action=${action} act=${act} cancel=${m.close} done=${finish}>${fields(now ?? {})}</>
	</>`;
}

const Once = ({ title, about, text, close }) => html`<${Dialog} title=${title} close=${close} stay>
	<p>${about}</p>
	<div class="once"><code>${text}</code><${Copy} text=${text} /></div>
	<footer><button class="first" onClick=${close}>Done</button></footer>
</>`;

export const Windows = ({ m }) =>
	m.open && (m.open.once ? html`<${Once} ...${m.open} close=${m.close} />` : html`<${Editor} m=${m} ...${m.open} />`);

export const Manage = ({ m, title, about, aside, filters, columns, nothing, next, id }) => html`
	<${Section} title=${title} about=${about} aside=${aside}>
		${filters}
		<${Shown} of=${m.list} empty=${() => !m.list.items.length} nothing=${html`<${Empty} title=${nothing}><p>${next}</p></>`}>
			${() => html`<${Table} columns=${columns} rows=${m.list.items} id=${id} /><${More} list=${m.list} />`}
		</>
	</>
	<${Windows} m=${m} />`;
