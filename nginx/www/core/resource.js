// What a screen shows of the server, with the states that it goes through.
//
//     const jobs = useResource("/jobs", { status }, { live: ["job.*"], every: 3000 });
//     html`<${Shown} of=${jobs}>${(data) => ...}</>`                       (parts/states.js)
//
// { data, etag, problem, loading, reload() }.  While it is loaded anew the old data stays.
// live: events that bring it anew; every: milliseconds after which it is, while somebody looks, for what no event tells.
import { useEffect, useRef, useState } from "preact/hooks";
import { get, get_kept } from "./api.js";
import { useEvents } from "./live.js";

const SETTLE_MS = 150; // events come in groups

// path: null asks for nothing yet; keep: what comes is kept while the page is open, and not sent twice.
export function useResource(path, query, { live = [], every = 0, project, keep } = {}) {
	const [state, set_state] = useState({ data: null, etag: null, problem: null, loading: Boolean(path), of: null });
	const asked = useRef(null);
	const timer = useRef(0);
	const latest = useRef(null);
	const id = path && JSON.stringify([path, query ?? {}]);

	const load = async () => {
		asked.current?.abort();
		if (!path) return;
		const mine = (asked.current = new AbortController());
		set_state((s) => ({ ...s, loading: true }));
		try {
			const { data, etag } = await (keep ? get_kept : get)(path, query, mine.signal);
			if (!mine.signal.aborted) set_state({ data, etag, problem: null, loading: false, of: id });
		} catch (problem) {
			if (!mine.signal.aborted) set_state((s) => ({ ...s, problem, loading: false, of: id }));
		}
	};
	latest.current = load;
	useEffect(() => {
		load();
		return () => {
			asked.current?.abort();
			clearTimeout(timer.current);
			timer.current = 0;
		};
	}, [id]);
	useEffect(() => {
		if (!path || !every) return undefined;
		const clock = setInterval(() => document.hidden || load(), every);
		return () => clearInterval(clock);
	}, [id, every]);
	// The first of a group of events sets the time, so that a stream of them does not put it off for ever.
	useEvents(path ? live : [], () => {
		timer.current ||= setTimeout(() => {
			timer.current = 0;
			latest.current();
		}, SETTLE_MS);
	}, { project });
	return { ...state, path, loading: state.loading || (Boolean(path) && state.of !== id), reload: load };
}

// Pages of a list behind a cursor: { items, more, next(), ... } besides what useResource has.  What was paged to stays
// while the first page comes anew by itself; reload() begins at the first page.
export function useList(path, query, options) {
	const first = useResource(path, query, options);
	const nothing = { of: null, items: [], cursor: null, problem: null, loading: false };
	const [rest, set_rest] = useState(nothing);
	const id = path && JSON.stringify([path, query ?? {}]);
	const fresh = first.data?.items ?? [];
	const mine = rest.of === id;
	const cursor = mine ? rest.cursor : first.data?.next_cursor;
	const next = async () => {
		set_rest((r) => ({ ...(mine ? r : { of: id, items: fresh, cursor }), loading: true, problem: null }));
		try {
			const { data } = await get(path, { ...query, cursor });
			set_rest((r) => ({ of: id, items: [...(mine ? r.items : fresh), ...data.items], cursor: data.next_cursor, problem: null, loading: false }));
		} catch (problem) {
			set_rest((r) => ({ ...r, problem, loading: false }));
		}
	};
	const reload = () => {
		set_rest(nothing);
		return first.reload();
	};
	const known = new Set(mine ? fresh.map((item) => item.id) : []);
	return { ...first, reload, items: mine ? [...fresh, ...rest.items.filter((item) => !known.has(item.id))] : fresh,
		more: Boolean(cursor), next, next_loading: mine && rest.loading, next_problem: mine ? rest.problem : null };
}

// A change that somebody asks for: { run(...), busy, problem, clear() }; run resolves to what `act` does, or null when that failed.
export function useAction(act) {
	const [state, set_state] = useState({ busy: false, problem: null });
	const run = async (...with_these) => {
		set_state({ busy: true, problem: null });
		try {
			const done = await act(...with_these);
			set_state({ busy: false, problem: null });
			return done ?? true;
		} catch (problem) {
			set_state({ busy: false, problem });
			return null;
		}
	};
	return { ...state, run, clear: () => set_state({ busy: false, problem: null }) };
}
