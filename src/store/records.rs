//! What this session did, and what earlier ones did by the audit file: records, and the rollouts that are followed.

use std::sync::Arc;

use super::Store;
use crate::model::{Arn, Record, Rollout};

/// Records and rollouts, the newest first.
#[derive(Debug, Default)]
pub(super) struct Records {
    records: Vec<Arc<Record>>,
    rollouts: Vec<Arc<Rollout>>,
}

impl Store {
    /// Takes in a record, in the place of the one with the same id.
    pub fn take_record(&mut self, record: Record) {
        self.version += 1;
        let records = &mut self.records.records;
        if let Some(known) = records.iter_mut().find(|known| known.id == record.id) {
            *known = Arc::new(record);
        } else {
            let at = records.partition_point(|known| known.at > record.at);
            records.insert(at, Arc::new(record));
        }
    }

    /// What was done, the newest first.
    #[must_use]
    pub fn records(&self) -> &[Arc<Record>] {
        &self.records.records
    }

    /// The record with this id.
    #[must_use]
    pub fn record(&self, id: &str) -> Option<&Arc<Record>> {
        self.records().iter().find(|record| record.id == id)
    }

    /// Takes in a rollout, in the place of the one that the same deed began for the same service.
    pub fn take_rollout(&mut self, rollout: Rollout) {
        self.version += 1;
        let rollouts = &mut self.records.rollouts;
        let same = |known: &&mut Arc<Rollout>| {
            known.record == rollout.record && known.service == rollout.service
        };
        match rollouts.iter_mut().find(same) {
            Some(known) => *known = Arc::new(rollout),
            None => rollouts.insert(0, Arc::new(rollout)),
        }
    }

    /// The rollouts of this session, the newest first.
    #[must_use]
    pub fn rollouts(&self) -> &[Arc<Rollout>] {
        &self.records.rollouts
    }

    /// The rollout of a service that the deed with this record began.
    #[must_use]
    pub fn rollout(&self, service: &Arn, record: &str) -> Option<&Arc<Rollout>> {
        self.rollouts()
            .iter()
            .find(|rollout| rollout.service == *service && rollout.record == record)
    }
}
