//! Reads and writes the log.

use std::time::Duration;

use alembic_history::{Direction, Node, NodeSet};

use super::compare::{Differences, Moved, compare};
use super::entry::{LogAction, LogEntry, NewEntry, rows_text};
use super::record::{LogReport, Record};
use super::store::{LogAccess, LogGap};
use super::writer::LogWriter;
use super::{Fingerprint, Log, LoggedRevision};
use crate::action::Action;
use crate::event::Event;
use crate::failure::{Failure, Unacceptable};
use crate::progress::read_unfinished;
use crate::refused_request::attribute_to;
use crate::session::Session;

/// How many rows one statement adds.
const ROWS: usize = 100;

/// Compares the log with the files and with the rows that were read; reads the whole log only if
/// its last row shows that something differs, or for `whole`.
pub(crate) async fn examine(
    session: &mut Session<'_>,
    whole: Whole,
) -> Result<Differences, Failure> {
    let log = &session.versions.log;
    let is_new = session.versions.rows.is_none() && log.last.is_none();
    let is_asked = match whole {
        Whole::IfNeeded => log.access.is_compared(),
        Whole::Always => log.access.is_compared() || log.access.can_write(),
    };
    if is_new || !is_asked {
        return Ok(Differences::default());
    }
    let versions = session.versions.rows().versions(session.graph());
    let rows = rows_text(&versions);
    if whole == Whole::IfNeeded && is_as_expected(session, &rows) {
        return Ok(Differences::default());
    }
    if let Some(log) = session.versions.log.current()
        && let Some((of, known)) = &session.versions.log.differences
        && (*of == rows || session.versions.log.is_written)
        && log.last.as_ref().is_some_and(|last| last.rows == rows)
    {
        // Since they were found, only this run has written to the log.
        return Ok(known.rest(log, session.graph()));
    }
    read(session).await?;
    let unwritten = Log::default();
    let log = session.versions.log.current().unwrap_or(&unwritten);
    let digests = session.runner.digests();
    let found = compare(log, session.graph(), digests, &versions);
    session.versions.log.differences = Some((rows, found.clone()));
    session.versions.log.is_written = false;
    Ok(found)
}

/// Whether the whole log is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whole {
    IfNeeded,
    Always,
}

/// Returns whether the last row of the log is what the files and the rows would write.
fn is_as_expected(session: &Session<'_>, rows: &str) -> bool {
    let log = &session.versions.log;
    let Some(last) = &log.last else {
        // Without a log, everything below the rows counts as applied.
        return !log.access.can_read();
    };
    last.rows == rows && last.fingerprint == expected(session).to_string()
}

fn expected(session: &Session<'_>) -> Fingerprint {
    session.runner.fingerprint(session.versions.rows().nodes())
}

/// Returns what lies at or below the rows.
fn covered(session: &Session<'_>) -> NodeSet {
    session.graph().required_by(session.versions.rows().nodes())
}

/// Returns the rows as the log holds them.
fn rows_now(session: &Session<'_>) -> String {
    rows_text(&session.versions.rows().versions(session.graph()))
}

/// Reads the whole log, unless this run knows it.
async fn read(session: &mut Session<'_>) -> Result<(), Failure> {
    if !session.versions.log.access.can_read() || session.versions.log.current().is_some() {
        return Ok(());
    }
    let entries = read_entries(session).await?;
    let log = Log::read(&entries);
    session.versions.log.last.clone_from(&log.last);
    session.versions.log.whole = Some(log);
    Ok(())
}

/// Reads the log, and finds out why there is none.
pub(crate) async fn read_log(session: &mut Session<'_>) -> Result<LogReport, Failure> {
    session.read_versions().await?;
    Ok(LogReport {
        entries: read_entries(session).await?,
        gap: session.versions.log.access.gap(),
    })
}

/// Returns the rows of the log, in their order; none if there is no log.
async fn read_entries(session: &Session<'_>) -> Result<Vec<LogEntry>, Failure> {
    if !session.versions.log.access.can_read() {
        return Ok(Vec::new());
    }
    let read = session
        .engine
        .read_log(session.table(), session.link.is_open);
    let rows = session.link.query_patiently(read).await?;
    let entries = rows.iter().map(LogEntry::read);
    let entries: Result<Vec<LogEntry>, _> = entries.collect();
    Ok(entries.map_err(attribute_to(Action::ReadLog))?)
}

/// Reads what the log recorded of the revisions of this database.
pub(crate) async fn read_record(session: &mut Session<'_>) -> Result<Record, Failure> {
    session.read_versions().await?;
    match session.versions.log.access.gap() {
        None | Some(LogGap::Missing) => {}
        Some(gap) => return Err(Failure::NoLog { gap }),
    }
    let entries = read_entries(session).await?;
    let log = Log::read(&entries);
    let versions = session.versions.rows().versions(session.graph());
    let digests = session.runner.digests();
    let differences = compare(&log, session.graph(), digests, &versions);
    let mut ways_back = Vec::new();
    if session.versions.log.access.can_read() {
        let engine = &session.engine;
        let read = engine.read_ways_back(session.table(), session.link.is_open);
        ways_back = session.link.query_patiently(read).await?;
    }
    let mut writers = Vec::new();
    if let Some(find) = session.engine.find_log_writers(session.table()) {
        let found = session.link.query_patiently(find).await?;
        writers.extend(found.iter().filter_map(LogWriter::read));
    }
    let is_declared = |id: &str| session.graph().node(id).is_some();
    let record = Record::new(
        &log,
        &entries,
        &ways_back,
        &differences,
        writers,
        is_declared,
    );
    match read_unfinished(session).await? {
        Some(unfinished) if !record.continues(&unfinished) => Err(Failure::Unfinished {
            revision: unfinished.revision,
            direction: unfinished.direction,
            statements: unfinished.statements,
        }),
        Some(_) | None => Ok(record),
    }
}

/// Prepares the log for the changes of the transaction that has begun: what another program has done
/// since it was written is adopted.
pub(crate) async fn adopt(session: &mut Session<'_>) -> Result<Differences, Failure> {
    session.versions.log.open.clear();
    session.versions.log.adoption = None;
    let differences = examine(session, Whole::Always).await?;
    let outdated = differences.outdated.iter();
    let outdated = outdated.map(|node| of_file(session, *node, LogAction::Adopt));
    let mut entries: Vec<NewEntry> = outdated.collect();
    let Some(moved) = &differences.moved else {
        session.versions.log.open = entries;
        return Ok(differences);
    };
    let Moved {
        adopted,
        unknown,
        left,
        ..
    } = moved;
    for logged in left {
        entries.push(without_file(session, logged, LogAction::Adopt));
    }
    for node in adopted {
        entries.push(of_file(session, *node, LogAction::Adopt));
    }
    for row in unknown {
        let logged = LoggedRevision {
            revision: row.clone(),
            message: String::new(),
            since: String::new(),
        };
        entries.push(NewEntry {
            direction: Direction::Upgrade,
            ..without_file(session, &logged, LogAction::Adopt)
        });
    }
    let has_moved = !(left.is_empty() && adopted.is_empty() && unknown.is_empty());
    if let Some(before) = &moved.before
        && has_moved
    {
        let event = Event::Adopted {
            before: before.clone(),
            applied: session.graph().ids(adopted),
            unknown: unknown.clone(),
            reverted: left.iter().map(|logged| logged.revision.clone()).collect(),
        };
        session.versions.log.adoption = Some(event);
    }
    session.versions.log.open = entries;
    Ok(differences)
}

/// Enters a revision that was applied or reverted, once its rows are written.
pub(crate) fn enter_step(
    session: &mut Session<'_>,
    node: Node,
    direction: Direction,
    took: Duration,
) {
    let rows = rows_now(session);
    let mut entry = session.runner.entry(node, direction, rows);
    entry.took = Some(took);
    session.versions.log.open.push(entry);
    if direction == Direction::Upgrade {
        refresh(session, node);
    }
}

/// Enters the ways back of the applied revisions that follow one that was hidden below them: they say
/// where these lead to.
fn refresh(session: &mut Session<'_>, node: Node) {
    let Some(log) = session.versions.log.current() else {
        return;
    };
    let graph = session.graph();
    let id = |node: Node| graph[node].id.as_str();
    let children = graph.children(node).iter().copied();
    let applied = children.filter(|child| log.has_applied(id(*child)));
    let entries = applied.map(|child| NewEntry {
        digest: log.digest(id(child)),
        ..of_file(session, child, LogAction::Adopt)
    });
    let entries = entries.filter(|new| log.way_back(&new.revision) != new.way_back_digest());
    let entries: Vec<NewEntry> = entries.collect();
    session.versions.log.open.extend(entries);
}

/// Enters what rows that were written without running revisions stand for, once the log is prepared by
/// [`adopt`].
///
/// What was `hidden` below the rows before stays so: nobody has said that it ran.
pub(crate) fn enter_stamp(session: &mut Session<'_>, action: LogAction, hidden: &[Node]) {
    let log = with_open(session);
    let covered = covered(session);
    let graph = session.graph();
    let rows = session.versions.rows().versions(graph);
    let mut entries = Vec::new();
    for logged in log.applied().into_iter().rev() {
        let node = graph.node(&logged.revision);
        let is_covered = node.is_some_and(|node| covered.contains(node));
        if !is_covered && !rows.unknown.contains(&logged.revision) {
            entries.push(without_file(session, logged, action));
        }
    }
    let mut new = covered;
    new.retain(|node| !log.has_applied(graph[node].id.as_str()) && !hidden.contains(&node));
    for node in graph.in_order(&new) {
        entries.push(of_file(session, node, action));
    }
    let is_moved = log
        .last
        .as_ref()
        .is_some_and(|last| last.rows != rows_text(&rows));
    if let (true, true, Some(id)) = (entries.is_empty(), is_moved, rows.revisions.first())
        && let Some(node) = graph.node(id.as_str())
    {
        // The rows are others, and stand for the same.
        entries.push(NewEntry {
            digest: log.digest(id.as_str()),
            ..of_file(session, node, action)
        });
    }
    session.versions.log.open.extend(entries);
}

/// Enters that the files are right about revisions, each given by its id.
pub(crate) fn enter_acceptance(
    session: &mut Session<'_>,
    differences: &Differences,
    revisions: &[String],
) -> Result<(), Failure> {
    let graph = session.graph();
    let mut entries = Vec::new();
    let mut accepted = Vec::new();
    for revision in revisions {
        let edited = differences.edited.iter().map(|(node, _)| *node);
        let mut files = differences.hidden.iter().copied().chain(edited);
        if let Some(node) = files.find(|node| graph[*node].id.as_str() == revision) {
            entries.push(of_file(session, node, LogAction::Accept));
            accepted.push(node);
            continue;
        }
        let mut removed = differences.removed.iter();
        let Some(logged) = removed.find(|logged| logged.revision == *revision) else {
            let unknown = &session.versions.rows().versions(graph).unknown;
            let log = session.versions.log.current();
            let is_logged = log.is_some_and(|log| log.has_applied(revision));
            let is_declared = graph.node(revision).is_some();
            let why = match (unknown.contains(revision), is_declared) {
                (true, _) => Unacceptable::Row,
                (false, false) if is_logged => Unacceptable::BelowUnknownRow,
                (false, false) => Unacceptable::Unknown,
                (false, true) => Unacceptable::Same,
            };
            return Err(Failure::NothingToAccept {
                revision: revision.clone(),
                why,
            });
        };
        entries.push(without_file(session, logged, LogAction::Accept));
    }
    session.versions.log.open.extend(entries);
    for node in accepted {
        refresh(session, node);
    }
    Ok(())
}

/// Returns the entry of a revision that counts as applied, although it did not run.
fn of_file(session: &Session<'_>, node: Node, action: LogAction) -> NewEntry {
    let rows = rows_now(session);
    let entry = session.runner.entry(node, Direction::Upgrade, rows);
    NewEntry { action, ..entry }
}

/// Returns the entry of a revision that no longer counts as applied.
fn without_file(session: &Session<'_>, logged: &LoggedRevision, action: LogAction) -> NewEntry {
    NewEntry {
        revision: logged.revision.clone(),
        message: logged.message.clone(),
        direction: Direction::Downgrade,
        action,
        digest: None,
        rows: rows_now(session),
        took: None,
        way_back: None,
    }
}

/// Returns the log as it will be once the open entries are written.
fn with_open(session: &Session<'_>) -> Log {
    let log = &session.versions.log;
    let mut known = log.current().cloned().unwrap_or_default();
    for entry in &log.open {
        known.append(entry, &session.runner.author);
    }
    known
}

/// Writes the open entries, in the transaction that is open.
pub(crate) async fn write(session: &mut Session<'_>) -> Result<Vec<LogEntry>, Failure> {
    let open = std::mem::take(&mut session.versions.log.open);
    let mut written = Vec::with_capacity(open.len());
    if open.is_empty() {
        return Ok(written);
    }
    if let LogAccess::Untrusted { owner } = &session.versions.log.access {
        let event = Event::LogNotKept {
            table: session.table().log().quoted(),
            owner: owner.clone(),
        };
        if !std::mem::replace(&mut session.versions.log.has_told_of_owner, true) {
            session.link.report(event).await;
        }
        return Ok(written);
    }
    if !session.versions.log.access.can_write() {
        return Ok(written);
    }
    if session.versions.log.access == LogAccess::Create {
        let create = session.engine.create_log(session.table());
        session.link.execute(create).await?;
        session.versions.log.access = LogAccess::Write;
    }
    read(session).await?;
    let mut log = session.versions.log.take_current().unwrap_or_default();
    for open in open.chunks(ROWS) {
        let rows = open.iter().map(|new| {
            let known = log.ways_back();
            let entry = log.append(new, &session.runner.author);
            let is_new = log.ways_back() > known;
            (entry, new.way_back.as_deref().filter(|_| is_new))
        });
        let rows: Vec<(LogEntry, Option<&str>)> = rows.collect();
        let write = session.engine.write_log(session.table(), &rows);
        let changed = session.link.execute(write).await?;
        if changed != rows.len() as u64 {
            return Err(Failure::LogRowCount {
                table: session.table().log().quoted(),
                expected: rows.len(),
                changed,
            });
        }
        written.extend(rows.into_iter().map(|(entry, _)| entry));
    }
    session.versions.log.last.clone_from(&log.last);
    session.versions.log.whole = Some(log);
    session.versions.log.is_written = true;
    if let Some(adoption) = session.versions.log.adoption.take() {
        session.link.report(adoption).await;
    }
    Ok(written)
}
