// What operators do with jobs: one, those that are selected, those of a filter.
import { call, get, post } from "../../core/api.js";
import { number, plural } from "../../core/format.js";
import { sure } from "../../parts/dialog.js";
import { toast } from "../../parts/toast.js";
import { ACT_NAMES, DONE_NAMES } from "./words.js";

const PORTION = 1000; // jobs of one request
const WORD_FROM = 20; // so many jobs are discarded only by typing it

const MEANS = {
	retry: "They go back into their queues with fresh attempts and go on where they were.",
	cancel: "Those that wait are over at once; those that run are asked to stop.",
	discard: "They are gone for good, and what waits for them is cancelled.",
};

const ask = (act, n, more) => {
	const many = more ? `${number(n)} jobs and more` : plural(n, "job");
	return sure({ title: `${ACT_NAMES[act]} ${many}?`, text: MEANS[act], act: `${ACT_NAMES[act]} ${many}`, calm: act === "retry", back: act === "cancel" ? "Let them go on" : undefined,
		word: act === "discard" && n >= WORD_FROM ? "discard" : undefined });
};

function tell(act, done, skipped) {
	const left = skipped.length ? `; ${plural(skipped.length, "was", "were")} left as ${skipped.length === 1 ? "it is" : "they are"}: ${skipped[0].reason}` : "";
	toast(`${DONE_NAMES[act]}: ${plural(done, "job")}${left}`, done || !skipped.length ? "good" : "bad");
}

async function bulk(act, body) {
	let done = 0;
	const skipped = [];
	for (let after, more = true; more; ) {
		const { data } = await post(`/jobs/${act}`, { ...body, ...(after && { after }), limit: PORTION });
		done += data.done;
		skipped.push(...data.skipped);
		after = data.last_id;
		more = data.more && !body.ids && Boolean(after);
	}
	tell(act, done, skipped);
}

// Resolves to whether something was done.
async function guarded(work) {
	try {
		return await work();
	} catch (problem) {
		toast([problem.detail, problem.fix].filter(Boolean).join(" "), "bad");
		return false;
	}
}

export const act_on_ids = (act, ids) => guarded(async () => {
	if (!ids.length || !(await ask(act, ids.length, false))) return false;
	await bulk(act, { ids });
	return true;
});

// filter: as the list has it; what is not given does not matter.
export const act_on_filter = (act, filter) => guarded(async () => {
	const named = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined && value !== ""));
	const { data } = await get("/jobs/count", { act, ...named });
	if (!data.matched) return toast(`No job matches that could be ${{ retry: "retried", cancel: "cancelled", discard: "discarded" }[act]}.`, "bad");
	if (!(await ask(act, data.matched, data.more))) return false;
	await bulk(act, Object.keys(named).length ? { ...named, ...(named.project && { project: Number(named.project) }) } : { all: true });
	return true;
});

export const act_on_job = (act, job) => guarded(async () => {
	if (act === "discard" && !(await sure({ title: `Discard job ${job.id}?`, text: "It is gone for good, and what waits for it is cancelled.", act: "Discard" }))) return false;
	if (act === "discard") await call("DELETE", `/jobs/${job.id}`);
	else await post(`/jobs/${job.id}/${act}`);
	toast(act === "cancel" && job.status === "running" ? `Job ${job.id} is asked to stop` : `${DONE_NAMES[act]}: job ${job.id}`);
	return true;
});
