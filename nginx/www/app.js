// The application: its screens, and what is shown while nobody is signed in.
import "./parts/common.js";
import { html, render, useEffect, useRef, useState } from "./core/html.js";
import { go, here, route, start_router } from "./core/router.js";
import { useAction } from "./core/resource.js";
import { choose_tenant, load_session, me } from "./core/session.js";
import { Page } from "./parts/bits.js";
import { Empty, Failure, Skeleton } from "./parts/states.js";
import { Shell } from "./parts/shell.js";

// Screens that are mostly seen together come in one file.
const groups = {
	map: () => import("./pages/groups/map.js"),
	ask: () => import("./pages/groups/ask.js"),
	work: () => import("./pages/groups/work.js"),
	people: () => import("./pages/groups/people.js"),
};
const of = Object.fromEntries(Object.entries(groups).map(([name, load]) => [name, (page) => () => load().then((m) => ({ default: m[page] }))]));

route("/sign-in", () => import("./pages/sign_in.js"), { title: "Sign in", open: true });
route("/projects", () => import("./pages/projects.js"), { title: "Projects" });
route("/projects/:id", () => import("./pages/project.js"), { title: "Project" });
route("/projects/:id/map", of.map("map"), { title: "System map" });
route("/projects/:id/compare", of.map("compare"), { title: "Compare" });
route("/projects/:id/source", of.map("source"), { title: "Source" });
route("/projects/:id/search", of.ask("search"), { title: "Search" });
route("/projects/:id/ask", of.ask("ask"), { title: "Ask" });
route("/search", of.ask("search"), { title: "Search" });
route("/ask", of.ask("ask"), { title: "Ask" });
route("/ask/:conversation", of.ask("ask"), { title: "Ask" });
route("/jobs", of.work("jobs"), { title: "Jobs" });
route("/jobs/:id", of.work("job"), { title: "Job" });
route("/queues", of.work("queues"), { title: "Queues" });
route("/events", of.work("events"), { title: "Events" });
route("/account", of.people("account"), { title: "Account" });
route("/account/:section", of.people("account"), { title: "Account" });
route("/welcome", of.people("welcome"), { title: "Welcome", open: true });
route("/admin", of.people("admin"), { title: "Admin" });
route("/admin/:section", of.people("admin"), { title: "Admin" });

// The module of the screen, loaded once; a failure is mostly a page that is older than its server.
function useScreen(screen) {
	const [state, set_state] = useState({});
	useEffect(() => {
		if (!screen) return undefined;
		let wanted = true; // who went on before it came is not sent back to it
		screen.load().then(
			(module) => wanted && set_state({ screen, Component: module.default }),
			(error) => wanted && set_state({ screen, error }),
		);
		return () => (wanted = false);
	}, [screen]);
	return state.screen === screen ? state : {};
}

const Outdated = () => html`<${Empty} title="This part could not be loaded">
	<p>The server may have been brought up to date since this page was opened.</p>
	<button class="first" onClick=${() => location.reload()}>Load the page anew</button>
</>`;

const Nowhere = () => html`<${Empty} title="No such page">
	<p>The address <code>${here.value.path}</code> names no screen.</p><p><a href="/projects">To the projects</a></p>
</>`;

function Screen() {
	const { route: screen, params, query, hash, path } = here.value;
	const { Component, error } = useScreen(screen);
	const before = useRef(path);
	useEffect(() => {
		document.title = screen ? `${screen.title} · Portolan` : "Portolan";
		if (before.current !== path) document.getElementById("main")?.focus({ preventScroll: true });
		before.current = path;
	}, [path]);
	if (!screen) return html`<${Nowhere} />`;
	if (error) return html`<${Outdated} />`;
	return Component ? html`<${Component} params=${params} query=${query} hash=${hash} />` : html`<div class="page"><${Skeleton} /></div>`;
}

// Signed in, and in no tenant: none is chosen, or there is none any more.
function Outside() {
	const { tenants, user } = me.value;
	const look = useAction(load_session);
	const choose = useAction(choose_tenant);
	return html`<${Page} title=${tenants.length ? "Which tenant?" : "You belong to no tenant"}>
		<p>${tenants.length ? "You are in none now. Choose one to work in." : `Whoever administers yours can invite ${user.email}, or enable it if it was disabled.`}</p>
		<p class="row">${tenants.map((t) => html`<button key=${t.id} class="first" disabled=${choose.busy} onClick=${() => choose.run(t.id)}>${t.name}</button>`)}
			<button disabled=${look.busy} onClick=${() => look.run()}>Look again</button></p>
		${(look.problem ?? choose.problem) && html`<${Failure} problem=${look.problem ?? choose.problem} compact />`}
	</>`;
}

// Before the session is known, without one, and with one.
function App() {
	const [problem, set_problem] = useState(null);
	const load = () => {
		set_problem(null);
		load_session().catch(set_problem);
	};
	const { path, query, route: screen } = here.value;
	const session = me.value;
	useEffect(load, []);
	useEffect(() => {
		if (session === null && !screen?.open) go(path === "/" ? "/sign-in" : `/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`, { replace: true });
		if (session && (path === "/" || path === "/sign-in")) go(inside(query.next), { replace: true });
	}, [session, path]);
	if (problem) return html`<div class="page"><${Failure} problem=${problem} retry=${load} /></div>`;
	if (session === undefined) return html`<div class="page"><${Skeleton} /></div>`;
	if (session === null || path === "/sign-in" || path === "/welcome") return screen?.open ? html`<${Screen} />` : null;
	return html`<${Shell}>${session.tenant_id || path.startsWith("/account") ? html`<${Screen} />` : html`<${Outside} />`}</>`;
}

// An address to go on to is one of ours, whoever made the link.
const inside = (next) => (next?.startsWith("/") && !next.startsWith("//") && !next.includes("\\") ? next : "/projects");

start_router();
render(html`<${App} />`, document.getElementById("app"));
