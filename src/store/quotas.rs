//! How the request quotas of AWS stand, as the pacer last told.

use std::sync::Arc;

use super::Store;
use crate::model::{QuotaUse, Region};

impl Store {
    /// Takes in how the quotas of a region stand, all of them; of the one that is looked at, if it is but one.
    pub fn take_quotas(&mut self, region: Option<&Region>, uses: Vec<QuotaUse>) {
        self.version += 1;
        self.quotas.retain(|one| one.region.as_ref() != region);
        let told = uses.into_iter().map(|one| QuotaUse {
            region: region.cloned(),
            ..one
        });
        self.quotas.extend(told.map(Arc::new));
        // They come in any order, and stand in that of the regions.
        let regions = &self.regions;
        self.quotas.sort_by_key(|one| {
            regions
                .iter()
                .position(|it| Some(it) == one.region.as_ref())
        });
    }

    /// How the quotas stand, in their order; empty before the first call.
    #[must_use]
    pub fn quotas(&self) -> &[Arc<QuotaUse>] {
        &self.quotas
    }

    /// The quota of this name in a region.
    #[must_use]
    pub fn quota(&self, region: Option<&str>, name: &str) -> Option<&Arc<QuotaUse>> {
        let is_there = |one: &QuotaUse| one.region.as_ref().map(Region::as_str) == region;
        let mut quotas = self.quotas.iter();
        quotas.find(|one| one.name == name && is_there(one))
    }
}
