"""Puts the scratch database in the place of every other one."""


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
