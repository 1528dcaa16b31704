// The screens of questions, which are fetched together: what they share is compressed once.
import "../../parts/common.js";
export { default as ask } from "../ask.js";
export { default as search } from "../search.js";
