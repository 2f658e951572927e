//! What the world has to do and when: a queue by due time, so that a tick costs only what is due.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::director::Scene;
use super::moment::Moment;
use super::service::ServiceKey;
use super::task::TaskKey;

/// One thing that falls due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    /// The next step of a task's life; void when the task's plan has changed since.
    Step(TaskKey, u32),
    /// A container health verdict; void when the task's plan has changed since.
    Verdict(TaskKey, u32),
    /// A stopped task is no longer readable.
    Forget(TaskKey),
    /// The scheduler looks at a service.
    Reconcile(ServiceKey),
    /// The rollback that a client asked for begins; void when the deployment is another by then.
    RollBack(ServiceKey),
    /// Something happens by itself.
    Scene(Scene),
}

/// The queue of items, earliest first, first come first served within an instant.
#[derive(Debug, Default)]
pub struct Agenda {
    queue: BinaryHeap<Reverse<(Moment, u64, Item)>>,
    serial: u64,
}

impl Agenda {
    /// Puts `item` down for `at`.
    pub fn put(&mut self, at: Moment, item: Item) {
        self.serial += 1;
        self.queue.push(Reverse((at, self.serial, item)));
    }

    /// Takes the earliest item due at or before `until`, with its due time.
    pub fn take_due(&mut self, until: Moment) -> Option<(Moment, Item)> {
        if self.queue.peek()?.0.0 > until {
            return None;
        }
        self.queue.pop().map(|Reverse((at, _, item))| (at, item))
    }
}
