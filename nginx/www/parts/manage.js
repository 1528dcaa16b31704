// Lists of things that are made, changed and removed, with the windows for it.
//
//     const m = useManaged("/members", { q }, ["member.*"]);
//     html`<${Manage} m=${m} title="Members" add=${["Invite somebody", invite]} nothing="Nobody yet"
//             columns=${[["Name", (row) => two(row.name, row.email)]]} acts=${(row) => [["Remove", () => m.drop(row), why_not, true]]} />`
//
// m.act(change, said, undo) does something at once; undo gets what came of it.  m.form({ title, act, row, fields, save, done }) asks in a window first;
// fields gets the row, save the values and the row.  m.once({ title, text, about }) shows what is never shown again.
// When somebody else was quicker (412) the list is loaded anew and the window shows what is stored now.
import { html, useState } from "../core/html.js";
import { get, remove } from "../core/api.js";
import { useAction, useList } from "../core/resource.js";
import { Copy, More } from "./bits.js";
import { Dialog, sure } from "./dialog.js";
import { Field, Form } from "./form.js";
import { Section } from "./sections.js";
import { Empty, Shown } from "./states.js";
import { toast } from "./toast.js";

export const tag = (row) => `"${row.version}"`;

// Of the values of a form, those that are not as in the row.
export const changed = (values, row) => Object.fromEntries(Object.entries(values).filter(([name, value]) => value !== (row[name] ?? null)));

// key: the member that is the last part of a thing's address.
export function useManaged(path, query, live, key = "id") {
	const list = useList(path, { limit: 50, ...query }, { live });
	const [open, show] = useState(null);
	const act = async (change, said, undo) => {
		try {
			const done = await change();
			if (said) toast(said, "good", undo && (() => undo(done)));
			return done;
		} catch (problem) {
			toast(`${problem.detail} ${problem.fix}`, "bad");
			return null;
		} finally {
			list.reload();
		}
	};
	const ask = async (question, change, said, undo) => (await sure(question)) && act(change, said, undo);
	const at = (row) => `${path}/${encodeURIComponent(row[key])}`;
	const drop = (row, text, more) =>
		ask({ title: `Delete “${row.name}”?`, text, act: "Delete", ...more }, () => remove(at(row), tag(row)), `“${row.name}” is deleted.`);
	return { list, open, act, ask, at, drop, form: show, once: (o) => show({ ...o, once: true }), close: () => show(null) };
}

// What a thing is called, and what else is to be said in small print.
export const two = (name, more) => html`<strong>${name}</strong>${more && html`<div class="fine">${more}</div>`}`;

export const Name = (rest) => html`<${Field} label="Name" name="name" required maxlength="100" ...${rest} />`;

// columns: [title, (row) => cell, class]; on a phone each row is a card, each cell beside its title.
// acts: (row) => [[label, what it does, why it cannot be done, dangerous]...]
export const Table = ({ columns, acts, rows, id = (row) => row.id }) => html`<div class="table"><table class="cards">
	<thead><tr>${columns.map(([title, , kind]) => html`<th class=${kind}>${title}</th>`)}${acts && html`<th><span class="hidden">Actions</span></th>`}</tr></thead>
	<tbody>${rows.map((row) => html`<tr key=${id(row)}>
		${columns.map(([title, cell, kind]) => html`<td class=${kind} data-label=${title}>${cell(row)}</td>`)}
		${acts && html`<td class="acts">${acts(row).map(([label, run, off, danger]) => html`<button key=${label} type="button"
			class=${danger ? "quiet bad" : "quiet"} disabled=${Boolean(off)} title=${off || undefined} onClick=${run}>${label}</button>`)}</td>`}
	</tr>`)}</tbody>
</table></div>`;

// What is stored may change while somebody types: that is noticed when it is saved.
function Editor({ m, title, act, row, fields, save, done }) {
	const [now, set_now] = useState(row);
	const action = useAction(async (values) => {
		try {
			return await save(values, now);
		} catch (problem) {
			if (problem.status === 412 && row) {
				m.list.reload();
				await get(m.at(row)).then(({ data }) => set_now(data), () => {});
			}
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

// add: [label, what it does, why it cannot be done]
export function Manage({ m, title, about, add, filters, nothing, next, ...table }) {
	const { list, open } = m;
	const button = add && html`<button class="first" disabled=${Boolean(add[2])} title=${add[2] || undefined} onClick=${add[1]}>${add[0]}</button>`;
	return html`<${Section} title=${title} about=${about} aside=${button}>
		${filters}
		<${Shown} of=${list} empty=${() => !list.items.length} nothing=${html`<${Empty} title=${nothing}><p>${next}</p></>`}>
			${() => html`<${Table} rows=${list.items} ...${table} /><${More} list=${list} />`}
		</>
	</>
	${open && (open.once ? html`<${Once} ...${open} close=${m.close} />` : html`<${Editor} m=${m} ...${open} />`)}`;
}
