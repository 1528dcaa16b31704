// What jobs are and why they fail, in words.
import { html } from "../../core/html.js";

const TYPES = {
	repository_processing: "Map a repository", commit_map: "Map a commit", repository_removal: "Remove a repository",
	search_index: "Index for search", conversation_run: "Answer a conversation", model_call: "Call a model",
	model_probe: "Check a model", tenant_removal: "Remove a tenant",
};
export const KNOWN_TYPES = Object.keys(TYPES);
export const type_name = (type) => TYPES[type] ?? type.replaceAll("_", " ");

export const STATES = ["pending", "running", "retrying", "completed", "failed", "dead", "cancelled"];
export const is_ended = (job) => ["failed", "dead", "cancelled"].includes(job.status);
export const is_live = (job) => ["pending", "running", "retrying"].includes(job.status);

// What can be done with jobs in a state; without one, with some of each.
export const acts_of = (status) => (!status ? ["retry", "cancel", "discard"] : status === "completed" ? [] : is_ended({ status }) ? ["retry", "discard"] : ["cancel"]);

export const ACT_NAMES = { retry: "Retry", cancel: "Cancel", discard: "Discard" };
export const DONE_NAMES = { retry: "Put back into the queue", cancel: "Cancelled", discard: "Discarded" };

const project = (text) => (job) => (job.project_id ? html`<a href=${`/projects/${job.project_id}`}>${text}</a>` : text);
const CREDENTIALS = html`Give the project a secret that the server accepts, then retry.`;
const LATER = html`It is mostly over by itself: retry. When it comes again, an administrator finds more under <a href="/admin/health">health</a>.`;
const MODELS = html`An administrator can change that under <a href="/admin/models">models</a>; then retry.`;

// By the type of the error: what to do next.
const NEXT = {
	"repository-not-found": (job) => html`Create the repository at that address, or change the address of ${project("the project")(job)}; then retry.`,
	"repository-not-git": (job) => html`Put a repository there, or change the address of ${project("the project")(job)}; then retry.`,
	"ref-not-found": (job) => html`Push the branch or commit, or name another one: change the arguments, or the branch of ${project("the project")(job)}.`,
	"url-refused": () => html`This installation does not connect to that address. Change it, or have the operator allow it, then retry.`,
	"repository-needs-credentials": () => CREDENTIALS, "credential-refused": () => CREDENTIALS, "credential-origin-mismatch": () => CREDENTIALS,
	"secret-unreadable": () => html`Store the secret again, then retry.`,
	"host-key-mismatch": () => html`Make sure that the server is the right one, store its new key, then retry.`,
	"repository-too-large": () => html`The operator of the installation can raise the limit (<a href="/admin/settings">settings</a>); then retry.`,
	"memory-limit": () => html`The operator of the installation can raise the limit (<a href="/admin/settings">settings</a>); then retry.`,
	"repository-broken": () => html`Repair the repository at its server (git fsck), then retry.`,
	"no-model": () => MODELS, "budget-exhausted": () => MODELS, "provider-quota": () => MODELS, "provider-refused": () => MODELS,
	"context-too-long": () => html`Ask for less at a time, or choose a model with a larger context.`,
	"invalid-field": () => html`Change the arguments and run it again.`, "unknown-field": () => html`Change the arguments and run it again.`,
	"malformed-json": () => html`Change the arguments and run it again.`,
	"not-found": () => html`What it was to work on is gone: discard it, or change the arguments.`,
	cancelled: () => html`Somebody stopped it. Retry to go on where it was.`,
	"limit-reached": () => html`Wait until other jobs have ended, or have the limit raised; then retry.`,
};
export const next_step = (job) => (NEXT[job.error_type] ?? (() => LATER))(job);

// Seconds between two times; null when one is missing.
export const seconds = (from, to) => (from && to ? Math.max(0, (new Date(to) - new Date(from)) / 1000) : null);
