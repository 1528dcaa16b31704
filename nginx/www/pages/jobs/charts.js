// Throughput and latency over time, as charts and as the table of the same numbers.
import { html } from "../../core/html.js";
import { duration, number } from "../../core/format.js";
import { useResource } from "../../core/resource.js";
import { set_query } from "../../core/router.js";
import { Choice } from "../../parts/bits.js";
import { Shown } from "../../parts/states.js";
import { Plot, at_clock } from "./plot.js";

const AGAIN_MS = 30000;

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
	const ended = (i) => slots[i].completed + slots[i].failed > 0 && `${number(slots[i].completed)} completed, ${number(slots[i].failed)} failed`;
	const took = (i) => slots[i].completed > 0 && `ran ${ms(slots[i].run_p50_ms)}, 95 % ${ms(slots[i].run_p95_ms)}; waited ${ms(slots[i].wait_p50_ms)}, 95 % ${ms(slots[i].wait_p95_ms)}`;
	return html`<div class="plots">
		<${Plot} bars times=${times} show=${number} told=${ended} label=${`Jobs ended each ${per}: ${number(done)} completed, ${number(failed)} failed`} lines=${[
			{ label: "Failed", colour: "bad", values: slots.map((s) => s.completed + s.failed) },
			{ label: "Completed", colour: "first", values: slots.map((s) => s.completed) }]} />
		<${Plot} times=${times} show=${duration} told=${took} label="How long completed jobs had waited and ran" lines=${[
			{ label: "Ran, half no longer", colour: "first", values: of("run_p50_ms") },
			{ label: "Ran, 95 % no longer", colour: "first", dash: true, values: of("run_p95_ms") },
			{ label: "Waited, half no longer", colour: "warn", values: of("wait_p50_ms") },
			{ label: "Waited, 95 % no longer", colour: "warn", dash: true, values: of("wait_p95_ms") }]} />
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
