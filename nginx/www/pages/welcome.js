// Where invitations and resets lead: /welcome#invitation=TOKEN.  What stands behind # reaches no server and no log.
import { html, useLayoutEffect, useRef, useState } from "../core/html.js";
import { patch, post } from "../core/api.js";
import { useAction } from "../core/resource.js";
import { go } from "../core/router.js";
import { load_session, me, sign_in } from "../core/session.js";
import { Field, Form } from "../parts/form.js";
import { Empty } from "../parts/states.js";
import { toast } from "../parts/toast.js";

export default function Welcome({ hash }) {
	const [[kind, token], set_link] = useState(() => hash.split("="));
	const taken = useRef(null);
	const invited = kind === "invitation";
	const accept = useAction(async ({ name, password }) => {
		taken.current ??= (await post("/auth/accept", { token, password })).data; // good once: what comes after may be tried again
		await sign_in(taken.current.email, password, taken.current.tenant_id ?? undefined);
		if (name) await patch("/auth/me", { name }, `"${me.value.user.version}"`).then(load_session).catch((problem) => toast(problem.detail, "bad"));
		go("/projects", { replace: true });
	});
	// The address bar and the history keep no token.
	useLayoutEffect(() => {
		if (!hash) return;
		set_link(hash.split("="));
		history.replaceState({}, "", "/welcome");
	}, [hash]);
	if (!token) return html`<main class="door"><div class="card"><${Empty} title="This link is not complete">
		<p>Copy the whole of it, with what stands behind #.</p><a href="/sign-in">To sign-in</a></></div></main>`;
	return html`<main class="door"><div class="card">
		<img src="/favicon.svg" alt="" width="44" height="44" />
		<h1>${invited ? "Welcome to Portolan" : "Set a new password"}</h1>
		${me.value && html`<p class="fine">You are signed in as ${me.value.user.email}; that session ends.</p>`}
		<${Form} action=${accept} act=${invited ? "Join" : "Set password and sign in"}>
			${invited && html`<${Field} label="Your name" name="name" autocomplete="name" maxlength="100" hint="As others see it. Empty: as it is." />`}
			<${Field} label="Password" name="password" type="password" autocomplete="new-password" required
				hint=${invited ? "At least 12 characters. If you have an account here already, its password." : "At least 12 characters, of any kind."} />
			${accept.problem?.of("token") && html`<p class="wrong" role="alert">${accept.problem.of("token")} Ask for another link.</p>`}
		</>
	</div></main>`;
}
