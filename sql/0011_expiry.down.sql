DROP FUNCTION app.expire_access;
DROP INDEX app.password_token_age;
