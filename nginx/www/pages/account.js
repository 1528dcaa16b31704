// Oneself: name, appearance, tenants, password, sessions.
import { html } from "../core/html.js";
import { Problem, call, patch, post, remove } from "../core/api.js";
import { useAction } from "../core/resource.js";
import { choose_tenant, load_session, may, me, sign_out } from "../core/session.js";
import { Badge, Choice, Page, Time } from "../parts/bits.js";
import { Field, Form } from "../parts/form.js";
import { Manage, two, useManaged } from "../parts/manage.js";
import { Section, Sections } from "../parts/sections.js";
import { Failure } from "../parts/states.js";
import { theme } from "../parts/shell.js";
import { toast } from "../parts/toast.js";

const GROUPS = [["Account", [["profile", "Profile"], ["password", "Password"], ["sessions", "Sessions"]]]];
const THEMES = [["", "As the system"], ["light", "Light"], ["dark", "Dark"]];

function Profile() {
	const { user, tenants, tenant_id } = me.value;
	const rename = useAction(async (values) => {
		try {
			await patch("/auth/me", values, `"${user.version}"`);
		} finally {
			await load_session();
		}
	});
	const enter = useAction(choose_tenant);
	const tenant = (t) => html`<li key=${t.id}><span><strong>${t.name}</strong> <span class="fine">${t.role}</span></span>
		${t.id === tenant_id ? html`<${Badge} tone="good">you are here</>` : html`<button disabled=${enter.busy} onClick=${() => enter.run(t.id)}>Switch</button>`}</li>`;
	return html`<${Section} title="Profile">
		<div class="card narrow"><${Form} key=${user.version} action=${rename} act="Save" done=${() => toast("Your name is saved.")}>
			<${Field} label="Name" name="name" value=${user.name} required maxlength="100" hint="As others see it." />
			<${Field} label="E-mail" value=${user.email} disabled hint="You sign in with it." />
		</></div>
		<div class="card narrow"><h2>Appearance</h2>
			<${Choice} label="Appearance" options=${THEMES} value=${theme.value} choose=${(value) => (theme.value = value)} /></div>
		<div class="card narrow"><h2>Tenants</h2>
			<ul class="account-list">${tenants.map(tenant)}</ul>
			${enter.problem && html`<${Failure} problem=${enter.problem} compact />`}
			${!tenants.length && html`<p>You belong to none: ask for an invitation.</p>`}</div>
		<div class="card narrow"><h2>API keys</h2><p class="fine">${may("admin")
			? html`Keys belong to the tenant: <a href="/admin/keys">to its keys</a>.`
			: "Programs get in by keys of the tenant, which its administrators make."}</p></div>
	</>`;
}

const NEW = { type: "password", autocomplete: "new-password", required: true, minlength: 12 };

function Password() {
	const change = useAction(async ({ again, ...values }) => {
		if (again !== values.new_password)
			throw new Problem({ title: "The two passwords differ", detail: "", errors: [{ pointer: "/again", detail: "It is not the same as the new one." }] });
		await post("/auth/password", values);
		await load_session();
	});
	const done = (_, form) => {
		form.reset();
		toast("Your password is changed; other sessions have ended.");
	};
	return html`<${Section} title="Password" about="With a new one every other session of yours ends.">
		<div class="card narrow"><${Form} action=${change} act="Change password" done=${done}>
			<input hidden readonly autocomplete="username" value=${me.value.user.email} />
			<${Field} label="Present password" name="old_password" type="password" autocomplete="current-password" required />
			<${Field} label="New password" name="new_password" ...${NEW} hint="At least 12 characters, of any kind." />
			<${Field} label="The new one again" name="again" ...${NEW} />
		</></div>
	</>`;
}

// What a browser calls itself, in few words.
const browser = (agent) => {
	const name = /(Edg|OPR|Firefox|Chrome|Safari|curl)/.exec(agent)?.[1] ?? "A program";
	const system = /(Windows|Android|iPhone|iPad|Mac OS|Linux)/.exec(agent)?.[1];
	return `${{ Edg: "Edge", OPR: "Opera" }[name] ?? name}${system ? ` on ${system}` : ""}`;
};

function OwnSessions() {
	const m = useManaged("/sessions", null, ["session.*", "user.signed_in"]);
	const leave = () => sign_out().catch((problem) => toast(problem.detail, "bad"));
	const end = (row) => (row.current ? leave() : m.act(() => remove(m.at(row)), "The session has ended."));
	const others = () => m.ask({ title: "End all other sessions?", text: "Every other browser has to sign in again.", act: "End them" },
		() => call("DELETE", "/sessions", { raw: true }), "All other sessions have ended.");
	return html`<${Manage} m=${m} title="Sessions" about="Browsers in which you are signed in." nothing="No sessions"
		add=${["End all others", others, m.list.items.length < 2 && "There is no other"]}
		columns=${[
			["Browser", (row) => two(html`<span title=${row.user_agent}>${browser(row.user_agent)}</span> ${row.current && html`<${Badge} tone="good">this one</>`}`,
				`from ${row.remote}`)],
			["Signed in", (row) => html`<${Time} at=${row.created_at} />`],
			["Last seen", (row) => html`<${Time} at=${row.last_seen_at} />`],
			["Ends", (row) => html`<${Time} at=${row.expires_at} />`],
		]}
		acts=${(row) => [[row.current ? "Sign out" : "End", () => end(row)]]} />`;
}

const PARTS = { profile: Profile, password: Password, sessions: OwnSessions };

export default function Account({ params }) {
	return html`<${Page} title="Account"><${Sections} label="Account" base="/account" groups=${GROUPS} parts=${PARTS} at=${params.section ?? "profile"} /></>`;
}
