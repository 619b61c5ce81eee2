//! Plans and what they read, as rows of data, without a database; and what SQLite makes of values.

mod values;
