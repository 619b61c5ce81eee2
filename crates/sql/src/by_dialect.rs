//! One value for each dialect.

use std::ops::{Index, IndexMut};

use crate::Dialect;

/// A value for each dialect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByDialect<T>([T; Dialect::ALL.len()]);

impl<T: Default> Default for ByDialect<T> {
    fn default() -> Self {
        Self(std::array::from_fn(|_| T::default()))
    }
}

impl<T> Index<Dialect> for ByDialect<T> {
    type Output = T;

    fn index(&self, dialect: Dialect) -> &T {
        &self.0[dialect as usize]
    }
}

impl<T> IndexMut<Dialect> for ByDialect<T> {
    fn index_mut(&mut self, dialect: Dialect) -> &mut T {
        &mut self.0[dialect as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dialect_has_a_value_of_its_own() {
        for (index, dialect) in Dialect::ALL.iter().enumerate() {
            assert_eq!(*dialect as usize, index);
        }
    }
}
