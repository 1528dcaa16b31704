// One of the projects, or all.  What is chosen may be known before the projects are.
import { html } from "../core/html.js";

export const ChooseProject = ({ projects, value = "", choose }) => html`<select aria-label="Project" onChange=${(e) => choose(e.currentTarget.value)}>
	<option value="" selected=${!value}>All projects</option>
	${projects.map((p) => html`<option key=${p.id} value=${p.id} selected=${String(p.id) === String(value)}>${p.name}</option>`)}
</select>`;
