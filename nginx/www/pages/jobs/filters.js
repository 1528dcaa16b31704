// The filters of jobs and events, which the address holds.
import { html, useEffect, useMemo, useRef } from "../../core/html.js";
import { set_query } from "../../core/router.js";

const SPANS = [["", "Any time"], ["1h", "Last hour"], ["24h", "Last day"], ["7d", "Last 7 days"]];
const LENGTHS = { "1h": 3600, "24h": 86400, "7d": 7 * 86400 };
const SETTLE_MS = 250;

// The time that a span of the address begins at; the same until the span changes, so that lists stay.
export const useSince = (span) => useMemo(() => (LENGTHS[span] ? new Date(Date.now() - LENGTHS[span] * 1000).toISOString() : undefined), [span]);

export const ProjectLink = ({ id, projects }) => (id ? html`<a href=${`/projects/${id}`}>${projects.get(id) ?? `Project ${id}`}</a>` : html`<span class="fine">–</span>`);

export const Pick = ({ name, label, value = "", options }) => html`<label class="pick"><span>${label}</span>
	<select name=${name} value=${value} onChange=${(e) => set_query({ [name]: e.currentTarget.value, before: null }, { replace: false })}>
		${(options.some(([v]) => String(v) === value) ? options : [...options, [value, value]]).map(([v, text]) => html`<option key=${v} value=${v} selected=${String(v) === value}>${text}</option>`)}
	</select></label>`;

export const ProjectPick = ({ value, projects }) => html`<${Pick} name="project" label="Project" value=${value} options=${[["", "Any"], ...projects]} />`;
export const SpanPick = ({ value }) => html`<${Pick} name="since" label="Time" value=${value} options=${SPANS} />`;

// A text of the address: what is typed is taken over when the typing rests, and what the address says otherwise is shown.
export function TextPick({ name, label, value = "", placeholder, search }) {
	const timer = useRef(0);
	const box = useRef(null);
	const sent = useRef(value);
	useEffect(() => () => clearTimeout(timer.current), []);
	useEffect(() => {
		if (value !== sent.current) box.current.value = sent.current = value;
	}, [value]);
	const typed = (event) => {
		const text = event.currentTarget.value.trim();
		clearTimeout(timer.current);
		timer.current = setTimeout(() => {
			sent.current = text;
			set_query({ [name]: text, before: null });
		}, SETTLE_MS);
	};
	return html`<label class=${search ? "pick grow" : "pick"}><span>${label}</span>
		<input type=${search ? "search" : "text"} name=${name} placeholder=${placeholder} autocomplete="off" spellcheck="false"
			ref=${box} defaultValue=${value} onInput=${typed} /></label>`;
}
