// Files and symbols of one project, by parts of their names.
import { html } from "../../core/html.js";
import { number } from "../../core/format.js";
import { useResource } from "../../core/resource.js";
import { Marked, source_url, parts_in } from "../../parts/lines.js";
import { Empty, Shown } from "../../parts/states.js";

const MOST = 100;

const useNames = (what, project, q) => useResource(q ? `/projects/${project}/${what}` : null, { q, limit: MOST });

const Table = ({ found, q, heads, row, children }) => (!q
	? html`<${Empty} title=${children} />`
	: html`<${Shown} of=${found} empty=${(d) => !d.items.length} nothing=${html`<${Empty} title="Nothing is called so"><p>Any part of the name will do. Passages of text are found under Passages.</p></>`}>${(d) => html`
		<div class="table"><table><thead><tr>${heads.map(([h, c]) => html`<th class=${c}>${h}</th>`)}</tr></thead><tbody>${d.items.map((item) => row(item, d.commit, parts_in([q])))}</tbody></table></div>
		${d.items.length === MOST && html`<p class="fine">The first ${MOST} are shown.</p>`}`}</>`);

export function Files({ project, q }) {
	const row = (f, commit, pattern) => html`<tr key=${f.path}>
		<td><a data-hit class="path" href=${f.kind === "folder" ? `/projects/${project}/map?view=table&path=${encodeURIComponent(f.path)}` : source_url(project, f.path, commit)}><${Marked} text=${f.path} pattern=${pattern} /></a></td>
		<td>${f.language}</td><td class="num">${number(f.code)}</td></tr>`;
	return html`<${Table} found=${useNames("files", project, q)} q=${q} heads=${[["File"], ["Language"], ["Lines of code", "num"]]} row=${row}>Look for a file by any part of its path</>`;
}

export function Symbols({ project, q }) {
	const row = (s, commit, pattern) => html`<tr key=${`${s.path}:${s.line}:${s.name}`}>
		<td><a data-hit href=${source_url(project, s.path, commit, s.line, s.last_line)}><code><${Marked} text=${s.name} pattern=${pattern} /></code></a>${s.parent && html` <span class="fine">of ${s.parent}</span>`}</td>
		<td>${s.kind}</td><td class="path">${s.path}:${s.line}</td></tr>`;
	return html`<${Table} found=${useNames("symbols", project, q)} q=${q} heads=${[["Name"], ["Kind"], ["Where"]]} row=${row}>Look for a definition by any part of its name</>`;
}
