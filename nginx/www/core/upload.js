// Files on their way to the API, which fetch() cannot tell of.
//
//     await call("POST", "/documents", { query: { name }, body: file, headers: { "Content-Type": type }, by: telling((part) => ...) });
//
// tell is given how much has been sent, from 0 to 1.
const headers_of = (lines) => lines.trim().split(/[\r\n]+/).filter(Boolean).map((line) => line.split(/:\s*(.*)/).slice(0, 2));

export const telling = (tell) => (url, { method, headers, body, signal }) => new Promise((done, fail) => {
	const request = new XMLHttpRequest();
	request.open(method, url);
	for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
	request.responseType = "blob";
	request.upload.onprogress = (e) => e.lengthComputable && tell(e.loaded / e.total);
	request.onload = () => done(new Response(request.status === 204 ? null : request.response,
		{ status: request.status, headers: headers_of(request.getAllResponseHeaders()) }));
	request.onerror = () => fail(new TypeError("no answer"));
	request.onabort = () => fail(signal.reason);
	signal?.addEventListener("abort", () => request.abort(), { once: true });
	request.send(body);
});
