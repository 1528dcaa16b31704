-- Maps of any commit, and a project's own schedule.
--
--   A map that was asked for by its commit is no step of the branch: requested says so, and the
--   newest map of a project is the newest of the others.

ALTER TABLE app.system_map ADD COLUMN requested boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN app.system_map.requested IS 'Asked for by its commit: never a project''s newest map, and only some are kept';

ALTER TABLE app.project ADD COLUMN sync_schedule_id bigint;
CREATE INDEX project_sync_schedule ON app.project (tenant_id, sync_schedule_id) WHERE sync_schedule_id IS NOT NULL;
COMMENT ON COLUMN app.project.sync_schedule_id IS 'The schedule by which it is synced; null: when somebody asks';

-- No foreign key: the schedule has one to its project already, and rows that hold each other could not be
-- swept with their tenant.
CREATE FUNCTION app.project_unscheduled() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    UPDATE app.project SET sync_schedule_id = NULL WHERE tenant_id = OLD.tenant_id AND sync_schedule_id = OLD.id;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION app.project_unscheduled IS 'A schedule that is deleted is no project''s any more';
CREATE TRIGGER project_unscheduled AFTER DELETE ON app.job_schedule
    FOR EACH ROW WHEN (OLD.project_id IS NOT NULL) EXECUTE FUNCTION app.project_unscheduled();
