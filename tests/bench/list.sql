\startpipeline
SELECT k.tenant_id, CASE WHEN k.id IS NULL THEN app.refuse('PT401') WHEN k.role < 1 THEN app.refuse('PT403') ELSE k.id END AS key_id, k.role FROM (SELECT) AS always LEFT JOIN app.api_key k ON k.id = :key_id AND k.secret_hash = '\x@key_hash@'::bytea AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now()) AND k.tenant_id = :tenant;
SELECT id, name, repository_url, default_branch, status, error_type, error, head_commit, version, (date_part('epoch', created_at) * 1000000)::bigint AS created_at, (date_part('epoch', updated_at) * 1000000)::bigint AS updated_at FROM app.project WHERE tenant_id = :tenant AND id < 9223372036854775807 ORDER BY id DESC LIMIT 21;
\endpipeline
