// Keys that do something, and the list of them that "?" shows.
//
//     useKeys([["j", "Next job", next], ["g p", "Go to projects", () => go("/projects")]]);
//
// Two keys one after the other are written with a space.  Nothing happens while somebody types into a field.
import { html, signal, useEffect, useRef } from "../core/html.js";
import { Dialog } from "./dialog.js";

const SECOND_MS = 1000; // the second key comes within that time

const bound = signal([]);
const help = signal(false);
let first = null;
let first_at = 0;

const typing = (at) => at.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName);

addEventListener("keydown", (event) => {
	if (event.metaKey || event.ctrlKey || event.altKey || event.defaultPrevented) return;
	if (typing(event.target) || document.querySelector("dialog[open]")) return;
	const pair = first && Date.now() - first_at < SECOND_MS ? `${first} ${event.key}` : null;
	const all = bound.peek().flat();
	const hit = all.find(([key]) => key === pair) ?? all.findLast(([key]) => key === event.key);
	first = event.key;
	first_at = Date.now();
	if (!hit) return;
	first = null;
	event.preventDefault();
	hit[2](event);
});

export function useKeys(keys) {
	const latest = useRef(keys);
	latest.current = keys;
	useEffect(() => {
		const mine = keys.map(([key, what], i) => [key, what, (event) => latest.current[i]?.[2](event)]);
		bound.value = [...bound.peek(), mine];
		return () => (bound.value = bound.peek().filter((k) => k !== mine));
	}, [keys.map(([key]) => key).join()]);
}

export const show_help = () => (help.value = true);

export const Help = () => help.value && html`<${Dialog} title="Keys" close=${() => (help.value = false)}>
	<table class="keys"><tbody>
		<tr><th><kbd>Ctrl</kbd> <kbd>K</kbd></th><td>Command palette</td></tr>
		${bound.value.flat().map(([key, what]) => what && html`<tr><th>${key.split(" ").map((k) => html`<kbd>${k}</kbd> `)}</th><td>${what}</td></tr>`)}
	</tbody></table>
</>`;
