#ifndef TOOL_H
#define TOOL_H

/*
 * The command-line tool: one function per subcommand, in tool_NAME.c. argv
 * begins with the subcommand's own name. Each returns the exit code: 0
 * done, 1 it failed or something is wrong, 2 the call's words are not
 * understood (usage was printed to stderr).
 */
int tool_check(int argc, char **argv);
int tool_doctor(int argc, char **argv);
int tool_config(int argc, char **argv);
int tool_report(int argc, char **argv);
int tool_events(int argc, char **argv);
int tool_prune(int argc, char **argv);
int tool_breaker(int argc, char **argv);
int tool_pause(int argc, char **argv);
int tool_token(int argc, char **argv);
int tool_queue(int argc, char **argv);
int tool_drain(int argc, char **argv);
int tool_replay(int argc, char **argv);
int tool_version(int argc, char **argv);

#endif
