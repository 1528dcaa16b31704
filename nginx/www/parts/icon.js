// Small pictures that go with a word.  Paths are drawn for this, on a grid of 16.
import { html } from "../core/html.js";

const PATHS = {
	search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.5 10.5 14 14",
	menu: "M2 4h12M2 8h12M2 12h12",
	close: "M3.5 3.5l9 9M12.5 3.5l-9 9",
	plus: "M8 3v10M3 8h10",
	more: "M3.2 8h.1M8 8h.1M12.8 8h.1",
	down: "M4 6l4 4 4-4",
	right: "M6 4l4 4-4 4",
	left: "M10 4L6 8l4 4",
	up: "M4 10l4-4 4 4",
	sync: "M13.5 8a5.5 5.5 0 0 1-9.9 3.3M2.5 8a5.5 5.5 0 0 1 9.9-3.3M12.6 2v3h-3M3.4 14v-3h3",
	stop: "M4 4h8v8H4z",
	play: "M5 3.5v9l7.5-4.5z",
	pause: "M5.5 3.5v9M10.5 3.5v9",
	trash: "M3 4.5h10M6 4.5V3h4v1.5M4.5 4.5l.6 8.5h5.8l.6-8.5",
	edit: "M3 13l.7-3L10.6 3.1l2.3 2.3L6 12.3z",
	copy: "M5.5 5.5h7v7h-7zM3.5 10.5v-7h7",
	link: "M6.5 9.5l3-3M7 4.5l1-1a3 3 0 0 1 4.3 4.3l-1 1M9 11.5l-1 1a3 3 0 0 1-4.3-4.3l1-1",
	download: "M8 2.5v7.5M4.5 7L8 10.5 11.5 7M3 13.5h10",
	out: "M6.5 3.5h-3v9h9v-3M9 3h4v4M13 3L7.5 8.5",
	check: "M3 8.5l3.5 3.5L13 4.5",
	warning: "M8 2.5l6 11H2zM8 6.5v3.5M8 11.8v.2",
	info: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM8 7.2v4M8 4.8v.2",
	file: "M4 2h5l3 3v9H4zM9 2v3h3",
	folder: "M2 4h4l1.5 1.5H14V13H2z",
	person: "M8 8a2.7 2.7 0 1 0 0-5.4A2.7 2.7 0 0 0 8 8zM3 14c.3-3 2.3-4.5 5-4.5s4.7 1.5 5 4.5",
	key: "M5 7.5a3 3 0 1 0 0 .1M8 7.5h6M12 7.5v3",
	map: "M2 4l4-1.5 4 1.5 4-1.5V12l-4 1.5L6 12l-4 1.5zM6 2.5V12M10 4v9.5",
	sun: "M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM8 1.5V3M8 13v1.5M1.5 8H3M13 8h1.5M3.4 3.4l1 1M11.6 11.6l1 1M12.6 3.4l-1 1M4.4 11.6l-1 1",
	moon: "M13 9.5A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.5z",
	spark: "M8 2l1.5 4.5L14 8l-4.5 1.5L8 14l-1.5-4.5L2 8l4.5-1.5z",
};

export const Icon = ({ name }) =>
	html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;
