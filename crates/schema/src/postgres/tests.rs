//! What is written for pairs of schemas; that it works is tried on servers.

use std::collections::BTreeSet;

use alembic_sql::Dialect;

use crate::model::{
    Column, Constraint, ConstraintKind, Definition, Identity, Index, Object, ObjectId, ObjectKind,
    Schema, Sequence, Table, View,
};
use crate::{DiffOptions, Filter, diff};

/// Builds a schema of tables in `public`.
struct Built(Schema);

fn built() -> Built {
    Built(Schema::new(Dialect::Postgres))
}

fn table(name: &str) -> ObjectId {
    ObjectId::new(ObjectKind::Table, "public", name)
}

fn part(kind: ObjectKind, table_and_name: &str) -> ObjectId {
    let (owner, name) = table_and_name.split_once('.').unwrap_or_default();
    table(owner).part(kind, name)
}

fn named(kind: ObjectKind, name: &str) -> ObjectId {
    ObjectId::new(kind, "public", name)
}

impl Built {
    fn add(mut self, id: ObjectId, definition: Definition, needs: &[ObjectId]) -> Self {
        let object = Object {
            definition,
            comment: None,
            needs: needs.iter().cloned().collect(),
            mentions: BTreeSet::new(),
        };
        self.0.objects.insert(id, object);
        self
    }

    fn table(self, name: &str) -> Self {
        self.add(table(name), Definition::Table(Box::default()), &[])
    }

    fn column(self, name: &str, data_type: &str) -> Self {
        let column = Column {
            data_type: data_type.to_owned(),
            ..Column::default()
        };
        self.any_column(name, column, &[])
    }

    fn any_column(self, name: &str, column: Column, needs: &[ObjectId]) -> Self {
        let id = part(ObjectKind::Column, name);
        let mut needs = needs.to_vec();
        needs.push(table(name.split_once('.').unwrap_or_default().0));
        self.add(id, Definition::Column(column.into()), &needs)
    }

    fn default(self, name: &str, expression: &str, needs: &[ObjectId]) -> Self {
        let mut needs = needs.to_vec();
        needs.push(part(ObjectKind::Column, name));
        let definition = Definition::Default(expression.to_owned());
        self.add(part(ObjectKind::Default, name), definition, &needs)
    }

    fn constraint(
        self,
        name: &str,
        kind: ConstraintKind,
        definition: &str,
        needs: &[ObjectId],
    ) -> Self {
        let constraint = Constraint {
            kind,
            is_named: true,
            definition: definition.to_owned(),
            columns: Vec::new(),
            references: None,
            validated: true,
            inherited: false,
            index_parent: None,
            storage: Vec::new(),
            index_comment: None,
            uses: Vec::new(),
        };
        let mut needs = needs.to_vec();
        needs.push(table(name.split_once('.').unwrap_or_default().0));
        let definition = Definition::Constraint(constraint.into());
        self.add(part(ObjectKind::Constraint, name), definition, &needs)
    }

    fn labels(self, name: &str, labels: &[&str]) -> Self {
        let labels = labels.iter().map(|&label| label.to_owned()).collect();
        self.add(named(ObjectKind::Enum, name), Definition::Enum(labels), &[])
    }

    fn view(self, name: &str, query: &str, columns: &[(&str, &str)], needs: &[ObjectId]) -> Self {
        let columns = columns.iter();
        let view = View {
            query: query.to_owned(),
            columns: columns
                .map(|&(name, data_type)| (name.to_owned(), data_type.to_owned()))
                .collect(),
            options: Vec::new(),
            is_filled: true,
            column_comments: std::collections::BTreeMap::new(),
        };
        self.add(
            named(ObjectKind::View, name),
            Definition::View(view.into()),
            needs,
        )
    }

    fn index(self, name: &str, of: &str, definition: &str) -> Self {
        let index = Index {
            sql: format!("CREATE INDEX {name}{definition}"),
            definition: definition.to_owned(),
            table: of.into(),
            unique: false,
            parent: None,
            valid: true,
            uses: Vec::new(),
            statistics: Vec::new(),
        };
        self.add(
            named(ObjectKind::Index, name),
            Definition::Index(index.into()),
            &[table(of)],
        )
    }

    fn serial(self, name: &str) -> Self {
        let column = Column {
            data_type: "integer".to_owned(),
            not_null: true,
            ..Column::default()
        };
        let sequence = name.replace('.', "_") + "_seq";
        let (of, own) = name.split_once('.').unwrap_or_default();
        let owner = Definition::SequenceOwner(of.into(), own.into());
        let id = named(ObjectKind::Sequence, &sequence);
        let call = format!("nextval('public.{sequence}'::regclass)");
        self.any_column(name, column, &[])
            .add(id.clone(), Definition::Sequence(plain().into()), &[])
            .default(name, &call, std::slice::from_ref(&id))
            .add(
                named(ObjectKind::SequenceOwner, &sequence),
                owner,
                &[id, part(ObjectKind::Column, name)],
            )
    }

    fn identity(self, name: &str) -> Self {
        let column = Column {
            data_type: "integer".to_owned(),
            not_null: true,
            identity: Some(Box::new(Identity {
                always: false,
                name: (name.replace('.', "_") + "_seq").into(),
                sequence: plain(),
            })),
            ..Column::default()
        };
        self.any_column(name, column, &[])
    }
}

fn plain() -> Sequence {
    super::sequence::plain("integer", false)
}

/// Compares the statements that change one schema into the other.
#[track_caller]
fn check(from: Built, to: Built, expected: &[&str]) {
    check_with(from, to, DiffOptions::default(), expected);
}

#[track_caller]
fn check_with(from: Built, to: Built, options: DiffOptions, expected: &[&str]) {
    let changes = match diff(&from.0, &to.0, options) {
        Ok(changes) => changes,
        Err(error) => panic!("{error}"),
    };
    let statements = changes.iter().flat_map(|change| &change.statements);
    let statements: Vec<String> = statements
        .map(|statement| match statement.stands_alone {
            true => format!("alone: {}", statement.sql),
            false => statement.sql.clone(),
        })
        .collect();
    assert_eq!(statements, expected);
}

#[test]
fn serial_columns_are_written_as_such() {
    let to = || {
        let key = part(ObjectKind::Column, "t.id");
        built().table("t").serial("t.id").constraint(
            "t.t_pkey",
            ConstraintKind::PrimaryKey,
            "PRIMARY KEY (id)",
            &[key],
        )
    };
    check(
        built(),
        to(),
        &["CREATE TABLE t (\n    id serial NOT NULL,\n    CONSTRAINT t_pkey PRIMARY KEY (id)\n)"],
    );
    check(to(), built(), &["DROP TABLE t"]);
}

#[test]
fn the_sequence_of_a_column_is_left_out_with_its_table() {
    let tables = || built().table("a").serial("a.id").table("b").serial("b.id");
    let names = |schema: &Schema| {
        let sequences = schema
            .objects
            .keys()
            .filter(|id| id.kind == ObjectKind::Sequence);
        sequences.map(|id| id.name.clone()).collect::<Vec<_>>()
    };
    let pattern = ["a".to_owned()];
    for (filter, left) in [
        (Filter::new(&[], &pattern), "b_id_seq"),
        (Filter::new(&pattern, &[]), "a_id_seq"),
    ] {
        let mut schema = tables().0;
        filter.unwrap().apply(&mut schema);
        assert_eq!(names(&schema), [left]);
        assert_eq!(schema.objects.len(), 5);
    }
    let mut schema = tables().0;
    schema.leave_out(|id| *id == table("b"));
    assert_eq!(names(&schema), ["a_id_seq"]);
}

#[test]
fn numbering_goes_on_where_it_stopped() {
    check(
        built().table("t").serial("t.id"),
        built().table("t").identity("t.id"),
        &[
            "ALTER SEQUENCE t_id_seq RENAME TO t_id_seq_serial",
            "ALTER TABLE t ALTER COLUMN id DROP DEFAULT,\n    ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY",
            "SELECT pg_catalog.setval('t_id_seq', last_value, is_called) FROM t_id_seq_serial",
            "DROP SEQUENCE t_id_seq_serial",
        ],
    );
    check(
        built().table("t").identity("t.id"),
        built().table("t").serial("t.id"),
        &[
            "ALTER SEQUENCE t_id_seq RENAME TO t_id_seq_identity",
            "CREATE SEQUENCE t_id_seq AS integer",
            "SELECT pg_catalog.setval('t_id_seq', last_value, is_called) FROM t_id_seq_identity",
            "ALTER TABLE t ALTER COLUMN id DROP IDENTITY",
            "ALTER TABLE t ALTER COLUMN id SET DEFAULT nextval('t_id_seq'::regclass)",
            "ALTER SEQUENCE t_id_seq OWNED BY t.id",
        ],
    );
}

#[test]
fn labels_are_added_in_their_places() {
    check(
        built().labels("mood", &["sad", "happy"]),
        built().labels(
            "mood",
            &["awful", "sad", "ok", "fine", "happy", "great", "best"],
        ),
        &[
            "alone: ALTER TYPE mood ADD VALUE 'awful' BEFORE 'sad'",
            "alone: ALTER TYPE mood ADD VALUE 'ok' AFTER 'sad'",
            "alone: ALTER TYPE mood ADD VALUE 'fine' AFTER 'ok'",
            "alone: ALTER TYPE mood ADD VALUE 'great'",
            "alone: ALTER TYPE mood ADD VALUE 'best'",
        ],
    );
}

/// A table of another crate is found as those of this one are, whatever the search path.
#[test]
fn keys_to_what_is_left_out() {
    let before = || built().table("t").column("t.book", "integer");
    check(
        before(),
        before().constraint(
            "t.to_book",
            ConstraintKind::ForeignKey,
            "FOREIGN KEY (book) REFERENCES public.books(id)",
            &[part(ObjectKind::Column, "books.id")],
        ),
        &["ALTER TABLE t ADD CONSTRAINT to_book FOREIGN KEY (book) REFERENCES books(id)"],
    );
}

/// So the other statements are one transaction.
#[test]
fn labels_are_committed_before_all_else() {
    let before = || built().table("t").column("t.a", "text");
    let view = |built: Built| built.view("v", "SELECT 1", &[], &[]);
    check(
        view(before()).labels("mood", &["sad"]),
        before().table("b").labels("mood", &["sad", "happy"]).index(
            "i",
            "t",
            " ON public.t USING btree (a)",
        ),
        &[
            "alone: ALTER TYPE mood ADD VALUE 'happy'",
            "DROP VIEW v",
            "CREATE TABLE b ()",
            "CREATE INDEX i ON t USING btree (a)",
        ],
    );
}

#[test]
fn a_type_without_a_label_takes_the_place_of_the_old_one() {
    let with = |labels: &[&str]| {
        let mood = named(ObjectKind::Enum, "mood");
        let column = Column {
            data_type: "public.mood".to_owned(),
            ..Column::default()
        };
        let query = [part(ObjectKind::Column, "t.m"), table("t")];
        built()
            .labels("mood", labels)
            .table("t")
            .any_column("t.m", column, std::slice::from_ref(&mood))
            .default("t.m", "'sad'::public.mood", &[mood])
            .view(
                "v",
                "SELECT m FROM public.t",
                &[("m", "public.mood")],
                &query,
            )
    };
    check(
        with(&["sad", "ok"]),
        with(&["ok", "sad"]),
        &[
            "DROP VIEW v",
            "ALTER TYPE mood RENAME TO mood_old",
            "CREATE TYPE mood AS ENUM ('ok', 'sad')",
            "ALTER TABLE t ALTER COLUMN m DROP DEFAULT,\n    ALTER COLUMN m TYPE mood USING m::text::mood,\n    ALTER COLUMN m SET DEFAULT 'sad'::mood",
            "DROP TYPE mood_old",
            "CREATE VIEW v AS\nSELECT m FROM t",
        ],
    );
}

#[test]
fn a_default_makes_way_for_another_type() {
    check(
        built()
            .table("t")
            .column("t.c", "character varying(255)")
            .default("t.c", "'0'::character varying", &[]),
        built()
            .table("t")
            .column("t.c", "uuid")
            .default("t.c", "'0'::uuid", &[]),
        &[
            "ALTER TABLE t ALTER COLUMN c DROP DEFAULT,\n    ALTER COLUMN c TYPE uuid USING c::uuid,\n    ALTER COLUMN c SET DEFAULT '0'::uuid",
        ],
    );
}

#[test]
fn keys_in_a_circle_are_taken_apart() {
    let both = || {
        let key = |of: &str, other: &str| {
            (
                format!("{of}.{of}_fkey"),
                format!("FOREIGN KEY (x) REFERENCES public.{other}(x)"),
                [table(other)],
            )
        };
        let (a, a_key, a_needs) = key("a", "b");
        let (b, b_key, b_needs) = key("b", "a");
        built()
            .table("a")
            .column("a.x", "integer")
            .table("b")
            .column("b.x", "integer")
            .constraint(&a, ConstraintKind::ForeignKey, &a_key, &a_needs)
            .constraint(&b, ConstraintKind::ForeignKey, &b_key, &b_needs)
    };
    check(
        built(),
        both(),
        &[
            "CREATE TABLE a (\n    x integer\n)",
            "CREATE TABLE b (\n    x integer\n)",
            "ALTER TABLE a ADD CONSTRAINT a_fkey FOREIGN KEY (x) REFERENCES b(x)",
            "ALTER TABLE b ADD CONSTRAINT b_fkey FOREIGN KEY (x) REFERENCES a(x)",
        ],
    );
    check(
        both(),
        built(),
        &[
            "ALTER TABLE a DROP CONSTRAINT a_fkey",
            "ALTER TABLE b DROP CONSTRAINT b_fkey",
            "DROP TABLE a",
            "DROP TABLE b",
        ],
    );
}

#[test]
fn names_change_alone_where_definitions_are_equal() {
    let with = |index: &str, constraint: &str| {
        built()
            .table("t")
            .column("t.a", "integer")
            .index(index, "t", " ON public.t USING btree (a)")
            .constraint(
                &format!("t.{constraint}"),
                ConstraintKind::Check,
                "CHECK ((a > 0))",
                &[],
            )
    };
    check(
        with("i", "c"),
        with("j", "d"),
        &[
            "ALTER INDEX i RENAME TO j",
            "ALTER TABLE t RENAME CONSTRAINT c TO d",
        ],
    );
}

#[test]
fn online_forms_let_others_write() {
    let column = |not_null| Column {
        data_type: "integer".to_owned(),
        not_null,
        ..Column::default()
    };
    let online = DiffOptions {
        online: true,
        ..DiffOptions::default()
    };
    check_with(
        built().table("t").any_column("t.a", column(false), &[]),
        built()
            .table("t")
            .any_column("t.a", column(true), &[])
            .index("i", "t", " ON public.t USING btree (a)")
            .constraint("t.c", ConstraintKind::Check, "CHECK ((a > 0))", &[])
            .constraint("t.u", ConstraintKind::Unique, "UNIQUE (a)", &[]),
        online,
        &[
            "ALTER TABLE t ADD CONSTRAINT t_a_not_null CHECK (a IS NOT NULL) NOT VALID",
            "alone: ALTER TABLE t VALIDATE CONSTRAINT t_a_not_null",
            "ALTER TABLE t ALTER COLUMN a SET NOT NULL",
            "ALTER TABLE t DROP CONSTRAINT t_a_not_null",
            "ALTER TABLE t ADD CONSTRAINT c CHECK ((a > 0)) NOT VALID",
            "alone: ALTER TABLE t VALIDATE CONSTRAINT c",
            "alone: CREATE UNIQUE INDEX CONCURRENTLY u ON t (a)",
            "ALTER TABLE t ADD CONSTRAINT u UNIQUE USING INDEX u",
            "alone: CREATE INDEX CONCURRENTLY i ON t USING btree (a)",
        ],
    );
}

#[test]
fn what_a_table_below_keeps_is_dropped_above_it_only() {
    let base = |built: Built| {
        let id = table("base");
        let built = built.add(id, Definition::Table(Box::default()), &[]);
        let built = built.column("base.a", "integer");
        let columns = [part(ObjectKind::Column, "base.a")];
        let check = "CHECK ((a > 0))";
        built.constraint("base.positive", ConstraintKind::Check, check, &columns)
    };
    let below = |built: Built, name: &str| {
        let parents = vec![("public".into(), "base".into())];
        let heir = Table {
            parents,
            ..Table::default()
        };
        built.add(
            table(name),
            Definition::Table(heir.into()),
            &[table("base")],
        )
    };
    let inherited = |built: Built, name: &str, inherited: bool| {
        let id = format!("{name}.a");
        let column = Column {
            data_type: "integer".to_owned(),
            inherited,
            ..Column::default()
        };
        let columns = [part(ObjectKind::Column, &id)];
        let built = below(built, name).any_column(&id, column, &[]);
        let check = format!("{name}.positive");
        let definition = "CHECK ((a > 0))";
        let mut built = built.constraint(&check, ConstraintKind::Check, definition, &columns);
        let check = built
            .0
            .objects
            .get_mut(&part(ObjectKind::Constraint, &check));
        if let Some(Definition::Constraint(check)) = check.map(|object| &mut object.definition) {
            check.inherited = inherited;
        }
        built
    };
    let from = inherited(inherited(base(built()), "heir", true), "other", true);
    let to = below(inherited(built().table("base"), "heir", false), "other");
    check(
        from,
        to,
        &[
            "ALTER TABLE ONLY base DROP CONSTRAINT positive",
            "ALTER TABLE other DROP CONSTRAINT positive",
            "ALTER TABLE ONLY base DROP COLUMN a",
            "ALTER TABLE other DROP COLUMN a",
        ],
    );
}

#[test]
fn columns_are_added_in_their_order() {
    let at = |position| Column {
        data_type: "integer".to_owned(),
        position,
        ..Column::default()
    };
    let from = built().table("t").any_column("t.id", at(1), &[]);
    let to = built()
        .table("t")
        .any_column("t.id", at(1), &[])
        .any_column("t.weight", at(2), &[])
        .any_column("t.age", at(3), &[]);
    check(
        from,
        to,
        &[
            "ALTER TABLE t ADD COLUMN weight integer",
            "ALTER TABLE t ADD COLUMN age integer",
        ],
    );
}
