"""Records what the function of a revision does that runs now."""


class Recording:
    """What one function of a revision executes."""

    def __init__(self):
        self.events = []
        self.deliberate = False

    def add(self, **line):
        self.events.append(line)


# The function that runs now, unless none does.
now = None


def record_statement(connection, _cursor, statement, parameters, context, executemany):
    if now is None:
        return
    dialect = connection.dialect
    options = connection.get_execution_options()
    line = {
        "deliberate": now.deliberate,
        "outside": str(options.get("isolation_level") or "").upper() == "AUTOCOMMIT",
    }
    raw = getattr(context, "no_parameters", False) and not parameters
    # SQLAlchemy makes one statement of many rows where it can, and calls that so, too.
    are_many = executemany and isinstance(parameters, list)
    for values in parameters if are_many else [parameters]:
        try:
            sql = statement if raw else inlined(statement, values, dialect.paramstyle, dialect.driver)
        except Exception as error:
            now.add(unwritten=statement, why=str(error))
        else:
            now.add(sql=sql, **line)


def record_rollback(_connection):
    if now is not None:
        now.add(end="rollback")


def record_commit(_connection):
    if now is not None:
        now.add(end="commit")


def record():
    event.listen(Pool, "connect", check_connection)
    event.listen(Engine, "after_cursor_execute", record_statement)
    event.listen(Engine, "rollback", record_rollback)
    event.listen(Engine, "commit", record_commit)
    original = DefaultImpl.execute

    def execute(self, *args, **options):
        # Nobody sees what it returns: a query is executed for what it does.
        if now is None:
            return original(self, *args, **options)
        before, now.deliberate = now.deliberate, True
        try:
            return original(self, *args, **options)
        finally:
            now.deliberate = before

    DefaultImpl.execute = execute
