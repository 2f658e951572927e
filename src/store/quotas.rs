//! How the request quotas of AWS stand, as the pacer last told.

use std::sync::Arc;

use super::Store;
use crate::model::QuotaUse;

impl Store {
    /// Takes in how the quotas stand, all of them.
    pub fn take_quotas(&mut self, uses: Vec<QuotaUse>) {
        self.version += 1;
        self.quotas = uses.into_iter().map(Arc::new).collect();
    }

    /// How the quotas stand, in their order; empty before the first call.
    #[must_use]
    pub fn quotas(&self) -> &[Arc<QuotaUse>] {
        &self.quotas
    }

    /// The quota of this name.
    #[must_use]
    pub fn quota(&self, name: &str) -> Option<&Arc<QuotaUse>> {
        self.quotas.iter().find(|one| one.name == name)
    }
}
