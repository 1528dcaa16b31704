// The map in other forms: from the server as they are, PNG drawn from the SVG by the browser.
import { html } from "../../core/html.js";
import { address } from "../../core/api.js";
import { Icon } from "../../parts/icon.js";
import { Menu } from "../../parts/menu.js";
import { toast } from "../../parts/toast.js";

const SHARP = 2; // pixels of the picture for one of the drawing
const SIDE_MAX = 8000; // pixels that browsers draw at least

export const save = (blob, name) => {
	const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
	link.click();
	setTimeout(() => URL.revokeObjectURL(link.href), 1000);
};

// A picture or another canvas, on the paper of the page.
function save_drawn(image, width, height, name) {
	const canvas = Object.assign(document.createElement("canvas"), { width, height });
	const pen = canvas.getContext("2d");
	pen.fillStyle = getComputedStyle(document.body).backgroundColor;
	pen.fillRect(0, 0, width, height);
	pen.drawImage(image, 0, 0, width, height);
	canvas.toBlob((blob) => (blob ? save(blob, name) : toast("The picture is too large for this browser.", "bad")), "image/png");
}

const save_shown = (shown, name) => save_drawn(shown, shown.width, shown.height, name);

async function save_png(url, name) {
	const image = new Image();
	image.src = url;
	try {
		await image.decode();
		const scale = Math.min(SHARP, SIDE_MAX / Math.max(image.naturalWidth, image.naturalHeight));
		save_drawn(image, image.naturalWidth * scale, image.naturalHeight * scale, name);
	} catch {
		toast("The map has no such picture.", "bad");
	}
}

export function Export({ id, commit, query }) {
	const at = (end, more) => address(`/projects/${id}/map.${end}`, { commit, ...more });
	const picture = query.view === "treemap" ? "treemap" : "components";
	const name = (end) => `map-${id}-${commit.slice(0, 10)}.${end}`;
	const link = (label, end, more) => ({ label, href: at(end, more), download: name(end) });
	const drawn = [["components", "parts"], ["folders", "folders"], ["treemap", "treemap"]];
	return html`<${Menu} label="Export" className="export" items=${[
		...drawn.map(([view, of]) => link(`SVG of the ${of}`, "svg", { view })),
		...(query.view === "table" ? [] : [{ label: "PNG of what is shown", act: () => save_shown(document.querySelector(".stage canvas"), name("png")) }]),
		{ label: `PNG of the ${picture === "treemap" ? "treemap" : "parts"}`, act: () => save_png(at("svg", { view: picture }), name("png")) },
		null,
		link("DOT, for Graphviz", "dot"), link("Mermaid", "mmd"), link("GraphML, all files", "graphml"),
		null,
		link("CycloneDX, packages", "cdx.json"), link("JSON, everything", "json"), link("Markdown, for a model", "md"),
	]}><${Icon} name="download" />Export</>`;
}
