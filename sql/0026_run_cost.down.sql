DROP INDEX app.llm_call_job;
