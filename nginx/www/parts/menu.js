// A button with a list of acts below it; arrows move, Escape closes.
import { html, useEffect, useId, useRef, useState } from "../core/html.js";

// items: [{ label, act, href, danger, off, checked }], null for a rule
export function Menu({ label, title, items, children, className }) {
	const [open, set_open] = useState(false);
	const id = useId();
	const root = useRef(null);
	const close = (focus) => {
		set_open(false);
		if (focus) root.current.querySelector("button").focus();
	};
	useEffect(() => {
		if (!open) return undefined;
		root.current.querySelector("[role^=menuitem]:not([aria-disabled])")?.focus();
		const outside = (event) => root.current.contains(event.target) || close();
		addEventListener("pointerdown", outside);
		return () => removeEventListener("pointerdown", outside);
	}, [open]);
	const on_key = (event) => {
		const all = [...root.current.querySelectorAll("[role^=menuitem]:not([aria-disabled])")];
		const at = all.indexOf(document.activeElement);
		const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
		if (event.key === "Escape" || event.key === "Tab") close(event.key === "Escape");
		else if (to === undefined || !open) return;
		else all.at(to % all.length)?.focus();
		if (event.key !== "Tab") event.preventDefault();
	};
	const choose = (item) => () => {
		close(!item.href);
		item.act?.();
	};
	const entry = (item, i) => {
		if (!item) return html`<hr key=${i} />`;
		const common = { key: i, role: item.checked === undefined ? "menuitem" : "menuitemradio", "aria-checked": item.checked, tabindex: -1,
			class: item.danger ? "danger" : "", "aria-disabled": item.off || undefined };
		if (item.href) return html`<a ...${common} href=${item.href} download=${item.download} onClick=${choose(item)}>${item.label}</a>`;
		return html`<button ...${common} type="button" disabled=${item.off} onClick=${choose(item)}>${item.label}</button>`;
	};
	return html`<div class=${`menu ${className ?? ""}`} ref=${root} onKeyDown=${on_key}>
		<button type="button" class="quiet" title=${title ?? label} aria-haspopup="menu" aria-expanded=${open} aria-controls=${id} onClick=${() => set_open(!open)}>
			<span class="hidden">${label}</span>${children}</button>
		<div id=${id} role="menu" aria-label=${label} hidden=${!open}>${open && items.map(entry)}</div>
	</div>`;
}
