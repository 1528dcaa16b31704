DROP FUNCTION app.admit_token, app.refresh_revoke, app.refresh_take;
DROP TABLE app.refresh_token, app.token_family;
