DROP TABLE app.state, app.event_activity, app.event_delivery, app.event_subscription;
DROP POLICY follow ON app.event;
