// How much of a limit is taken; from four fifths on it warns.
import { html, classes } from "../core/html.js";

export const Meter = ({ value, max, label }) => html`<div class=${classes("progress", value >= max ? "full" : value >= 0.8 * max && "high")}>
	<progress max=${max || 1} value=${Math.min(value, max)} aria-label=${label}></progress></div>`;
