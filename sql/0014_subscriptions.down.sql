DROP POLICY follow ON app.event;
