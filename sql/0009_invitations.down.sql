DROP FUNCTION app.member_invite;
DROP POLICY removal ON app.password_token;
