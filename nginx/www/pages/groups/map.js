// The screens of a map, which are fetched together: what they share is compressed once.
import "../../parts/common.js";
export { default as map } from "../map.js";
export { default as compare } from "../compare.js";
export { default as source } from "../source.js";
