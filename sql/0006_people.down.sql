-- Back to 0005: who was invited or is to reset a password needs another token.

DROP FUNCTION app.admit_session, app.sign_in_begin, app.sign_in_finish, app.password_change,
    app.password_token_open, app.password_token_use, app.member_reset, app.reset_stands, app.password_salt;
DROP TABLE app.password_token, app.sign_in_attempt;
