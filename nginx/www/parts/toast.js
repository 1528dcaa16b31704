// What was done, said in passing.
import { html, signal } from "../core/html.js";
import { Icon } from "./icon.js";

const STAY_MS = 6000;
const toasts = signal([]);
let last = 0;

const drop = (id) => (toasts.value = toasts.value.filter((t) => t.id !== id));

// tone: good, bad; undo: what takes it back.
export function toast(text, tone = "good", undo) {
	const id = ++last;
	toasts.value = [...toasts.value.slice(-3), { id, text, tone, undo }];
	setTimeout(() => drop(id), tone === "bad" ? 2 * STAY_MS : STAY_MS);
}

export const Toasts = () => html`<div class="toasts" role="status" aria-live="polite">
	${toasts.value.map((t) => html`<div key=${t.id} class=${`toast ${t.tone}`}>
		<span>${t.text}</span>
		${t.undo && html`<button onClick=${() => (drop(t.id), t.undo())}>Undo</button>`}
		<button class="quiet" aria-label="Dismiss" onClick=${() => drop(t.id)}><${Icon} name="close" /></button>
	</div>`)}
</div>`;
