// Screens of many parts: their names at the side (above, on a narrow screen), and the one that is open.
import { html, useEffect, useRef } from "../core/html.js";
import { Empty } from "./states.js";

// groups: [[title, [[name, label]...]]...]; base: where they are; parts: a component for each name; at: the open one
export function Sections({ label, base, groups, parts, at, query }) {
	const Shows = parts[at];
	const nav = useRef(null);
	useEffect(() => {
		const link = nav.current.querySelector("[aria-current]");
		if (link) nav.current.scrollLeft = link.offsetLeft - 16;
	}, [at]);
	return html`<div class="sections">
		<nav aria-label=${label} ref=${nav}>${groups.map(([title, names]) => html`<div key=${title}><p>${title}</p>
			${names.map(([name, text]) => html`<a key=${name} href=${`${base}/${name}`} aria-current=${name === at ? "page" : undefined}>${text}</a>`)}</div>`)}</nav>
		<div class="section">${Shows ? html`<${Shows} key=${at} query=${query} />` : html`<${Empty} title="No such part" />`}</div>
	</div>`;
}

export const Section = ({ title, about, aside, children }) => html`
	<header class="page-head"><h2>${title}</h2>${aside && html`<div class="actions">${aside}</div>`}</header>
	${about && html`<p class="about">${about}</p>`}
	${children}`;
