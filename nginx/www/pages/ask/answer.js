// One answer: its text, what it rests on, who wrote it and at what cost; also while it is written.
import { html, useMemo } from "../../core/html.js";
import { duration, number } from "../../core/format.js";
import { may } from "../../core/session.js";
import { Badge, Copy } from "../../parts/bits.js";
import { Icon } from "../../parts/icon.js";
import { Markdown } from "../../parts/markdown.js";
import { Cite, Sources } from "./citation.js";
import { useRun } from "./run.js";
import { Work, title_of } from "./work.js";

const MICRO = 1e6;

const Configure = () => (may("admin") ? html`<a href="/admin/models">Configure a model</a> to have answers written.` : "An administrator can configure a model to have answers written.");

// What has to be known of an answer before it is believed.
function Notice({ message }) {
	const extractive = message.mode === "extractive";
	const cites = message.citations.length > 0 || message.status !== "completed";
	if (!cites && !message.passages)
		return html`<div class="notice"><${Icon} name="info" /><p><strong>No context found.</strong> Nothing in the map fits the question.
			Name a file, a function or a word that stands in the code, or ask about another project. ${extractive && html`<${Configure} />`}</p></div>`;
	if (!cites && !extractive)
		return html`<div class="notice"><${Icon} name="info" /><p><strong>Nothing is cited.</strong> This answer names no lines of the code: look before you rely on it.</p></div>`;
	return extractive && html`<div class="notice"><${Icon} name="info" /><p><strong>No model wrote this.</strong> These are the passages that fit best, as they stand. <${Configure} /></p></div>`;
}

function Meta({ message: m }) {
	const tokens = m.input_tokens + m.output_tokens;
	return html`<p class="fine meta">
		<${Badge}>${m.mode === "extractive" ? "extractive" : (m.model ?? "no model")}</>
		${m.status === "cancelled" && html`<${Badge} tone="warn">stopped</>`}${m.status === "failed" && html`<${Badge} tone="bad">failed</>`}
		${tokens > 0 && html`<span title="Tokens that the model read and wrote">${number(m.input_tokens)} tokens in, ${number(m.output_tokens)} out</span>`}
		${m.cost_micro > 0 && html`<span title="By the prices of the model, in their currency">cost ${(m.cost_micro / MICRO).toFixed(m.cost_micro < 10000 ? 6 : 4)}</span>`}
		${m.duration_ms > 0 && html`<span>${duration(m.duration_ms / 1000)}</span>`}
	</p>`;
}

export function Answer({ message, children }) {
	const { citations } = message;
	const cite = useMemo(() => {
		const by_number = new Map(citations.map((c) => [c.number, c]));
		return (n) => by_number.has(n) && html`<${Cite} c=${by_number.get(n)} />`;
	}, [citations]);
	return html`<div class="answer">
		<${Notice} message=${message} />
		<${Markdown} text=${message.content} cite=${cite} of=${citations} />
		<${Sources} citations=${citations} />
		${message.run_id && html`<${Work} run=${message.run_id} />`}
		<footer>${message.run_id && html`<${Meta} message=${message} />`}<span class="row acts"><${Copy} text=${message.content} label="Copy the answer" />${children}</span></footer>
	</div>`;
}

// An answer that is being written.
export function LiveAnswer({ run, ended }) {
	const { answer, steps } = useRun(run, ended);
	const last = steps.at(-1);
	return html`<div class="answer" aria-busy="true">
		<p class="fine doing" role="status"><span class="pulse"></span>${answer ? "Writing" : last ? `${title_of(last)} ${last.kind === "retrieve" ? `(${last.detail})` : ""}` : "Looking for passages"} …</p>
		<${Markdown} text=${answer} />
	</div>`;
}
