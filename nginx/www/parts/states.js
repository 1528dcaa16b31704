// The states of what is loaded: not yet, failed, not allowed, empty, there.
//
//     html`<${Shown} of=${resource} empty=${(d) => !d.items.length} nothing=${html`<${Empty} .../>`}>${(data) => ...}</>`
import { html, useEffect, useState } from "../core/html.js";
import { may } from "../core/session.js";
import { Icon } from "./icon.js";

const PATIENCE_MS = 150; // what comes within that time shows no skeleton

export function Skeleton({ lines = 5 }) {
	const [late, set_late] = useState(false);
	useEffect(() => {
		const timer = setTimeout(() => set_late(true), PATIENCE_MS);
		return () => clearTimeout(timer);
	}, []);
	return html`<div class="skeleton" role="status" aria-label="Loading">
		${late && Array.from({ length: lines }, (_, i) => html`<div key=${i} class="bone"></div>`)}
	</div>`;
}

// What failed, why, what to do, and the number to name when asking for help.
export function Failure({ problem, retry, compact }) {
	return html`<div class=${compact ? "failure compact" : "failure"} role="alert">
		<${Icon} name="warning" />
		<div>
			<strong>${problem.title ?? "Something failed"}</strong>
			<p>${problem.detail}</p>
			${problem.errors?.length > 0 && html`<ul>${problem.errors.map((e) => html`<li>${e.detail}</li>`)}</ul>`}
			${problem.fix && html`<p>${problem.fix}</p>`}
			${problem.request_id && html`<p class="fine">Request <code>${problem.request_id}</code></p>`}
			${retry && html`<button onClick=${retry}>Try again</button>`}
		</div>
	</div>`;
}

export const Empty = ({ title, children }) => html`<div class="empty"><h2>${title}</h2><div>${children}</div></div>`;

const Forbidden = ({ role }) => html`<div class="empty">
	<h2>Not yours to see</h2>
	<p>${role ? `This needs the role ${role} or a higher one.` : "Your role does not allow this."} An administrator of this tenant can change roles.</p>
</div>`;

// Children are shown to roles from `least` on.
export const Allowed = ({ least, children }) => (may(least) ? children : html`<${Forbidden} role=${least} />`);

export function Shown({ of, empty, nothing, lines, children }) {
	if (of.data === null) {
		if (of.problem?.status === 403) return html`<${Forbidden} />`;
		return of.problem ? html`<${Failure} problem=${of.problem} retry=${of.reload} />` : html`<${Skeleton} lines=${lines} />`;
	}
	return html`
		${of.problem && html`<${Failure} problem=${of.problem} retry=${of.reload} compact />`}
		${empty?.(of.data) ? nothing : children(of.data)}
	`;
}
