import { html } from "../../core/html.js";
import { patch, post, remove } from "../../core/api.js";
import { moment } from "../../core/format.js";
import { go, set_query } from "../../core/router.js";
import { load_session, may, me } from "../../core/session.js";
import { Badge, Time } from "../../parts/bits.js";
import { Field } from "../../parts/form.js";
import { Act, Manage, tag, useManaged } from "../../parts/manage.js";
import { role_choices } from "../../parts/roles.js";

const Role = ({ value }) => html`<${Field} label="Role" name="role" options=${role_choices()} value=${value} />`;

export default function Members({ query }) {
	const m = useManaged("/members", { q: query.q }, ["member.*", "user.*"]);
	const hand_out = (title) => ({ data }) => data.url && m.once({ title, text: data.url,
		about: `No mail is sent: hand this link over yourself. It is shown only now, works once, and until ${moment(data.expires_at)}.` });
	const invite = () => m.form({ title: "Invite somebody", act: "Make the invitation", save: (values) => post("/members", values), done: hand_out("Invitation"),
		fields: () => html`<${Field} label="E-mail" name="email" type="email" required autocomplete="off" />
			<${Field} label="Name" name="name" maxlength="100" hint="As others see it; they can change it." /><${Role} value="member" />` });
	const change = (row) => m.form({ title: `Role of ${row.email}`, act: "Change role", row,
		save: (values, now) => patch(`/members/${row.id}`, values, tag(now)), fields: (now) => html`<${Role} value=${now.role} />` });
	const again = async (row) => {
		const done = await m.act(() => post("/members", { email: row.email, role: row.role }));
		if (done) hand_out("Invitation")(done);
	};
	const reset = async (row) => {
		const done = await m.ask({ title: "Make a reset link?", text: `${row.email} sets a new password with it, and every session of theirs ends then.`, act: "Make the link", calm: true },
			() => post(`/members/${row.id}/reset`));
		if (done) hand_out(`New password for ${row.email}`)(done);
	};
	const drop = async (row) => {
		const self = row.user_id === me.value.user.id;
		const done = await m.ask({ title: self ? "Leave this tenant?" : `Remove ${row.email}?`, act: self ? "Leave" : "Remove",
			text: self ? "You lose access at once." : "They lose access at once. Their account stays, and they can be invited again." },
		() => remove(`/members/${row.id}`, tag(row)), self ? "You have left." : `${row.email} is removed.`);
		if (done && self) load_session().then(() => go("/projects"));
	};
	const above = (row) => !may(row.role) && `Needs the role ${row.role}`;
	return html`<${Manage} m=${m} title="Members" nothing="Nobody is called that" next="Look for another name or address."
		aside=${html`<button class="first" onClick=${invite}>Invite somebody</button>`}
		filters=${html`<form class="filters" role="search" onSubmit=${(e) => e.preventDefault()}><input type="search" aria-label="Find a member" placeholder="Name or address"
			value=${query.q ?? ""} onInput=${(e) => set_query({ q: e.currentTarget.value })} /></form>`}
		columns=${[
			["Person", (row) => html`<strong>${row.name || row.email}</strong>${row.name && html`<div class="fine">${row.email}</div>`}`],
			["Role", (row) => row.role],
			["State", (row) => html`<${Badge} is=${row.status} tone=${row.status === "invited" ? "warn" : undefined} />`],
			["Since", (row) => html`<${Time} at=${row.created_at} />`],
			["", (row) => html`<${Act} run=${() => change(row)} off=${above(row)}>Change role</>
				${row.status === "invited" ? html`<${Act} run=${() => again(row)} off=${above(row)}>New link</>` : html`<${Act} run=${() => reset(row)} off=${above(row)}>Reset password</>`}
				<${Act} danger run=${() => drop(row)} off=${above(row)}>${row.user_id === me.value.user.id ? "Leave" : "Remove"}</>`],
		]} />`;
}
