// Source at a commit: folders, files with numbered lines, what they define.  #L10-L20 marks lines.
import { html, useEffect, useMemo, useRef } from "../core/html.js";
import { address } from "../core/api.js";
import { bytes, number, plural, short_id } from "../core/format.js";
import { useList, useResource } from "../core/resource.js";
import { go, here, set_query, with_query } from "../core/router.js";
import { Copy, More } from "../parts/bits.js";
import { Icon } from "../parts/icon.js";
import { ProjectFrame } from "../parts/project_frame.js";
import { Empty, Failure, Shown } from "../parts/states.js";
import { CommitPick, useMaps } from "./map/commits.js";
import { Find } from "./map/find.js";
import { source_url } from "../parts/lines.js";
import { coloured } from "./map/syntax.js";

const PAGE = 3000; // lines in the page at once
const WIDE = 2000; // characters of a line that are coloured

// L10 or L10-L20, in either order: [first, last], or null.
function marked(hash) {
	const found = /^L(\d{1,9})(?:-L?(\d{1,9}))?$/.exec(hash ?? "");
	if (!found) return null;
	const a = Number(found[1]), b = Number(found[2] ?? found[1]);
	return [Math.min(a, b), Math.max(a, b)];
}

const folder_link = (id, path, commit) => `/projects/${id}/source?dir=${encodeURIComponent(path)}${commit ? `&commit=${commit}` : ""}`;

function Crumbs({ id, path, commit, file }) {
	const parts = path.split("/").filter(Boolean);
	return html`<nav class="crumbs path" aria-label="Path"><a href=${folder_link(id, "", commit)}>all</a>${parts.map((part, i) => html` / ${i === parts.length - 1 ? html`<strong>${part}</strong>` : html`<a href=${folder_link(id, parts.slice(0, i + 1).join("/"), commit)}>${part}</a>`}`)}
		${file && html`<${Copy} text=${path} label="Copy the path" />`}</nav>`;
}

function Folder({ id, path, commit }) {
	const list = useList(`/projects/${id}/files`, { path, commit, limit: 200 });
	return html`<${Crumbs} id=${id} path=${path} commit=${commit} />
		<${Shown} of=${list} empty=${(d) => !d.items.length} nothing=${html`<${Empty} title="Nothing is in it" />`}>${() => html`<div class="table"><table>
			<thead><tr><th>Name</th><th>Language</th><th class="num">Files</th><th class="num">Lines</th></tr></thead>
			<tbody>${list.items.map((e) => html`<tr key=${e.path}><td class="path"><a href=${e.kind === "folder" ? folder_link(id, e.path, commit) : source_url(id, e.path, commit)}><${Icon} name=${e.kind} /> ${e.path.slice(path ? path.length + 1 : 0)}</a></td>
				<td>${e.language ?? ""}</td><td class="num">${e.kind === "folder" ? number(e.files) : ""}</td><td class="num">${number(e.code)}</td></tr>`)}</tbody></table></div><${More} list=${list} />`}</>`;
}

// A number was clicked; with Shift as far as that.
function mark(event, line, now) {
	event.preventDefault();
	const from = event.shiftKey && now ? Math.min(now[0], line) : line, to = event.shiftKey && now ? Math.max(now[1], line) : line;
	go(`${location.pathname}${location.search}#L${from}${to > from ? `-L${to}` : ""}`, { replace: true });
}

function Lines({ source, path, now }) {
	const lines = useMemo(() => {
		const all = (source.text ?? "").split("\n");
		if (all.at(-1) === "") all.pop();
		return coloured(path, all.map((line) => line.replace(/\r$/, "")));
	}, [source, path]);
	const box = useRef(null);
	useEffect(() => box.current?.querySelector(".on")?.scrollIntoView({ block: "center" }), [source, now?.[0]]);
	return html`<div class="source" ref=${box} tabindex="0" role="region" aria-label=${`Lines ${source.from} to ${source.to} of ${path}`}><table><tbody>${lines.map((parts, i) => {
		const n = source.from + i;
		const on = now && n >= now[0] && n <= now[1];
		const long = parts.reduce((sum, [, text]) => sum + text.length, 0) > WIDE;
		return html`<tr key=${n} id=${`L${n}`} class=${on ? "on" : ""}><td class="no"><a href=${`#L${n}`} aria-label=${`Line ${n}`} onClick=${(e) => mark(e, n, now)}>${n}</a></td>
			<td class="line">${long ? parts.map(([, text]) => text).join("") : parts.map(([kind, text]) => (kind ? html`<span class=${kind}>${text}</span>` : text))}</td></tr>`;
	})}</tbody></table></div>`;
}

function Pager({ source }) {
	if (source.from <= 1 && source.to >= source.lines) return null;
	const at = (from) => with_query({ from: from > 1 ? from : null }, here.value);
	return html`<nav class="row" aria-label="Parts of the file"><span>Lines ${number(source.from)} to ${number(source.to)} of ${number(source.lines)}</span>
		${source.from > 1 && html`<a class="button" href=${at(Math.max(1, source.from - PAGE))}>Earlier</a>`}${source.to < source.lines && html`<a class="button" href=${at(source.to + 1)}>Later</a>`}</nav>`;
}

const NO_TEXT = { binary: "It is binary.", lfs: "Its content lies in Git LFS, not in the repository.", too_large: "It is larger than is read.", submodule: "It is a submodule: another repository at a commit of its own." };

function Outline({ id, path, commit }) {
	const outline = useResource(`/projects/${id}/outline`, { path, commit });
	const items = outline.data?.items ?? [];
	return html`<details class="card outline" open=${innerWidth > 900}><summary>Definitions ${outline.data && html`<span class="fine">${number(items.length)}${outline.data.complete ? "" : " and more"}</span>`}</summary>
		${outline.problem && html`<${Failure} problem=${outline.problem} compact />`}
		${outline.data && !items.length && html`<p class="fine">None that are known of this kind of file.</p>`}
		<ul class="rows">${items.map((d, i) => html`<li key=${i}><a class=${d.parent ? "path inner" : "path"} href=${source_url(id, path, commit, d.line, d.last_line)} title=${d.signature || d.name}>${d.name}</a><span class="num">${d.kind}</span></li>`)}</ul></details>`;
}

function File({ id, path, commit, query, now }) {
	// The part of the file that is asked for, or the one with the marked line.
	const from = Number(query.from) || (now && now[0] > PAGE ? now[0] - Math.floor(PAGE / 2) : 1);
	const source = useResource(`/projects/${id}/source`, { path, commit, from, to: from + PAGE - 1 });
	return html`<${Crumbs} id=${id} path=${path} commit=${commit} file />
		<div class="source-page"><div class="source-main">
		<${Shown} of=${source} lines=${12}>${(s) => html`
			<p class="fine row"><span>${s.kind === "text" ? plural(s.lines, "line") : s.kind}</span><span>${bytes(s.bytes)}</span>${s.encoding && s.encoding !== "utf-8" && html`<span>${s.encoding}, shown as UTF-8</span>`}<span>commit <code title=${s.commit}>${short_id(s.commit)}</code></span>
				<a href=${`/projects/${id}/map?at=${encodeURIComponent(path)}${commit ? `&commit=${commit}` : ""}`}>On the map</a><a href=${address(`/projects/${id}/source`, { path, commit })}>As JSON</a></p>
			${s.kind === "text" && s.lines === 0 && html`<${Empty} title="The file is empty" />`}
			${s.kind === "symlink" && html`<p>A symbolic link to <code>${s.text}</code>.</p>`}
			${NO_TEXT[s.kind] && html`<${Empty} title="There is no text to show"><p>${NO_TEXT[s.kind]}</p></>`}
			${s.kind === "text" && s.lines > 0 && html`<${Pager} source=${s} /><${Lines} source=${s} path=${path} now=${now} /><${Pager} source=${s} />`}`}</></div>
		<${Outline} id=${id} path=${path} commit=${commit} /></div>`;
}

export default function Source({ params, query, hash }) {
	const { id } = params;
	const maps = useMaps(id);
	const now = marked(hash);
	return html`<${ProjectFrame} id=${id} tab="source" wide>${() => html`<div class="map-tools">
			<${Find} id=${id} commit=${query.commit} choose=${(item) => go(item.kind === "folder" ? folder_link(id, item.at, query.commit) : source_url(id, item.at, query.commit, item.line))} />
			<${CommitPick} label="Commit" maps=${maps.data?.items ?? []} value=${query.commit} newest="the newest map" choose=${(commit) => set_query({ commit, from: null }, { replace: false })} />
		</div>
		${query.path ? html`<${File} key=${query.path} id=${id} path=${query.path} commit=${query.commit} query=${query} now=${now} />` : html`<${Folder} id=${id} path=${query.dir ?? ""} commit=${query.commit} />`}`}</>`;
}
