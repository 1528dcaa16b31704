import { html } from "../core/html.js";
import { useList } from "../core/resource.js";
import { set_query } from "../core/router.js";
import { Badge, More, Page, Time, open_row } from "../parts/bits.js";
import { Empty, Shown } from "../parts/states.js";

export default function Projects({ query }) {
	const list = useList("/projects", { q: query.q, status: query.status, limit: 50 }, { live: ["project.*"] });
	return html`<${Page} title="Projects">
		<form class="filters" role="search" onSubmit=${(e) => e.preventDefault()}>
			<input type="search" aria-label="Find a project" placeholder="Name or address" value=${query.q ?? ""} onInput=${(e) => set_query({ q: e.currentTarget.value })} />
		</form>
		<${Shown} of=${list} empty=${(d) => !d.items.length} nothing=${html`<${Empty} title="No projects yet"><p>Add a repository to see its map.</p></>`}>
			${() => html`<div class="table"><table>
				<thead><tr><th>Name</th><th>State</th><th>Repository</th><th>Updated</th></tr></thead>
				<tbody>${list.items.map((p) => html`<tr key=${p.id} data-opens onClick=${open_row(`/projects/${p.id}`)}>
					<td><a href=${`/projects/${p.id}`}>${p.name}</a></td><td><${Badge} is=${p.status} /></td>
					<td class="path">${p.repository_url}</td><td><${Time} at=${p.updated_at} /></td>
				</tr>`)}</tbody></table></div><${More} list=${list} />`}
		</>
	</>`;
}
