//! A request that the database refused.

use crate::action::Action;
use crate::database_error::{DatabaseError, DatabaseErrorKind};

/// A request that the database refused: the action, and the error.
#[derive(Debug)]
pub(crate) struct RefusedRequest {
    pub(crate) action: Action,
    pub(crate) error: DatabaseError,
}

impl RefusedRequest {
    pub(crate) fn new(action: Action, error: DatabaseError) -> Self {
        Self { action, error }
    }

    pub(crate) fn kind(&self) -> DatabaseErrorKind {
        self.error.kind()
    }
}

/// Attributes an error of reading an answer to `action`.
pub(crate) fn attribute_to(action: Action) -> impl Fn(DatabaseError) -> RefusedRequest {
    move |error| RefusedRequest::new(action, error)
}
