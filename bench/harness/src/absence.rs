//! What a library could not do.

use std::fmt::{self, Display};

use serde::{Deserialize, Serialize};

/// A library that could not do something, and why.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Absence {
    /// The name of the library.
    pub peer: String,
    /// A workload, a table, or `all`.
    pub what: String,
    /// Why.
    pub reason: String,
}

impl Absence {
    /// A library that is absent everywhere.
    pub fn everywhere(peer: &str, reason: String) -> Self {
        Self { peer: peer.to_owned(), what: "all".to_owned(), reason }
    }
}

impl Display for Absence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.peer, self.what, self.reason)
    }
}
