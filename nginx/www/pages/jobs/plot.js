// A chart over time, drawn as SVG: bars one over the other, or lines with gaps where there is nothing.
// The library that would draw it is larger than all screens of jobs; colours are classes, so themes need no word.
import { html, useEffect, useRef, useState } from "../../core/html.js";

const HEIGHT = 170;
const LEFT = 64;
const BOTTOM = 24;
const TOP = 8;
const RIGHT = 8;
const LABEL_PX = 64; // a time below the chart needs so much room
const LINES = 5; // at most, across
const ROUND_S = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400];
const ROUND_MIN = [5, 10, 15, 30, 60, 120, 180, 240, 360, 720];
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

export const at_clock = (time) => clock.format(new Date(time));

// The distance of the lines across: a round number of jobs, or a round length of time.
function step_of(most, whole) {
	if (!whole) return ROUND_S.find((s) => most / s <= LINES) ?? Math.ceil(most / LINES / 86400) * 86400;
	const tens = 10 ** Math.floor(Math.log10(Math.max(1, most / LINES)));
	return [1, 2, 5, 10].map((m) => m * tens).find((s) => most / s <= LINES);
}

// Slots below which the time stands: round times of the reader's clock.
function marks_of(times, px) {
	const slot_min = (new Date(times[1]) - new Date(times[0])) / 60000;
	const every = ROUND_MIN.find((m) => (m / slot_min) * px >= LABEL_PX) ?? 720;
	return times.map((time, i) => [i, new Date(time)]).filter(([, at]) => (at.getHours() * 60 + at.getMinutes()) % every === 0);
}

// A line of the values that are there; one that stands alone is a short one.
function trace(values, x, y) {
	let path = "";
	values.forEach((v, i) => {
		if (v === null) return;
		const from = i > 0 && values[i - 1] !== null ? "L" : "M";
		const alone = from === "M" && (values[i + 1] ?? null) === null;
		path += `${from}${(x(i) - (alone ? 3 : 0)).toFixed(1)} ${y(v).toFixed(1)}${alone ? "h6" : ""}`;
	});
	return path;
}

// lines: [{ label, colour, values, dash }], later ones over the others; show: of a number to its text; told: of a slot to what it says
export function Plot({ times, lines, show, told, label, bars }) {
	const box = useRef(null);
	const [width, set_width] = useState(0);
	useEffect(() => {
		const watch = new ResizeObserver(([entry]) => set_width(Math.round(entry.contentRect.width)));
		watch.observe(box.current);
		return () => watch.disconnect();
	}, []);
	const most = Math.max(bars ? 4 : 0.01, ...lines.flatMap((l) => l.values).filter((v) => v !== null)) * 1.05;
	const step = step_of(most, bars);
	const px = Math.max(1, width - LEFT - RIGHT) / times.length;
	const x = (i) => LEFT + (i + 0.5) * px;
	const y = (v) => HEIGHT - BOTTOM - (v / most) * (HEIGHT - BOTTOM - TOP);
	const across = Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => i * step);
	const thick = Math.max(1, Math.min(24, px * 0.7));
	return html`<figure class="plot"><figcaption>${label}</figcaption>
		<div ref=${box} class="canvas">${width > 0 && html`<svg width=${width} height=${HEIGHT} role="img" aria-label=${`${label}; the numbers are in the table below`}>
			${across.map((v) => html`<g key=${v}><path class="rule" d=${`M${LEFT} ${y(v)}H${width - RIGHT}`} /><text x=${LEFT - 8} y=${y(v) + 4} text-anchor="end">${v ? show(v) : 0}</text></g>`)}
			${marks_of(times, px).map(([i, at]) => html`<text key=${i} x=${x(i)} y=${HEIGHT - 6} text-anchor="middle">${at_clock(at)}</text>`)}
			${lines.map((l) => (bars
				? l.values.map((v, i) => v > 0 && html`<rect key=${i} class=${l.colour} x=${x(i) - thick / 2} y=${y(v)} width=${thick} height=${y(0) - y(v)} />`)
				: html`<path key=${l.label} class=${`line ${l.colour} ${l.dash ? "dashed" : ""}`} d=${trace(l.values, x, y)} />`))}
			${times.map((time, i) => told(i) && html`<rect key=${time} class="slot" x=${LEFT + i * px} y=${TOP} width=${px} height=${HEIGHT - BOTTOM - TOP}><title>${at_clock(time)}: ${told(i)}</title></rect>`)}
		</svg>`}</div>
		<ul class="keys-of">${lines.map((l) => html`<li key=${l.label}><i class=${`swatch ${l.colour} ${l.dash ? "dashed" : ""}`}></i>${l.label}</li>`)}</ul></figure>`;
}
