// What is around every screen: bar, navigation, who is signed in, how the connection is.
import { html, effect, signal, useState } from "../core/html.js";
import { online } from "../core/api.js";
import { live_state, useEvents } from "../core/live.js";
import { go, here } from "../core/router.js";
import { choose_tenant, load_session, may, me, sign_out, tenant } from "../core/session.js";
import { Dialog, Question } from "./dialog.js";
import { Icon } from "./icon.js";
import { Help, show_help, useKeys } from "./keys.js";
import { Menu } from "./menu.js";
import { Palette, show_palette } from "./palette.js";
import { Toasts, toast } from "./toast.js";

const NAV = [["/projects", "Projects"], ["/search", "Search"], ["/ask", "Ask"], ["/jobs", "Jobs"], ["/events", "Events"]];

// light, dark, or nothing: as the system has it.
const stored = () => {
	try {
		return localStorage.getItem("theme") ?? "";
	} catch {
		return "";
	}
};
export const theme = signal(stored());
effect(() => {
	document.documentElement.dataset.theme = theme.value;
	try {
		localStorage.setItem("theme", theme.value);
	} catch {
		// a browser that keeps nothing: as long as the page is open
	}
});

const Links = () => {
	const links = may("admin") ? [...NAV, ["/admin", "Admin"]] : tenant.value ? NAV : [];
	return links.map(([href, label]) => html`<a key=${href} href=${href} aria-current=${here.value.path.startsWith(href) ? "page" : undefined}>${label}</a>`);
};

const LIVE = { live: "Live", polling: "Updated every few seconds", waiting: "Updates are late: the server is asked again soon", off: "" };

const LiveDot = () => {
	const said = LIVE[live_state.value];
	return said && html`<span class=${`live ${live_state.value}`} title=${said}><span class="hidden">${said}</span></span>`;
};

const change_tenant = async (id) => {
	try {
		await choose_tenant(id);
		go("/projects");
	} catch (problem) {
		toast(problem.detail, "bad");
	}
};

function AccountMenu() {
	const { user, tenants, tenant_id } = me.value;
	const themes = [["", "As the system"], ["light", "Light"], ["dark", "Dark"]];
	return html`<${Menu} label="Account" title=${user.email} className="account" items=${[
		...tenants.map((t) => ({ label: t.name, checked: t.id === tenant_id, act: () => t.id === tenant_id || change_tenant(t.id) })),
		null,
		...themes.map(([value, label]) => ({ label, checked: theme.value === value, act: () => (theme.value = value) })),
		null,
		{ label: "Account", href: "/account" },
		{ label: "Keys (?)", act: show_help },
		{ label: "API documentation", href: "/docs/" },
		{ label: "Sign out", act: () => sign_out().catch((problem) => toast(problem.detail, "bad")) },
	]}>
		<${Icon} name="person" /><span class="tenant">${tenant.value?.name ?? user.email}</span><${Icon} name="down" />
	</>`;
}

function Bar() {
	const [drawer, set_drawer] = useState(false);
	return html`<header class="bar">
		<a class="brand" href="/projects"><img src="/favicon.svg" alt="" width="22" height="22" />Portolan</a>
		<nav class="nav" aria-label="Main"><${Links} /></nav>
		<span class="space"></span>
		<${LiveDot} />
		<button class="find" onClick=${show_palette}><${Icon} name="search" /><span>Go to …</span><kbd>Ctrl K</kbd></button>
		<${AccountMenu} />
		<button class="quiet burger" aria-label="Menu" onClick=${() => set_drawer(true)}><${Icon} name="menu" /></button>
		${drawer && html`<${Dialog} title="Menu" side close=${() => set_drawer(false)}>
			<nav class="drawer" aria-label="Main" onClick=${() => set_drawer(false)}><${Links} /><a href="/account">Account</a></nav>
		</>`}
	</header>`;
}

const Offline = () => !online.value && html`<div class="offline" role="status">
	<${Icon} name="warning" /> The server cannot be reached. What is shown may be old; it is brought up to date when the connection returns.
</div>`;

// The screen's own search when it has one.
const search = () => {
	const field = document.querySelector("main input[type=search]");
	if (field) field.focus();
	else go("/search");
};

export function Shell({ children }) {
	// What one may, and what the tenant is called, as soon as somebody changes it.
	useEvents(["member.changed", "tenant.changed"], ({ kind, payload }) =>
		(kind === "tenant.changed" || payload.user_id === me.value.user.id) && load_session().catch(() => {}));
	useKeys([
		["/", "Search", search],
		["?", "These keys", show_help],
		["g p", "Go to projects", () => go("/projects")],
		["g s", "Go to search", () => go("/search")],
		["g a", "Go to ask", () => go("/ask")],
		["g j", "Go to jobs", () => go("/jobs")],
		["g e", "Go to events", () => go("/events")],
	]);
	return html`
		<a class="skip" href="#main">Skip to content</a>
		<${Bar} />
		<${Offline} />
		<main id="main" tabindex="-1">${children}</main>
		<${Palette} /><${Help} /><${Question} /><${Toasts} />
	`;
}
