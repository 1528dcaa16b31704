// One conversation: its questions and answers, and the next question.
import { html, useLayoutEffect, useState } from "../../core/html.js";
import { get, post } from "../../core/api.js";
import { useAction } from "../../core/resource.js";
import { may } from "../../core/session.js";
import { sure } from "../../parts/dialog.js";
import { Icon } from "../../parts/icon.js";
import { useKeys } from "../../parts/keys.js";
import { Empty, Failure, Shown } from "../../parts/states.js";
import { Answer, LiveAnswer } from "./answer.js";
import { Composer, Models, Question, useModels } from "./composer.js";
import { goes_on } from "./run.js";

const EARLIER = 200; // messages at once

// Questions with what answers them: [{ question, answer }]; what was said elsewhere may lack one of both.
function turns_of(messages) {
	const turns = [];
	for (const m of messages) {
		if (m.role === "user") turns.push({ question: m, answer: null });
		else {
			const turn = turns.findLast((t) => t.question && t.question.run_id === m.run_id && !t.answer);
			if (turn) turn.answer = m;
			else turns.push({ question: null, answer: m });
		}
	}
	return turns;
}

function Edit({ question, send, close, busy }) {
	const [text, set_text] = useState(question.content);
	return html`<form class="edit" onSubmit=${(e) => (e.preventDefault(), send(text.trim()))} onKeyDown=${(e) => e.key === "Escape" && close()}>
		<${Question} value=${text} change=${set_text} send=${() => send(text.trim())} label="The question, otherwise" busy=${busy} small autofocus />
		<p class="fine">It is asked anew from here; what came after it is taken back.</p>
		<footer class="row"><button type="button" onClick=${close}>Cancel</button><button class="first" disabled=${!text.trim() || busy}>Ask anew</button></footer>
	</form>`;
}

const Nothing = ({ question }) => {
	if (question.status === "failed") return html`<${Failure} problem=${{ title: "No answer came", detail: question.error_message ?? "The run failed." }} compact />`;
	return html`<p class="fine">${question.status === "cancelled" ? "Stopped before anything was written." : "Not answered."}</p>`;
};

function Turn({ turn, number, again, busy, reload }) {
	const { question, answer } = turn;
	const [editing, set_editing] = useState(false);
	const acts = question && may("member") && !busy;
	const send = async (content) => {
		if (content && (await again(turn, content))) set_editing(false);
	};
	const retry = acts && html`<button class="quiet" title="Ask the same again" onClick=${() => again(turn, question.content)}><${Icon} name="sync" />Retry</button>`;
	return html`<article class="turn" aria-label=${`Question ${number}`}>
		<h2 class="hidden">Question ${number}</h2>
		${question && (editing
			? html`<${Edit} question=${question} send=${send} close=${() => set_editing(false)} busy=${busy} />`
			: html`<div class="question"><div>${question.content}</div>
				${acts && html`<button class="quiet" aria-label="Edit the question" title="Edit the question" onClick=${() => set_editing(true)}><${Icon} name="edit" /></button>`}</div>`)}
		${answer && html`<${Answer} message=${answer}>${retry}</>`}
		${!answer && goes_on(question.status) && html`<${LiveAnswer} key=${question.run_id} run=${question.run_id} ended=${reload} />`}
		${!answer && !goes_on(question.status) && html`<div class="answer"><${Nothing} question=${question} /><footer>${retry}</footer></div>`}
	</article>`;
}

// The newest question stands at the top, and its answer grows below it.
function Turns({ data, earlier, ...rest }) {
	const turns = turns_of([...earlier, ...data.messages]);
	const last = turns.at(-1);
	useLayoutEffect(() => {
		document.querySelector(".turn:last-child").scrollIntoView();
	}, [(last.question ?? last.answer).id]);
	return html`<div class="turns">${turns.map((t, i) => html`<${Turn} key=${(t.question ?? t.answer).id} turn=${t} number=${i + 1} ...${rest} />`)}</div>`;
}

function useEarlier(data) {
	const [state, set_state] = useState({ items: [], cursor: null, done: false });
	const first = (state.items[0] ?? data?.messages[0])?.id;
	const more = data && !state.done && data.messages.length + state.items.length < data.message_count;
	const load = useAction(async () => {
		const page = (await get(`/conversations/${data.id}/messages`, { limit: EARLIER, cursor: state.cursor })).data;
		set_state((s) => ({ items: [...page.items.filter((m) => m.id < first).reverse(), ...s.items], cursor: page.next_cursor, done: !page.next_cursor }));
	});
	return { items: state.items, more, load };
}

// conversation: the resource of it
export function Thread({ id, conversation }) {
	const { data } = conversation;
	const [text, set_text] = useState("");
	const [model, set_model] = useState("");
	const models = useModels();
	const earlier = useEarlier(data);
	const active = data?.messages.findLast((m) => m.role === "user" && goes_on(m.status));
	const ask = useAction(async (content, replaces) => {
		await post(`/conversations/${id}/messages`, { content, ...(model && { model }), ...(replaces && { replaces }) });
		await conversation.reload();
	});
	const stop = useAction(() => post(`/runs/${active.run_id}/cancel`).then(() => active.run_id));
	const [stopped, set_stopped] = useState(0);
	const send = async () => (await ask.run(text.trim())) && set_text("");
	const again = async ({ question }, content) => {
		const last = data.messages.findLast((m) => m.role === "user")?.id === question.id;
		if (!last && !(await sure({ title: "Ask anew from here?", text: "The questions and answers that came after this one are taken back.", act: "Ask anew" }))) return null;
		return ask.run(content, question.id);
	};
	useKeys([["c", "Write a question", () => document.querySelector(".question-box")?.focus()]]);
	return html`<${Shown} of=${conversation} empty=${(d) => !d.messages.length} nothing=${html`<${Empty} title="Nothing was asked yet"><p>Ask below.</p></>`}>${(d) => html`
		${earlier.more && html`<div class="more"><button disabled=${earlier.load.busy} onClick=${() => earlier.load.run()}>Show earlier messages</button></div>`}
		<${Turns} data=${d} earlier=${earlier.items} again=${again} busy=${Boolean(active) || ask.busy} reload=${conversation.reload} />`}</>
	${data && html`<${Composer} value=${text} change=${set_text} send=${send} busy=${ask.busy} problem=${ask.problem ?? stop.problem} label="Ask on"
		stop=${active && (async () => set_stopped(await stop.run()))} stopping=${active && stopped === active.run_id}>
		<${Models} models=${models} value=${model} choose=${set_model} />
	</>`}`;
}
