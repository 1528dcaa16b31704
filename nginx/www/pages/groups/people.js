// The screens of people and what they may do, which are fetched together: what they share is compressed once.
import "../../parts/common.js";
export { default as account } from "../account.js";
export { default as admin } from "../admin.js";
export { default as welcome } from "../welcome.js";
