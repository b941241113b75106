/* core/base/log - what the subcommands tell a person, on stderr. core/ and the services never log.
 */
#pragma once

enum log_level { LOG_QUIET, LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_set_level(enum log_level level); /* default LOG_WARN */
void log_write(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
