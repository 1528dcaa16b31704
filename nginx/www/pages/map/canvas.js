// A canvas as large as its box and as sharp as the screen, drawn anew when something of `of` changes.
import { useEffect, useRef, useState } from "../../core/html.js";
import { plural } from "../../core/format.js";

export function useCanvas(draw, of) {
	const ref = useRef(null);
	const [size, set_size] = useState(null);
	useEffect(() => {
		const look = new ResizeObserver(([entry]) => {
			const { width, height } = entry.contentRect;
			set_size((was) => (was && was.width === width && was.height === height ? was : { width, height }));
		});
		look.observe(ref.current.parentElement);
		return () => look.disconnect();
	}, []);
	useEffect(() => {
		if (!size?.width) return;
		const sharp = devicePixelRatio || 1;
		const canvas = ref.current;
		canvas.width = Math.round(size.width * sharp);
		canvas.height = Math.round(size.height * sharp);
		const pen = canvas.getContext("2d");
		pen.scale(sharp, sharp);
		draw(pen, size);
	}, [size, ...of]);
	return [ref, size];
}

let family; // of the page: asked once
export const font = (size, bold) => `${bold ? "600 " : ""}${size}px ${(family ??= getComputedStyle(document.body).fontFamily)}`;

// A text that fits into a width: cut with an ellipsis, or nothing.
export function fitted(pen, text, width) {
	if (pen.measureText(text).width <= width) return text;
	let n = Math.floor((text.length * width) / pen.measureText(text).width) - 1;
	while (n > 1 && pen.measureText(`${text.slice(0, n)}…`).width > width) n--;
	return n > 1 ? `${text.slice(0, n)}…` : "";
}

// What is read out, and shown below the drawing, of a node.
export function spoken(chart, node) {
	if (node < 0) return `${chart.path(node) || "all"}, folder, ${plural(chart.count(node), "file")}, ${plural(chart.code(node), "line")}`;
	const f = chart.files;
	return `${chart.path(node)}, ${chart.languages[f.lang[node]] ?? "file"}, ${plural(f.code[node], "line")}, ${plural(f.fan_in[node], "importer")}, ${plural(f.fan_out[node], "import")}${f.cycle[node] ? `, in cycle ${f.cycle[node]}` : ""}`;
}
