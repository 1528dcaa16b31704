// A new project: its address is looked at while it is typed, and a refusal says what would help.
import "../../parts/common.js";
import { html, useEffect, useState } from "../../core/html.js";
import { call, post } from "../../core/api.js";
import { useAction, useResource } from "../../core/resource.js";
import { go } from "../../core/router.js";
import { Dialog } from "../../parts/dialog.js";
import { Field, Form } from "../../parts/form.js";
import { Icon } from "../../parts/icon.js";

const SETTLE_MS = 350;

// What the server thinks of an address: { outlook, problem }, both null while it is not known.
function useOutlook(url, secret) {
	const [state, set_state] = useState({});
	useEffect(() => {
		set_state({});
		if (!url.trim()) return undefined;
		const away = new AbortController();
		const timer = setTimeout(async () => {
			try {
				const body = { repository_url: url.trim(), secret_id: secret };
				const { data } = await call("POST", "/projects/check", { body, signal: away.signal });
				set_state({ outlook: data });
			} catch (problem) {
				if (!away.signal.aborted) set_state({ problem });
			}
		}, SETTLE_MS);
		return () => (clearTimeout(timer), away.abort());
	}, [url, secret]);
	return state;
}

const Outlook = ({ outlook, problem }) => {
	if (problem) return html`<p class="outlook bad"><${Icon} name="warning" /><span>${problem.errors?.[0]?.detail ?? problem.detail}. ${problem.fix}</span></p>`;
	if (!outlook) return html`<p class="outlook"></p>`;
	if (outlook.project_id) return html`<p class="outlook warn"><${Icon} name="info" /><span>There is <a href=${`/projects/${outlook.project_id}`}>a project</a> with this address already.</span></p>`;
	if (outlook.name_taken) return html`<p class="outlook warn"><${Icon} name="info" /><span>Another project is called ${outlook.name}: give this one a name.</span></p>`;
	return html`<p class="outlook good"><${Icon} name="check" /><span>This address may be used. Whether a repository answers there shows when it is cloned.</span></p>`;
};

export default function AddProject({ close }) {
	const [url, set_url] = useState("");
	const [secret, set_secret] = useState(null);
	const secrets = useResource("/secrets", { limit: 200 });
	const seen = useOutlook(url, secret);
	const add = useAction(async (values) => (await post("/projects", { ...values, repository_url: url.trim() })).data);
	const usable = (secrets.data?.items ?? []).filter((s) => s.kind.startsWith("git_"));
	const options = [["", "None: it is public"], ...usable.map((s) => [String(s.id), `${s.name} (${s.origin})`])];
	return html`<${Dialog} title="Add a project" close=${close}>
		<${Form} action=${add} act="Add the project" cancel=${close} done=${(made) => (close(), go(`/projects/${made.id}`))}>
			<${Field} label="Repository" name="repository_url" required autofocus spellcheck="false" autocapitalize="none" maxlength="500"
				placeholder="https://git.example.org/team/project.git" onInput=${(e) => set_url(e.currentTarget.value)} />
			<${Outlook} ...${seen} />
			<${Field} label="Name" name="name" maxlength="100" placeholder=${seen.outlook?.name ?? "as the repository"} />
			<details><summary>Branch and access</summary>
				<div class="form">
					<${Field} label="Branch" name="default_branch" maxlength="255" placeholder="the repository's own default" />
					${usable.length > 0 && html`<${Field} label="Secret that opens it" name="secret_id" data-type="number" options=${options} onChange=${(e) => set_secret(Number(e.currentTarget.value) || null)} />`}
				</div>
			</details>
		</>
	</>`;
}
