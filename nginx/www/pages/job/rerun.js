// Running a job again with other arguments, another priority or queue: a form made from its arguments.
import { html } from "../../core/html.js";
import { Problem, post } from "../../core/api.js";
import { useAction, useResource } from "../../core/resource.js";
import { Dialog } from "../../parts/dialog.js";
import { Field, Form } from "../../parts/form.js";

const PRIORITIES = [["1", "1, first"], ["2", "2, as most"], ["3", "3"], ["4", "4, last"]];
const SCALARS = { number: "number", string: "text", boolean: "boolean" };
const kind_of = (value) => SCALARS[typeof value] ?? "json";

function read(name, was, text) {
	if (kind_of(was) !== "json" || text === null) return kind_of(was) === "boolean" ? text === "true" : text;
	try {
		return JSON.parse(text);
	} catch (error) {
		throw new Problem({ title: "Not JSON", detail: `The value of ${name} is not JSON.`, errors: [{ pointer: `/arguments/${name}`, detail: error.message }] });
	}
}

const Argument = ({ name, value }) => {
	const common = { label: name.replaceAll("_", " "), name: `arguments/${name}` };
	const kind = kind_of(value);
	if (kind === "boolean") return html`<${Field} ...${common} value=${String(value)} options=${[["true", "yes"], ["false", "no"]]} />`;
	if (kind === "json") return html`<${Field} ...${common} rows="4" spellcheck="false" class="path" hint="JSON" value=${value === null ? "" : JSON.stringify(value, null, 2)} />`;
	return html`<${Field} ...${common} type=${kind} step="any" spellcheck="false" value=${value} />`;
};

export function Rerun({ job, close, done }) {
	const queues = useResource("/queues").data?.items ?? [{ name: job.queue }];
	const again = useAction(async (values) => {
		const body = {};
		const given = Object.fromEntries(Object.entries(job.arguments).map(([name, was]) => [name, read(name, was, values[`arguments/${name}`])]));
		if (JSON.stringify(given) !== JSON.stringify(job.arguments)) body.arguments = given;
		if (Number(values.priority) !== job.priority) body.priority = Number(values.priority);
		if (values.queue !== job.queue) body.queue = values.queue;
		return (await post(`/jobs/${job.id}/retry`, body)).data;
	});
	return html`<${Dialog} title=${`Run job ${job.id} again`} close=${close}>
		<${Form} action=${again} act="Run again" done=${done} cancel=${close}>
			<p class="fine">With other arguments it begins anew; as they are, it goes on where it was. The server checks them.</p>
			${Object.entries(job.arguments).map(([name, value]) => html`<${Argument} key=${name} name=${name} value=${value} />`)}
			<${Field} label="Priority" name="priority" value=${String(job.priority)} options=${PRIORITIES} />
			<${Field} label="Queue" name="queue" value=${job.queue} options=${queues.map((q) => [q.name, q.name])} />
		</>
	</>`;
}
