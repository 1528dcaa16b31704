-- The roles and the database; run by the superuser, once and again without harm.
SELECT 'CREATE ROLE portolan_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS'
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'portolan_owner') \gexec
SELECT 'CREATE ROLE portolan_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS'
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'portolan_app') \gexec
SELECT 'CREATE DATABASE portolan OWNER portolan_owner'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'portolan') \gexec
REVOKE ALL ON DATABASE portolan FROM PUBLIC;
GRANT CONNECT ON DATABASE portolan TO portolan_app;
