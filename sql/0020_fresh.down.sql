-- No maps but those of the branch.  A project's schedule stays, as one among others.
DROP TRIGGER project_unscheduled ON app.job_schedule;
DROP FUNCTION app.project_unscheduled;
ALTER TABLE app.project DROP COLUMN sync_schedule_id;
ALTER TABLE app.system_map NO FORCE ROW LEVEL SECURITY;
DELETE FROM app.system_map WHERE requested; -- each would be taken for the newest
ALTER TABLE app.system_map FORCE ROW LEVEL SECURITY;
ALTER TABLE app.system_map DROP COLUMN requested;
