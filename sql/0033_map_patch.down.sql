REVOKE UPDATE (symbols) ON app.map_index FROM portolan_runner;
ALTER TABLE app.map_index DROP COLUMN print, DROP COLUMN edges_sum;
