// The event log, as it grows.
//
//     useEvents(["project.*", "job.*"], (event) => reload(), { project: 3 });
//
// One WebSocket for the page, which resumes at the position where it ended: nothing is lost or comes twice.
// Where it cannot be had the log is asked every 2 s, and less often the longer it fails.
import { computed, effect, signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { get, online } from "./api.js";
import { me } from "./session.js";

const POLL_MS = 2000;
const PAUSE_MAX_MS = 60000;
const SOCKET_AGAIN_MS = 30000; // while polling works
const PAGE = 500;

// off: nobody listens; live: over the socket; polling; waiting: tried again later.
export const live_state = signal("off");

const listeners = new Set();
let after = -1; // position of the last event that was handed out
let socket = null;
let timer = 0;
let failures = 0;
let socket_at = 0; // when the next socket may be tried

const matches = (kinds, kind) => kinds.some((k) => k === "*" || k === kind || (k.endsWith(".*") && kind.startsWith(k.slice(0, -1))));
const wanted = () => [...new Set([...listeners].flatMap((l) => l.kinds))].sort();

function hand_out(event) {
	if (event.position <= after) return;
	after = event.position;
	for (const listener of [...listeners])
		if (matches(listener.kinds, event.kind) && (!listener.project || listener.project === event.project_id)) listener.act(event);
}

const later = (ms) => {
	clearTimeout(timer);
	timer = setTimeout(step, ms);
};
const back_off = () => Math.min(POLL_MS * 2 ** Math.min(failures, 6), PAUSE_MAX_MS) * (0.75 + Math.random() / 2);

function open_socket(begin) {
	const url = new URL("/api/v1/events/ws", location.origin);
	url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
	url.searchParams.set("types", begin.join(","));
	url.searchParams.set("after", String(after));
	const mine = (socket = new WebSocket(url));
	let heard = false;
	// What began to listen meanwhile: it is connected anew, at the same position, so that nothing of that is passed over.
	mine.onopen = () => {
		if (wanted().join() === begin.join()) return;
		socket = null;
		mine.close();
		later(0);
	};
	mine.onmessage = (message) => {
		if (socket !== mine) return;
		const said = JSON.parse(message.data);
		if (!heard) {
			heard = true;
			failures = 0;
			live_state.value = "live";
			online.value = true;
		}
		if (said.position) hand_out(said);
		else if (said.after !== undefined && after < 0) after = said.after;
	};
	mine.onclose = () => {
		if (socket !== mine) return;
		socket = null;
		if (!heard) socket_at = Date.now() + SOCKET_AGAIN_MS;
		later(heard ? 200 + Math.random() * 800 : 0);
	};
}

async function poll() {
	try {
		let more = true;
		while (more) {
			const query = after < 0 ? { limit: 0 } : { after, types: wanted().join(","), limit: PAGE };
			const { data } = await get("/events", query);
			data.items.forEach(hand_out);
			after = Math.max(after, data.next_after);
			more = data.more && data.items.length > 0;
		}
		failures = 0;
		live_state.value = "polling";
	} catch (problem) {
		if (problem.status === 401) return stop();
		failures++;
		live_state.value = "waiting";
	}
	later(failures ? back_off() : POLL_MS);
}

function step() {
	if (!listeners.size || !me.peek() || socket) return;
	if (Date.now() >= socket_at) open_socket(wanted());
	else poll();
}

function stop() {
	clearTimeout(timer);
	const old = socket;
	socket = null;
	old?.close();
	live_state.value = "off";
}

// Who listens has changed: the socket is told, or begun, or ended.
function changed() {
	if (!listeners.size || !me.peek()) return stop();
	if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ types: wanted() }));
	else if (!socket) later(0);
}

// Another session may see other events; positions are those of the installation.  It begins where the log ended before
// the session was read, so that what happens while the first things are loaded is not missed.
const whose = computed(() => me.value && `${me.value.session_id}/${me.value.tenant_id}`);
effect(() => {
	whose.value;
	stop();
	after = me.peek()?.events_after ?? -1;
	queueMicrotask(changed);
});
addEventListener("online", () => ((socket_at = 0), changed()));

function listen(kinds, act, project) {
	const listener = { kinds, act, project };
	listeners.add(listener);
	queueMicrotask(changed);
	return () => {
		listeners.delete(listener);
		queueMicrotask(changed);
	};
}

export function useEvents(kinds, act, { project } = {}) {
	const latest = useRef(act);
	latest.current = act;
	useEffect(() => (kinds.length ? listen(kinds, (event) => latest.current(event), project) : undefined), [kinds.join(), project]);
}
