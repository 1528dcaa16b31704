// Events: the log as it grows, back in time, what each led to; and what could not be handed on.
import { html, useEffect, useMemo, useRef, useState } from "../core/html.js";
import { number, plural } from "../core/format.js";
import { useResource } from "../core/resource.js";
import { set_query, with_query } from "../core/router.js";
import { may } from "../core/session.js";
import { Page, Tabs } from "../parts/bits.js";
import { Icon } from "../parts/icon.js";
import { useKeys } from "../parts/keys.js";
import { useProjectNames, useProjects } from "../parts/projects.js";
import { Empty, Shown } from "../parts/states.js";
import { EventLines } from "./events/lines.js";
import { useLog } from "./events/log.js";
import Deliveries from "./events/deliveries.js";
import { Pick, ProjectLink, ProjectPick, SpanPick, TextPick, useSince } from "./jobs/filters.js";

const NOISE = "run.delta"; // each word of an answer that a model writes: only who asks for it sees it
const TOP_PX = 120; // who has scrolled further reads

// Kinds to choose from, and what is shown while none is chosen.
function useKinds() {
	const { data } = useResource("/events/kinds");
	return useMemo(() => {
		const kinds = (data?.items ?? []).map((k) => k.type).sort();
		const groups = [...new Set(kinds.map((k) => `${k.split(".")[0]}.*`))];
		const noisy = `${NOISE.split(".")[0]}.*`;
		const quiet = [...groups.filter((g) => g !== noisy), ...kinds.filter((k) => k !== NOISE && k.startsWith(noisy.slice(0, -1)))];
		return data && { options: [["", "Any"], ...groups.map((g) => [g, `${g.slice(0, -2)}: all`]), ...kinds.map((k) => [k, k])], quiet: quiet.join(",") };
	}, [data]);
}

const Filters = ({ query, kinds, projects }) => html`<form class="filters" role="search" onSubmit=${(e) => e.preventDefault()}>
	<${Pick} name="kind" label="Kind" value=${query.kind} options=${kinds?.options ?? [["", "Any"]]} />
	<${ProjectPick} value=${query.project} projects=${projects} />
	<${TextPick} name="actor" label="Actor" placeholder="user:3, job:12" value=${query.actor} />
	<${TextPick} name="request" label="Request" placeholder="its id" value=${query.request} />
	<${SpanPick} value=${query.since} />
	<label class="pick"><span>Up to</span><input type="datetime-local" name="until" value=${query.until ?? ""} onChange=${(e) => set_query({ until: e.currentTarget.value, before: null }, { replace: false })} /></label>
</form>`;

// The time of a field, which is by the reader's clock; what cannot be read is no time.
const time_of = (text) => {
	const time = new Date(text ?? "");
	return Number.isNaN(time.valueOf()) ? undefined : time.toISOString();
};

function Tail({ query, projects }) {
	const kinds = useKinds();
	const since = useSince(query.since);
	const [paused, set_paused] = useState(false);
	const list = useRef(null);
	const filter = kinds && { types: query.kind || kinds.quiet, project: query.project, actor: query.actor, request_id: query.request, since, until: time_of(query.until), before: query.before };
	const reading = () => paused || scrollY > TOP_PX || Boolean(list.current?.querySelector(".event.open"));
	const log = useLog(filter, reading);
	useEffect(() => () => set_paused(false), [query.before]);
	useKeys([["p", "Pause or resume the log", () => set_paused(!paused)], ["n", "Show what is new", log.newest]]);
	const past = Boolean(query.before || query.until);
	const show = () => {
		log.newest();
		scrollTo(0, 0);
	};
	return html`
		<${Filters} query=${query} kinds=${kinds} projects=${projects} />
		<div class="row log-bar">
			${past ? html`<a class="button" href=${with_query({ before: null, until: null })}>To the newest</a><span class="fine">${query.before ? `Before position ${number(Number(query.before))}` : "Up to that time"}</span>`
				: html`<button aria-pressed=${paused} onClick=${() => set_paused(!paused)}><${Icon} name=${paused ? "play" : "pause"} /> ${paused ? "Resume" : "Pause"}</button>
					<span role="status">${log.held.length > 0 ? html`<button class="first" onClick=${show}>${plural(log.held.length, "new event")}${log.held.length >= 500 ? " and more" : ""}</button>`
						: html`<span class="fine">${paused ? "Paused: what comes is counted." : "New events appear as they happen."}</span>`}</span>`}
		</div>
		<${Shown} of=${log} lines=${8} empty=${(d) => !d.items.length} nothing=${html`<${Empty} title="No event matches">
			<p>${log.more ? html`None of the last ten thousand. <button onClick=${log.older}>Look further back</button>` : html`Take a filter away, or <a href="/events">look at all</a>.`}</p></>`}>
			${(d) => html`<div class="card flush" ref=${list}><${EventLines} events=${d.items} whole project=${(id) => html`<${ProjectLink} id=${id} projects=${projects} />`} /></div>
				<div class="more">${d.more && html`<button disabled=${d.loading} onClick=${log.older}>${d.loading ? "Loading …" : "Show older"}</button>
					<a class="button" href=${with_query({ before: d.before })}>Begin the page there</a>`}</div>`}
		</>`;
}

export default function Events({ query }) {
	const projects = useProjectNames(useProjects());
	const deliveries = query.view === "deliveries";
	const parked = useResource(may("operator") ? "/subscriptions" : null, null, { every: 15000 }).data?.items.reduce((sum, s) => sum + s.parked, 0);
	return html`<${Page} title="Events" aside=${html`<a class="button" href="/docs/#/Events">As a program reads them</a>`}>
		<${Tabs} label="Events" tabs=${[{ href: "/events", label: "Log", here: !deliveries },
			{ href: "/events?view=deliveries", label: html`Deliveries ${parked > 0 && html`<span class="count bad">${number(parked)}</span>`}`, here: deliveries }]} />
		${deliveries ? html`<${Deliveries} query=${query} projects=${projects} />` : html`<${Tail} query=${query} projects=${projects} />`}
	</>`;
}
