//! Migrations as revisions.

use std::collections::HashMap;

use alembic_history::{
    Dialect, Direction, FindingKind as Fault, InvalidName, NewRevision, RevisionFile, RevisionId,
    VersionTable,
};

use alembic_sql::quote;

use crate::migration::{Down, Migration, Script};
use crate::own_table;
use crate::script::Piece;
use crate::tools::{self, Reading};
use crate::{Finding, FindingKind, Folder, Key, Origin, Tool, ToolConfig, Weight};

/// A revision that stands for a migration of another tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedRevision {
    /// The header.
    pub new: NewRevision,
    /// Its sections.
    pub sections: String,
    /// The file that it was imported from, below the folder of the tool.
    pub file: String,
    /// What the tool records of it, unless its table is ours.
    pub origin: Option<Origin>,
}

/// What becomes of a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// The revisions, each of which follows the one before.
    pub revisions: Vec<ImportedRevision>,
    /// What there is to know about it.
    pub findings: Vec<Finding>,
}

impl Imported {
    /// Returns the findings of one weight.
    pub fn findings_of(&self, weight: Weight) -> impl Iterator<Item = &Finding> {
        let findings = self.findings.iter();
        findings.filter(move |finding| finding.kind.weight() == weight)
    }
}

impl ImportedRevision {
    /// Returns the text of the revision file.
    #[must_use]
    pub fn render(&self) -> String {
        self.new.render_with(&self.sections)
    }

    /// Returns the name of the revision file, without its ending: the one by which people know the
    /// migration.
    #[must_use]
    pub fn file_stem(&self) -> &str {
        let file = self.file.as_str();
        let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
        let tool = self.origin.as_ref().map(|origin| origin.tool);
        match (tool, folder) {
            // Its files have the same name in every folder.
            (Some(Tool::Diesel), folder) if !folder.is_empty() => folder,
            (None, _) => name.trim_end_matches(".py"),
            (Some(_), _) => name
                .trim_end_matches(".sql")
                .trim_end_matches(".rs")
                .trim_end_matches(".up")
                .trim_end_matches(".rows"),
        }
    }
}

/// Makes revisions of the migrations in a folder of a tool, and of what it is configured to do; `date`
/// returns the creation date of a version, as headers have it.
#[must_use]
pub fn import(
    (tool, config): (Tool, &ToolConfig),
    folder: &Folder,
    dialect: Dialect,
    date: impl Fn(&str) -> String,
) -> Imported {
    let Reading {
        migrations,
        findings,
    } = tools::read(tool, folder, config);
    let mut imported = Imported {
        revisions: Vec::new(),
        findings,
    };
    let has_errors = imported.findings_of(Weight::Error).next().is_some();
    if migrations.is_empty() && !has_errors {
        imported.findings.clear();
        imported.report(FindingKind::NoMigrations(tool));
        return imported;
    }
    let mut names: HashMap<RevisionId, &str> = HashMap::new();
    let mut final_ones = Vec::new();
    let own_table = config.table_of(tool);
    let mut parent = imported.provide_own_table((tool, &own_table), &migrations, dialect, &date);
    for migration in &migrations {
        let Some(id) = imported.id(migration) else {
            continue;
        };
        if let Some(first) = names.insert(id.clone(), migration.up.path) {
            let first = first.to_owned();
            let kind = FindingKind::DuplicateId {
                id: id.to_string(),
                first,
            };
            imported.report_in(migration.up.path, kind);
            continue;
        }
        let mut author = Author {
            tool,
            own_table: &own_table.name,
            dialect,
            findings: Vec::new(),
        };
        let written = author.write(migration, id.clone(), parent.as_ref(), &date);
        imported.findings.extend(author.findings);
        if let Some((revision, is_final)) = written {
            final_ones.extend(is_final.then(|| id.to_string()));
            imported.revisions.push(revision);
        }
        parent = Some(id);
    }
    // Elsewhere it is an error of the tool.
    if dialect.has_schemas() {
        imported.create_schemas(tool, &config.schemas);
    }
    if !final_ones.is_empty() {
        imported.report(FindingKind::NoWayBack {
            all: imported.revisions.len(),
            ids: final_ones,
        });
    }
    imported
}

impl Imported {
    fn report(&mut self, kind: FindingKind) {
        self.report_in("", kind);
    }

    fn report_in(&mut self, path: &str, kind: FindingKind) {
        self.findings.push(Finding {
            path: path.to_owned(),
            line: None,
            kind,
        });
    }

    /// Begins with a revision that creates the table of the tool, if a migration uses it; returns its id.
    fn provide_own_table(
        &mut self,
        (tool, own_table): (Tool, &VersionTable),
        migrations: &[Migration<'_>],
        dialect: Dialect,
        date: &impl Fn(&str) -> String,
    ) -> Option<RevisionId> {
        let table = own_table.name.as_str();
        let mut scripts = migrations.iter().map(|migration| &migration.up);
        scripts.find(|script| script.mentions(table, dialect).is_some())?;
        let first = migrations
            .first()
            .map_or("", |migration| migration.key.name());
        let origin = Origin {
            tool,
            key: Key::Table(table.to_owned()),
            checksum: None,
            file: table.to_owned(),
        };
        let id = RevisionId::for_new_revision(format!("{}_table", tool.name())).ok()?;
        self.revisions.push(ImportedRevision {
            new: NewRevision {
                message: format!("table of {tool}\n\n{origin}"),
                id: id.clone(),
                revises: Vec::new(),
                create_date: date(first),
                branch_labels: Vec::new(),
                depends_on: Vec::new(),
            },
            sections: format!(
                "-- alembic: upgrade\n-- A later revision uses it; a database of {tool} has it.\n{};\n\n\
                 -- alembic: downgrade irreversible: {tool} may have made the table\n",
                own_table::create(tool, own_table)
            ),
            file: origin.file.clone(),
            origin: Some(origin),
        });
        Some(id)
    }

    /// Creates schemas before everything else.
    fn create_schemas(&mut self, tool: Tool, schemas: &[String]) {
        let Some(first) = self.revisions.first_mut().filter(|_| !schemas.is_empty()) else {
            return;
        };
        let create = schemas
            .iter()
            .map(|schema| format!("CREATE SCHEMA IF NOT EXISTS {};\n", quote(schema)));
        let create: String = create.collect();
        let heading = "-- alembic: upgrade\n";
        let why = format!("-- {tool} is configured to create what its migrations need.\n");
        first.sections = format!("{heading}{why}{create}\n{}", first.sections);
        for schema in schemas.iter().cloned() {
            self.report(FindingKind::CreatesSchema { schema });
        }
    }

    /// Returns the id of a migration's revision: the one that people know, if it can be one.
    fn id(&mut self, migration: &Migration<'_>) -> Option<RevisionId> {
        let known = &migration.id;
        match RevisionId::for_new_revision(known) {
            Ok(id) => Some(id),
            Err(InvalidName::Empty) => {
                let version = known.clone();
                self.report_in(migration.up.path, FindingKind::NoId { version });
                None
            }
            Err(_) => {
                let version = known.clone();
                let id = RevisionId::like(known);
                let kind = match &id {
                    Some(id) => FindingKind::OtherId {
                        version,
                        id: id.to_string(),
                    },
                    None => FindingKind::NoId { version },
                };
                self.report_in(migration.up.path, kind);
                id
            }
        }
    }
}

/// What writes one revision.
struct Author<'t> {
    tool: Tool,
    /// The name of the tool's table.
    own_table: &'t str,
    dialect: Dialect,
    findings: Vec<Finding>,
}

impl Author<'_> {
    /// Writes the revision of a migration, and returns whether it is irreversible.
    fn write(
        &mut self,
        migration: &Migration<'_>,
        id: RevisionId,
        parent: Option<&RevisionId>,
        date: &impl Fn(&str) -> String,
    ) -> Option<(ImportedRevision, bool)> {
        let up = self.upgrade(&migration.up)?;
        let (down, is_final) = self.downgrade(&migration.down);
        let origin = Origin {
            tool: self.tool,
            key: migration.key.clone(),
            checksum: migration.checksum.clone(),
            file: migration.up.path.to_owned(),
        };
        let message = match migration.message.is_empty() {
            true => &migration.id,
            false => &migration.message,
        };
        let revision = ImportedRevision {
            new: NewRevision {
                message: format!("{message}\n\n{origin}"),
                id,
                revises: parent.cloned().into_iter().collect(),
                create_date: date(migration.key.name()),
                branch_labels: Vec::new(),
                depends_on: Vec::new(),
            },
            sections: up.sections.clone() + "\n" + &down.sections,
            file: origin.file.clone(),
            origin: Some(origin),
        };
        let faults = self.faults(&revision, &up, &down);
        let is_right = faults.is_empty();
        let faults = faults.into_iter().map(|fault| Finding {
            path: migration.up.path.to_owned(),
            line: None,
            kind: FindingKind::Revision(fault),
        });
        self.findings.extend(faults);
        is_right.then_some((revision, is_final))
    }

    /// Returns what a reader of the file would find wrong in it.
    fn faults(&self, revision: &ImportedRevision, up: &Written, down: &Written) -> Vec<Fault> {
        let (file, findings) = RevisionFile::parse(revision.render(), &[self.dialect]);
        let findings: Vec<Fault> = findings.into_iter().map(|finding| finding.kind).collect();
        let Some(file) = file.filter(|_| findings.is_empty()) else {
            return findings;
        };
        let is_same = |written: &Written, direction| {
            let sections = file.sections(direction, self.dialect);
            let statements = sections.flat_map(|section| section.statements(self.dialect));
            statements.count() == written.statements
        };
        let is_whole = is_same(up, Direction::Upgrade) && is_same(down, Direction::Downgrade);
        match is_whole && file.header.doc == revision.new.doc() {
            true => Vec::new(),
            // A line inside of a literal was taken for a heading.
            false => vec![Fault::MisspeltHeading],
        }
    }

    fn upgrade(&mut self, script: &Script<'_>) -> Option<Written> {
        let found = match self.tool {
            // It looks at the statements, and asks for no mark.
            Tool::Flyway if !script.outside => script.needs_no_transaction(self.dialect),
            _ => None,
        };
        let mut script = script.clone();
        script.outside |= found.is_some();
        self.findings.extend(found);
        let table = self.own_table;
        if let Some(offset) = script.mentions(table, self.dialect) {
            let table = table.to_owned();
            let kind = FindingKind::UsesOwnTable { table };
            self.findings.push(script.finding(offset, kind));
        }
        match script.pieces(self.dialect, &mut self.findings) {
            Ok(pieces) => {
                let written = Written::new("upgrade", &pieces);
                if written.statements == 0 {
                    self.findings.push(script.finding(0, FindingKind::EmptyUp));
                }
                Some(written)
            }
            Err(errors) => {
                self.findings.extend(errors);
                None
            }
        }
    }

    /// Writes the way back, and returns whether there is none.
    fn downgrade(&mut self, down: &Down<'_>) -> (Written, bool) {
        let script = match down {
            Down::Missing(why) => return (Written::irreversible(why), true),
            Down::Script(script) => script,
        };
        let mut changes = Vec::new();
        let pieces = match script.pieces(self.dialect, &mut changes) {
            Ok(pieces) => pieces,
            Err(errors) => {
                let first = errors.into_iter().next();
                let finding = first.unwrap_or_else(|| script.finding(0, FindingKind::EmptyDown));
                let why = finding.kind.to_string();
                let kind = FindingKind::UnreadableDown { why };
                self.findings.push(Finding { kind, ..finding });
                let why = format!("the way back of {} could not be read", self.tool);
                return (Written::irreversible(&why), true);
            }
        };
        self.findings.append(&mut changes);
        let written = Written::new("downgrade", &pieces);
        match (written.statements, self.tool) {
            (0, Tool::Diesel) => {
                self.findings
                    .push(script.finding(0, FindingKind::EmptyDown));
                (Written::irreversible("its down.sql was empty"), true)
            }
            (0, _) => {
                self.findings.push(script.finding(0, FindingKind::IdleDown));
                (written, false)
            }
            _ => (written, false),
        }
    }
}

/// The sections of one direction.
struct Written {
    sections: String,
    statements: usize,
}

impl Written {
    fn new(direction: &str, pieces: &[Piece]) -> Self {
        let statements = pieces.iter().map(|piece| piece.statements).sum();
        if statements == 0 {
            let text: String = pieces.iter().map(|piece| piece.sql.as_str()).collect();
            return Self {
                sections: format!("-- alembic: {direction} empty\n{}", as_comment(&text)),
                statements,
            };
        }
        let sections = pieces.iter().map(|piece| {
            let flag = if piece.outside { " no-transaction" } else { "" };
            format!("-- alembic: {direction}{flag}\n{}", piece.sql)
        });
        Self {
            sections: sections.collect::<Vec<String>>().join("\n"),
            statements,
        }
    }

    fn irreversible(why: &str) -> Self {
        Self {
            sections: format!("-- alembic: downgrade irreversible: {why}\n"),
            statements: 0,
        }
    }
}

/// Returns a text of comments as comments to the ends of lines.
fn as_comment(text: &str) -> String {
    let lines = text.lines().map(|line| match line.trim_start() {
        "" => "\n".to_owned(),
        comment if comment.starts_with("--") => format!("{line}\n"),
        comment => format!("-- {comment}\n"),
    });
    lines.collect()
}
