// Small things that every screen has.
import { html, classes, signal, useEffect, useState } from "../core/html.js";
import { ago, moment } from "../core/format.js";
import { go } from "../core/router.js";
import { Icon } from "./icon.js";
import { toast } from "./toast.js";

// Relative times are right again each half minute, all by the same clock.
const now = signal(Date.now());
setInterval(() => (now.value = Date.now()), 30000);

export const Time = ({ at, none = "–" }) =>
	at ? html`<time datetime=${at} title=${moment(at)}>${ago(at, Math.max(now.value, Date.now() - 30000))}</time>` : none;

const TONES = {
	ready: "good", completed: "good", ok: "good", active: "good",
	failed: "bad", dead: "bad", failing: "bad", revoked: "bad",
	retrying: "warn", degraded: "warn", paused: "warn", expired: "warn",
	running: "busy", cloning: "busy", analysing: "busy", claimed: "busy",
};

// A state in a word, with its tone.
export const Badge = ({ is, tone, children }) => html`<span class=${classes("badge", tone ?? TONES[is])}>${children ?? is}</span>`;

// value: 0 to 100, or null for work of unknown length.
export const Progress = ({ value, label }) =>
	html`<div class="progress"><progress max="100" value=${value ?? undefined} aria-label=${label}></progress></div>`;

export const Page = ({ title, aside, children, wide }) => html`<div class=${classes("page", wide && "wide")}>
	<header class="page-head"><h1>${title}</h1>${aside && html`<div class="actions">${aside}</div>`}</header>
	${children}
</div>`;

// tabs: [{ href, label, here }]
export const Tabs = ({ label, tabs }) => html`<nav class="tabs" aria-label=${label}>
	${tabs.map((t) => html`<a key=${t.href} href=${t.href} aria-current=${t.here ? "page" : undefined}>${t.label}</a>`)}
</nav>`;

// One of a few, as buttons in a row: options [[value, label]...]
export const Choice = ({ label, options, value, choose }) => html`<div class="choice" role="group" aria-label=${label}>
	${options.map(([v, text]) => html`<button key=${v} type="button" aria-pressed=${v === value} onClick=${() => choose(v)}>${text}</button>`)}
</div>`;

export function Copy({ text, label = "Copy" }) {
	const [done, set_done] = useState(false);
	const copy = async () => {
		try {
			await navigator.clipboard.writeText(text);
			set_done(true);
			setTimeout(() => set_done(false), 1500);
		} catch {
			toast("The browser does not allow it: select the text and copy it.", "bad");
		}
	};
	return html`<button type="button" class="quiet" title=${label} aria-label=${label} onClick=${copy}><${Icon} name=${done ? "check" : "copy"} /></button>`;
}

// A component that is fetched when it is first shown: load={() => import("./it.js")}; it is the module's default.
export function Later({ load, ...props }) {
	const [state, set_state] = useState({});
	useEffect(() => void load().then((module) => set_state({ Component: module.default }), () => toast("That part could not be loaded: load the page anew.", "bad")), []);
	return state.Component ? html`<${state.Component} ...${props} />` : null;
}

// What goes on below a list.
export const More = ({ list }) => html`<div class="more">
	${list.next_problem && html`<p role="alert">${list.next_problem.detail}</p>`}
	${list.more && html`<button disabled=${list.next_loading} onClick=${list.next}>${list.next_loading ? "Loading …" : "Show more"}</button>`}
</div>`;

// A row that opens something: the whole of it can be clicked, its link is what the keyboard meets.
export const open_row = (href) => (event) => {
	if (event.target.closest("a, button, input, label, summary") || getSelection()?.toString()) return;
	go(href);
};
