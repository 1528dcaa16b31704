\startpipeline
SELECT app.admit_key_packed(:key_id, '{"\\x@key_hash@"}', 1, '', :tenant);
SELECT id, name, repository_url, default_branch, status, error_type, error, head_commit, clone_bytes + map_bytes AS storage_bytes, secret_id, sync_schedule_id, version, created_at, updated_at FROM app.project WHERE tenant_id = :tenant AND id < 9223372036854775807 ORDER BY id DESC LIMIT 21;
\endpipeline
