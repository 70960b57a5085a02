//! What stands in for the library's outbox: its store and its client.

use super::store::Store;
use crate::client::Client;
use crate::sync::Arc;

pub struct Outbox {
    pub client: Arc<Client>,
    pub store: Store,
    pub clock: Arc<()>,
    pub target: String,
    pub keep_ms: i64,
}

impl Outbox {
    pub fn open(client: &Arc<Client>) -> Self {
        let (client, store) = (Arc::clone(client), Store::over(Arc::new(()), Some(()), None));
        Self { client, store, clock: Arc::new(()), target: String::new(), keep_ms: 0 }
    }

    pub fn write(&self) {
        self.store.with();
    }
}
