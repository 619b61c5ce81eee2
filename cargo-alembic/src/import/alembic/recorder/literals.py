"""Writes the values of parameters into statements."""


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
# What SQLAlchemy writes after a parameter that PostgreSQL must know the type of.
CAST = r"(?P<cast>::[A-Z]\w*)?"


def with_cast(value, cast, driver):
    """Returns a value as a literal of the type that a cast names: once, and not where it goes without saying."""
    rendered = literal(value, driver)
    if not cast:
        return rendered
    if cast == "::INTEGER" and isinstance(value, int) and not isinstance(value, bool):
        return rendered
    own = re.match(r"('(?:[^']|'')*')::\w+$", rendered)
    return (own.group(1) if own else rendered) + cast


def inlined(statement, parameters, style, driver):
    """Returns a statement with the values of its parameters in the places of their names."""
    values = iter(parameters) if isinstance(parameters, (list, tuple)) else None

    def render(found):
        groups = found.groupdict()
        if groups.get("name") is not None:
            value = parameters[groups["name"]]
        elif groups.get("number") is not None:
            value = parameters[int(groups["number"]) - 1]
        else:
            value = next(values)
        return with_cast(value, groups.get("cast"), driver)

    if style in ("format", "pyformat"):
        # These drivers look for them everywhere.
        def render_percent(found):
            return "%" if found.group() == "%%" else render(found)

        pattern = r"%%%%|(?:%%\((?P<name>[^)]*)\)s|%%s)%s" % CAST
        return re.sub(pattern, render_percent, statement)
    if not parameters:
        return statement
    dollars = "" if IS_SQLITE else DOLLARS
    pattern = "(?P<opaque>%s%s)|%s%s" % (OPAQUE, dollars, PLACEHOLDERS[style], CAST)

    def render_other(found):
        return found.group() if found.group("opaque") is not None else render(found)

    return re.sub(pattern, render_other, statement, flags=re.DOTALL)
