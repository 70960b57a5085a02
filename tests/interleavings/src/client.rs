//! What stands in for the library's `client`: a lock that each call takes.

use crate::sync::Mutex;

#[derive(Default)]
pub struct Client(Mutex<()>);

impl Client {
    pub fn call(&self) {
        drop(self.0.lock());
    }

    pub fn renewed(&self) -> Result<Self, String> {
        Ok(Self::default())
    }
}
