//! An object whose fields no public page documents.

use super::expandable::Identified;
use super::record::record;

record! {
    /// An object whose fields are not documented: all of them are in `other`.
    pub struct OpenObject {}
}

impl Identified for OpenObject {
    /// Always `None`: which field would hold its id is not documented.
    fn id(&self) -> Option<&str> {
        None
    }
}
