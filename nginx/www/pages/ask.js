// Ask: conversations about the code.
import { html, useEffect, useRef, useState } from "../core/html.js";
import { get, patch, remove } from "../core/api.js";
import { plural } from "../core/format.js";
import { useEvents } from "../core/live.js";
import { useAction, useList, useResource } from "../core/resource.js";
import { go, set_query } from "../core/router.js";
import { may } from "../core/session.js";
import { Badge, More, Time } from "../parts/bits.js";
import { sure } from "../parts/dialog.js";
import { Icon } from "../parts/icon.js";
import { useKeys } from "../parts/keys.js";
import { tag } from "../parts/manage.js";
import { ProjectFrame } from "../parts/project_frame.js";
import { useProjectNames, useProjects } from "../parts/projects.js";
import { Shown } from "../parts/states.js";
import { toast } from "../parts/toast.js";
import { CitedPanel, Peek, shown } from "./ask/citation.js";
import { Begin } from "./ask/begin.js";
import { Thread } from "./ask/thread.js";

async function forget(conversation, list, here) {
	const yes = await sure({ title: "Delete this conversation?", text: `“${conversation.title}” goes with all that was said in it.`, act: "Delete" });
	if (!yes) return;
	try {
		await remove(`/conversations/${conversation.id}`);
		if (here) go("/ask");
		else list.reload();
		toast("The conversation is deleted.");
	} catch (problem) {
		toast(`${problem.detail} ${problem.fix}`, "bad");
	}
}

const Row = ({ c, list, here, name }) => html`<li class=${here ? "here" : ""}>
	<a href=${`/ask/${c.id}`} aria-current=${here ? "page" : undefined}><strong>${c.title || "Without a question yet"}</strong>
		<small>${name && `${name} · `}${plural(c.message_count, "message")} · <${Time} at=${c.updated_at} /></small></a>
	${may("member") && html`<button class="quiet" aria-label=${`Delete “${c.title}”`} title="Delete" onClick=${() => forget(c, list, here)}><${Icon} name="trash" /></button>`}
</li>`;

function History({ project, current, names }) {
	const [q, set_q] = useState("");
	const list = useList("/conversations", { project, q: q.trim(), limit: 30 }, { live: ["conversation.*"] });
	return html`<nav class="history" aria-label="Conversations">
		<header class="row"><h2>Conversations</h2><span class="space"></span><a class="button" href=${project ? `/projects/${project}/ask` : "/ask"}><${Icon} name="plus" />New</a></header>
		${(q || list.items.length > 5) && html`<input type="search" aria-label="Find a conversation" placeholder="Find a conversation" value=${q} onInput=${(e) => set_q(e.currentTarget.value)} />`}
		<${Shown} of=${list} empty=${(d) => !d.items.length} nothing=${html`<p class="fine">${q ? "None is called so." : "What you ask is kept here."}</p>`}>
			${() => html`<ul>${list.items.map((c) => html`<${Row} key=${c.id} c=${c} list=${list} here=${String(c.id) === current} name=${!project && (c.project_id ? names.get(c.project_id) : "All projects")} />`)}</ul><${More} list=${list} />`}
		</>
	</nav>`;
}

// What a conversation is called: Enter keeps what is typed, Escape what it was.  A name that somebody else has given it
// meanwhile is told first.
function Title({ c, conversation, names }) {
	const [editing, edit] = useState(null); // the conversation as it was seen; null: not yet, false: not any more
	const at = useRef(null); // what has the focus: the box, and the button afterwards
	useEffect(() => {
		if (editing !== null) at.current?.focus();
		if (editing) at.current?.select();
	}, [editing === null, Boolean(editing)]);
	const rename = useAction(async (title) => {
		try {
			return await patch(`/conversations/${c.id}`, { title }, tag(editing));
		} catch (problem) {
			if (problem.status === 412) edit((await get(`/conversations/${c.id}`)).data);
			throw problem;
		}
	});
	const stop = () => {
		edit(false);
		rename.clear();
	};
	const keep = async (event) => {
		event.preventDefault();
		const title = event.currentTarget.elements.title.value.trim();
		if (!title || title === c.title || (await rename.run(title))) stop();
		await conversation.reload();
	};
	const begin = () => edit(c);
	useKeys(may("member") && !editing ? [["r", "Rename the conversation", begin]] : []);
	if (editing)
		return html`<form class="rename" onSubmit=${keep} onKeyDown=${(e) => e.key === "Escape" && stop()}>
			<input name="title" aria-label="What the conversation is called" defaultValue=${c.title} maxlength="200" required ref=${at} />
			<button class="first" disabled=${rename.busy}>Rename</button><button type="button" onClick=${stop}>Cancel</button>
			${rename.problem && html`<p class="wrong" role="alert">${rename.problem.status === 412 ? `It is called “${editing.title}” by now; Enter renames it all the same.` : rename.problem.detail}</p>`}
		</form>`;
	return html`<h1>${c.title || "Ask"}</h1>
		${may("member") && html`<button ref=${at} class="quiet" aria-label="Rename the conversation" title="Rename (r)" onClick=${begin}><${Icon} name="edit" /></button>`}
		<${Badge}>${c.project_id ? html`<a class="plain" href=${`/projects/${c.project_id}`}>${names.get(c.project_id) ?? `project ${c.project_id}`}</a>` : "All projects"}</>`;
}

function Conversation({ id }) {
	const names = useProjectNames(useProjects());
	const conversation = useResource(`/conversations/${id}`);
	// Asked elsewhere, as in another window; what is answered here comes by the run's own stream.
	useEvents(["run.queued"], (event) => event.payload.run.conversation_id === Number(id) && conversation.reload());
	useEvents(["conversation.changed"], (event) => event.payload.id === Number(id) && conversation.reload());
	useEffect(() => {
		if (conversation.data) document.title = `${conversation.data.title} · Portolan`;
	}, [conversation.data]);
	const c = conversation.data;
	return html`<div class=${shown.value ? "page wide ask with-cited" : "page wide ask"}>
		<${History} current=${id} names=${names} />
		<div class="thread">
			<header class="page-head"><a class="back" href="/ask">All conversations</a>
				${c ? html`<${Title} c=${c} conversation=${conversation} names=${names} />` : html`<h1>Ask</h1>`}</header>
			<${Thread} id=${id} conversation=${conversation} />
		</div>
		<${CitedPanel} /><${Peek} />
	</div>`;
}

const OfProject = ({ id, q }) => html`<${ProjectFrame} id=${id} tab="ask">${() => html`<div class="ask">
	<${History} project=${id} names=${new Map()} /><div class="thread"><${Begin} project=${id} q=${q} /></div></div>`}</>`;

function All({ query }) {
	const projects = useProjects();
	return html`<div class="page wide ask">
		<${History} names=${useProjectNames(projects)} />
		<div class="thread"><h1 class="hidden">Ask</h1>
			<${Begin} project=${query.project} projects=${projects ?? []} choose_project=${(project) => set_query({ project })} q=${query.q} /></div>
	</div>`;
}

export default function Ask({ params, query }) {
	useKeys([["n", "New conversation", () => go(params.id ? `/projects/${params.id}/ask` : "/ask")]]);
	if (params.conversation) return html`<${Conversation} key=${params.conversation} id=${params.conversation} />`;
	return params.id ? html`<${OfProject} id=${params.id} q=${query.q} />` : html`<${All} query=${query} />`;
}
