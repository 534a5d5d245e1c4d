-- tool_pause.c: end_all: those that have not ended by themselves
UPDATE throttle
   SET not_before_us = 0
 WHERE not_before_us > :now_us;
