// How an answer came about: passages that were found, calls of the model, tools with their arguments and results.
import { html, useState } from "../../core/html.js";
import { duration, plural } from "../../core/format.js";
import { useResource } from "../../core/resource.js";
import { Lines, lines_of, source_url } from "../../parts/lines.js";
import { Shown } from "../../parts/states.js";

const pretty = (text) => {
	try {
		return JSON.stringify(JSON.parse(text), null, 2);
	} catch {
		return text;
	}
};

const Text = ({ title, text }) => html`<details><summary>${title}</summary><${Lines} lines=${lines_of(text)} from=${1} label=${title} /></details>`;

const Found = ({ output }) => html`<ol class="found">${(output.items ?? []).map((p) => html`<li>
	${p.project_id && p.commit ? html`<a class="path" href=${source_url(p.project_id, p.path, p.commit, p.start, p.end)}>${p.path}:${p.start}-${p.end}</a>` : html`<span class="path">${p.path}:${p.start}-${p.end}</span>`}
	<span class="fine"> ${p.symbol} ${p.why}</span></li>`)}</ol>
	${output.mapped === false && html`<p>The project has no map yet.</p>`}${output.complete === false && html`<p class="fine">Not all of it is indexed yet.</p>`}`;

const Called = ({ output }) => (output.calls ?? []).map((call) => html`<${Text} title=${`asked for the tool ${call.name}`} text=${pretty(call.arguments)} />`);

const Tool = ({ step }) => html`<${Text} title="Arguments" text=${pretty(step.detail.replace(/ \(failed\)$/, ""))} />
	<${Text} title=${step.output?.failed ? "What it answered: it failed" : "What it answered"} text=${step.output?.text ?? ""} />`;

const TITLES = { retrieve: () => "Looked for passages", tool: (s) => `Used the tool ${s.name}`, plan: () => "Planned", answer: () => "Answered",
	call: (s) => (s.name === "compact" ? "Put earlier messages in short" : "Asked the model") };

export const title_of = (step) => (TITLES[step.kind] ?? (() => step.kind))(step);

const Step = ({ step }) => html`<li>
	<p>${title_of(step)} <span class="fine">${step.kind !== "tool" && `${step.detail} · `}${duration(step.duration_ms / 1000)}</span></p>
	${step.kind === "retrieve" && html`<${Found} output=${step.output ?? {}} />`}
	${step.kind === "call" && html`<${Called} output=${step.output ?? {}} />`}
	${step.kind === "tool" && html`<${Tool} step=${step} />`}
	${step.output?.summary && html`<${Text} title="In short" text=${step.output.summary} />`}
</li>`;

export function Work({ run }) {
	const [open, set_open] = useState(false);
	const steps = useResource(open ? `/runs/${run}/steps` : null);
	const lost = useResource(open ? `/runs/${run}` : null).data?.lost_calls;
	return html`<details class="work" onToggle=${(e) => e.target === e.currentTarget && set_open(e.currentTarget.open)}>
		<summary>How this was answered</summary>
		${lost > 0 && html`<p class="fine">${plural(lost, "call")} of a model ${lost > 1 ? "were" : "was"} cut off because the runner ended, and made again. What the provider has charged
			for ${lost > 1 ? "them" : "it"} is not known: the cost holds the most that it may be.</p>`}
		${open && html`<${Shown} of=${steps} lines=${3}>${(d) => html`<p class="fine">${plural(d.items.length, "step")}</p><ol class="steps">${d.items.map((s) => html`<${Step} key=${s.number} step=${s} />`)}</ol>`}</>`}
	</details>`;
}
