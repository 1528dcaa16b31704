import "../parts/common.js";
import { html, useEffect } from "../core/html.js";
import { useAction } from "../core/resource.js";
import { sign_in } from "../core/session.js";
import { Field, Form } from "../parts/form.js";

export default function SignIn() {
	const enter = useAction(({ email, password }) => sign_in(email, password));
	useEffect(() => document.querySelector("input[name=email]").focus(), []);
	return html`<main class="door">
		<div class="card">
			<img src="/favicon.svg" alt="" width="44" height="44" />
			<h1>Sign in to Portolan</h1>
			<${Form} action=${enter} act="Sign in">
				<${Field} label="E-mail" name="email" type="email" autocomplete="username" required />
				<${Field} label="Password" name="password" type="password" autocomplete="current-password" required />
			</>
			<p class="fine">No account yet, or the password is lost? Ask an administrator of your team for an invitation or a reset.</p>
		</div>
	</main>`;
}
