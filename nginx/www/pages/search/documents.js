// Documents of the tenant's own: what is searched besides repositories.
import { html, useState } from "../../core/html.js";
import { post, remove } from "../../core/api.js";
import { bytes, number } from "../../core/format.js";
import { useAction, useList } from "../../core/resource.js";
import { may } from "../../core/session.js";
import { Badge, More, Time } from "../../parts/bits.js";
import { Dialog, sure } from "../../parts/dialog.js";
import { Field, Form } from "../../parts/form.js";
import { Empty, Shown } from "../../parts/states.js";
import { toast } from "../../parts/toast.js";

const PIECE = 0x8000; // arguments of one call

// A file's bytes in base64.
async function content_of(file) {
	const all = new Uint8Array(await file.arrayBuffer());
	let text = "";
	for (let i = 0; i < all.length; i += PIECE) text += String.fromCharCode(...all.subarray(i, i + PIECE));
	return btoa(text);
}

function Add({ close, done }) {
	const [file, set_file] = useState(null);
	const add = useAction(async ({ name, text }) => (await post("/documents", { name: name ?? file?.name ?? "", ...(file ? { content: await content_of(file) } : { text: text ?? "" }) })).data);
	return html`<${Dialog} title="Add a document" close=${close}>
		<${Form} action=${add} act="Add" cancel=${close} done=${done}>
			<div class="field"><label for="document-file">A file, Markdown or plain text</label>
				<input id="document-file" type="file" accept=".md,.markdown,.txt,text/*" onChange=${(e) => set_file(e.currentTarget.files[0])} /></div>
			<${Field} name="name" label="Name" hint="As it is shown and cited; that of the file when left empty" maxlength="200" required=${!file} placeholder=${file?.name} />
			${!file && html`<${Field} name="text" label="Text" rows="8" required />`}
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
		<div class="row"><p class="fine">Handbooks, decisions, notes: Markdown or plain text that is found and cited besides the code.</p><span class="space"></span>${list.items.length > 0 && act}</div>
		${adding && html`<${Add} close=${() => set_adding(false)} done=${added} />`}
		<${Shown} of=${list} empty=${(d) => !d.items.length} nothing=${html`<${Empty} title="No documents yet">${act}</>`}>
			${() => html`<div class="table"><table>
				<thead><tr><th>Name</th><th>State</th><th class="num">Size</th><th class="num">Passages</th><th>Added</th><th><span class="hidden">Acts</span></th></tr></thead>
				<tbody>${list.items.map((d) => html`<tr key=${d.id}><td>${d.name}</td><td><${Badge} is=${d.status} /></td><td class="num">${bytes(d.bytes)}</td><td class="num">${number(d.chunks)}</td>
					<td><${Time} at=${d.created_at} /></td><td>${may("member") && html`<button class="quiet" aria-label=${`Delete ${d.name}`} onClick=${() => drop(d)}>Delete</button>`}</td></tr>`)}</tbody>
			</table></div><${More} list=${list} />`}
		</>
	</div>`;
}
