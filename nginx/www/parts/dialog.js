// Windows over the page, the browser's own: focus stays within, Escape closes.
//
//     html`<${Dialog} title="Rename" close=${() => set_open(false)}>...</>`
//     if (await sure({ title: "Delete Atlas?", text: "...", act: "Delete" })) ...
import { html, signal, useEffect, useRef, useState } from "../core/html.js";
import { Icon } from "./icon.js";

// stay: a click beside it does not close it.
export function Dialog({ title, close, side, wide, stay, children }) {
	const box = useRef(null);
	useEffect(() => {
		box.current.showModal();
		return () => box.current?.close();
	}, []);
	return html`<dialog ref=${box} class=${side ? "side" : wide ? "wide" : ""} aria-label=${title}
		onCancel=${(event) => (event.preventDefault(), close())}
		onMouseDown=${(event) => !stay && event.target === box.current && close()}>
		<div class="dialog">
			<header><h2>${title}</h2><button type="button" class="quiet" aria-label="Close" onClick=${close}><${Icon} name="close" /></button></header>
			${children}
		</div>
	</dialog>`;
}

const question = signal(null);

// Ask before what cannot be undone.  word: what has to be typed for it; back: what the other button says.
export const sure = (asked) => new Promise((answer) => (question.value = { ...asked, answer }));

export function Question() {
	const [typed, set_typed] = useState("");
	const asked = question.value;
	if (!asked) return null;
	const answer = (yes) => {
		question.value = null;
		set_typed("");
		asked.answer(yes);
	};
	const submit = (event) => {
		event.preventDefault();
		answer(true);
	};
	return html`<${Dialog} title=${asked.title} close=${() => answer(false)}>
		<form class="form" onSubmit=${submit}>
			<p>${asked.text}</p>
			${asked.word && html`<label class="field">Type <strong>${asked.word}</strong> to go on
				<input value=${typed} autocomplete="off" spellcheck="false" onInput=${(e) => set_typed(e.currentTarget.value)} /></label>`}
			<footer><button type="button" onClick=${() => answer(false)}>${asked.back ?? "Cancel"}</button>
				<button class=${asked.calm ? "first" : "danger"} disabled=${Boolean(asked.word) && typed !== asked.word}>${asked.act}</button></footer>
		</form>
	</>`;
}
