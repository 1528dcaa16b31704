// The projects that can be chosen of, and what they are called.
import { html, useMemo } from "../core/html.js";
import { useResource } from "../core/resource.js";

const MOST = 200; // others by their own page

// null until they are known.
export const useProjects = () => useResource("/projects", { limit: MOST }, { live: ["project.created", "project.deleted"] }).data?.items ?? null;

// Names by number.
export function useProjectNames(projects) {
	return useMemo(() => new Map((projects ?? []).map((p) => [p.id, p.name])), [projects]);
}

// One of the projects, or all.  What is chosen may be known before the projects are.

export const ChooseProject = ({ projects, value = "", choose }) => html`<select aria-label="Project" onChange=${(e) => choose(e.currentTarget.value)}>
	<option value="" selected=${!value}>All projects</option>
	${projects.map((p) => html`<option key=${p.id} value=${p.id} selected=${String(p.id) === String(value)}>${p.name}</option>`)}
</select>`;
