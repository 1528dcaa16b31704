// A run as it goes on: followed as server-sent events, which begin at its beginning for whoever comes; where they cannot
// be had, or end too soon, it is asked for, less often the longer that fails.
import { useEffect, useState } from "../../core/html.js";
import { address, get } from "../../core/api.js";

const SHOW_MS = 60; // pieces are shown together
const POLL_MS = 2000;
const POLL_MAX_MS = 60000;

export const goes_on = (status) => status === "queued" || status === "running";

// `offset` counts characters, JavaScript's strings have halves of some.
const put = (text, offset, piece) => {
	const all = [...text];
	return (all.length > offset ? all.slice(0, offset).join("") : text) + piece;
};

// { answer, steps }; ended() is called once.
export function useRun(id, ended) {
	const [run, set_run] = useState({ answer: "", steps: [] });
	useEffect(() => {
		let answer = "";
		let steps = [];
		let timer = 0;
		let next = 0;
		let over = false;
		let failed = 0;
		const show = () => {
			timer ||= setTimeout(() => {
				timer = 0;
				set_run({ answer, steps });
			}, SHOW_MS);
		};
		const finish = () => {
			source.close();
			if (!over) ended();
			over = true;
		};
		const poll = async () => {
			try {
				const { data } = await get(`/runs/${id}`);
				({ answer, steps } = data);
				show();
				failed = 0;
				if (!goes_on(data.status)) return finish();
			} catch (problem) {
				if (problem.status === 404 || problem.status === 401) return finish();
				failed++;
			}
			if (!over) next = setTimeout(poll, Math.min(POLL_MS * 2 ** failed, POLL_MAX_MS));
		};
		const source = new EventSource(address(`/runs/${id}/stream`));
		const on = (kind, act) => source.addEventListener(kind, (event) => {
			act(JSON.parse(event.data).payload);
			show();
		});
		on("run.delta", (p) => (answer = put(answer, p.offset, p.text)));
		on("run.step", (p) => (steps = [...steps.filter((s) => s.number !== p.number), p]));
		on("run.ended", finish);
		source.onerror = () => {
			source.close();
			if (!over) poll();
		};
		return () => {
			over = true;
			source.close();
			clearTimeout(timer);
			clearTimeout(next);
		};
	}, [id]);
	return run;
}
