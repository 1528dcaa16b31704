// Peers of the job bench, on a database of their own: jobs that do nothing, enqueued in SQL, drained by one
// process with two fetchers of a hundred.  Prints jobs a second, from the first job to the last.
//
//   node peers.mjs graphile-batched|graphile|pg-boss N CONNECTION
import { run, runMigrations } from "graphile-worker";
import { PgBoss } from "pg-boss";
import pg from "pg";

const [name, count, connectionString] = process.argv.slice(2);
const n = Number(count);
const pool = new pg.Pool({ connectionString, max: 10 });
let first = 0n;
let done = 0;
let finish;
const finished = new Promise((resolve) => (finish = resolve));

function count_one() {
	if (done++ === 0) first = process.hrtime.bigint();
	if (done === n) finish();
}

async function graphile(batched) {
	await pool.query("DROP SCHEMA IF EXISTS graphile_worker CASCADE");
	await runMigrations({ pgPool: pool });
	for (let left = n; left > 0; left -= 10000)
		await pool.query(
			"SELECT count(*) FROM graphile_worker.add_jobs(ARRAY(SELECT ROW('noop', '{}'::json, NULL, NULL, NULL, NULL, NULL, NULL)" +
				"::graphile_worker.job_spec FROM generate_series(1, $1::int)))",
			[Math.min(left, 10000)],
		);
	await pool.query("VACUUM ANALYZE");
	const worker = batched
		? { localQueue: { size: 200 }, completeJobBatchDelay: 0, failJobBatchDelay: 0, concurrentJobs: 24 }
		: { concurrentJobs: 8 };
	const runner = await run({
		pgPool: pool,
		taskList: { noop: async () => count_one() },
		noHandleSignals: true,
		preset: { worker: { ...worker, connectionString, maxPoolSize: 10 } },
		logger: undefined,
	});
	await finished;
	const end = process.hrtime.bigint();
	await runner.stop();
	return end;
}

async function boss() {
	await pool.query("DROP SCHEMA IF EXISTS pgboss CASCADE");
	const b = new PgBoss({ connectionString, max: 10, supervise: false, schedule: false });
	await b.start();
	await b.createQueue("noop");
	for (let i = 0; i < n; i += 1000) await b.insert("noop", Array.from({ length: Math.min(1000, n - i) }, () => ({ data: {} })));
	await pool.query("VACUUM ANALYZE");
	first = process.hrtime.bigint();
	const drain = async () => {
		for (;;) {
			const jobs = await b.fetch("noop", { batchSize: 100 });
			if (!jobs || jobs.length === 0) return;
			await b.complete("noop", jobs.map((j) => j.id));
			done += jobs.length;
		}
	};
	await Promise.all([drain(), drain()]);
	const end = process.hrtime.bigint();
	await b.stop({ graceful: false });
	return end;
}

const end = name === "pg-boss" ? await boss() : await graphile(name === "graphile-batched");
console.log((done / (Number(end - first) / 1e9)).toFixed(0));
await pool.end();
process.exit(0);
