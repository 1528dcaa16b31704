// The command palette: screens, projects, and the search of code, by a few letters.
import { html, signal, useEffect, useRef, useState } from "../core/html.js";
import { get } from "../core/api.js";
import { go } from "../core/router.js";
import { may } from "../core/session.js";
import { Dialog } from "./dialog.js";

const SETTLE_MS = 120;
const open = signal(false);

export const show_palette = () => (open.value = true);

addEventListener("keydown", (event) => {
	if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
		event.preventDefault();
		open.value = !open.value;
	}
});

const SCREENS = [
	["Projects", "/projects"], ["Search code", "/search"], ["Ask", "/ask"], ["Jobs", "/jobs"], ["Queues", "/queues"],
	["Dead jobs", "/jobs?status=dead"], ["Events", "/events"], ["Account", "/account"], ["API documentation", "/docs/"],
];
const ADMIN = [["Members", "/admin/members"], ["API keys", "/admin/keys"], ["Audit log", "/admin/audit"], ["Health", "/admin/health"],
	["Settings", "/admin/settings"], ["Models", "/admin/models"]];

function found(text, projects) {
	const screens = [...SCREENS, ...(may("admin") ? ADMIN : [])].filter(([name]) => name.toLowerCase().includes(text.toLowerCase()));
	return [
		...screens.map(([label, href]) => ({ label, href, kind: "Screen" })),
		...projects.flatMap((p) => [
			{ label: p.name, href: `/projects/${p.id}`, kind: "Project" },
			{ label: `${p.name}: system map`, href: `/projects/${p.id}/map`, kind: "Map" },
		]),
		...(text ? [{ label: `Search code for “${text}”`, href: `/search?q=${encodeURIComponent(text)}`, kind: "Search" },
			{ label: `Ask “${text}”`, href: `/ask?q=${encodeURIComponent(text)}`, kind: "Ask" }] : []),
	];
}

export function Palette() {
	const [text, set_text] = useState("");
	const [projects, set_projects] = useState([]);
	const [at, set_at] = useState(0);
	const list = useRef(null);
	useEffect(() => {
		if (!open.value) return undefined;
		const away = new AbortController();
		const timer = setTimeout(() => get("/projects", { q: text, limit: 6 }, away.signal).then(({ data }) => set_projects(data.items), () => {}), SETTLE_MS);
		return () => (clearTimeout(timer), away.abort());
	}, [text, open.value]);
	useEffect(() => list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" }), [at]);
	if (!open.value) return null;
	const items = found(text.trim(), projects);
	const close = () => {
		open.value = false;
		set_text("");
		set_at(0);
	};
	const choose = (item) => {
		close();
		if (item.href.endsWith("/docs/")) location.assign(item.href);
		else go(item.href);
	};
	const on_key = (event) => {
		const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
		if (step) set_at((at + step + items.length) % items.length);
		else if (event.key === "Enter" && items[at]) choose(items[at]);
		else return;
		event.preventDefault();
	};
	return html`<${Dialog} title="Go to" close=${close}>
		<input class="palette-input" role="combobox" aria-expanded="true" aria-controls="palette-list" aria-activedescendant=${`palette-${at}`}
			aria-label="Screen, project or search" placeholder="Screen, project, or what to search for" autofocus value=${text}
			onInput=${(e) => (set_text(e.currentTarget.value), set_at(0))} onKeyDown=${on_key} />
		<ul id="palette-list" class="palette" role="listbox" aria-label="Found" ref=${list}>
			${items.map((item, i) => html`<li key=${item.href + item.label} id=${`palette-${i}`} role="option" aria-selected=${i === at}
				onClick=${() => choose(item)}><span>${item.label}</span><small>${item.kind}</small></li>`)}
		</ul>
	</>`;
}
