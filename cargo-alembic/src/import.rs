//! Imports from other migration tools: their folders, and the databases that they manage.

mod alembic;
mod config;
mod files;
mod place;
mod program;
mod recorded;
mod report;
mod sea_orm;
mod source;
mod take_over;

pub(crate) use alembic::{AlembicImport, no_python, no_take_over};
pub(crate) use files::FolderImport;
pub(crate) use place::PlaceRequest;
use sea_orm::SeaOrmImport;
pub(crate) use source::{ALEMBIC, Source, tools};
pub(crate) use take_over::TakeOverRequest;
