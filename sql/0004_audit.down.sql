-- Take the audit log away.  What it holds is gone: export it before.
DROP FUNCTION app.seal_audit, app.prune_audit, app.audit_bytes;
DROP TABLE app.audit_horizon, app.audit_chain, app.audit_seal, app.audit;
