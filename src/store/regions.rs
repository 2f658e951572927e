//! What is asked of the account as a whole, once for each region that is looked at.

use super::{Listing, Store};
use crate::model::{Arn, Query, Region, regions};

impl Store {
    /// Says which regions are looked at, in a text as [`regions`] reads it.
    pub fn look_at(&mut self, text: &str) {
        let several: Vec<_> = regions(text).map(Region::new).collect();
        let several = if several.len() > 1 {
            several
        } else {
            Vec::new()
        };
        if several != self.regions {
            self.regions = several;
            self.version += 1;
        }
    }

    /// The regions that are looked at, if there are several.
    #[must_use]
    pub fn regions(&self) -> &[Region] {
        &self.regions
    }

    /// Whether several regions are looked at, so that a name alone does not say what is meant.
    #[must_use]
    pub fn has_regions(&self) -> bool {
        !self.regions.is_empty()
    }

    /// A question to the account as a whole, once for each region that is looked at: `everywhere(Query::Clusters)`.
    #[must_use]
    pub fn everywhere(&self, ask: fn(Option<Region>) -> Query) -> Vec<Query> {
        if self.regions.is_empty() {
            return vec![ask(None)];
        }
        self.regions.iter().cloned().map(Some).map(ask).collect()
    }

    /// The question to the account as a whole in whose answer a thing would be.
    #[must_use]
    pub fn around(&self, thing: &Arn, ask: fn(Option<Region>) -> Query) -> Query {
        let mut regions = self.regions.iter();
        ask(regions
            .find(|region| region.as_str() == thing.region())
            .or(self.regions.first())
            .cloned())
    }

    /// What was listed of the account as a whole, one region after the other.
    pub fn listed(&self, ask: fn(Option<Region>) -> Query) -> impl Iterator<Item = &Arn> {
        let queries = self.everywhere(ask).into_iter();
        queries.flat_map(|query| self.listing(&query).items())
    }

    /// Whether something is known of each list of the account: by one question for each region.
    #[must_use]
    pub fn is_listed(&self, ask: fn(Option<Region>) -> Query, is_so: fn(&Listing) -> bool) -> bool {
        let queries = self.everywhere(ask).into_iter();
        queries.map(|query| self.listing(&query)).all(is_so)
    }
}
