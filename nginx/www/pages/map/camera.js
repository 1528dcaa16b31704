// Moving about on a canvas: drag, wheel, two fingers; and to a rectangle.  The camera is { k, x, y }: how many times
// nearer, and where the upper left corner is, in pixels.
import { useEffect, useRef } from "../../core/html.js";

const MOST = 400; // times nearer
const SLOP = 4; // pixels that a click may move
const MOVE_MS = 260;

const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

export function useCamera(ref, redraw) {
	const camera = useRef({ k: 1, x: 0, y: 0 });
	const moved = useRef(false);
	const draw = useRef(redraw);
	draw.current = redraw;
	const set = (to) => {
		camera.current = to;
		draw.current();
	};
	const zoom = (by, x, y) => {
		const { k, x: cx, y: cy } = camera.current;
		const next = Math.min(MOST, Math.max(0.5, k * by)), f = next / k;
		set({ k: next, x: x - (x - cx) * f, y: y - (y - cy) * f });
	};
	const go_to = (to) => {
		const from = camera.current, begin = performance.now();
		if (still()) return set(to);
		const step = (now) => {
			const t = Math.min(1, (now - begin) / MOVE_MS), e = 1 - (1 - t) ** 3;
			set({ k: from.k * (to.k / from.k) ** e, x: from.x + (to.x - from.x) * e, y: from.y + (to.y - from.y) * e });
			if (t < 1) requestAnimationFrame(step);
		};
		requestAnimationFrame(step);
	};
	useEffect(() => {
		const canvas = ref.current, fingers = new Map();
		const at = (e) => ({ x: e.offsetX, y: e.offsetY });
		const spread = () => {
			const [a, b] = [...fingers.values()];
			return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, d: Math.hypot(a.x - b.x, a.y - b.y) || 1 };
		};
		const acts = {
			wheel: (e) => (e.preventDefault(), zoom(Math.exp(-e.deltaY * (e.deltaMode ? 0.05 : 0.0015)), e.offsetX, e.offsetY)),
			pointerdown: (e) => (fingers.set(e.pointerId, { ...at(e), x0: e.offsetX, y0: e.offsetY }), (moved.current = false)),
			pointermove: (e) => {
				const was = fingers.get(e.pointerId);
				if (!was) return;
				const before = fingers.size === 2 && spread();
				const dx = e.offsetX - was.x, dy = e.offsetY - was.y;
				if (!moved.current && Math.hypot(e.offsetX - was.x0, e.offsetY - was.y0) < SLOP) return;
				if (!moved.current) canvas.setPointerCapture(e.pointerId);
				moved.current = true;
				fingers.set(e.pointerId, { ...was, ...at(e) });
				if (fingers.size === 1) set({ ...camera.current, x: camera.current.x + dx, y: camera.current.y + dy });
				else if (before) zoom(spread().d / before.d, spread().x, spread().y);
			},
		};
		acts.pointerup = acts.pointercancel = (e) => fingers.delete(e.pointerId);
		for (const name in acts) canvas.addEventListener(name, acts[name], { passive: false });
		return () => {
			for (const name in acts) canvas.removeEventListener(name, acts[name]);
		};
	}, []);
	return { camera, moved, zoom, go_to };
}
