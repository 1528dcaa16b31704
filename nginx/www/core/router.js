// Addresses of screens.  The address holds the whole state of a screen: its path says what is shown, its query how.
//
//     route("/projects/:id/map", () => import("../pages/map.js"), { title: "Map", wide: true });
//     go("/projects/3/map?view=table");      a step of the history
//     set_query({ view: "graph" });          the same screen, otherwise (null takes a name away)
//     const { params, query } = here.value;
//
// A screen's module has a default export: a component that is given { params, query }.
import { computed, signal } from "@preact/signals";

const routes = [];
const at = signal(location.pathname + location.search + location.hash);

export function route(pattern, load, options = {}) {
	const names = [];
	const source = pattern.replace(/:([a-z_]+)/g, (_, name) => (names.push(name), "([^/]+)"));
	routes.push({ pattern, names, match: new RegExp(`^${source}/?$`), load, ...options });
}

function find(path) {
	for (const candidate of routes) {
		const found = candidate.match.exec(path);
		if (found) return { route: candidate, params: Object.fromEntries(candidate.names.map((n, i) => [n, decode(found[i + 1])])) };
	}
	return { route: null, params: {} };
}

// An address that somebody typed may have a per cent sign that means nothing.
const decode = (text) => {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
};

// { path, query, hash, route, params }: where the browser is.
export const here = computed(() => {
	const url = new URL(at.value, location.origin);
	return { path: url.pathname, query: Object.fromEntries(url.searchParams), hash: url.hash.slice(1), ...find(url.pathname) };
});

export function go(url, { replace = false } = {}) {
	if (url === at.peek()) return;
	history[replace ? "replaceState" : "pushState"]({}, "", url);
	at.value = location.pathname + location.search + location.hash;
	if (!replace) scrollTo(0, 0);
}

// The address with these names of the query changed; null and "" take a name away.
export function with_query(changes, from = here.peek()) {
	const query = new URLSearchParams(from.query);
	for (const [name, value] of Object.entries(changes))
		if (value === null || value === undefined || value === "") query.delete(name);
		else query.set(name, value);
	const text = query.toString();
	return from.path + (text ? `?${text}` : "");
}

// replace: what is typed into a filter shall not be a step of the history for each letter.
export const set_query = (changes, { replace = true } = {}) => go(with_query(changes), { replace });

export function start_router() {
	addEventListener("popstate", () => (at.value = location.pathname + location.search + location.hash));
	// Links are ordinary ones: those to screens stay in this page.
	document.addEventListener("click", (event) => {
		const link = event.target.closest?.("a[href]");
		if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
		if (link.target || link.hasAttribute("download") || link.origin !== location.origin || !find(link.pathname).route) return;
		event.preventDefault();
		go(link.pathname + link.search + link.hash);
	});
}
