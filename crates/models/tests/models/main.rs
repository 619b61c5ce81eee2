//! Sources that are read: what they state, and what is wrong with them.

#![expect(clippy::unwrap_used, reason = "what fails to unwrap fails the test")]

mod derives;
mod entities;
mod faults;
mod modules;
mod own;
mod source;
mod tables;
mod types;
