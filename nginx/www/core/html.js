// What every module draws with: one place says which library that is.
import { h } from "preact";
import htm from "htm";

export { render, createContext, Fragment } from "preact";
export { useContext, useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
export { batch, computed, effect, signal, useComputed, useSignal, useSignalEffect } from "@preact/signals";

export const html = htm.bind(h);

// Class names, those that are not false.
export const classes = (...names) => names.filter(Boolean).join(" ");
