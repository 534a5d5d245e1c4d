-- db_open.c: forget_plain_tokens: what stood in the clear before version 14
-- VACUUM, since what is deleted stays in free pages until they are used.
DELETE FROM token;
VACUUM;
