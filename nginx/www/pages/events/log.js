// The log as it grows: newest first, with what is new held back while somebody reads.
import { useEffect, useRef, useState } from "../../core/html.js";
import { get } from "../../core/api.js";
import { live_state, useEvents } from "../../core/live.js";

const PAGE = 100;
const SETTLE_MS = 200;
const HELD_MAX = 500; // more than these are read anew when they are wanted

// { items, held, more, problem, loading, newest(), older(), reload() }.  filter: as GET /events has it; hold(): is somebody reading?
export function useLog(filter, hold) {
	const [state, set_state] = useState({ of: null, items: [], held: [], before: null, more: false, problem: null, loading: false });
	const now = useRef({});
	const id = filter && JSON.stringify(filter);
	now.current = { id, state, hold };

	const load = async (before) => {
		if (!filter) return;
		set_state((s) => ({ ...s, loading: true }));
		try {
			const { data } = await get("/events", { ...filter, order: "desc", limit: PAGE, before: before ?? filter.before });
			if (now.current.id !== id) return;
			set_state((s) => ({ of: id, items: before ? [...s.items, ...data.items] : data.items, held: before ? s.held : [], problem: null, loading: false,
				before: data.next_before, more: Boolean(data.next_before), after: before ? s.after : data.next_after }));
		} catch (problem) {
			if (now.current.id === id) set_state((s) => ({ ...s, of: id, problem, loading: false }));
		}
	};
	useEffect(() => void load(), [id]);

	// What came after the newest that is known.
	const timer = useRef(0);
	const follow = async () => {
		timer.current = 0;
		const { state: s, id: of } = now.current;
		if (s.of !== of || s.after === undefined || filter.before || filter.until || s.held.length >= HELD_MAX) return;
		const { data } = await get("/events", { ...filter, after: s.after, limit: PAGE }).catch(() => ({ data: null }));
		if (!data || now.current.id !== of) return;
		set_state((old) => {
			if (old.after !== s.after) return old;
			const fresh = data.items.reverse();
			const wait = now.current.hold() || old.held.length;
			return { ...old, after: data.next_after, held: wait ? [...fresh, ...old.held] : [], items: wait ? old.items : [...fresh, ...old.items] };
		});
		if (data.more) soon();
	};
	const latest = useRef(follow);
	latest.current = follow;
	const soon = () => (timer.current ||= setTimeout(() => latest.current(), SETTLE_MS));
	useEvents(filter ? (filter.types?.split(",") ?? ["*"]) : [], soon);
	useEffect(() => void soon(), [live_state.value]); // what was told while there was no connection
	useEffect(() => () => clearTimeout(timer.current), []);

	const newest = () => (state.held.length >= HELD_MAX ? load() : set_state((s) => ({ ...s, items: [...s.held, ...s.items], held: [] })));
	return { ...state, data: state.of === id && !(state.problem && !state.items.length) ? state : null, newest, older: () => load(state.before), reload: () => load() };
}
