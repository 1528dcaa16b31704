// Numbers, times and sizes for eyes.
const LANGUAGE = "en";
const whole = new Intl.NumberFormat(LANGUAGE);
const short = new Intl.NumberFormat(LANGUAGE, { notation: "compact", maximumFractionDigits: 1 });
const since = new Intl.RelativeTimeFormat(LANGUAGE, { numeric: "auto" });
const absolute = new Intl.DateTimeFormat(LANGUAGE, { dateStyle: "medium", timeStyle: "medium" });
const UNITS = [["year", 31557600], ["month", 2629800], ["day", 86400], ["hour", 3600], ["minute", 60]];

export const number = (n) => whole.format(n);
export const compact = (n) => short.format(n);
export const percent = (part, of) => (of ? `${((100 * part) / of).toFixed(part && part / of < 0.1 ? 1 : 0)} %` : "0 %");
export const plural = (n, one, many = `${one}s`) => `${number(n)} ${n === 1 ? one : many}`;

export function bytes(n) {
	const units = ["bytes", "kB", "MB", "GB", "TB"];
	let unit = 0;
	while (n >= 1000 && unit < units.length - 1) {
		n /= 1000;
		unit++;
	}
	return `${unit && n < 10 ? n.toFixed(1) : Math.round(n)} ${units[unit]}`;
}

// n small units, of which `of` make a large one; the small ones are left out where there are none.
const in_two = (n, of, large, small) => `${Math.floor(n / of)} ${large}${n % of ? ` ${n % of} ${small}` : ""}`;

// A length of time in seconds.
export function duration(s) {
	if (s < 0.9995) return `${Math.round(s * 1000)} ms`;
	if (s < 59.5) return `${s < 9.95 ? s.toFixed(1) : Math.round(s)} s`;
	if (s < 3599.5) return in_two(Math.round(s), 60, "min", "s");
	if (s < 86370) return in_two(Math.round(s / 60), 60, "h", "min");
	return in_two(Math.round(s / 3600), 24, "d", "h");
}

export const moment = (time) => absolute.format(new Date(time));

export function ago(time, now = Date.now()) {
	const s = (new Date(time) - now) / 1000;
	for (const [unit, length] of UNITS)
		if (Math.abs(s) >= length) return since.format(Math.round(s / length), unit);
	return Math.abs(s) < 10 ? "just now" : since.format(Math.round(s), "second");
}

// The first characters of a commit's or blob's name.
export const short_id = (id) => (id ?? "").slice(0, 10);
