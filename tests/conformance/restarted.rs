//! Servers that go away while somebody migrates.

use std::cell::RefCell;
use std::rc::Rc;

use alembic_tests::postgres::{Server, Shutdown};
use alembic_tests::{Numbers, PgBouncer};

use crate::case::{Case, Happened, Rounds};
use crate::history::{Besides, History};
use crate::place::{Kind, Place, SERVED};

const REVISIONS: usize = 60;
const ROUNDS: Rounds = Rounds { full: 5, quick: 1 };

/// The exit code of a database that cannot be reached.
const LOST: i32 = 7;

/// What is restarted.
#[derive(Clone, Copy, Debug)]
enum Restart {
    Server(Shutdown),
    Pooler,
}

pub(crate) fn cases() -> Vec<Case> {
    let history = Rc::new(History::new(REVISIONS, Besides::Work));
    // The first case that needs it starts it.
    let own: Rc<RefCell<Option<Server>>> = Rc::default();
    let fast = Restart::Server(Shutdown::Fast);
    let immediate = Restart::Server(Shutdown::Immediate);
    let mut restarts = Vec::new();
    for kind in SERVED {
        restarts.push((kind, "server-fast", fast));
        restarts.push((kind, "server-immediate", immediate));
    }
    restarts.push((Kind::Pooled, "pooler", Restart::Pooler));
    let case = |(kind, name, restart)| {
        let (history, own) = (Rc::clone(&history), Rc::clone(&own));
        let attempt = move |numbers: &mut Numbers| {
            let mut own = own.borrow_mut();
            let server = own.get_or_insert_with(Server::start);
            attempt(&history, server, kind, restart, numbers)
        };
        Case::new(format!("restarted/{kind}/{name}"), ROUNDS, attempt)
    };
    restarts.into_iter().map(case).collect()
}

fn attempt(
    history: &History,
    server: &mut Server,
    kind: Kind,
    restart: Restart,
    numbers: &mut Numbers,
) -> Happened {
    let database = server.database();
    let mut pooler = (kind == Kind::Pooled).then(|| PgBouncer::start(server));
    let url = match &pooler {
        Some(pooler) => pooler.url(&database),
        None => database.url().to_owned(),
    };
    let mut place = Place::served(kind, database, url);
    let line = numbers.one_of(&["ensure", "upgrade", "upgrade --transaction-per-revision"]);
    let mut holder = history.start(&place, line);
    assert!(holder.says("Running", 1 + numbers.below(REVISIONS / 2)));
    match restart {
        Restart::Server(shutdown) => server.restart(shutdown),
        Restart::Pooler => {
            drop(pooler.take());
            let again = PgBouncer::start(server);
            place.url = place.url_through(&again);
            pooler = Some(again);
        }
    }
    let ended = holder.end();
    let happened = match ended.status {
        // It was over before.
        Some(0) => Vec::new(),
        _ => {
            ended.failure(LOST, "connection-lost");
            vec!["reported"]
        }
    };
    history.run(&place, "upgrade").success();
    history.check(&place);
    drop(pooler);
    happened
}
