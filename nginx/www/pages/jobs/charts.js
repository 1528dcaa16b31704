// Throughput and latency over time, as charts and as the table of the same numbers.
import { html, useEffect, useRef, useState } from "../../core/html.js";
import { duration, number } from "../../core/format.js";
import { useResource } from "../../core/resource.js";
import { set_query } from "../../core/router.js";
import { Choice } from "../../parts/bits.js";
import { Shown } from "../../parts/states.js";

const AGAIN_MS = 30000;
const HEIGHT = 170;
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const at_clock = (time) => clock.format(new Date(time));

// A colour of style.css as a canvas takes it: names mean light or dark only where an element has them.
// An element for each: one that changes its colour may be on its way to it.
const colours = (element, names) => names.map((name) => {
	const probe = document.createElement("i");
	probe.style.color = `var(--${name})`;
	element.append(probe);
	const found = getComputedStyle(probe).color;
	probe.remove();
	return found;
});

// The theme changes by the system's, or by the account menu.
function useTheme() {
	const [turn, set_turn] = useState(0);
	useEffect(() => {
		const changed = () => set_turn((n) => n + 1);
		const dark = matchMedia("(prefers-color-scheme: dark)");
		const watch = new MutationObserver(changed);
		dark.addEventListener("change", changed);
		watch.observe(document.documentElement, { attributeFilter: ["data-theme"] });
		return () => (dark.removeEventListener("change", changed), watch.disconnect());
	}, []);
	return turn;
}

// lines: [{ label, colour, values, bars, dash }]; show: of a number to its text
function Plot({ times, lines, show, label, whole }) {
	const box = useRef(null);
	const theme = useTheme();
	useEffect(() => {
		let plot = null;
		let gone = false;
		const element = box.current;
		const fit = new ResizeObserver(() => plot?.setSize({ width: element.clientWidth, height: HEIGHT }));
		import("uplot").then(({ default: Chart }) => {
			if (gone) return;
			const [ink, line] = colours(element, ["ink-2", "line"]);
			const stroke = colours(element, lines.map((l) => l.colour));
			const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { show: false }, font: "12px system-ui" };
			plot = new Chart({
				width: element.clientWidth, height: HEIGHT, legend: { show: false }, cursor: { show: false }, padding: [8, 8, 0, 0],
				scales: { y: { range: (_, low, high) => [0, Math.max(high * 1.08, whole ? 4 : 0.01)] } },
				axes: [{ ...axis, values: (_, marks) => marks.map((s) => at_clock(s * 1000)), size: 28, space: 70 },
					{ ...axis, size: 64, space: 36, incrs: whole ? [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000] : undefined,
						values: (_, marks) => marks.map(show) }],
				series: [{}, ...lines.map((l, i) => ({ label: l.label, stroke: stroke[i], width: l.bars ? 0 : 2, dash: l.dash, points: { show: !l.bars, size: 4, fill: stroke[i] },
					fill: l.bars ? stroke[i] : undefined, paths: l.bars ? Chart.paths.bars({ size: [0.7, 24] }) : undefined }))],
			}, [times.map((t) => new Date(t) / 1000), ...lines.map((l) => l.values)], element);
			fit.observe(element);
		});
		return () => {
			gone = true;
			fit.disconnect();
			plot?.destroy();
		};
	}, [times, theme]);
	return html`<figure class="plot"><figcaption>${label}</figcaption>
		<div ref=${box} class="canvas" role="img" aria-label=${`${label}; the numbers are in the table below`}></div>
		<ul class="keys-of">${lines.map((l) => html`<li key=${l.label}><i class=${`swatch ${l.colour} ${l.dash ? "dashed" : ""}`}></i>${l.label}</li>`)}</ul></figure>`;
}

const ms = (n) => (n ? duration(n / 1000) : "–");

const Numbers = ({ slots }) => html`<details><summary>The same numbers as a table</summary><div class="table numbers" tabindex="0" role="region" aria-label="Numbers of the charts"><table>
	<thead><tr><th>From</th><th class="num">Completed</th><th class="num">Failed</th><th class="num">Waited, half</th><th class="num">Waited, 95 %</th><th class="num">Ran, half</th><th class="num">Ran, 95 %</th></tr></thead>
	<tbody>${slots.filter((s) => s.completed || s.failed).reverse().map((s) => html`<tr key=${s.at}><td>${at_clock(s.at)}</td><td class="num">${number(s.completed)}</td><td class="num">${number(s.failed)}</td>
		<td class="num">${ms(s.wait_p50_ms)}</td><td class="num">${ms(s.wait_p95_ms)}</td><td class="num">${ms(s.run_p50_ms)}</td><td class="num">${ms(s.run_p95_ms)}</td></tr>`)}</tbody>
</table></div></details>`;

function Pictures({ stats }) {
	const slots = stats.items;
	const times = slots.map((s) => s.at);
	const done = slots.reduce((sum, s) => sum + s.completed, 0);
	const failed = slots.reduce((sum, s) => sum + s.failed, 0);
	const of = (name) => slots.map((s) => (s.completed ? s[name] / 1000 : null));
	const per = stats.slot_s === 60 ? "minute" : "quarter of an hour";
	// One effect a plot, by its times: new numbers come with a new array of them.
	const [kept] = useState({ of: null, times: null });
	if (kept.of !== stats) Object.assign(kept, { of: stats, times });
	return html`<div class="plots">
		<${Plot} whole times=${kept.times} show=${number} label=${`Jobs ended each ${per}: ${number(done)} completed, ${number(failed)} failed`} lines=${[
			{ label: "Failed", colour: "bad", bars: true, values: slots.map((s) => s.completed + s.failed) },
			{ label: "Completed", colour: "first", bars: true, values: slots.map((s) => s.completed) }]} />
		<${Plot} times=${kept.times} show=${duration} label="How long completed jobs had waited and ran" lines=${[
			{ label: "Ran, half no longer", colour: "first", values: of("run_p50_ms") },
			{ label: "Ran, 95 % no longer", colour: "first", dash: [4, 4], values: of("run_p95_ms") },
			{ label: "Waited, half no longer", colour: "warn", values: of("wait_p50_ms") },
			{ label: "Waited, 95 % no longer", colour: "warn", dash: [4, 4], values: of("wait_p95_ms") }]} />
	</div><${Numbers} slots=${slots} />`;
}

export function Charts({ queue, type, period = "hour" }) {
	const stats = useResource("/jobs/stats", { period, queue, type }, { every: AGAIN_MS });
	return html`<section class="card charts" aria-label="Throughput and latency">
		<div class="row"><h2>Throughput and latency</h2><span class="space"></span>
			<${Choice} label="Period" value=${period} options=${[["hour", "Last hour"], ["day", "Last day"]]} choose=${(p) => set_query({ period: p === "hour" ? null : p }, { replace: false })} /></div>
		<${Shown} of=${stats}>${(data) => html`<${Pictures} stats=${data} />`}</>
	</section>`;
}
