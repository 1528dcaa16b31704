\startpipeline
SELECT tenant_id, key_id, role FROM app.admit_key(:key_id, '{"\\x@key_hash@"}', 1, '', :tenant);
SELECT id, name, repository_url, default_branch, status, error_type, error, head_commit, version, (date_part('epoch', created_at) * 1000000)::bigint AS created_at, (date_part('epoch', updated_at) * 1000000)::bigint AS updated_at FROM app.project WHERE tenant_id = :tenant AND id < 9223372036854775807 ORDER BY id DESC LIMIT 21;
\endpipeline
