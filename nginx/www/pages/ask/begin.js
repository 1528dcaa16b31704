// A new conversation: which project, which model, the first question, and examples from the project's map.
import { html, useEffect, useRef, useState } from "../../core/html.js";
import { post } from "../../core/api.js";
import { useAction, useResource } from "../../core/resource.js";
import { go } from "../../core/router.js";
import { may } from "../../core/session.js";
import { ChooseProject } from "../../parts/projects.js";
import { Composer, Models, useModels } from "./composer.js";

const EXAMPLES_FROM = 100; // entries of a folder

const ASIDE = /(^|\/)(\..*|docs?|tests?|examples?|vendor|third_party|node_modules)$/; // not what a project is about

const largest = (items, kind) =>
	items?.filter((f) => f.kind === kind && (kind === "folder" ? !ASIDE.test(f.path) : f.role === "source")).sort((a, b) => b.code - a.code)[0];
const name_of = (path) => path.split("/").at(-1);

// Questions that the map of this project can answer.
function Examples({ project, choose }) {
	const top = useResource(project && `/projects/${project}/files`, { limit: EXAMPLES_FROM });
	const folder = largest(top.data?.items, "folder");
	const inner = useResource(folder ? `/projects/${project}/files` : null, { path: folder?.path, limit: EXAMPLES_FROM });
	const file = largest((folder ? inner : top).data?.items, "file");
	const within = largest(inner.data?.items, "folder");
	const questions = ["What does this project do?", folder && `What is in ${folder.path}, and how do its parts fit together?`,
		within && `How does ${within.path} work?`, file && `What does ${name_of(file.path)} do, and who uses it?`].filter(Boolean);
	if (!top.data) return html`<div class="examples"></div>`;
	return html`<div class="examples" role="group" aria-label="Example questions">${questions.map((q) => html`<button key=${q} type="button" onClick=${() => choose(q)}>${q}</button>`)}</div>`;
}

export function Begin({ project, projects, choose_project, q = "" }) {
	const [text, set_text] = useState(q);
	const [model, set_model] = useState("");
	const models = useModels();
	const begun = useRef(null); // a conversation whose first question did not get through is used again
	useEffect(() => set_text(q), [q]);
	const ask = useAction(async (content) => {
		if (begun.current?.project !== project) begun.current = null;
		begun.current ??= { project, id: (await post("/conversations", project ? { project_id: Number(project) } : {})).data.id };
		await post(`/conversations/${begun.current.id}/messages`, { content, ...(model && { model }) });
		go(`/ask/${begun.current.id}`);
	});
	const subject = project ?? projects?.find((p) => p.status === "ready")?.id;
	return html`<section class="begin">
		<h2>What do you want to know?</h2>
		<p class="fine">Answers cite the lines of code that they rest on.</p>
		<${Composer} value=${text} change=${set_text} send=${() => ask.run(text.trim())} busy=${ask.busy} problem=${ask.problem} label="Ask about the code" autofocus>
			${projects && html`<${ChooseProject} projects=${projects} value=${project} choose=${choose_project} />`}
			<${Models} models=${models} value=${model} choose=${set_model} />
		</>
		${may("member") && subject && html`<${Examples} key=${subject} project=${subject} choose=${(question) => {
			if (!project) choose_project?.(String(subject));
			set_text(question);
			document.querySelector(".question-box").focus();
		}} />`}
	</section>`;
}
