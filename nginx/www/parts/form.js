// Forms: each field with what is wrong with it, as the server says.
//
//     const save = useAction((values) => patch(...));
//     html`<${Form} action=${save} act="Save" done=${close}>
//             <${Field} name="name" label="Name" value=${project.name} required maxlength="100" />
//          </>`
import { createContext, html, useContext, useId } from "../core/html.js";
import { Failure } from "./states.js";

const Action = createContext(null);

// Fields as an object; empty ones are null, those of data-type="number" numbers, check boxes true or false.
function values_of(form) {
	const values = {};
	for (const field of form.elements) {
		if (!field.name || field.disabled || (field.type === "radio" && !field.checked)) continue;
		const number = field.type === "number" || field.dataset.type === "number";
		values[field.name] = field.type === "checkbox" ? field.checked : field.value === "" ? null : number ? Number(field.value) : field.value;
	}
	return values;
}

export function Form({ action, act, done, cancel, danger, children }) {
	const submit = async (event) => {
		event.preventDefault();
		const form = event.currentTarget;
		const result = await action.run(values_of(form));
		if (result !== null) done?.(result, form);
		else queueMicrotask(() => form.querySelector("[aria-invalid=true]")?.focus());
	};
	const told = (e) => e.pointer?.slice(1) || e.parameter;
	const shown = action.problem && { ...action.problem, title: action.problem.title, detail: action.problem.detail,
		errors: action.problem.errors.filter((e) => !told(e)) };
	return html`<${Action.Provider} value=${action.problem}>
		<form class="form" onSubmit=${submit} novalidate=${false}>
			${children}
			${shown && html`<${Failure} problem=${shown} compact />`}
			<footer>
				${cancel && html`<button type="button" onClick=${cancel}>Cancel</button>`}
				<button class=${danger ? "danger" : "first"} disabled=${action.busy} aria-busy=${action.busy}>${act}</button>
			</footer>
		</form>
	</>`;
}

// children: an own control in place of an input; options: a choice of [value, label].
export function Field({ label, name, hint, options, value, rows, ...rest }) {
	const id = useId();
	const problem = useContext(Action);
	const wrong = problem?.errors.find((e) => e.pointer === `/${name}` || e.pointer?.startsWith(`/${name}/`) || e.parameter === name)?.detail;
	const common = { id, name, "aria-invalid": wrong ? "true" : undefined, "aria-describedby": wrong || hint ? `${id}-about` : undefined, ...rest };
	return html`<div class="field">
		<label for=${id}>${label}</label>
		${options
			? html`<select ...${common}>${options.map(([v, text]) => html`<option value=${v} selected=${v === (value ?? "")}>${text}</option>`)}</select>`
			: rows
				? html`<textarea ...${common} rows=${rows} defaultValue=${value ?? ""}></textarea>`
				: html`<input ...${common} defaultValue=${value ?? ""} />`}
		${(wrong || hint) && html`<p id=${`${id}-about`} class=${wrong ? "wrong" : "hint"}>${wrong || hint}</p>`}
	</div>`;
}
