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
