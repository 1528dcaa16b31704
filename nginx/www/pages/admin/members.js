import { html } from "../../core/html.js";
import { get, patch, post, remove } from "../../core/api.js";
import { moment } from "../../core/format.js";
import { go, set_query } from "../../core/router.js";
import { load_session, me } from "../../core/session.js";
import { Badge, Time } from "../../parts/bits.js";
import { Field } from "../../parts/form.js";
import { Manage, tag, two, useManaged } from "../../parts/manage.js";
import { Role, above } from "../../parts/roles.js";

export default function Members({ query }) {
	const m = useManaged("/members", { q: query.q }, ["member.*", "user.*"]);
	const hand_out = (title, done) => done?.data.url && m.once({ title, text: done.data.url,
		about: `No mail is sent: hand this link over yourself. It is shown only now, works once, and until ${moment(done.data.expires_at)}.` });
	const invite = () => m.form({
		title: "Invite somebody", act: "Make the invitation",
		save: (values) => post("/members", values), done: (made) => hand_out("Invitation", made),
		fields: () => html`<${Field} label="E-mail" name="email" type="email" required autocomplete="off" />
			<${Field} label="Name" name="name" maxlength="100" hint="As others see it; they can change it." />
			<${Role} value="member" />`,
	});
	const change = (row) => m.form({
		title: `Role of ${row.email}`, act: "Change role", row,
		save: (values, now) => patch(m.at(row), values, tag(now)), fields: (now) => html`<${Role} value=${now.role} />`,
	});
	const again = async (row) => hand_out("Invitation", await m.act(() => post("/members", { email: row.email, role: row.role })));
	const reset = async (row) => hand_out(`New password for ${row.email}`, await m.ask({
		title: "Make a reset link?", act: "Make the link", calm: true,
		text: `${row.email} sets a new password with it, and every session of theirs ends then.`,
	}, () => post(`${m.at(row)}/reset`)));
	const mine = (row) => row.user_id === me.value.user.id;
	const leave = async (row) => (await m.ask({ title: "Leave this tenant?", text: "You lose access at once.", act: "Leave" },
		() => remove(m.at(row), tag(row)), "You have left.")) && load_session().then(() => go("/projects"));
	const set_status = (status) => (row) => patch(m.at(row), { status }, tag(row));
	const enable = (row) => m.act(() => set_status("active")(row), `${row.email} is let in again.`);
	const disable = async (row) => {
		const { data } = await get("/api-keys", { status: "active", limit: 200 }).catch(() => ({ data: { items: [] } }));
		const keys = data.items.filter((key) => key.created_by === row.email).length;
		return m.ask({
			title: `Disable ${row.email}?`, act: "Disable",
			text: `They are kept out of this tenant at once, whichever browser they use, until they are enabled again. What they made stays${
				keys ? `, ${keys === 1 ? "an API key that works" : `${keys} API keys that work`} among it: revoke what should not` : ""}.`,
		}, () => set_status("disabled")(row), `${row.email} is disabled.`, ({ data: now }) => enable(now));
	};
	const drop = (row) => m.ask({
		title: `Remove ${row.email}?`, act: "Remove", text: "They lose access at once. Their account stays, and they can be invited again.",
	}, () => remove(m.at(row), tag(row)), `${row.email} is removed.`);
	return html`<${Manage} m=${m} title="Members" nothing="Nobody is called that" next="Look for another name or address." add=${["Invite somebody", invite]}
		filters=${html`<form class="filters" role="search" onSubmit=${(e) => e.preventDefault()}>
			<input type="search" aria-label="Find a member" placeholder="Name or address" value=${query.q ?? ""}
				onInput=${(e) => set_query({ q: e.currentTarget.value })} /></form>`}
		columns=${[
			["Person", (row) => two(row.name || row.email, row.name && row.email)],
			["Role", (row) => row.role],
			["State", (row) => html`<${Badge} is=${row.status} tone=${row.status === "active" ? undefined : "warn"} />`],
			["Since", (row) => html`<${Time} at=${row.created_at} />`],
		]}
		acts=${(row) => [
			["Change role", () => change(row), above(row)],
			row.status === "invited" ? ["New link", () => again(row), above(row)] : row.status === "disabled"
				? ["Enable", () => enable(row), above(row)] : ["Reset password", () => reset(row), above(row)],
			...(row.status === "active" && !mine(row) ? [["Disable", () => disable(row), above(row), true]] : []),
			mine(row) ? ["Leave", () => leave(row), "", true] : ["Remove", () => drop(row), above(row), true],
		]} />`;
}
