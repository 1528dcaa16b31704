// The API's documentation: Swagger UI over this server's own OpenAPI document.  "Try it out" works with the session of
// who is signed in, or with a key that is given under Authorize.
import SwaggerUI from "swagger-ui-dist/swagger-ui-es-bundle.js";

// Descriptions come as HTML made of their Markdown.  Only bare marks of text are taken for such; all else is text.
const PLAIN = /<(?!\/?(?:p|br|code|pre|em|strong|ul|ol|li|h[1-6])>)/gi;
window.trustedTypes?.createPolicy("default", { createHTML: (text) => text.replace(PLAIN, "&lt;") });

const dark = matchMedia("(prefers-color-scheme: dark)");
const theme = () => {
	let chosen = "";
	try {
		chosen = localStorage.getItem("theme") ?? "";
	} catch {
		// a browser that keeps nothing
	}
	document.documentElement.dataset.theme = chosen;
	document.documentElement.classList.toggle("dark-mode", chosen ? chosen === "dark" : dark.matches);
};
theme();
dark.addEventListener("change", theme);

// The token of the session, without which it may change nothing; asked for when it is first needed.
let csrf = null;
const token = () =>
	(csrf ??= fetch("/api/v1/auth/me").then(async (answer) => (answer.ok ? (await answer.json()).csrf_token : null), () => null));

async function with_token(request) {
	const own = new URL(request.url, location.href).origin === location.origin;
	if (own && request.method && request.method !== "GET" && !request.headers.Authorization) {
		const value = await token();
		if (value) request.headers["X-CSRF-Token"] = value;
	}
	return request;
}

// What Swagger UI leaves without a name, names twice, or puts out of order: [which, attribute, value; null takes it away].
const MENDED = [
	[".information-container", "role", "region"],
	[".information-container", "aria-label", "About the API"],
	[".scheme-container", "role", "region"],
	[".scheme-container", "aria-label", "Authorisation"],
	[".filter", "role", "search"],
	["h3.opblock-tag, .modal-ux-header h3", "aria-level", "2"], // below the title, which is of the first
	["h4, .scopes h2", "aria-level", "3"],
	["h5", "aria-level", "4"],
	["[role=region][id$=_responses]", "role", "group"],
	["button a[href]", "href", null],
	[".auth-btn-wrapper [aria-label]", "aria-label", null],
	[".close-modal", "aria-label", "Close"],
	[".microlight", "tabindex", "0"],
];
const NAMES = { select: "Choose", textarea: "Value", "input:not([type=hidden])": "Value" };

function mend(root) {
	for (const [which, name, value] of MENDED)
		for (const found of root.querySelectorAll(which))
			if (value === null) found.removeAttribute(name);
			else if (found.getAttribute(name) !== value) found.setAttribute(name, value);
	for (const [kind, name] of Object.entries(NAMES))
		for (const field of root.querySelectorAll(`${kind}:not([aria-label]):not([aria-labelledby])`))
			if (!field.labels?.length) field.setAttribute("aria-label", field.placeholder || field.title || name);
}

const root = document.getElementById("docs");
new MutationObserver(() => mend(root)).observe(root, { childList: true, subtree: true });
SwaggerUI({
	domNode: root,
	url: "/api/v1/openapi.json",
	validatorUrl: null,
	deepLinking: true,
	docExpansion: "none",
	defaultModelsExpandDepth: -1,
	displayRequestDuration: true,
	filter: true,
	requestInterceptor: with_token,
});
