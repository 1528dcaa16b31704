\set n random(1, 1000000000000)
BEGIN;
SELECT k.tenant_id, CASE WHEN k.id IS NULL THEN app.refuse('PT401') WHEN k.role < 2 THEN app.refuse('PT403') ELSE k.id END AS key_id, k.role FROM (SELECT) AS always LEFT JOIN app.api_key k ON k.id = :key_id AND k.secret_hash = '\x@key_hash@'::bytea AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now()) AND k.tenant_id = :tenant;
INSERT INTO app.project (tenant_id, name, repository_url) VALUES (:tenant, 'pgbench ' || :n, 'https://bench.test/x.git') RETURNING id AS project \gset
INSERT INTO app.event (tenant_id, project_id, kind, payload, actor) VALUES (:tenant, :project, 'project.created', '{}', 'bench');
INSERT INTO app.background_job (tenant_id, project_id, job_type, queue, run_at, unique_key, order_key) VALUES (:tenant, :project, 'repository_processing', 'bench', now() + interval '1 day', 'bench:' || :project, 'bench:' || :project);
COMMIT;
