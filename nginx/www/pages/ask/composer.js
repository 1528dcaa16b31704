// Where a question is written: it grows with the text, Enter sends, Shift+Enter begins a line.
import { html, useEffect, useLayoutEffect, useRef } from "../../core/html.js";
import { useResource } from "../../core/resource.js";
import { may } from "../../core/session.js";
import { Icon } from "../../parts/icon.js";
import { Failure } from "../../parts/states.js";

const LONGEST = 16000; // characters of a question
const HIGHEST = 0.4; // of the window

// The names of models that can be asked; null: not known yet.
export function useModels() {
	const models = useResource("/ai/models", { kind: "chat", limit: 200 });
	return models.data && models.data.items.filter((m) => m.enabled);
}

export const Models = ({ models, value, choose }) => {
	if (!models) return null;
	const standard = models.find((m) => m.preferred) ?? models[0];
	if (!standard) return html`<span class="fine">No model is configured: answers are the passages that fit best.${may("admin") && html` <a href="/admin/models">Configure one</a>`}</span>`;
	return html`<select aria-label="Model" value=${value} onChange=${(e) => choose(e.currentTarget.value)}>
		<option value="">Standard model (${standard.name})</option>
		${models.map((m) => html`<option value=${m.name}>${m.name}</option>`)}
	</select>`;
};

export function Question({ value, change, send, label, small, busy, autofocus }) {
	const box = useRef(null);
	useLayoutEffect(() => {
		box.current.style.height = "auto";
		box.current.style.height = `${Math.min(box.current.scrollHeight + 2, innerHeight * HIGHEST)}px`;
	}, [value]);
	useEffect(() => {
		if (autofocus) box.current.focus({ preventScroll: true });
	}, []);
	const on_key = (event) => {
		if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
		event.preventDefault();
		if (value.trim() && !busy) send();
	};
	return html`<textarea ref=${box} class="question-box" rows=${small ? 1 : 2} maxlength=${LONGEST} aria-label=${label} placeholder=${label} value=${value}
		onInput=${(e) => change(e.currentTarget.value)} onKeyDown=${on_key}></textarea>`;
}

// stop: there is something to stop.
export function Composer({ value, change, send, busy, stop, stopping, problem, label, autofocus, children }) {
	const allowed = may("member");
	const submit = (event) => {
		event.preventDefault();
		if (value.trim() && !busy && !stop) send();
	};
	return html`<form class="composer" onSubmit=${submit}>
		${problem && html`<${Failure} problem=${problem} compact />`}
		<div class="card">
			${allowed
				? html`<${Question} value=${value} change=${change} send=${send} label=${label} busy=${busy || stop} autofocus=${autofocus} />`
				: html`<p>Asking needs the role member. An administrator of this tenant can change roles.</p>`}
			${allowed && html`<div class="row">${children}
				${stop
					? html`<button type="button" disabled=${stopping} onClick=${stop}><${Icon} name="stop" />${stopping ? "Stopping …" : "Stop"}</button>`
					: html`<button class="first" disabled=${!value.trim() || busy} aria-busy=${busy}>${busy ? "Asking …" : "Ask"}</button>`}
			</div>`}
		</div>
	</form>`;
}
