-- db_open.c: read_version: whose file, which schema, is it empty
SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema)
FROM pragma_application_id, pragma_user_version;
