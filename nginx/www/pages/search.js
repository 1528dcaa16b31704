// Search: passages of all projects or one, files and symbols of one, and documents of the tenant's own.
import { html, useEffect, useRef, useState } from "../core/html.js";
import { here, set_query, with_query } from "../core/router.js";
import { Tabs } from "../parts/bits.js";
import { ProjectFrame } from "../parts/project_frame.js";
import { ChooseProject, useProjectNames, useProjects } from "../parts/projects.js";
import { Documents } from "./search/documents.js";
import { Files, Symbols } from "./search/names.js";
import { Passages } from "./search/passages.js";

const SETTLE_MS = 150; // after the last letter
const SOURCES = [["", "Code and texts"], ["code", "Code"], ["doc", "Texts of repositories"], ["document", "Own documents"]];

// What is typed becomes part of the address once the typing rests.
function useTyped(name, value = "") {
	const [text, set_text] = useState(value);
	const timer = useRef(0);
	const sent = useRef(value);
	useEffect(() => {
		if (value !== sent.current) set_text(value); // by the way back or a link; not what was typed meanwhile
		sent.current = value;
	}, [value]);
	useEffect(() => () => clearTimeout(timer.current), []);
	return [text, (next) => {
		set_text(next);
		clearTimeout(timer.current);
		timer.current = setTimeout(() => {
			sent.current = next.trim() && next;
			set_query({ [name]: sent.current });
		}, SETTLE_MS);
	}];
}

function Typed({ name, query, label, ...rest }) {
	const [text, type] = useTyped(name, query[name]);
	return html`<input ...${rest} aria-label=${label} placeholder=${label} value=${text} spellcheck=${false} autocomplete="off" onInput=${(e) => type(e.currentTarget.value)} />`;
}

// From the field to what was found and on by arrows; Enter opens, as links do.
const on_arrows = (event) => {
	const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
	if (!step || event.target.tagName === "SELECT") return;
	const all = [event.currentTarget.querySelector("input[type=search]"), ...event.currentTarget.querySelectorAll("[data-hit]")];
	const to = all[Math.max(0, all.indexOf(document.activeElement)) + step];
	if (!to) return;
	event.preventDefault();
	to.focus();
	to.scrollIntoView({ block: "nearest" });
};

function Filters({ query, projects, view }) {
	return html`<form class="filters search-form" role="search" onSubmit=${(e) => e.preventDefault()}>
		<${Typed} name="q" query=${query} type="search" label=${view === "files" ? "Part of a path" : view === "symbols" ? "Part of a name" : "Words, identifiers, or a question"} autofocus maxlength="2000" />
		${projects && html`<${ChooseProject} projects=${projects} value=${query.project} choose=${(project) => set_query({ project })} />`}
		${view === "" && html`<${Typed} name="path" query=${query} label="In folder or file" /><${Typed} name="language" query=${query} label="Language" />
			<select aria-label="Source" value=${query.source ?? ""} onChange=${(e) => set_query({ source: e.currentTarget.value })}>${SOURCES.map(([v, text]) => html`<option value=${v}>${text}</option>`)}</select>`}
	</form>`;
}

const VIEWS = [["", "Passages"], ["files", "Files"], ["symbols", "Symbols"], ["documents", "Own documents"]];

function Screen({ query, project, projects }) {
	const views = VIEWS.filter(([v]) => (v === "documents" ? !here.value.params.id : project || v === ""));
	const view = views.some(([v]) => v === query.view) ? query.view : "";
	const of = { q: query.q?.trim(), project };
	const names = useProjectNames(projects);
	return html`<div class="search" onKeyDown=${on_arrows}>
		${view !== "documents" && html`<${Filters} query=${query} projects=${projects} view=${view} />`}
		<${Tabs} label="What is searched" tabs=${views.map(([v, label]) => ({ href: with_query({ view: v }, here.value), label, here: v === view }))} />
		${view === "" && html`<${Passages} ...${of} path=${query.path} language=${query.language} source=${query.source} names=${names} />`}
		${view === "files" && html`<${Files} ...${of} />`}
		${view === "symbols" && html`<${Symbols} ...${of} />`}
		${view === "documents" && html`<${Documents} />`}
	</div>`;
}

function All({ query }) {
	const projects = useProjects();
	return html`<div class="page"><h1 class="hidden">Search</h1><${Screen} query=${query} project=${query.project} projects=${projects ?? []} /></div>`;
}

export default ({ params, query }) =>
	params.id
		? html`<${ProjectFrame} id=${params.id} tab="search">${() => html`<${Screen} query=${query} project=${params.id} />`}</>`
		: html`<${All} query=${query} />`;
