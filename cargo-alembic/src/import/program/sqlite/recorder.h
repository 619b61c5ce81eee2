/* Reports the statements that a program executes on SQLite, with the values of their parameters.

   SQLite includes this file where SQLITE_CUSTOM_INCLUDE names it, and calls what SQLITE_EXTRA_INIT names before its
   first use. Each statement goes to the end of the file that ALEMBIC_RECORD names, with a NUL after it. */
#ifndef ALEMBIC_RECORDER
#define ALEMBIC_RECORDER
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sqlite3;
struct sqlite3_stmt;
struct sqlite3_api_routines;
int sqlite3_auto_extension(void (*)(void));
int sqlite3_trace_v2(struct sqlite3 *, unsigned, int (*)(unsigned, void *, void *, void *), void *);
const char *sqlite3_sql(struct sqlite3_stmt *);
char *sqlite3_expanded_sql(struct sqlite3_stmt *);
void sqlite3_free(void *);

static int alembic_record(unsigned event, void *context, void *statement, void *text) {
  const char *path = getenv("ALEMBIC_RECORD");
  const char *sql = sqlite3_sql((struct sqlite3_stmt *)statement);
  char *expanded;
  FILE *file;
  (void)event;
  (void)context;
  /* What a trigger or SQLite itself executes has another text. */
  if (path == 0 || sql == 0 || strcmp(sql, (const char *)text) != 0) return 0;
  expanded = sqlite3_expanded_sql((struct sqlite3_stmt *)statement);
  file = fopen(path, "ab");
  if (file != 0) {
    fputs(expanded != 0 ? expanded : sql, file);
    fputc(0, file);
    fclose(file);
  }
  sqlite3_free(expanded);
  return 0;
}

static int alembic_observe(struct sqlite3 *db, char **error, const struct sqlite3_api_routines *api) {
  (void)error;
  (void)api;
  /* SQLITE_TRACE_STMT */
  return sqlite3_trace_v2(db, 1, alembic_record, 0);
}

int alembic_recorder(const char *nothing) {
  (void)nothing;
  return sqlite3_auto_extension((void (*)(void))alembic_observe);
}
#endif
