// The screens of who keeps the service going, which are fetched together: what they share is compressed once.
import "../../parts/common.js";
export { default as jobs } from "../jobs.js";
export { default as job } from "../job.js";
export { default as queues } from "../queues.js";
export { default as events } from "../events.js";
