// What a screen shows of the server, with the states that it goes through.
//
//     const jobs = useResource("/jobs", { status }, { live: ["job.*"] });
//     html`<${Shown} of=${jobs}>${(data) => ...}</>`                       (parts/states.js)
//
// { data, etag, problem, loading, reload() }.  While it is loaded anew the old data stays.
import { useEffect, useRef, useState } from "preact/hooks";
import { get, get_kept } from "./api.js";
import { useEvents } from "./live.js";

const SETTLE_MS = 150; // events come in groups

// path: null asks for nothing yet; keep: what comes is kept while the page is open, and not sent twice.
export function useResource(path, query, { live = [], project, keep } = {}) {
	const [state, set_state] = useState({ data: null, etag: null, problem: null, loading: Boolean(path), of: null });
	const asked = useRef(null);
	const timer = useRef(0);
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
	useEffect(() => {
		load();
		return () => {
			asked.current?.abort();
			clearTimeout(timer.current);
		};
	}, [id]);
	useEvents(path ? live : [], () => {
		clearTimeout(timer.current);
		timer.current = setTimeout(load, SETTLE_MS);
	}, { project });
	return { ...state, path, loading: state.loading || (Boolean(path) && state.of !== id), reload: load };
}

// Pages of a list behind a cursor: { items, more, next(), ... } besides what useResource has.
export function useList(path, query, options) {
	const first = useResource(path, query, options);
	const [rest, set_rest] = useState({ of: null, items: [], cursor: null, problem: null, loading: false });
	const mine = rest.of === first.data;
	const cursor = mine ? rest.cursor : first.data?.next_cursor;
	const next = async () => {
		set_rest((r) => ({ ...(mine ? r : { of: first.data, items: [], cursor }), loading: true, problem: null }));
		try {
			const { data } = await get(path, { ...query, cursor });
			set_rest((r) => ({ of: first.data, items: [...(mine ? r.items : []), ...data.items], cursor: data.next_cursor, problem: null, loading: false }));
		} catch (problem) {
			set_rest((r) => ({ ...r, problem, loading: false }));
		}
	};
	return { ...first, items: [...(first.data?.items ?? []), ...(mine ? rest.items : [])], more: Boolean(cursor), next,
		next_loading: mine && rest.loading, next_problem: mine ? rest.problem : null };
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
