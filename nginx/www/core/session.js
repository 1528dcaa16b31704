// Who is signed in, where, and what they may do.
import { computed, signal } from "@preact/signals";
import { call, get, on_denied, on_refused, post, use_csrf } from "./api.js";

const ROLES = ["viewer", "member", "operator", "admin", "owner"];

// undefined: not known yet; null: nobody; else what GET /auth/me says.
export const me = signal(undefined);

export const role = computed(() => me.value?.role ?? null);
export const tenant = computed(() => me.value?.tenants.find((t) => t.id === me.value.tenant_id) ?? null);

// Does the role of who is signed in include `least`?
export const may = (least) => ROLES.indexOf(role.value) >= ROLES.indexOf(least);

const take = (data) => {
	use_csrf(data?.csrf_token ?? null);
	me.value = data;
};

on_refused(() => take(null));

// What is known, but for when it was asked.
const said = (known) => JSON.stringify(known && { ...known, events_after: 0 });

export async function load_session() {
	try {
		const { data } = await get("/auth/me");
		const now = data.credential === "session" ? data : null;
		if (said(now) !== said(me.peek())) take(now);
	} catch (problem) {
		if (problem.status !== 401) throw problem;
		take(null);
	}
}

// Somebody else may have changed what they may do, or kept them out: the page follows.
const LOOK_MS = 5000;
let looked = 0;
on_denied(() => {
	if (Date.now() - looked < LOOK_MS) return;
	looked = Date.now();
	load_session().catch(() => {}); // what was refused is told where it was asked
});

export const sign_in = async (email, password, tenant_id) => take((await post("/auth/login", { email, password, tenant_id })).data);
export const choose_tenant = async (id) => take((await post("/auth/tenant", { tenant_id: id })).data);

export async function sign_out() {
	await call("POST", "/auth/logout", { body: {}, raw: true });
	take(null);
}
