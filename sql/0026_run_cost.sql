-- What a run has cost is what the ledger says of the calls of its job.
CREATE INDEX llm_call_job ON app.llm_call (tenant_id, job_id) WHERE job_id IS NOT NULL;
