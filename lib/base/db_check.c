/*
 * Statements against the schema of a live database: does each one prepare, with
 * the places, columns and types that the program counts on, and may its role run it?
 *
 * A wrong name in SQL is found here, in the tests, and not by a user's request; and
 * so is a grant that a migration has forgotten.
 */
#include "base/db_conn.h"

#include <stdio.h>
#include <string.h>

#define CHECKED "checked" /* what each statement is called in its turn */

/* Object ids of built-in types; fixed in PostgreSQL's catalogue. */
enum {
	OID_BOOL = 16,
	OID_NAME = 19,
	OID_INT8 = 20,
	OID_INT2 = 21,
	OID_INT4 = 23,
	OID_TEXT = 25,
	OID_TID = 27,
	OID_JSON = 114,
	OID_VARCHAR = 1043,
	OID_TIMESTAMPTZ = 1184,
	OID_UUID = 2950,
	OID_JSONB = 3802,
};

/* Whether schema_set_column() reads a column of that type into such a field. */
static bool fits(enum field_type type, Oid oid)
{
	switch (type) {
	case FIELD_TEXT:
		return oid == OID_TEXT || oid == OID_VARCHAR || oid == OID_NAME || oid == OID_UUID;
	case FIELD_INT:
		return oid == OID_INT8 || oid == OID_INT4 || oid == OID_INT2;
	case FIELD_BOOL:
		return oid == OID_BOOL;
	case FIELD_TIME:
		return oid == OID_INT8;
	case FIELD_JSON:
	case FIELD_OBJ:
	case FIELD_LIST:
		return oid == OID_JSON || oid == OID_JSONB || oid == OID_TEXT;
	default:
		return false;
	}
}

/* The same of schema_set_binary(). */
static bool fits_binary(enum field_type type, Oid oid)
{
	switch (type) {
	case FIELD_TEXT:
		return oid == OID_TEXT || oid == OID_VARCHAR || oid == OID_NAME;
	case FIELD_INT:
		return oid == OID_TID || fits(type, oid);
	case FIELD_BOOL:
		return fits(type, oid);
	case FIELD_TIME:
		return oid == OID_TIMESTAMPTZ;
	case FIELD_JSON:
		return oid == OID_JSONB;
	default:
		return false;
	}
}

static enum err check_places(struct ctx *cx, const struct db_stmt *stmt, const PGresult *res)
{
	int n = PQnparams(res);

	if (n != stmt->nparams)
		return err_set(cx, ERR_INTERNAL, "%s: has %d places, its row says %d", stmt->name,
		               n, stmt->nparams);
	if (!stmt->any_tenant && (n == 0 || PQparamtype(res, 0) != OID_INT8))
		return err_set(cx, ERR_INTERNAL, "%s: $1 is not a tenant (bigint)", stmt->name);
	return ERR_OK;
}

static enum err check_columns(struct ctx *cx, const struct db_check *check, const PGresult *res)
{
	const struct schema *s = check->row;
	const char *name = check->stmt->name;
	bool (*takes)(enum field_type, Oid) = check->stmt->binary ? fits_binary : fits;
	uint64_t seen = 0;

	for (int i = 0; i < PQnfields(res); i++) {
		const char *column = PQfname(res, i);
		const struct field *f = schema_field(s, column);

		if (f == NULL)
			return err_set(cx, ERR_INTERNAL, "%s: column %s is no field of %s", name,
			               column, s->name);
		if (!takes(f->type, PQftype(res, i)))
			return err_set(cx, ERR_INTERNAL,
			               "%s: column %s has a type (oid %u) that the field of %s "
			               "cannot take",
			               name, column, PQftype(res, i), s->name);
		seen |= (uint64_t)1 << (f - s->fields);
	}
	for (size_t i = 0; i < s->nfields && !check->partial; i++) {
		if ((seen >> i & 1) == 0)
			return err_set(cx, ERR_INTERNAL, "%s: field %s of %s has no column", name,
			               s->fields[i].name, s->name);
	}
	return ERR_OK;
}

/* Preparing asks for no rights on tables; explaining does, and does nothing else. */
static PGresult *explain(struct db *db, int places)
{
	char sql[64 + DB_PARAMS_MAX * 6] = "EXPLAIN EXECUTE " CHECKED;
	size_t n = strlen(sql);

	for (int i = 0; i < places && i < DB_PARAMS_MAX; i++)
		n += (size_t)snprintf(sql + n, sizeof(sql) - n, "%sNULL", i == 0 ? " (" : ", ");
	if (places > 0)
		snprintf(sql + n, sizeof(sql) - n, ")");
	return PQexec(db->conn, sql);
}

/* Prepare, describe and explain outside pipeline mode.  @ret the first refusal, or the description */
static PGresult *describe(struct db *db, const char *sql)
{
	PGresult *res, *rights;

	if (PQexitPipelineMode(db->conn) != 1)
		return NULL;
	res = PQprepare(db->conn, CHECKED, sql, 0, NULL);
	if (PQresultStatus(res) == PGRES_COMMAND_OK) {
		PQclear(res);
		res = PQdescribePrepared(db->conn, CHECKED);
		rights = explain(db, PQnparams(res));
		if (PQresultStatus(rights) == PGRES_TUPLES_OK) {
			PQclear(rights);
		} else {
			PQclear(res);
			res = rights;
		}
		PQclear(PQexec(db->conn, "DEALLOCATE " CHECKED));
	}
	if (PQenterPipelineMode(db->conn) != 1) {
		PQclear(res);
		return NULL;
	}
	return res;
}

enum err db_check_stmt(struct ctx *cx, const struct db_check *check)
{
	const struct db_stmt *stmt = check->stmt;
	CLEANUP(db_clear) PGresult *res = NULL;

	if (strlen(stmt->name) >= DB_NAME_MAX)
		return err_set(cx, ERR_INTERNAL, "%s: the name is too long", stmt->name);
	if (!db_conn_ready(cx->db, true))
		return db_fault_lost(cx, stmt->name);
	res = describe(cx->db, stmt->sql);
	if (res == NULL || PQstatus(cx->db->conn) != CONNECTION_OK) {
		db_conn_lost(cx->db, NULL);
		return db_fault_lost(cx, stmt->name);
	}
	if (PQresultStatus(res) != PGRES_COMMAND_OK)
		return err_set(cx, ERR_DATABASE, "%s: %s", stmt->name,
		               PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY));
	TRY(check_places(cx, stmt, res));
	return check->row == NULL ? ERR_OK : check_columns(cx, check, res);
}
