// Events that a part of the program could not take: why, and handing them on again.
import { html } from "../../core/html.js";
import { post } from "../../core/api.js";
import { duration, number, plural } from "../../core/format.js";
import { useList, useResource } from "../../core/resource.js";
import { may } from "../../core/session.js";
import { Badge, More, Time } from "../../parts/bits.js";
import { sure } from "../../parts/dialog.js";
import { Raw } from "../../parts/readable.js";
import { Allowed, Empty, Shown } from "../../parts/states.js";
import { toast } from "../../parts/toast.js";
import { Pick, ProjectLink } from "../jobs/filters.js";

const AGAIN_MS = 5000;
const STATES = [["", "Any"], ["parked", "Parked"], ["waiting", "Tried again"], ["behind", "Behind another"]];
const SAID = { parked: "parked", waiting: "tried again", behind: "behind another" };

const Subscriptions = ({ list }) => html`<div class="table" tabindex="0" role="region" aria-label="Subscriptions"><table class="subscriptions"><thead><tr><th>Subscription</th><th class="kinds">Kinds</th><th class="num">Behind</th><th class="num">For</th><th class="num">Failing</th><th class="num">Parked</th></tr></thead>
	<tbody>${list.map((s) => html`<tr key=${s.name}><td><strong>${s.name}</strong><br /><span class="fine">${s.doc}</span></td><td class="path kinds">${s.kinds.join(" ")}</td>
		<td class="num">${number(s.lag_events)}</td><td class="num">${s.lag_s ? duration(s.lag_s) : "–"}</td><td class="num">${number(s.failing)}</td><td class="num">${number(s.parked)}</td></tr>`)}</tbody></table></div>`;

function Deliveries({ query, projects }) {
	const list = useList("/event-deliveries", { subscription: query.subscription, state: query.state, limit: 50 }, { every: AGAIN_MS });
	const subscriptions = useResource("/subscriptions", null, { every: AGAIN_MS });
	const parts = subscriptions.data?.items ?? [];
	const act = async (work, said) => {
		try {
			toast(said(await work()));
			list.reload();
			subscriptions.reload();
		} catch (problem) {
			toast(`${problem.detail} ${problem.fix}`, "bad");
		}
	};
	const parked = parts.filter((s) => !query.subscription || s.name === query.subscription).reduce((sum, s) => sum + s.parked, 0);
	const all = async () => (await sure({ title: `Hand on ${plural(parked, "event")} again?`, act: "Hand on again", calm: true,
		text: `${query.subscription ?? "Each subscription"} gets them anew, each with all its attempts. What still cannot be taken is parked again.` })) && act(() => post("/event-deliveries/redeliver", { subscription: query.subscription ?? null }), ({ data }) => `Handed on again: ${plural(data.redelivered, "event")}`);
	const discard = async (d) => (await sure({ title: "Give the event up?", text: `${d.subscription} will never be told of ${d.kind} at position ${d.position}.`, act: "Give up" }))
		&& act(() => post(`/event-deliveries/${d.id}/discard`), () => "Given up");
	return html`
		<${Shown} of=${subscriptions}>${() => html`<${Subscriptions} list=${parts} />`}</>
		<div class="filters"><${Pick} name="subscription" label="Subscription" value=${query.subscription} options=${[["", "Any"], ...parts.map((s) => [s.name, s.name])]} />
			<${Pick} name="state" label="State" value=${query.state} options=${STATES} /><span class="space"></span>
			<button disabled=${!parked} onClick=${all}>Redeliver all that are parked</button></div>
		<${Shown} of=${list} empty=${(d) => !d.items.length} nothing=${query.state ? html`<${Empty} title=${`No delivery is ${SAID[query.state] ?? "so"}`}><p>Look for another state.</p></>`
			: html`<${Empty} title="Every event was taken"><p>What a part of the program cannot take is parked here, with its reason.</p></>`}>
			${() => html`<ol class="attempts card">${list.items.map((d) => html`<li key=${d.id}>
				<div class="row"><strong>${d.kind}</strong> <span class="fine">position ${d.position} to</span> ${d.subscription} <${Badge} tone=${d.state === "parked" ? "bad" : "warn"}>${d.state}</>
					<${ProjectLink} id=${d.project_id} projects=${projects} /><span class="fine">attempt ${d.attempt}, <${Time} at=${d.failed_at ?? d.created_at} />${d.retry_at && html`, again <${Time} at=${d.retry_at} />`}</span><span class="space"></span>
					${d.state !== "behind" && html`<button onClick=${() => act(() => post(`/event-deliveries/${d.id}/redeliver`), () => "Handed on again")}>Redeliver</button>`}
					${d.state === "parked" && html`<button class="danger" onClick=${() => discard(d)}>Give up</button>`}</div>
				${d.error_message && html`<p class="why-long"><code>${d.error_type}</code> ${d.error_message}</p>`}
				<${Raw} value=${d.payload} /></li>`)}</ol><${More} list=${list} />`}
		</>`;
}

export default (props) => html`<${Allowed} least="operator">${may("operator") && html`<${Deliveries} ...${props} />`}</>`;
