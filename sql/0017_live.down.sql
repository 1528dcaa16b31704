DROP FUNCTION app.live_fallen;
REVOKE SELECT (component) ON app.event_reader FROM portolan_app;
ALTER TABLE app.event_reader DROP COLUMN component;
