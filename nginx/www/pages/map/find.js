// Search in files and symbols: what is chosen is selected in every view.
import { html, useEffect, useRef, useState } from "../../core/html.js";
import { get } from "../../core/api.js";
import { set_query } from "../../core/router.js";
import { Icon } from "../../parts/icon.js";

const SETTLE_MS = 80;
const MOST = 8;

function useFound(id, text, commit) {
	const [found, set_found] = useState({ text: "", items: [] });
	useEffect(() => {
		if (!text) return set_found({ text: "", items: [] });
		const away = new AbortController();
		const ask = (what) => get(`/projects/${id}/${what}`, { q: text, limit: MOST, commit }, away.signal);
		const timer = setTimeout(async () => {
			try {
				const [files, symbols] = await Promise.all([ask("files"), ask("symbols")]);
				set_found({ text, items: [
					...files.data.items.map((f) => ({ key: f.path, icon: f.kind, label: f.path, kind: f.kind, at: f.path })),
					...symbols.data.items.map((s) => ({ key: `${s.name} ${s.path} ${s.line}`, icon: "spark", label: s.name, kind: `${s.kind}, ${s.path}:${s.line}`, at: s.path, def: s.name, line: s.line })),
				] });
			} catch (problem) {
				if (!away.signal.aborted) set_found({ text, items: [], problem });
			}
		}, SETTLE_MS);
		return () => (clearTimeout(timer), away.abort());
	}, [id, text, commit]);
	return found;
}

const select = (item) => set_query({ at: item.at, def: item.def }, { replace: false });

export function Find({ id, commit, choose: chosen = select }) {
	const [text, set_text] = useState("");
	const [open, set_open] = useState(false);
	const [on, set_on] = useState(0);
	const box = useRef(null);
	const found = useFound(id, text.trim(), commit);
	const choose = (item) => {
		set_open(false);
		chosen(item);
	};
	const on_key = (event) => {
		const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
		if (step && found.items.length) set_on((on + step + found.items.length) % found.items.length);
		else if (event.key === "Enter" && found.items[on]) choose(found.items[on]);
		else if (event.key === "Escape") set_open(false);
		else return;
		event.preventDefault();
	};
	const shown = open && Boolean(text.trim()) && Boolean(found.text);
	return html`<div class="map-find" ref=${box} onFocusOut=${(e) => box.current.contains(e.relatedTarget) || set_open(false)}>
		<input type="search" role="combobox" aria-label="Find a file or a symbol" placeholder="Find a file or a symbol" autocomplete="off" spellcheck="false"
			aria-expanded=${shown} aria-controls="map-found" aria-activedescendant=${shown && found.items.length ? `map-found-${on}` : undefined} value=${text}
			onFocus=${() => set_open(true)} onInput=${(e) => (set_text(e.currentTarget.value), set_on(0), set_open(true))} onKeyDown=${on_key} />
		<ul id="map-found" role="listbox" aria-label="Found" hidden=${!shown}>
			${found.items.map((item, i) => html`<li key=${item.key} id=${`map-found-${i}`} role="option" aria-selected=${i === on}
				onMouseDown=${(e) => (e.preventDefault(), choose(item))}><${Icon} name=${item.icon} /><span><b>${item.label}</b><small>${item.kind}</small></span></li>`)}
			${found.items.length === 0 && html`<li role="option" aria-selected="false" aria-disabled="true">${found.problem ? found.problem.detail : "Nothing is called so."}</li>`}
		</ul>
	</div>`;
}
