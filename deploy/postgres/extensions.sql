-- Extensions of the database, which only a superuser may make; run with bootstrap.sql, once and again without
-- harm.  pgvector is used where the server has it (deploy/deps.sh), and is not missed where it has not.
SELECT 'CREATE EXTENSION vector' FROM pg_available_extensions
 WHERE name = 'vector' AND installed_version IS NULL \gexec
SELECT 'ALTER EXTENSION vector UPDATE' FROM pg_available_extensions
 WHERE name = 'vector' AND installed_version <> default_version \gexec
