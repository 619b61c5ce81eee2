"""Runs the revisions of a project, one at a time."""


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


def working_folder(found):
    """Returns the folder that the configuration means by its relative paths: that of the file, or one above."""
    location = found.get_main_option("script_location") or ""
    folder = ASKED["folder"]
    while location and ":" not in location and not os.path.isdir(os.path.join(folder, location)):
        above = os.path.dirname(folder)
        if above == folder:
            return ASKED["folder"]
        folder = above
    return folder


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
        folder = working_folder(self.config)
        os.chdir(folder)
        sys.path.insert(0, folder)
        self.script = ScriptDirectory.from_config(self.config)
        self.order, self.table = [], None
        # The types that upgrades have created: in one run of them all, Alembic creates each only once.
        self.memo = {}
        # env.py may still say where the revisions are.
        self.run_environment(self.read_order, "heads")
        if self.table is None:
            raise Stop("project", "env.py ran no revision: it must call context.run_migrations()")

    def read_order(self, _current, context):
        self.order = [step.revision for step in self.script._upgrade_revs("heads", ())]
        self.table = {
            "name": context.version_table,
            "schema": context.version_table_schema,
            "per_revision": bool(getattr(context, "_transaction_per_migration", False)),
        }
        return []

    def run_environment(self, steps, destination):
        with EnvironmentContext(
            self.config, self.script, fn=steps, as_sql=False, starting_rev=None,
            destination_rev=destination, tag=None,
        ):
            self.script.run_env()

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
            if is_upgrade:
                context.impl.memo = self.memo
            make = MigrationStep.upgrade_from_script if is_upgrade else MigrationStep.downgrade_from_script
            step = make(self.script.revision_map, revision)
            step.migration_fn = recorded(step.migration_fn)
            return [step]

        try:
            self.run_environment(steps, revision.revision)
        except Undo:
            pass
        except Stop:
            raise
        except BaseException as error:
            kind = "failed" if calls else "project"
            raise Stop(kind, failure(error), revision.revision if calls else None)
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
        # `-` has put the folder there that the program was started in.
        sys.path[:] = [path for path in sys.path if path != ""]
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
