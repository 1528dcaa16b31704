/* B4: what SQL creates, the tables it names, the files its clients read in. */
#include "facts_text.h"

static const struct facts_case IMPORTS[] = {
	{ LANG_SQL,
	  "\\i a.sql\n\\ir '../b c.sql'\n\\set x 1\n\\. d.sql\nsource e.sql;\n.read f.sql\n@g.sql\n@@h\n\\i :var\n",
	  "1 load a.sql\n2 load ../b c.sql level=1 path\n4 load d.sql\n5 load e.sql\n6 load f.sql\n"
	  "7 load g.sql\n8 load h level=1 path\n" },
	/* Each table once; no functions, no names of WITH, nothing from strings and bodies. */
	{ LANG_SQL,
	  "ALTER TABLE ONLY App.\"User\" ADD x int REFERENCES b (id);\n"
	  "WITH c AS (SELECT 1 FROM d) SELECT * FROM c JOIN `e` ON true, lateral_f();\n"
	  "INSERT INTO b SELECT * FROM unnest(1), f(2) -- FROM g\n;\n"
	  "SELECT 'FROM h' FROM (SELECT 1) i;\nCREATE FUNCTION j() AS $x$ SELECT 1 FROM k; $x$;\n",
	  "1 table app.user\n1 table b\n2 table d\n2 table e\n" },
	{ LANG_SQL, "COPY a FROM stdin;\n1\tit's\n\\.\nSELECT 1 FROM b;\n",
	  "1 table a\n4 table b\n" },
	{ LANG_SQL, "COPY a FROM stdin WITH (format csv);\nit's\n\\.\nSELECT 1 FROM b;\n",
	  "1 table a\n4 table b\n" },
	/* Lists, and columns in brackets behind the table. */
	{ LANG_SQL,
	  "SELECT * FROM a x, b AS y, f(1) ORDER BY d, e;\nINSERT INTO g(h) VALUES (1, 2);\n"
	  "CREATE TABLE i (j int REFERENCES k(l), LIKE m);\nTRUNCATE n, o;\n"
	  "DELETE FROM p USING q WHERE r;\nCREATE TABLE s PARTITION OF t FOR VALUES IN (1);\n"
	  "CREATE TABLE u (v int) INHERITS (w, x);\n",
	  "1 table a\n1 table b\n2 table g\n3 table k\n3 table m\n4 table n\n4 table o\n"
	  "5 table p\n5 table q\n6 table t\n7 table w\n7 table x\n" },
	{ LANG_SQL, "SELECT a::b FROM :c.d, :e WHERE f = :g;\n", "1 table c.d\n1 table e\n" },
	/* ON: of what belongs to a table, and of rights. */
	{ LANG_SQL,
	  "CREATE INDEX i ON a(b);\nCREATE INDEX ON c (d);\nCREATE POLICY p ON e USING (true);\n"
	  "CREATE TRIGGER t AFTER UPDATE ON f FOR EACH ROW EXECUTE FUNCTION g();\n"
	  "GRANT SELECT ON h, j TO k, l;\nREVOKE ALL ON SCHEMA m FROM n;\n"
	  "ALTER TABLE o ADD FOREIGN KEY (p) REFERENCES q ON DELETE SET NULL;\nVACUUM ANALYZE r;\n",
	  "1 table a\n2 table c\n3 table e\n4 table f\n5 table h\n5 table j\n6 table n\n7 table o\n"
	  "7 table q\n8 table r\n" },
};

static const struct facts_case DEFS[] = {
	{ LANG_SQL,
	  "create table if not exists a.b (\n  c int\n);\nCREATE UNIQUE INDEX CONCURRENTLY d ON b (c);\n"
	  "CREATE OR REPLACE VIEW \"E\" AS\nSELECT 1;\nCREATE TYPE f AS ENUM ('x;');\n"
	  "CREATE TEMP TABLE [g] (h int);\nCREATE SCHEMA i;\nCREATE MATERIALIZED VIEW j AS SELECT 1;\n"
	  "CREATE TABLE l (\n  source int);\nCREATE INDEX ON b (c);\nCREATE EXTENSION k;\n",
	  "1-3 table b of a\n4-4 index d\n5-6 view E\n7-7 type f\n8-8 table g\n9-9 module i\n10-10 view j\n"
	  "11-12 table l\n" },
	/* Bodies: dollars, BEGIN...END, a delimiter of the client, GO. */
	{ LANG_SQL,
	  "CREATE FUNCTION a() RETURNS int LANGUAGE plpgsql AS $$\nBEGIN\n  CREATE TABLE no (x int);\n"
	  "END;\n$$;\nDELIMITER //\nCREATE PROCEDURE b()\nBEGIN\n  SELECT 1;\nEND//\nDELIMITER ;\n"
	  "CREATE TRIGGER c BEFORE INSERT ON d FOR EACH ROW BEGIN\n  IF 1 THEN SELECT 1; END IF;\n"
	  "  SELECT CASE 1 WHEN 1 THEN 2 END;\nEND;\nCREATE TABLE e (f int)\nGO\n",
	  "1-5 function a\n7-10 function b\n12-15 trigger c\n16-17 table e\n" },
	/* MySQL: a backslash escapes; elsewhere it is a byte like any other. */
	{ LANG_SQL,
	  "CREATE TABLE a (b text) ENGINE=InnoDB; # it's\nINSERT INTO a VALUES ('it\\'s; ');\n"
	  "CREATE TABLE c (d int);\n",
	  "1-1 table a\n3-3 table c\n" },
	{ LANG_SQL, "INSERT INTO a VALUES ('\\'); CREATE TABLE b (c int);\n", "1-1 table b\n" },
	{ LANG_SQL, "CREATE TABLE a (\n  b text DEFAULT 'never closed\n", "1-1 table a\n" },
	/* What makes nothing of a map ends before the next; names with quotes, $ and @schema@. */
	{ LANG_SQL,
	  "CREATE SEQUENCE a;\nCREATE FUNCTION @extschema@.b() RETURNS int AS 'x';\n"
	  "CREATE TABLE \"c \"\"d\".\"e\"\"f\" (g int);\nCREATE TABLE do$llar$s (h int);\n"
	  "CREATE PUBLICATION i FOR TABLE j;\nCREATE SCHEMA AUTHORIZATION k;\n"
	  "CREATE SCHEMA l\n  CREATE TABLE m (n int)\n  CREATE VIEW o AS SELECT 1;\n",
	  "2-2 function b of extschema\n3-3 table e\"\"f of c \"\"d\n4-4 table do$llar$s\n"
	  "7-7 module l\n8-8 table m\n9-9 view o\n" },
};

static void test_facts_sql__imports(void **state)
{
	check_imports(fixture_ctx(*state), IMPORTS, COUNT(IMPORTS));
}

static void test_facts_sql__defs(void **state)
{
	check_defs(fixture_ctx(*state), DEFS, COUNT(DEFS));
}

/* What opens and never closes costs no more than its size.  (T5) */
static void test_facts_sql__hostile(void **state)
{
	static const char *const UNITS[] = { "$a$",           "$a$b",
		                             "create ",       "create table [",
		                             "from `",        "copy a from stdin;",
		                             "delimiter x\n", "with a as (",
		                             "\\i a\n",       "'",
		                             "from a, ",      "a$",
		                             "\"\"",          "create schema a " };

	check_hostile(fixture_ctx(*state), LANG_SQL, UNITS, COUNT(UNITS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_facts_sql__imports),
		cmocka_unit_test(test_facts_sql__defs),
		cmocka_unit_test(test_facts_sql__hostile),
	};

	return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
