-- Those who follow the log: relays of live streams, and subscriptions inside the program.

CREATE POLICY follow ON app.event FOR SELECT TO portolan_runner USING (true);
