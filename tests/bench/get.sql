\set id random(:first, :last)
\startpipeline
SELECT tenant_id, key_id, role FROM app.admit(:key_id, '\x@key_hash@'::bytea, 1, :tenant);
SELECT id, name, repository_url, default_branch, status, error_type, error, head_commit, version, (extract(epoch FROM created_at) * 1000000)::bigint AS created_at, (extract(epoch FROM updated_at) * 1000000)::bigint AS updated_at FROM app.project WHERE tenant_id = :tenant AND id = :id;
\endpipeline
