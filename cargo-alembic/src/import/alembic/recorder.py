"""Runs the revisions of an Alembic project on a scratch database, one at a time, and prints what they
execute: a JSON object a line, on the standard output that it was started with.

What it is asked for is a JSON object in the environment variable ALEMBIC_IMPORT. Every engine that the
project creates is one for the scratch database, whatever its URL, and that is checked on each connection
before anything is executed.
"""

import datetime
import decimal
import json
import os
import re
import sys
import traceback
import uuid

# What the project prints must not get between our lines.
ANSWERS = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)


def answer(**line):
    ANSWERS.write(json.dumps(line) + "\n")
    ANSWERS.flush()


class Stop(BaseException):
    """Ends the run with an error; no handler of the project's is meant to catch it."""

    def __init__(self, kind, message, revision=None):
        super().__init__(message)
        self.kind, self.message, self.revision = kind, message, revision


class Undo(BaseException):
    """Makes Alembic roll back the downgrade that was recorded."""


def last_line(error):
    """Returns what Python says of an exception, in a line."""
    said = traceback.format_exception_only(type(error), error)[-1].strip()
    return said.splitlines()[0] if said else type(error).__name__


def failure(error):
    """Returns what Python says of an exception, and the last line of the project's that was at work."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename.startswith(ASKED["folder"])]
    if not own:
        return last_line(error)
    file = os.path.relpath(own[-1].filename, ASKED["folder"])
    return "%s:%d: %s" % (file, own[-1].lineno, last_line(error))


ASKED = json.loads(os.environ.pop("ALEMBIC_IMPORT"))
SCRATCH = ASKED["scratch"]
IS_SQLITE = SCRATCH["backend"] == "sqlite"

try:
    import alembic
    import sqlalchemy
    import sqlalchemy.engine.create
    from alembic.config import Config
    from alembic.ddl.impl import DefaultImpl
    from alembic.runtime.environment import EnvironmentContext
    from alembic.runtime.migration import MigrationStep
    from alembic.script import ScriptDirectory
    from sqlalchemy import event
    from sqlalchemy.engine import Engine
    from sqlalchemy.engine.url import URL, make_url
    from sqlalchemy.pool import NullPool, Pool
except ImportError as missing:
    answer(error={"kind": "no-alembic", "message": str(missing)})
    sys.exit(0)


# The scratch database in the place of every other one.

DRIVERS = {
    ("sqlite", False): [("sqlite3", "pysqlite")],
    ("sqlite", True): [("aiosqlite", "aiosqlite")],
    ("postgresql", False): [("psycopg", "psycopg"), ("psycopg2", "psycopg2"), ("pg8000", "pg8000")],
    ("postgresql", True): [("asyncpg", "asyncpg"), ("psycopg", "psycopg")],
}


def is_installed(module):
    try:
        __import__(module)
    except ImportError:
        return False
    return True


def scratch_url(requested=None, is_async=False):
    """Returns the URL of the scratch database, with the driver that was requested if it is for it."""
    backend, driver = SCRATCH["backend"], None
    if requested is not None and requested.get_backend_name() == backend:
        driver = requested.drivername.partition("+")[2] or None
    if driver is None:
        found = [name for module, name in DRIVERS[backend, is_async] if is_installed(module)]
        if not found:
            names = " or ".join(name for _, name in DRIVERS[backend, is_async])
            raise Stop("no-driver", "no driver for %s is installed: %s" % (backend, names))
        driver = found[0]
    parts = {key: SCRATCH[key] for key in ("username", "password", "database") if SCRATCH.get(key)}
    place = {key: SCRATCH[key] for key in ("host", "port") if SCRATCH.get(key)}
    if str(place.get("host", "")).startswith("/"):
        # The folder of a socket cannot be the host of a URL.
        parts["query"] = {key: str(value) for key, value in place.items()}
    else:
        parts.update(place)
    return URL.create("%s+%s" % (backend, driver), **parts)


# Arguments that say which database it is, or belong to a pool.
ELSEWHERE = ("host", "port", "user", "password", "database", "dbname", "dsn", "service", "unix_sock")
POOLED = ("pool", "pool_size", "max_overflow", "pool_timeout", "pool_use_lifo", "pool_recycle", "creator",
          "async_creator", "plugins")


def redirected(original, is_async):
    def create_engine(*args, **options):
        given = args[0] if args else options.pop("url", None)
        try:
            requested = make_url(given)
        except Exception:
            requested = None
        url = scratch_url(requested, is_async)
        for option in POOLED:
            options.pop(option, None)
        options["poolclass"] = NullPool
        if requested is not None and requested.get_backend_name() == url.get_backend_name():
            arguments = options.pop("connect_args", None) or {}
            kept = {key: value for key, value in arguments.items() if key not in ELSEWHERE}
            options["connect_args"] = kept
            return original(url, *args[1:], **options)
        general = ("echo", "future", "poolclass", "execution_options", "_is_async")
        return original(url, **{key: options[key] for key in general if key in options})

    return create_engine


def redirect():
    create = sqlalchemy.engine.create
    patched = redirected(create.create_engine, False)
    for module in (create, sqlalchemy.engine, sqlalchemy):
        module.create_engine = patched
    try:
        from sqlalchemy.ext.asyncio import engine as asynchronous
    except ImportError:
        return
    asynchronous._create_engine = redirected(asynchronous._create_engine, True)


def check_connection(connection, _record):
    """Refuses a connection to another database."""
    cursor = connection.cursor()
    try:
        if IS_SQLITE:
            cursor.execute("PRAGMA database_list")
            files = [row[2] for row in cursor.fetchall() if row[1] == "main"]
            is_scratch = [os.path.realpath(file) for file in files] == [os.path.realpath(SCRATCH["database"])]
        else:
            cursor.execute("SELECT current_database()")
            is_scratch = cursor.fetchone()[0] == SCRATCH["database"]
            connection.rollback()
    except Exception as error:
        raise Stop("foreign", last_line(error))
    finally:
        cursor.close()
    if not is_scratch:
        raise Stop("foreign", "a connection leads to another database than the scratch database")


# Statements with their parameters in them.

def quoted(text):
    if "\0" in text:
        raise ValueError("a text holds a NUL")
    return "'" + text.replace("'", "''") + "'"


def literal(value, driver):
    """Returns a value as a literal of the database."""
    if value is None:
        return "NULL"
    if not IS_SQLITE and driver.startswith("psycopg2"):
        from psycopg2.extensions import adapt

        adapted = adapt(value)
        if hasattr(adapted, "encoding"):
            adapted.encoding = "utf-8"
        return adapted.getquoted().decode("utf-8")
    if not IS_SQLITE and driver.startswith("psycopg"):
        from psycopg import sql

        return sql.Literal(value).as_string(None).strip()
    if isinstance(value, bool):
        return str(int(value)) if IS_SQLITE else str(value).lower()
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        if value - value != 0:
            infinite = {"inf": "9e999", "-inf": "-9e999"}.get(str(value))
            return infinite if IS_SQLITE and infinite else quoted(str(value))
        return repr(float(value))
    if isinstance(value, decimal.Decimal):
        return str(value)
    if isinstance(value, str):
        return quoted(str(value))
    if isinstance(value, (bytes, bytearray, memoryview)):
        digits = bytes(value).hex()
        return "X'%s'" % digits if IS_SQLITE else "'\\x%s'::bytea" % digits
    if isinstance(value, datetime.datetime):
        return quoted(value.isoformat(" "))
    if isinstance(value, (datetime.date, datetime.time)):
        return quoted(value.isoformat())
    if isinstance(value, datetime.timedelta):
        return quoted("%d days %d.%06d seconds" % (value.days, value.seconds, value.microseconds))
    if isinstance(value, uuid.UUID):
        return quoted(str(value))
    if isinstance(value, dict):
        return quoted(json.dumps(value))
    if isinstance(value, (list, tuple)) and not IS_SQLITE:
        return "ARRAY[%s]" % ", ".join(literal(one, driver) for one in value) if value else "'{}'"
    raise ValueError("a value of type %s cannot be written as a literal" % type(value).__name__)


# What no placeholder stands in: strings, names, comments, and texts in dollars.
OPAQUE = r"""[eE]'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/"""
DOLLARS = r"""|\$(?P<tag>[A-Za-z_]\w*|)\$.*?\$(?P=tag)\$"""
PLACEHOLDERS = {
    "qmark": r"\?",
    "named": r"(?<![:\w]):(?P<name>[A-Za-z_]\w*)",
    "numeric": r"(?<![:\w]):(?P<number>\d+)",
    "numeric_dollar": r"(?<![\w$])\$(?P<number>\d+)",
}


def inlined(statement, parameters, style, driver):
    """Returns a statement with the values of its parameters in the places of their names."""
    values = iter(parameters) if isinstance(parameters, (list, tuple)) else None

    def render(found):
        groups = found.groupdict()
        if groups.get("name") is not None:
            return literal(parameters[groups["name"]], driver)
        if groups.get("number") is not None:
            return literal(parameters[int(groups["number"]) - 1], driver)
        return literal(next(values), driver)

    if style in ("format", "pyformat"):
        # These drivers look for them everywhere.
        def render_percent(found):
            return "%" if found.group() == "%%" else render(found)

        return re.sub(r"%%|%\((?P<name>[^)]*)\)s|%s", render_percent, statement)
    if not parameters:
        return statement
    pattern = "(?P<opaque>%s%s)|%s" % (OPAQUE, "" if IS_SQLITE else DOLLARS, PLACEHOLDERS[style])

    def render_other(found):
        return found.group() if found.group("opaque") is not None else render(found)

    return re.sub(pattern, render_other, statement, flags=re.DOTALL)


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


# Revisions.

def configuration():
    file = ASKED["file"]
    if file is None:
        found = Config()
        found.set_main_option("script_location", ASKED["folder"].replace("%", "%%"))
    elif file.endswith(".toml"):
        found = Config(toml_file=file)
    else:
        toml = os.path.join(os.path.dirname(file), "pyproject.toml")
        try:
            found = Config(file, toml_file=toml if os.path.exists(toml) else None)
        except TypeError:
            found = Config(file)
    url = scratch_url().render_as_string(hide_password=False)
    os.environ["DATABASE_URL"] = url
    found.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return found


def described(script, revision):
    """Returns what a revision declares, with its parents as whole ids."""
    known = script.revision_map

    def id_of(name):
        found = known.get_revision(name)
        if found is None:
            raise Stop("project", "revision %s follows %s, which does not exist" % (revision.revision, name))
        return found.revision

    def names(value):
        return [value] if isinstance(value, str) else list(value or ())

    module = revision.module
    depends_on = []
    for name in names(getattr(module, "depends_on", None)):
        target = id_of(name)
        depends_on.append(target if target.startswith(name) else name)
    return {
        "id": revision.revision,
        "parents": [id_of(name) for name in names(revision.down_revision)],
        "labels": names(getattr(module, "branch_labels", None)),
        "depends_on": depends_on,
        "doc": module.__doc__ or "",
        "file": os.path.basename(revision.path),
    }


class Project:
    def __init__(self):
        self.config = configuration()
        self.script = ScriptDirectory.from_config(self.config)
        self.order = [step.revision for step in self.script._upgrade_revs("heads", ())]
        self.table = None

    def run(self, revision, is_upgrade, is_undone=False):
        """Runs one function of a revision, and returns what it executed and what it raised."""
        recording, calls, raised = Recording(), [], []

        def recorded(function):
            def run(*args, **options):
                global now
                calls.append(options.get("engine_name"))
                if len(calls) > 1:
                    raise Stop("several", "env.py runs each revision several times", revision.revision)
                now = recording
                try:
                    function(*args, **options)
                except Exception as error:
                    if not is_undone:
                        raise
                    raised.append(last_line(error))
                finally:
                    now = None
                if is_undone:
                    raise Undo()

            return run

        def steps(_current, context):
            self.table = {
                "name": context.version_table,
                "schema": context.version_table_schema,
                "per_revision": bool(getattr(context, "_transaction_per_migration", False)),
            }
            make = MigrationStep.upgrade_from_script if is_upgrade else MigrationStep.downgrade_from_script
            step = make(self.script.revision_map, revision)
            step.migration_fn = recorded(step.migration_fn)
            return [step]

        try:
            with EnvironmentContext(
                self.config, self.script, fn=steps, as_sql=False, starting_rev=None,
                destination_rev=revision.revision, tag=None,
            ):
                self.script.run_env()
        except Undo:
            pass
        except Stop:
            raise
        except BaseException as error:
            kind = "failed" if calls else "project"
            raise Stop(kind, failure(error), revision.revision if calls else None)
        if not calls:
            raise Stop("project", "env.py ran no revision: it must call context.run_migrations()")
        return recording.events, raised[0] if raised else None


class Copy:
    """The scratch database as it is now, for what a rollback does not undo on SQLite."""

    def __init__(self):
        import sqlite3

        self.connect = sqlite3.connect
        self.memory = self.connect(":memory:")
        source = self.connect(SCRATCH["database"])
        source.backup(self.memory)
        source.close()

    def restore(self):
        target = self.connect(SCRATCH["database"])
        self.memory.backup(target)
        target.close()


def record_all(project):
    """Records each upgrade, and the downgrade after it, which is undone."""
    answer(history=[described(project.script, revision) for revision in project.order])
    for index, revision in enumerate(project.order):
        events, _ = project.run(revision, True)
        if index < ASKED["known"]:
            continue
        answer(id=revision.revision, upgrade=events)
        copy = Copy() if IS_SQLITE else None
        events, raised = project.run(revision, False, is_undone=True)
        answer(id=revision.revision, downgrade=events, raised=raised)
        if copy is not None:
            copy.restore()
        elif any("end" in line or line.get("outside") for line in events):
            # It has committed, so that another database must take the place of this one.
            answer(again=index + 1)
            return
    answer(done=project.table)


def revert(project, ids):
    for id in ids:
        project.run(project.script.get_revision(id), False)
    answer(done=project.table)


def main():
    try:
        redirect()
        record()
        os.chdir(ASKED["folder"])
        # `-` has put the folder there that the program was started in.
        sys.path[:] = [path for path in sys.path if path != ""]
        sys.path.insert(0, ASKED["folder"])
        sys.argv = ["alembic"]
        project = Project()
        if ASKED["revert"] is None:
            record_all(project)
        else:
            revert(project, ASKED["revert"])
    except Stop as stop:
        answer(error={"kind": stop.kind, "message": stop.message, "revision": stop.revision})
    except BaseException as error:
        answer(error={"kind": "project", "message": failure(error), "revision": None})


main()
