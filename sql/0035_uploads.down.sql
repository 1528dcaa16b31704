DROP FUNCTION app.upload_content(bigint, bigint);
DROP TABLE app.upload_piece;
DROP SEQUENCE app.upload_seq;
