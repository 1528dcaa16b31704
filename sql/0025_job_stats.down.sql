DROP FUNCTION app.job_stats_roll;
DROP TABLE app.job_stats, app.job_stats_upto;
DROP FUNCTION app.job_time_class;
