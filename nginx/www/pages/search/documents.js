// Documents of the tenant's own: what is searched besides repositories.
import { html, useRef, useState } from "../../core/html.js";
import { call, post, remove } from "../../core/api.js";
import { bytes, number } from "../../core/format.js";
import { useAction, useList } from "../../core/resource.js";
import { may } from "../../core/session.js";
import { telling } from "../../core/upload.js";
import { Badge, More, Progress, Time } from "../../parts/bits.js";
import { Dialog, sure } from "../../parts/dialog.js";
import { Field, Form } from "../../parts/form.js";
import { Empty, Shown } from "../../parts/states.js";
import { toast } from "../../parts/toast.js";

const type_of = (name) => (/\.pdf$/i.test(name) ? "application/pdf" : /\.(md|markdown)$/i.test(name) ? "text/markdown" : "text/plain");

function Add({ close, done }) {
	const [file, set_file] = useState(null);
	const [part, set_part] = useState(null); // of the file that is sent
	const going = useRef(new AbortController());
	const send = (name) => call("POST", "/documents", {
		query: { name }, body: file, headers: { "Content-Type": type_of(file.name) }, signal: going.current.signal, by: telling(set_part),
	}).finally(() => set_part(null));
	const add = useAction(async ({ name, text }) => (await (file ? send(name ?? file.name) : post("/documents", { name: name ?? "", text: text ?? "" }))).data);
	const leave = () => {
		going.current.abort();
		close();
	};
	return html`<${Dialog} title="Add a document" close=${leave}>
		<${Form} action=${add} act="Add" cancel=${leave} done=${done}>
			<div class="field"><label for="document-file">A file: PDF, Markdown or plain text</label>
				<input id="document-file" type="file" accept=".pdf,.md,.markdown,.txt,application/pdf,text/*" disabled=${add.busy} onChange=${(e) => set_file(e.currentTarget.files[0])} /></div>
			<${Field} name="name" label="Name" hint="As it is shown and cited; that of the file when left empty" maxlength="200" required=${!file} placeholder=${file?.name} />
			${!file && html`<${Field} name="text" label="Text" rows="8" required />`}
			${part !== null && html`<div><${Progress} value=${Math.floor(part * 100)} label="Sent of the file" />
				<p class="fine" role="status">${part < 1 ? `${Math.floor(part * 100)} % of ${bytes(file.size)} sent` : "Sent; it is being stored"}</p></div>`}
		</>
	</>`;
}

export function Documents() {
	const list = useList("/documents", { limit: 50 }, { live: ["document.*"] });
	const [adding, set_adding] = useState(false);
	const added = (made) => {
		set_adding(false);
		list.reload();
		toast(`${made.name} is added; it is found once it is indexed.`);
	};
	const drop = async (d) => {
		if (!(await sure({ title: "Delete this document?", text: `${d.name} is not found or cited any more.`, act: "Delete" }))) return;
		await remove(`/documents/${d.id}`).catch((problem) => toast(problem.detail, "bad"));
		list.reload();
	};
	const act = may("member") ? html`<button class="first" onClick=${() => set_adding(true)}>Add a document</button>` : html`<p class="fine">Adding documents needs the role member.</p>`;
	return html`<div class="documents">
		<div class="row"><p class="fine">Handbooks, decisions, notes: PDF, Markdown or plain text that is found and cited besides the code.</p><span class="space"></span>${list.items.length > 0 && act}</div>
		${adding && html`<${Add} close=${() => set_adding(false)} done=${added} />`}
		<${Shown} of=${list} empty=${(d) => !d.items.length} nothing=${html`<${Empty} title="No documents yet">${act}</>`}>
			${() => html`<div class="table"><table>
				<thead><tr><th>Name</th><th>State</th><th class="num">Size</th><th class="num">Passages</th><th>Added</th><th><span class="hidden">Acts</span></th></tr></thead>
				<tbody>${list.items.map((d) => html`<tr key=${d.id}><td>${d.name}</td><td><${Badge} is=${d.status} />${d.error_message && html`<div class="fine bad">${d.error_message}</div>`}</td><td class="num">${bytes(d.bytes)}</td><td class="num">${number(d.chunks)}</td>
					<td><${Time} at=${d.created_at} /></td><td>${may("member") && html`<button class="quiet" aria-label=${`Delete ${d.name}`} onClick=${() => drop(d)}>Delete</button>`}</td></tr>`)}</tbody>
			</table></div><${More} list=${list} />`}
		</>
	</div>`;
}
