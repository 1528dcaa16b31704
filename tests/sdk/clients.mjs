/*
 * The official clients of OpenAI and Anthropic, against the fake providers and against Portolan itself.
 *
 *     node clients.mjs fake|portolan <<<'{"fake": URL, "url": URL, "key": ..., "viewer": ..., "project": N}'
 *
 * Prints a line for each check: "ok NAME" or "not ok NAME: why".  What these clients accept from the fake is
 * what the program's gateway is tested with; what they accept from Portolan is what any client of theirs gets.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

const given = JSON.parse(readFileSync(0, "utf8"));
const KEY = "canary-key-of-the-provider";
const TEXT = "Grüße, 世界 🌍: one answer, in pieces.";
const LONG = Array.from({ length: 60 }, (_, i) => `word${i} `).join("");
const TOOL = { name: "look", description: "Looks", schema: { type: "object", properties: { name: { type: "string" } } } };
const CALL = { id: "call_7", name: "look", arguments: '{"name":"pärse_\\"request\\""}' };

let keys = 0;
const script = (...steps) => `fake:${JSON.stringify({ key: `sdk-${process.pid}-${keys++}`, steps })}`;

async function check(name, run) {
	try {
		await run();
		console.log(`ok ${name}`);
	} catch (e) {
		console.log(`not ok ${name}: ${String(e.stack ?? e).replace(/\s+/g, " ").slice(0, 300)}`);
	}
}

/* The error that a call fails with, which must be of a class; its members as named. */
async function fails(kind, members, run) {
	const e = await run().then(
		() => assert.fail(`no ${kind.name}`),
		(e) => e,
	);

	assert.ok(e instanceof kind, `${kind.name} is wanted, ${e.constructor.name} came: ${e.message}`);
	for (const [name, value] of Object.entries(members))
		assert.deepEqual(e[name], value, `${name} of ${kind.name}`);
	return e;
}

/* --- One wire, two dialects: what both clients must make of the same script --- */

const openai = (more = {}) => new OpenAI({ baseURL: `${given.fake}/v1`, apiKey: KEY, maxRetries: 0, ...more });
const anthropic = (more = {}) => new Anthropic({ baseURL: given.fake, apiKey: KEY, maxRetries: 0, ...more });

const wires = {
	openai: {
		lib: OpenAI,
		client: openai,
		prefix: "data: ",
		async ask(client, text, tools) {
			const out = { text: "", calls: [], finish: null, usage: null };
			const stream = client.chat.completions.stream({
				model: "fake-1",
				stream_options: { include_usage: true },
				messages: [{ role: "user", content: text }],
				...(tools && { tools: [{ type: "function", function: { name: TOOL.name, description: TOOL.description, parameters: TOOL.schema } }] }),
			});
			for await (const chunk of stream)
				out.text += chunk.choices[0]?.delta?.content ?? "";
			const whole = await stream.finalChatCompletion();

			assert.equal(whole.choices[0].message.content ?? "", out.text);
			out.calls = (whole.choices[0].message.tool_calls ?? []).map((c) => ({ id: c.id, name: c.function.name, input: JSON.parse(c.function.arguments || "{}") }));
			out.finish = whole.choices[0].finish_reason;
			out.usage = {
				input: whole.usage.prompt_tokens,
				cached: whole.usage.prompt_tokens_details.cached_tokens,
				output: whole.usage.completion_tokens,
			};
			return out;
		},
		finish: { stop: "stop", length: "length", tool_calls: "tool_calls", content_filter: "content_filter" },
	},
	anthropic: {
		lib: Anthropic,
		client: anthropic,
		prefix: "event: ",
		async ask(client, text, tools) {
			const out = { text: "", calls: [], finish: null, usage: null };
			const stream = client.messages.stream({
				model: "fake-1",
				max_tokens: 1000,
				messages: [{ role: "user", content: text }],
				...(tools && { tools: [{ name: TOOL.name, description: TOOL.description, input_schema: TOOL.schema }] }),
			});
			stream.on("text", (piece) => (out.text += piece));
			const whole = await stream.finalMessage();

			assert.equal(whole.content.filter((b) => b.type === "text").map((b) => b.text).join(""), out.text);
			out.calls = whole.content.filter((b) => b.type === "tool_use").map(({ id, name, input }) => ({ id, name, input }));
			out.finish = whole.stop_reason;
			out.usage = {
				input: whole.usage.input_tokens + whole.usage.cache_read_input_tokens,
				cached: whole.usage.cache_read_input_tokens,
				output: whole.usage.output_tokens,
			};
			return out;
		},
		finish: { stop: "end_turn", length: "max_tokens", tool_calls: "tool_use", content_filter: "refusal" },
	},
};

async function fake(name, wire) {
	const { lib, client, ask } = wire;
	const calls = [{ id: CALL.id, name: CALL.name, input: JSON.parse(CALL.arguments) }];

	for (const [form, how] of Object.entries({
		plain: {},
		bytes: { split: 1 },
		crlf: { split: 3, eol: "\r\n", noise: true },
	})) {
		await check(`${name}-text-${form}`, async () => {
			const got = await ask(client(), script({ text: TEXT, input: 50, cached: 20, ...how }));

			assert.equal(got.text, TEXT);
			assert.equal(got.finish, wire.finish.stop);
			assert.equal(got.usage.input, 50);
			assert.equal(got.usage.cached, 20);
			assert.ok(got.usage.output > 5);
		});
		await check(`${name}-tools-${form}`, async () => {
			const got = await ask(client(), script({ text: "Let me look.", tools: [{ ...CALL, piece: 1 }, { id: "call_8", name: "look", arguments: "" }], ...how }), true);

			assert.equal(got.text, "Let me look.");
			assert.deepEqual(got.calls, [...calls, { id: "call_8", name: "look", input: {} }]);
			assert.equal(got.finish, wire.finish.tool_calls);
		});
	}
	for (const finish of ["length", "content_filter"])
		await check(`${name}-finish-${finish}`, async () => {
			if (name === "openai") { /* its helper throws for these: the chunks are looked at */
				const seen = [];
				for await (const c of await client().chat.completions.create({ model: "fake-1", stream: true, messages: [{ role: "user", content: script({ finish }) }] }))
					seen.push(...c.choices.map((x) => x.finish_reason).filter(Boolean));
				assert.deepEqual(seen, [wire.finish[finish]]);
				return;
			}
			assert.equal((await ask(client(), script({ finish }))).finish, wire.finish[finish]);
		});
	await check(`${name}-errors`, async () => {
		const refused = (status, type) => script({ status, error: { type, message: "as the script says", code: "c" } });

		await fails(lib.AuthenticationError, { status: 401 }, () => ask(client({ apiKey: "wrong" }), script({})));
		await fails(lib.BadRequestError, { status: 400 }, () => ask(client(), refused(400, "invalid_request_error")));
		await fails(lib.PermissionDeniedError, { status: 403 }, () => ask(client(), refused(403, "permission_error")));
		await fails(lib.NotFoundError, { status: 404 }, () => ask(client(), refused(404, "not_found_error")));
		await fails(lib.RateLimitError, { status: 429 }, () => ask(client(), refused(429, "rate_limit_error")));
		const e = await fails(lib.InternalServerError, { status: 529 }, () => ask(client(), refused(529, "overloaded_error")));
		assert.match(e.message, /as the script says/);
	});
	await check(`${name}-mid-stream-error`, async () => {
		await fails(lib.APIError, {}, () => ask(client(), script({ text: LONG, fail: 3, error: { type: "overloaded_error", message: "Overloaded" } })));
	});
	await check(`${name}-dies-in-mid-stream`, async () => {
		await fails(Error, {}, () => ask(client(), script({ text: LONG, cut: 3 })));
	});
	/* The same client that obeys these of a real provider obeys them here. */
	for (const [form, headers, least, most] of [
		["retry-after-ms", { "retry-after-ms": "300" }, 250, 5000],
		["retry-after", { "retry-after": "1" }, 900, 6000],
	])
		await check(`${name}-${form}`, async () => {
			const since = Date.now();
			const got = await ask(client({ maxRetries: 1 }), script({ status: 429, headers, error: { type: "rate_limit_error", message: "slow" } }, { text: "At last." }));

			assert.equal(got.text, "At last.");
			assert.ok(Date.now() - since >= least && Date.now() - since < most, `${Date.now() - since} ms`);
		});
	await check(`${name}-not-again`, async () => {
		await fails(lib.RateLimitError, { status: 429 }, () => ask(client({ maxRetries: 1 }), script({ status: 429, headers: { "x-should-retry": "false" } }, { text: "Never." })));
	});
	await check(`${name}-models`, async () => {
		const names = [];
		for await (const m of client().models.list())
			names.push(m.id);
		assert.deepEqual(names, ["fake-1", "fake-embed"]);
	});
}

/* A whole round with a tool: what the clients send back is what the fake demands of everybody. */
async function rounds() {
	await check("openai-round", async () => {
		const got = await openai().chat.completions.create({
			model: "fake-1",
			stream: true,
			messages: [
				{ role: "system", content: "Be short." },
				{ role: "user", content: script({ text: "Found." }) },
				{ role: "assistant", content: null, tool_calls: [{ id: "a", type: "function", function: { name: "look", arguments: "{}" } }] },
				{ role: "tool", tool_call_id: "a", content: "lib/a.c:3" },
			],
		});
		let text = "";
		for await (const c of got)
			text += c.choices[0]?.delta?.content ?? "";
		assert.equal(text, "Found.");
		await fails(OpenAI.BadRequestError, {}, () => openai().chat.completions.create({ model: "fake-1", stream: true, messages: [{ role: "tool", tool_call_id: "b", content: "x" }] }));
	});
	await check("anthropic-round", async () => {
		const got = await anthropic().messages.stream({
			model: "fake-1",
			max_tokens: 10,
			system: "Be short.",
			messages: [
				{ role: "user", content: script({ text: "Found." }) },
				{ role: "assistant", content: [{ type: "tool_use", id: "a", name: "look", input: {} }] },
				{ role: "user", content: [{ type: "tool_result", tool_use_id: "a", content: "lib/a.c:3" }] },
			],
		}).finalText();
		assert.equal(got, "Found.");
	});
}

/* --- Portolan as a model of OpenAI's form --- */

const mine = (more = {}) => new OpenAI({ baseURL: `${given.url}/v1`, apiKey: given.key, maxRetries: 0, ...more });
const asked = (text) => ({ model: `project/${given.project}`, messages: [{ role: "system", content: "Be short." }, { role: "user", content: text }] });

async function portolan() {
	await check("lists", async () => {
		const names = [];
		for await (const m of mine().models.list())
			names.push(m.id);
		assert.deepEqual(names.sort(), [`project/${given.project}`, "projects"].sort());
	});
	await check("retrieves", async () => {
		const m = await mine().models.retrieve(`project/${given.project}`);

		assert.equal(m.id, `project/${given.project}`);
		assert.equal(m.object, "model");
		assert.ok(m.created > 1700000000);
		await fails(OpenAI.NotFoundError, { status: 404 }, () => mine().models.retrieve("project/999999"));
	});
	await check("whole", async () => {
		const { data, response } = await mine().chat.completions.create(asked(`Where? ${script({ text: "In [lib/parse.c:3-6].", input: 123 })}`)).withResponse();

		assert.equal(response.status, 200);
		assert.ok(data._request_id, "the request's id is told");
		assert.equal(data.object, "chat.completion");
		assert.equal(data.choices.length, 1);
		assert.equal(data.choices[0].message.role, "assistant");
		assert.equal(data.choices[0].message.content, "In `lib/parse.c:3-6` [1].");
		assert.equal(data.choices[0].finish_reason, "stop");
		assert.equal(data.usage.prompt_tokens, 123);
		assert.ok(data.usage.completion_tokens > 0);
		assert.equal(data.usage.total_tokens, data.usage.prompt_tokens + data.usage.completion_tokens);
		assert.equal(data.portolan.citations[0].path, "lib/parse.c");
	});
	await check("streamed", async () => {
		const stream = mine().chat.completions.stream({ ...asked(`Where? ${script({ text: `${TEXT} In [lib/parse.c:3].`, input: 77, pace: 20 })}`), stream_options: { include_usage: true } });
		let text = "", pieces = 0;

		for await (const c of stream) {
			text += c.choices[0]?.delta?.content ?? "";
			pieces += c.choices[0]?.delta?.content ? 1 : 0;
		}
		const whole = await stream.finalChatCompletion();

		assert.equal(text, `${TEXT} In \`lib/parse.c:3\` [1].`);
		assert.equal(whole.choices[0].message.content, text);
		assert.equal(whole.choices[0].finish_reason, "stop");
		assert.equal(whole.usage.prompt_tokens, 77);
		assert.ok(pieces > 1, `it came in ${pieces} piece`);
	});
	await check("without-usage", async () => {
		for await (const c of await mine().chat.completions.create({ ...asked(`Where? ${script({})}`), stream: true }))
			assert.ok(c.choices.length === 1 && !c.usage);
	});
	await check("errors", async () => {
		const all = mine().chat.completions;
		const create = (more) => () => all.create({ ...asked("Where?"), ...more });

		await fails(OpenAI.AuthenticationError, { status: 401, type: "authentication_error" }, () => mine({ apiKey: "pk_wrong" }).models.list());
		await fails(OpenAI.NotFoundError, { status: 404, code: "not-found" }, create({ model: "project/999999" }));
		const e = await fails(OpenAI.BadRequestError, { status: 400, type: "invalid_request_error", param: "model" }, create({ model: "gpt-9" }));
		assert.ok(e.requestID, "the request's id is told");
		await fails(OpenAI.BadRequestError, { param: "tools" }, create({ tools: [{ type: "function", function: { name: "f", parameters: {} } }] }));
		await fails(OpenAI.BadRequestError, { param: "n" }, create({ n: 2 }));
		await fails(OpenAI.BadRequestError, {}, create({ messages: [] }));
		await fails(OpenAI.PermissionDeniedError, { status: 403 }, () => mine({ apiKey: given.viewer }).chat.completions.create(asked("Where?")));
		await fails(OpenAI.NotFoundError, { status: 404 }, () => mine().files.list());
	});
	/* A model that nobody may fall back from fails, also once the stream has begun: the client throws. */
	await check("error-in-the-stream", async () => {
		await fails(OpenAI.APIError, {}, async () => {
			for await (const c of await mine().chat.completions.create({ ...asked(`Where? ${script({ status: 401, error: { type: "x", message: "no" } })}`), model: `project/${given.project}@fake`, stream: true }))
				assert.ok(c);
		});
	});
	await check("abort", async () => {
		const stream = await mine().chat.completions.create({ ...asked(`Where? ${script({ text: LONG, pace: 30, hold: 20 })}`), stream: true });
		let pieces = 0;

		for await (const c of stream) {
			pieces += c.choices[0]?.delta?.content ? 1 : 0;
			if (pieces === 2)
				stream.controller.abort();
		}
		assert.equal(pieces, 2);
		assert.ok(stream.controller.signal.aborted);
		/* And one before anything has come. */
		const gone = new AbortController();
		setTimeout(() => gone.abort(), 100);
		await fails(OpenAI.APIUserAbortError, {}, () => mine().chat.completions.create(asked(`Where? ${script({ text: LONG, pace: 100 })}`), { signal: gone.signal }));
		/* Whoever goes away leaves the others as they were. */
		assert.equal((await mine().chat.completions.create(asked(`Where? ${script({ text: "Still here." })}`))).choices[0].message.content, "Still here.");
	});
}

if (process.argv[2] === "fake") {
	await Promise.all([...Object.entries(wires).map(([name, wire]) => fake(name, wire)), rounds()]);
} else {
	await portolan();
}
