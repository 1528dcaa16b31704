// Events, one a line, each of which opens to what it tells.
import { html, useState } from "../../core/html.js";
import { moment } from "../../core/format.js";
import { Time } from "../../parts/bits.js";
import { Icon } from "../../parts/icon.js";
import { Raw, Readable } from "../../parts/readable.js";
import { Effects } from "./effects.js";
import { Actor, summary } from "./words.js";

function EventLine({ event, project, whole }) {
	const [open, set_open] = useState(false);
	const [effects, set_effects] = useState(false);
	const id = `event-${event.position}`;
	return html`<li class=${open ? "event open" : "event"}>
		<button type="button" class="quiet fold" aria-expanded=${open} aria-controls=${id} aria-label=${`${event.kind}, position ${event.position}: what it tells`} onClick=${() => set_open(!open)}><${Icon} name=${open ? "down" : "right"} /></button>
		<span class="when"><${Time} at=${event.created_at} /></span>
		<strong class="kind">${event.kind}</strong>
		<span class="told">${summary(event)}</span>
		<span class="by fine">${project && event.project_id ? html`${project(event.project_id)} · ` : ""}<${Actor} name=${event.actor} /></span>
		${open && html`<div class="payload" id=${id}>
			<p class="fine">Position <span class="num">${event.position}</span>, ${moment(event.created_at)}${event.request_id && html`, request <a class="path" href=${`/events?request=${encodeURIComponent(event.request_id)}`}>${event.request_id}</a>`}</p>
			<${Readable} value=${event.payload} /><${Raw} value=${event.payload} />
			${whole && event.request_id && html`<button type="button" aria-expanded=${effects} onClick=${() => set_effects(!effects)}>What it led to</button>
				${effects && html`<${Effects} request=${event.request_id} from=${event.created_at} actor=${event.actor} here=${event.position} />`}`}
		</div>`}
	</li>`;
}

export const EventLines = ({ events, ...rest }) => html`<ol class="events">${events.map((e) => html`<${EventLine} key=${e.position} event=${e} ...${rest} />`)}</ol>`;
