// What every module draws with: one place says which library that is.
import { h } from "preact";
import htm from "htm";

export { render, createContext } from "preact";
export { useContext, useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
export { computed, effect, signal } from "@preact/signals";

export const html = htm.bind(h);

// Class names, those that are not false.
export const classes = (...names) => names.filter(Boolean).join(" ");
