/*
 * What the catalogue of a live database must say for the wall between tenants to stand.
 *
 * RULES have no exception: each row is a fault.  LISTED must be in
 * tests/golden/wall.txt, each with its reason, and nothing else may be there.
 */
#ifndef TESTS_DB_APP_CATALOGUE_H
#define TESTS_DB_APP_CATALOGUE_H

#include "base/db.h"

#define CATALOGUE_ROWS(id, text)                                                                   \
	{                                                                                          \
		.name = id, .any_tenant = true, .read = true, .sql = text                          \
	}

/* Tables, and whether they have a tenant. */
#define TABLES                                                                                         \
	"(SELECT c.oid, c.relname::text AS name, c.relowner, c.relrowsecurity, c.relforcerowsecurity," \
	" EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id'"     \
	" AND NOT a.attisdropped) AS tenant FROM pg_class c"                                           \
	" WHERE c.relnamespace = 'app'::regnamespace AND c.relkind IN ('r', 'p')) t"
#define OURS "(tenant_id = ( SELECT app.current_tenant_id() AS current_tenant_id))"
/* Policies in words; the one that every table with a tenant has is set apart. */
#define POLICIES                                                                                                   \
	"(SELECT p.polrelid, t.name || '.' || p.polname AS name, coalesce(p.polname = 'tenant' AND t.tenant"       \
	" AND p.polcmd = '*' AND p.polpermissive AND p.polroles = '{0}'"                                           \
	" AND pg_get_expr(p.polqual, p.polrelid) = '" OURS "'"                                                     \
	" AND pg_get_expr(p.polwithcheck, p.polrelid) = '" OURS "', false) AS usual,"                              \
	" CASE p.polcmd WHEN '*' THEN 'all' WHEN 'r' THEN 'select' WHEN 'a' THEN 'insert'"                         \
	" WHEN 'w' THEN 'update' ELSE 'delete' END || ' to ' || (SELECT string_agg(CASE r WHEN 0"                  \
	" THEN 'public' ELSE pg_get_userbyid(r) END, ',' ORDER BY r) FROM unnest(p.polroles) r)"                   \
	" || coalesce(' using ' || regexp_replace(pg_get_expr(p.polqual, p.polrelid), '\\s+', ' ', 'g'), '')"      \
	" || coalesce(' check ' || regexp_replace(pg_get_expr(p.polwithcheck, p.polrelid), '\\s+', ' ', 'g'), '')" \
	" AS says FROM pg_policy p JOIN " TABLES " ON t.oid = p.polrelid) p"

static const struct db_stmt RULES[] = {
	CATALOGUE_ROWS("w_rls", "SELECT 'row security is not enabled on ' || name AS line"
	                        " FROM " TABLES " WHERE tenant AND NOT relrowsecurity"),
	CATALOGUE_ROWS("w_force", "SELECT 'row security is not forced on ' || name AS line"
	                          " FROM " TABLES " WHERE relrowsecurity <> relforcerowsecurity"),
	CATALOGUE_ROWS("w_relkind",
	               "SELECT 'no policy can bind ' || relname AS line FROM pg_class"
	               " WHERE relnamespace = 'app'::regnamespace AND relkind IN ('m', 'f')"),
	CATALOGUE_ROWS("w_view",
	               "SELECT 'view without security_invoker: ' || relname AS line FROM pg_class"
	               " WHERE relnamespace = 'app'::regnamespace AND relkind = 'v'"
	               " AND NOT coalesce('security_invoker=true' = ANY (reloptions), false)"),
	CATALOGUE_ROWS("w_path",
	               "SELECT 'search_path is not pinned: ' || oid::regprocedure AS line"
	               " FROM pg_proc WHERE pronamespace = 'app'::regnamespace AND prosecdef"
	               " AND NOT coalesce('search_path=pg_catalog' = ANY (proconfig), false)"),
	CATALOGUE_ROWS("w_public",
	               "SELECT 'PUBLIC may call ' || f.oid::regprocedure AS line FROM pg_proc f,"
	               " aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) a"
	               " WHERE f.pronamespace = 'app'::regnamespace AND a.grantee = 0"),
	CATALOGUE_ROWS(
		"w_public_table",
		"SELECT 'PUBLIC has a right on ' || c.relname AS line FROM pg_class c, aclexplode(c.relacl) a"
		" WHERE c.relnamespace = 'app'::regnamespace AND a.grantee = 0"),
	CATALOGUE_ROWS("w_key",
	               "SELECT 'foreign key without the tenant: ' || k.conname AS line"
	               " FROM pg_constraint k WHERE k.contype = 'f'"
	               " AND k.conrelid IN (SELECT oid FROM " TABLES " WHERE tenant)"
	               " AND k.confrelid IN (SELECT oid FROM " TABLES " WHERE tenant)"
	               " AND NOT EXISTS (SELECT FROM unnest(k.conkey, k.confkey) AS x (a, b)"
	               " JOIN pg_attribute f ON f.attrelid = k.conrelid AND f.attnum = x.a"
	               " JOIN pg_attribute t ON t.attrelid = k.confrelid AND t.attnum = x.b"
	               " WHERE f.attname = 'tenant_id' AND t.attname = 'tenant_id')"),
	CATALOGUE_ROWS("w_role", "SELECT 'is bound by no policy: ' || rolname AS line FROM pg_roles"
	                         " WHERE rolname LIKE 'portolan%' AND (rolsuper OR rolbypassrls"
	                         " OR rolcreaterole OR rolreplication OR rolcreatedb)"),
	CATALOGUE_ROWS(
		"w_member",
		"SELECT m.rolname || ' has the rights of ' || r.rolname AS line"
		" FROM pg_roles m, pg_roles r WHERE m.rolname LIKE 'portolan%'"
		" AND m.oid <> r.oid AND r.rolname <> 'pg_database_owner' AND pg_has_role(m.oid, r.oid, 'USAGE')"
		" AND (m.rolname, r.rolname) <> ('portolan_runner', 'portolan_app')"),
	CATALOGUE_ROWS(
		"w_become",
		"SELECT m.rolname || ' may become ' || r.rolname AS line"
		" FROM pg_roles m, pg_roles r WHERE m.rolname LIKE 'portolan%'"
		" AND m.oid <> r.oid AND r.rolname <> 'pg_database_owner' AND pg_has_role(m.oid, r.oid, 'MEMBER')"
		" AND (m.rolname, r.rolname) NOT IN (('portolan_runner', 'portolan_app'),"
		" ('portolan_owner', 'portolan_gate'))"),
	CATALOGUE_ROWS("w_owner",
	               "SELECT 'another than portolan_owner owns ' || relname AS line FROM pg_class"
	               " WHERE relnamespace = 'app'::regnamespace"
	               " AND pg_get_userbyid(relowner) <> 'portolan_owner'"),
	CATALOGUE_ROWS("w_create",
	               "SELECT rolname || ' may create in schema app' AS line FROM pg_roles"
	               " WHERE rolname LIKE 'portolan%' AND rolname <> 'portolan_owner'"
	               " AND has_schema_privilege(oid, 'app', 'CREATE')"),
	CATALOGUE_ROWS(
		"w_ddl",
		"SELECT g.rolname || ' may ' || a.privilege_type || ' ' || c.relname AS line"
		" FROM pg_class c, aclexplode(c.relacl) a JOIN pg_roles g ON g.oid = a.grantee"
		" WHERE c.relnamespace = 'app'::regnamespace AND c.relowner <> a.grantee"
		" AND a.privilege_type IN ('TRUNCATE', 'REFERENCES', 'TRIGGER')"),
};

static const struct db_stmt LISTED[] = {
	CATALOGUE_ROWS("w_table",
	               "SELECT 'table ' || name || CASE WHEN relrowsecurity THEN '' ELSE"
	               " ' without row security' END AS line FROM " TABLES " WHERE NOT tenant"),
	CATALOGUE_ROWS(
		"w_unusual",
		"SELECT 'table ' || name || ' without the policy tenant' AS line FROM " TABLES
		" WHERE tenant AND NOT EXISTS (SELECT FROM " POLICIES
		" WHERE p.polrelid = t.oid AND p.usual)"),
	CATALOGUE_ROWS("w_policy",
	               "SELECT 'policy ' || p.name || ' ' || p.says AS line FROM " POLICIES
	               " WHERE NOT p.usual"),
	CATALOGUE_ROWS("w_definer",
	               "SELECT 'function ' || f.proname || ' of ' || pg_get_userbyid(f.proowner)"
	               " || ' for ' || coalesce((SELECT string_agg(pg_get_userbyid(a.grantee), ','"
	               " ORDER BY pg_get_userbyid(a.grantee)) FROM aclexplode(f.proacl) a"
	               " WHERE a.grantee <> f.proowner), 'nobody') AS line FROM pg_proc f"
	               " WHERE f.pronamespace = 'app'::regnamespace AND f.prosecdef"),
};

#endif
