-- The roles and the database; run by the superuser at every start of the stack, once
-- and again without harm.  sql/0002_wall.sql tells what each role is for.
SELECT format('CREATE ROLE %I LOGIN', name)
  FROM unnest(ARRAY['portolan_owner', 'portolan_app', 'portolan_runner', 'portolan_gate']) AS name
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
SELECT format('ALTER ROLE %I NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS', name)
  FROM unnest(ARRAY['portolan_owner', 'portolan_app', 'portolan_runner', 'portolan_gate']) AS name \gexec
-- The owner may hand functions over to the gate, and without asking for it has none of the gate's rights.
ALTER ROLE portolan_owner NOINHERIT;
GRANT portolan_gate TO portolan_owner;
GRANT portolan_app TO portolan_runner;
SELECT 'CREATE DATABASE portolan OWNER portolan_owner'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'portolan') \gexec
REVOKE ALL ON DATABASE portolan FROM PUBLIC;
GRANT CONNECT ON DATABASE portolan TO portolan_app, portolan_runner, portolan_gate;
