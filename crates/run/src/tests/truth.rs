//! Whichever request fails, the run reports the true state, and the next run finishes the work.

use std::fmt;
use std::time::Duration;

use alembic_history::TransactionMode::Run as PerRun;
use alembic_history::{Dialect, Direction, History, RevisionId, TransactionMode};

use super::fake::{Command, Content, FAILINGS, Failing, Fake, PATH_FOUND, Second, in_path};
use super::revisions::{Source, StatementEffect, history};
use crate::request::Progress;
use crate::{DatabaseState, Failure, FailureKind, Interruption, RunError};

/// Something that is done to a database.
pub(super) struct Case<'c> {
    pub(super) name: String,
    pub(super) history: &'c History,
    pub(super) direction: Direction,
    /// The database before.
    pub(super) start: Fake,
    /// Whether everything is created whole, and not revision by revision.
    pub(super) creates: bool,
    /// The row at which it is stamped, if it is legacy.
    pub(super) baseline: Option<&'static str>,
    pub(super) attempt: &'c dyn Fn(&mut Fake) -> Result<(), RunError>,
}

/// A run, and the database after it.
struct Ran {
    fake: Fake,
    outcome: Result<(), RunError>,
}

/// A run in which a request failed.
struct Failed<'c> {
    case: &'c Case<'c>,
    /// The database after a run in which nothing fails.
    sound: &'c Fake,
    failing: Failing,
    ran: Ran,
    /// The request.
    refused: String,
    /// Whether a transaction was open.
    was_open: bool,
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { fake, outcome } = self;
        let log = fake.log.text();
        write!(f, "{log}\n{outcome:?}\n{:?}", fake.content)
    }
}

impl fmt::Display for Failed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {:?}\n{}", self.case.name, self.failing, self.ran)
    }
}

impl Case<'_> {
    /// Has every request fail in turn, in every way.
    pub(super) fn check(&self) {
        let sound = self.run(self.start.clone());
        assert!(sound.outcome.is_ok(), "{}\n{sound}", self.name);
        assert!(!sound.fake.is_open(), "{}\n{sound}", self.name);
        assert_eq!(sound.fake.content.progress, None, "{}\n{sound}", self.name);
        let mut seen: Vec<Content> = Vec::new();
        for failing in FAILINGS {
            for request in 0..sound.fake.asked {
                let ran = self.run(Fake {
                    failing: Some((request, failing)),
                    ..self.start.clone()
                });
                let (refused, was_open) = ran.fake.refused.clone().unwrap();
                let mut failed = Failed {
                    case: self,
                    sound: &sound.fake,
                    failing,
                    ran,
                    refused,
                    was_open,
                };
                failed.check();
                let content = &failed.ran.fake.content;
                if !seen.contains(content) {
                    seen.push(content.clone());
                    failed.check_next_run();
                }
            }
        }
    }

    fn run(&self, mut fake: Fake) -> Ran {
        let outcome = (self.attempt)(&mut fake);
        Ran { fake, outcome }
    }

    /// Returns the database as it would be if the unfinished revision were not begun.
    fn without_unfinished(&self) -> Content {
        let mut content = without_record(&self.start.content);
        if let Some(record) = record(&self.start.content) {
            let statements = self.statements(&record.revision);
            let statements: Vec<String> = statements.into_iter().flatten().collect();
            content.executed.retain(|sql| !statements.contains(sql));
        }
        content
    }

    /// Returns the database as it is when only these revisions are done.
    fn content_after(&self, done: &[RevisionId]) -> Content {
        let graph = self.history.graph();
        let mut content = self.without_unfinished();
        if let Some(baseline) = self.baseline {
            content.rows = Some(vec![baseline.to_owned()]);
        }
        for id in done {
            let statements = self.statements(id.as_str()).into_iter().flatten();
            content.executed.extend(statements);
            let node = graph.node(id.as_str()).unwrap();
            let rows = match self.direction {
                Direction::Upgrade => vec![id.as_str().to_owned()],
                Direction::Downgrade => {
                    let below = graph[node].down_revisions.iter();
                    below.map(|id| id.as_str().to_owned()).collect()
                }
            };
            content.rows = Some(rows);
        }
        with_indexes(content)
    }

    /// Returns the database as it is when some statements of one more revision are done.
    fn content_in_part(&self, done: &[RevisionId], revision: &str, statements: usize) -> Content {
        let mut content = self.content_after(done);
        let statements = self.statements(revision).into_iter().take(statements);
        content.executed.extend(statements.flatten());
        content.rows.get_or_insert_default();
        with_indexes(content)
    }

    /// What the statements of a revision do, each in the search path that those before it have set;
    /// nothing where they set one.
    fn statements(&self, id: &str) -> Vec<Option<String>> {
        let file = self.history.file(self.history.graph().node(id).unwrap());
        let sections = file.file.sections(self.direction, self.start.dialect);
        let mut path = PATH_FOUND;
        sections
            .flat_map(|section| section.statements(self.start.dialect))
            .map(|statement| match StatementEffect::of(statement.sql) {
                Some(StatementEffect::SetPath(set)) => {
                    path = set;
                    None
                }
                _ => Some(in_path(statement.sql, path)),
            })
            .collect()
    }
}

impl Failed<'_> {
    fn check(&mut self) {
        self.check_connection();
        if self.ran.fake.is_open() {
            // Closing the connection undoes it.
            self.ran.fake.undo();
        }
        match &self.ran.outcome {
            Ok(()) => {
                // Nothing depends on these.
                let is_needless = [
                    "set lock timeout 5000",
                    "leave",
                    "aside release lock",
                    "count changes",
                    "find own process",
                ];
                let is_needless = is_needless.contains(&self.refused.as_str());
                // Where the revision continues, its settings are not in force.
                let is_passed = matches!(self.failing, Failing::Busy(_))
                    && ["read settings", "restore search_path to third"]
                        .contains(&self.refused.as_str());
                let is_one = self.failing == Failing::Busy(1);
                assert!(is_needless || is_passed || is_one, "{self}");
                assert_eq!(self.ran.fake.content, self.sound.content, "{self}");
            }
            Err(error) => {
                self.check_state(error.state());
                // Nothing on the second connection waits for a lock.
                let is_busy = matches!(self.failing, Failing::Busy(_));
                if is_busy && !self.refused.starts_with("aside ") {
                    assert_eq!(error.kind(), FailureKind::Busy, "{self}");
                    let is_retried = self.ran.fake.dialect == Dialect::Postgres && self.was_open;
                    assert!(!is_retried || self.failing != Failing::Busy(1), "{self}");
                }
            }
        }
        if begun(&self.ran.fake.content).is_some() {
            self.check_uncertain();
        }
    }

    /// Nothing that the run has set, begun or locked outlasts it.
    fn check_connection(&self) {
        let (fake, start) = (&self.ran.fake, &self.case.start);
        let refused = self.refused.as_str();
        let is_closed = matches!(
            fake.second,
            Second::Missing | Second::Closed | Second::Idle | Second::Lost
        );
        assert!(is_closed || refused.starts_with("aside "), "{self}");
        if fake.is_open() {
            assert_eq!(self.failing, Failing::AlsoRollback, "{self}");
            let error = self.ran.outcome.as_ref().unwrap_err();
            assert!(error.rollback_error().is_some(), "{self}");
        } else if !fake.lost {
            let kept = refused != "switch foreign keys on";
            assert_eq!(fake.foreign_keys, start.foreign_keys && kept, "{self}");
            let lost = refused.starts_with("restore search_path to ")
                || self.failing == Failing::AlsoRollback;
            assert!(fake.path == start.path || lost, "{self}");
        }
        if fake.lost {
            // The server does it.
            let error = self.ran.outcome.as_ref().err();
            assert!(
                error.is_none_or(|error| error.rollback_error().is_none()),
                "{self}"
            );
        } else {
            let lost = refused == "set lock timeout 5000";
            assert!(fake.busy_timeout == start.busy_timeout || lost, "{self}");
        }
    }

    /// The database is in the state that the run reports.
    fn check_state(&self, state: &DatabaseState) {
        let (case, content) = (self.case, &self.ran.fake.content);
        let record = record(content);
        let sound = &self.sound.content;
        let possible = match state {
            DatabaseState::Unchanged => {
                // That a statement was begun may have been taken back.
                let was = self::record(&case.start.content);
                if record.is_some() || was.is_none_or(|was| was.done > 0) {
                    assert_eq!(*content, case.start.content, "{self}");
                }
                vec![without_record(&case.start.content)]
            }
            DatabaseState::Committed { done, .. } if case.creates => {
                let all = case.history.graph().nodes().count();
                assert_eq!(done.len(), all, "{self}");
                vec![sound.clone()]
            }
            DatabaseState::Committed { done, .. } => {
                assert_eq!(record, None, "{self}");
                vec![case.content_after(done)]
            }
            DatabaseState::Unfinished {
                done,
                revision,
                statements,
                uncertain,
            } => {
                self.check_record(record.unwrap(), revision, *statements, *uncertain);
                let after = |more| case.content_in_part(done, revision.as_str(), statements + more);
                (0..=usize::from(*uncertain)).map(after).collect()
            }
            DatabaseState::Unknown {
                done,
                committing,
                unfinished,
            } => {
                let recorded = record.filter(|record| record.done > 0);
                if let (Some((revision, statements)), Some(record)) = (unfinished, recorded) {
                    assert_eq!(revision.as_str(), record.revision, "{self}");
                    assert!(*statements <= record.done, "{self}");
                }
                assert!(matches!(self.failing, Failing::Lost { .. }), "{self}");
                let both: Vec<RevisionId> = done.iter().chain(committing).cloned().collect();
                let mut possible = vec![case.content_after(done), case.content_after(&both)];
                if done.is_empty() {
                    possible.push(without_record(&case.start.content));
                }
                if case.creates || both.is_empty() {
                    possible.push(sound.clone());
                }
                // Statements of a revision that are committed already are not in question.
                let in_part =
                    |record: &Progress| case.content_in_part(done, &record.revision, record.done);
                possible.extend(record.map(in_part));
                possible
            }
        };
        let found = without_record(content);
        assert!(possible.contains(&found), "{self}\n{possible:#?}");
    }

    fn check_record(
        &self,
        record: &Progress,
        revision: &RevisionId,
        statements: usize,
        uncertain: bool,
    ) {
        assert_eq!(record.revision, revision.as_str(), "{self}");
        assert_eq!(record.direction, self.case.direction.to_string(), "{self}");
        let told = (statements, uncertain);
        // It may have arrived although no reply did.
        let arrived = uncertain
            && self.failing == (Failing::Lost { took_effect: true })
            && record.done == statements + 1;
        assert!((record.done, record.is_begun) == told || arrived, "{self}");
    }

    /// The next run continues with exactly the statement that failed; if it is unknown whether that
    /// took effect, the run says so and follows its option.
    fn check_next_run(&self) {
        let content = &self.ran.fake.content;
        let next = |interruption| {
            self.case.run(Fake {
                content: content.clone(),
                interruption,
                lock_timeout: Duration::from_secs(1),
                ..self.case.start.clone()
            })
        };
        let second = next(Interruption::Refuse);
        let Some((record, begun)) = begun(content) else {
            assert!(second.outcome.is_ok(), "{self}\nthen\n{second}");
            assert_eq!(
                second.fake.content, self.sound.content,
                "{self}\nthen\n{second}"
            );
            return;
        };
        let error = second.outcome.as_ref().unwrap_err();
        let Failure::Interrupted {
            location,
            since,
            has_not,
            ..
        } = error.failure()
        else {
            panic!("{self}\nthen\n{second}");
        };
        assert_eq!(location.revision.as_str(), record.revision, "{self}");
        assert_eq!(location.statement, begun, "{self}");
        assert_eq!(since, "2026-01-02 03:04:05", "{self}");
        let state = match (begun, has_not) {
            (1, true) => DatabaseState::Unchanged,
            _ => DatabaseState::Unfinished {
                done: Vec::new(),
                revision: location.revision.clone(),
                statements: begun - 1,
                uncertain: !has_not,
            },
        };
        assert_eq!(*error.state(), state, "{self}");
        assert_eq!(second.fake.content, *content, "{self}\nthen\n{second}");

        let statement = &self.case.statements(&record.revision)[begun - 1];
        let times = |content: &Content| {
            let executed = content.executed.iter();
            let executed = executed.filter(|executed| Some(*executed) == statement.as_ref());
            executed.count()
        };
        let before = times(content);
        for (interruption, more) in [(Interruption::Again, 1), (Interruption::Skip, 0)] {
            let third = next(interruption);
            let after = &third.fake.content;
            if interruption == Interruption::Skip && *has_not {
                assert!(third.outcome.is_err(), "{self}\nthen\n{third}");
                assert_eq!(*after, *content, "{self}\nthen\n{third}");
                continue;
            }
            assert!(third.outcome.is_ok(), "{self}\nthen\n{third}");
            let more = more * usize::from(statement.is_some());
            assert_eq!(times(after), before + more, "{self}\nthen\n{third}");
            if before + more == 1 {
                assert_eq!(*after, self.sound.content, "{self}\nthen\n{third}");
            }
        }
    }

    /// A run leaves open whether a statement took effect only if that cannot be known or recorded, and
    /// says so.
    fn check_uncertain(&self) {
        let was = begun(&self.case.start.content).is_some();
        let is_excused = match self.failing {
            Failing::Lost { .. } => true,
            Failing::Busy(usize::MAX)
                if self.refused.starts_with("record ") || self.refused == "restore for work" =>
            {
                true
            }
            // Without the lock, nothing may be recorded.
            _ => self.refused == "aside check lock",
        };
        assert!(is_excused || was, "{self}");
        match self.ran.outcome.as_ref().unwrap_err().state() {
            DatabaseState::Unfinished { uncertain, .. } => assert!(uncertain, "{self}"),
            DatabaseState::Unknown { .. } => {}
            DatabaseState::Unchanged => assert!(was, "{self}"),
            DatabaseState::Committed { .. } => panic!("{self}"),
        }
    }
}

/// The row of the revision that is unfinished, if there is one.
fn record(content: &Content) -> Option<&Progress> {
    content.progress.iter().flatten().next()
}

/// The same, and the number of its statement that was begun, if there is one.
fn begun(content: &Content) -> Option<(&Progress, usize)> {
    let record = record(content)?;
    Some((record, record.is_begun.then_some(record.done + 1)?))
}

fn without_record(content: &Content) -> Content {
    Content {
        progress: None,
        ..content.clone()
    }
}

fn with_indexes(mut content: Content) -> Content {
    let built = content
        .executed
        .iter()
        .filter_map(|sql| match StatementEffect::of(sql)? {
            StatementEffect::BuildIndex(name) => Some((name.to_owned(), true)),
            _ => None,
        });
    content.indexes = built.collect();
    content
}

/// The database of which a request will fail, in a run that is one transaction.
pub(super) fn failing(
    fake: Fake,
    sources: &[Source],
    command: Command,
    request: &str,
    how: Failing,
) -> Fake {
    failing_in(PerRun, fake, sources, command, request, how)
}

/// The database of which a request will fail.
pub(super) fn failing_in(
    mode: TransactionMode,
    fake: Fake,
    sources: &[Source],
    command: Command,
    request: &str,
    how: Failing,
) -> Fake {
    let mut sound = fake.clone();
    sound.run(&history(sources), mode, command).unwrap();
    Fake {
        failing: Some((sound.number_of(request), how)),
        ..fake
    }
}

/// The database after a run that failed at `request`, as the next program finds it.
pub(super) fn after_failure(
    start: &Fake,
    request: &str,
    failing: Failing,
    attempt: &dyn Fn(&mut Fake) -> Result<(), RunError>,
) -> Fake {
    let mut sound = start.clone();
    attempt(&mut sound).unwrap();
    let mut fake = Fake {
        failing: Some((sound.number_of(request), failing)),
        ..start.clone()
    };
    attempt(&mut fake).unwrap_err();
    Fake {
        content: fake.content,
        ..start.clone()
    }
}
