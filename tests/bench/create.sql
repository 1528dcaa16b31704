\set n random(1, 1000000000000)
BEGIN;
SELECT app.admit_key_packed(:key_id, '{"\\x@key_hash@"}', 2, '', :tenant);
INSERT INTO app.project (tenant_id, name, repository_url) VALUES (:tenant, 'pgbench ' || :n, 'https://bench.test/x.git') RETURNING id AS project \gset
WITH audited AS (INSERT INTO app.audit (tenant_id, action, actor, key_id, target, detail, outcome) VALUES (:tenant, 'project.created', 'bench', :key_id, 'project:' || :project, '{}', 'done')) INSERT INTO app.event_outbox (tenant_id, project_id, kind, payload, actor) VALUES (:tenant, :project, 'project.created', '{}', 'bench');
INSERT INTO app.background_job (tenant_id, project_id, job_type, queue, run_at, unique_key, order_key) VALUES (:tenant, :project, 'repository_processing', 'bench', now() + interval '1 day', 'bench:' || :project, 'bench:' || :project);
COMMIT;
