//! Where a person has been: trails of places, back and forward.

use crate::{model::Subject, resource::Place};

/// Trails kept.
const KEPT: usize = 100;

/// A table on the way from the root to where the person is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stop {
    pub(super) place: Place,
    /// What the cursor was on.
    pub(super) cursor: Option<Subject>,
    /// The filter in force.
    pub(super) filter: String,
}

/// The tables from the root to where the person is.
pub(super) type Trail = Vec<Stop>;

/// The trails walked, with one of them as the present.
#[derive(Debug, Default)]
pub(super) struct History {
    trails: Vec<Trail>,
    at: usize,
    /// The trail before the last move, for going back and forth between two.
    last: Option<usize>,
}

impl History {
    /// Updates the present trail: the cursor may have moved since it was recorded.
    pub(super) fn refresh(&mut self, trail: Trail) {
        if let Some(present) = self.trails.get_mut(self.at)
            && same_places(present, &trail)
        {
            *present = trail;
        }
    }

    /// Records a move; what lay ahead is forgotten.
    pub(super) fn record(&mut self, trail: Trail) {
        if self
            .trails
            .get(self.at)
            .is_some_and(|present| same_places(present, &trail))
        {
            return;
        }
        if !self.trails.is_empty() {
            self.trails.truncate(self.at + 1);
            self.last = Some(self.at);
        }
        self.trails.push(trail);
        if self.trails.len() > KEPT {
            self.trails.remove(0);
            self.last = self.last.and_then(|last| last.checked_sub(1));
        }
        self.at = self.trails.len() - 1;
    }

    /// Steps back or forward in time.
    pub(super) fn step(&mut self, by: isize) -> Option<Trail> {
        let to = self.at.checked_add_signed(by)?;
        let trail = self.trails.get(to)?.clone();
        self.last = Some(self.at);
        self.at = to;
        Some(trail)
    }

    /// Goes to the trail before the last move.
    pub(super) fn last(&mut self) -> Option<Trail> {
        let to = self.last?;
        let trail = self.trails.get(to)?.clone();
        self.last = Some(self.at);
        self.at = to;
        Some(trail)
    }
}

/// Whether two trails lead along the same views of the same things; which facet is shown makes no difference.
fn same_places(one: &Trail, two: &Trail) -> bool {
    let places = |stop: &Stop| (stop.place.view, stop.place.scope.of.clone());
    one.iter().map(places).eq(two.iter().map(places))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::Scope;

    fn trail(views: &[&'static str]) -> Trail {
        let stop = |view: &&'static str| Stop {
            place: Place {
                view,
                scope: Scope::account(),
            },
            cursor: None,
            filter: String::new(),
        };
        views.iter().map(stop).collect()
    }

    #[test]
    fn steps_back_and_forward() {
        let mut history = History::default();
        history.record(trail(&["a"]));
        history.record(trail(&["a", "b"]));
        history.record(trail(&["c"]));
        assert_eq!(history.step(-1), Some(trail(&["a", "b"])));
        assert_eq!(history.step(-1), Some(trail(&["a"])));
        assert_eq!(history.step(-1), None);
        assert_eq!(history.step(1), Some(trail(&["a", "b"])));
        history.record(trail(&["d"]));
        assert_eq!(history.step(1), None);
    }

    #[test]
    fn last_goes_back_and_forth() {
        let mut history = History::default();
        history.record(trail(&["a"]));
        assert_eq!(history.last(), None);
        history.record(trail(&["b"]));
        assert_eq!(history.last(), Some(trail(&["a"])));
        assert_eq!(history.last(), Some(trail(&["b"])));
    }

    #[test]
    fn the_oldest_is_forgotten() {
        let mut history = History::default();
        for _ in 0..KEPT {
            history.record(trail(&["a"]));
            history.record(trail(&["b"]));
        }
        assert_eq!(history.trails.len(), KEPT);
    }
}
