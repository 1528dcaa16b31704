// Requests to the API, and the problems (RFC 9457) that they end with.
//
//     const { data, etag } = await get("/projects", { q: "atlas", limit: 50 });
//     await post("/projects", { name, repository_url });
//     await patch(`/projects/${id}`, { name }, etag);
//
// A path that does not begin with /api/ or /v1/ is one of /api/v1.  What fails throws a Problem.  A request is repeated when it cannot
// have been answered (no network, 502, 503, 504): POST carries an Idempotency-Key, so that it is done once.
import { signal } from "@preact/signals";

const TRIES = 3;
const PAUSE_MS = 300; // before the second try; then four times as long

// Is the server reachable, as the last request has shown?
export const online = signal(navigator.onLine);
addEventListener("online", () => (online.value = true));
addEventListener("offline", () => (online.value = false));

let csrf = null;
let refused = () => {};
let denied = () => {};

// The token of the session, which whatever changes something has to carry.
export const use_csrf = (token) => (csrf = token);
// What happens when a session has ended.
export const on_refused = (act) => (refused = act);
// What happens when the session may not: its role may be less than it was.
export const on_denied = (act) => (denied = act);

export class Problem extends Error {
	constructor(members) {
		super(members.detail || members.title);
		Object.assign(this, { errors: [], request_id: "", fix: "", ...members });
	}
	// What is said of the member `name` of the body, or of the parameter.
	of(name) {
		const found = this.errors.find((e) => e.pointer === `/${name}` || e.parameter === name);
		return found ? found.detail : "";
	}
}

const unreachable = () =>
	new Problem({ status: 0, title: "The server cannot be reached", detail: "Check the connection; it is tried again by itself." });

export const address = (path, query) => {
	const url = new URL(/^\/(api|v1)\//.test(path) ? path : `/api/v1${path}`, location.origin);
	for (const [name, value] of Object.entries(query ?? {}))
		if (value !== undefined && value !== null && value !== "") url.searchParams.set(name, value);
	return url.pathname + url.search;
};

async function problem_of(answer) {
	let members = {};
	try {
		members = await answer.json();
	} catch {
		members = { title: "An answer that cannot be read", detail: `The server answered ${answer.status}.` };
	}
	return new Problem({ ...members, status: answer.status, retry_after: Number(answer.headers.get("Retry-After")) || 0,
		request_id: members.request_id || answer.headers.get("X-Request-Id") || "" });
}

const pause = (ms, signal) =>
	new Promise((resolve, reject) => {
		const timer = setTimeout(resolve, ms);
		signal?.addEventListener("abort", () => (clearTimeout(timer), reject(signal.reason)), { once: true });
	});

const again = (status) => status === 0 || status === 502 || status === 503 || status === 504;

async function once(method, url, { by = fetch, ...options }) {
	let answer;
	try {
		answer = await by(url, { method, credentials: "same-origin", ...options });
	} catch (error) {
		if (options.signal?.aborted) throw error;
		online.value = false;
		throw unreachable();
	}
	online.value = true;
	if (answer.ok || answer.status === 304) return answer;
	throw await problem_of(answer);
}

// call(METHOD, path, { query, body, etag, headers, signal, raw, by }): { data, etag, answer }; by: what asks in the place of fetch
export async function call(method, path, { query, body, etag, headers, signal, raw, by } = {}) {
	const fields = { Accept: "application/json", ...headers };
	if (body !== undefined) fields["Content-Type"] ??= "application/json";
	if (etag) fields["If-Match"] = etag;
	if (method !== "GET" && csrf) fields["X-CSRF-Token"] = csrf;
	if (method === "POST") fields["Idempotency-Key"] ??= key();
	const plain = body === undefined || typeof body === "string" || body instanceof Blob;
	const options = { headers: fields, signal, by, body: plain ? body : JSON.stringify(body) };
	for (let tried = 1; ; tried++) {
		try {
			const answer = await once(method, address(path, query), options);
			const data = raw || answer.status === 204 || answer.status === 304 ? null : await answer.json();
			return { data, etag: answer.headers.get("ETag"), answer };
		} catch (error) {
			if (error.status === 401 && csrf) refused();
			if (error.status === 403 && csrf) denied();
			if (!again(error.status) || tried >= TRIES || method === "PATCH") throw error;
			await pause(Math.max(PAUSE_MS * 4 ** (tried - 1), Math.min(error.retry_after ?? 0, 5) * 1000), signal);
		}
	}
}

// crypto.randomUUID is there in secure contexts alone.
export const key = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");

// What is large and seldom changes is kept as long as the page is open, and asked for by what is had of it.
const kept = new Map();
const KEPT = 6;

export async function get_kept(path, query, signal) {
	const url = address(path, query);
	const had = kept.get(url);
	const now = await call("GET", path, { query, signal, headers: had && { "If-None-Match": had.etag } });
	const one = now.answer.status === 304 ? had : { data: now.data, etag: now.etag };
	kept.delete(url);
	if (one.etag) kept.set(url, one);
	if (kept.size > KEPT) kept.delete(kept.keys().next().value);
	return one;
}

export const get = (path, query, signal) => call("GET", path, { query, signal });
export const post = (path, body, query) => call("POST", path, { body: body ?? {}, query });
export const put = (path, body, etag) => call("PUT", path, { body, etag });
export const patch = (path, body, etag) => call("PATCH", path, { body, etag });
export const remove = (path, etag, query) => call("DELETE", path, { etag, query });
