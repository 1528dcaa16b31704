// The summary of a map: how much, of what, and what most of it leans on.
import { html } from "../../core/html.js";
import { number, percent, plural } from "../../core/format.js";

const BARS = 7; // languages that have a colour of their own

const Figure = ({ n, what, href }) => html`<div class="figure">
	${href ? html`<a href=${href}><strong>${number(n)}</strong></a>` : html`<strong>${number(n)}</strong>`}<span>${what}</span></div>`;

function Languages({ languages }) {
	const coded = languages.filter((l) => l.code > 0);
	const all = coded.reduce((sum, l) => sum + l.code, 0);
	const rows = coded.slice(0, BARS);
	const rest = all - rows.reduce((sum, l) => sum + l.code, 0);
	if (rest > 0) rows.push({ name: "Other", code: rest, files: coded.slice(BARS).reduce((sum, l) => sum + l.files, 0) });
	return html`<section class="card"><h2>Languages</h2>
		<div class="bars" aria-hidden="true">${rows.map((l, i) => html`<span key=${l.name} class=${`hue-${i}`} style=${{ flexGrow: l.code / all }}></span>`)}</div>
		<table class="tight"><tbody>${rows.map((l, i) => html`<tr key=${l.name}>
			<td><span class=${`dot hue-${i}`}></span>${l.name}</td><td class="num">${number(l.code)}</td><td class="num fine">${percent(l.code, all)}</td></tr>`)}</tbody></table>
	</section>`;
}

// The picture has a light and a dark form of its own and takes the one of the page.
const Picture = ({ project, commit }) => html`<section class="card picture"><h2>Parts and how they depend on each other</h2>
	<a href=${`/projects/${project.id}/map`}><img src=${`/api/v1/projects/${project.id}/map.svg?view=components&commit=${commit}`}
		alt="Diagram of the components; the map tells the same as a table" /></a>
</section>`;

const Ranked = ({ title, rows }) => rows.length > 0 && html`<section class="card"><h2>${title}</h2>
	<table class="tight"><tbody>${rows.map(([name, n, href]) => html`<tr key=${name}>
		<td class="path">${href ? html`<a href=${href}>${name}</a>` : name}</td><td class="num">${typeof n === "number" ? number(n) : n}</td></tr>`)}</tbody></table>
</section>`;

const skipped = ({ skipped_total: n }) => n > 0 && html`<p class="fine">${plural(n, "file was", "files were")} left out of the analysis (binary, too large, or vendored); the map's coverage lists them.</p>`;

export function Glance({ project, content: { summary: s, languages, externals, coverage }, children }) {
	const map = `/projects/${project.id}/map`;
	const used = [...externals].sort((a, b) => b.used_by - a.used_by);
	return html`
		<div class="figures">
			<${Figure} n=${s.code} what="lines of code" />
			<${Figure} n=${s.files} what="files" href=${`${map}?view=table`} />
			<${Figure} n=${s.components} what="components" href=${`${map}?view=graph`} />
			<${Figure} n=${s.imports} what="imports between files" />
			<${Figure} n=${s.cycles} what=${s.cycles ? `cycles, the largest of ${plural(s.largest_cycle, "file")}` : "cycles"} />
			<${Figure} n=${s.external_packages} what="external packages" />
			<${Figure} n=${s.tests} what="test cases" />
		</div>
		<${Picture} project=${project} commit=${project.head_commit} />
		<div class="flow">
			<${Languages} languages=${languages} />
			<${Ranked} title="Most depended-on files" rows=${s.depended.slice(0, 9).map((d) => [d.path, d.fan_in, `${map}?at=${encodeURIComponent(d.path)}`])} />
			<${Ranked} title="Largest folders" rows=${s.folders.slice(0, 9).map((f) => [f.path, f.code, `${map}?at=${encodeURIComponent(f.path)}`])} />
			<${Ranked} title="External packages" rows=${used.slice(0, 9).map((e) => [e.name, e.locked || e.spec || "–"])} />
			${children}
		</div>
		${skipped(coverage)}
	`;
}
