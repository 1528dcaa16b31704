/*
 * What a page of another origin may try.  Each function returns a promise of what the page saw: "sent"
 * where it sees nothing, otherwise what it could read.  APP is the origin that is attacked.
 */
"use strict";

const APP = new URLSearchParams(location.search).get("app");
const WAIT_MS = 4000; /* for an event that may never come */

function event_of(element, names, add) {
	return new Promise(resolve => {
		for (const name of names)
			element.addEventListener(name, () => resolve(name));
		setTimeout(() => resolve("nothing"), WAIT_MS);
		if (add)
			document.body.append(element);
	});
}

function make_form(method, path, type, fields, target) {
	const form = document.createElement("form");

	form.method = method;
	form.action = APP + path;
	form.enctype = type;
	form.target = target;
	for (const [name, value] of Object.entries(fields)) {
		const input = document.createElement("input");

		input.type = "hidden";
		input.name = name;
		input.value = value;
		form.append(input);
	}
	document.body.append(form);
	return form;
}

/* A form whose answer lands in a frame. */
async function form(path, type, fields) {
	const frame = document.createElement("iframe");
	let loaded;

	frame.name = "hole" + Math.random();
	await event_of(frame, ["load"], true);
	loaded = event_of(frame, ["load"], false);
	make_form("post", path, type, fields, frame.name).submit();
	await loaded;
	return "sent";
}

/* A form of text/plain whose body is JSON but for an "=" in a member. */
function json_form(path, object) {
	const text = JSON.stringify({ ...object, x: "" });

	return form(path, "text/plain", { [text.slice(0, -2)]: '"}' });
}

/* A form that takes the whole window with it. */
function leave(path, type, fields) {
	setTimeout(() => make_form("post", path, type, fields, "_self").submit(), 50);
	return "sent";
}

/* A window of the application, and a form that aims at it. */
async function popup(path, type, fields) {
	const window_of_app = window.open(APP + "/", "app");

	await new Promise(resolve => setTimeout(resolve, 500));
	make_form("post", path, type, fields, "app").submit();
	await new Promise(resolve => setTimeout(resolve, 500));
	try {
		return window_of_app.document.body.innerText;
	} catch (e) {
		return window_of_app.closed ? "severed" : "out of reach";
	}
}

/* fetch(); what the page may read of the answer. */
async function call(method, path, options = {}) {
	try {
		const answer = await fetch(APP + path, { method, cache: "no-store", ...options });

		if (answer.type === "opaque")
			return "opaque";
		return answer.status + " " + (await answer.text());
	} catch (e) {
		return "refused";
	}
}

/* The same as a page that lives in a frame of origin "null". */
function from_frame(script, how) {
	const frame = document.createElement("iframe");
	const html = `<body><script>
		fetch(${JSON.stringify(APP + script.path)}, ${JSON.stringify(script.options)})
			.then(a => a.type === "opaque" ? "opaque" : a.text(), () => "refused")
			.then(v => parent.postMessage(self.origin + " " + v, "*"));
	</scr` + `ipt>`;

	if (how === "data") {
		frame.src = "data:text/html," + encodeURIComponent(html);
	} else {
		frame.sandbox = "allow-scripts allow-forms";
		frame.srcdoc = html;
	}
	return new Promise(resolve => {
		window.addEventListener("message", e => resolve(e.data));
		setTimeout(() => resolve("nothing"), WAIT_MS);
		document.body.append(frame);
	});
}

/* A form in a sandboxed frame, whose origin is "null". */
async function form_from_sandbox(path, fields) {
	const frame = document.createElement("iframe");
	const inputs = Object.entries(fields)
		.map(([k, v]) => `<input name="${k}" value="${v}">`)
		.join("");

	frame.sandbox = "allow-scripts allow-forms";
	frame.srcdoc = `<form method="post" action="${APP + path}">${inputs}</form>
		<script>document.forms[0].submit()</scr` + `ipt>`;
	await event_of(frame, ["load"], true);
	await event_of(frame, ["load"], false);
	return "sent";
}

/* An element that loads: "load" or "error". */
function element(tag, attribute, path, extra = {}) {
	const made = document.createElement(tag);

	Object.assign(made, extra);
	made[attribute] = APP + path;
	return event_of(made, ["load", "error"], true);
}

/* All kinds of elements that fetch by GET, one after the other. */
async function elements(path) {
	const seen = [];

	seen.push(await element("img", "src", path));
	seen.push(await element("script", "src", path));
	seen.push(await element("link", "href", path, { rel: "stylesheet" }));
	seen.push(await element("video", "src", path));
	return seen.join(" ");
}

function beacon(path, text, type) {
	return navigator.sendBeacon(APP + path, new Blob([text], { type })) ? "sent" : "refused";
}

function socket(path) {
	return new Promise(resolve => {
		const s = new WebSocket(APP.replace("http", "ws") + path);

		s.onopen = () => resolve("open");
		s.onerror = () => resolve("refused");
	});
}

function stream(path) {
	return new Promise(resolve => {
		const s = new EventSource(APP + path, { withCredentials: true });

		s.onopen = () => resolve("open");
		s.onerror = () => resolve("refused");
	});
}
