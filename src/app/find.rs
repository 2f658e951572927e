//! Finding anything that is known, and going there.

use std::time::Duration;

use super::App;
use crate::{
    finder::{Index, Spot, place_of, place_of_unknown},
    model::Now,
    ui::{Finder, Level},
};

/// Places kept that one went to.
const RECENT: usize = 10;

/// The index of names, and what was found by it.
#[derive(Default)]
pub(super) struct Finds {
    index: Index,
    /// Where one went, the last first.
    recent: Vec<Spot>,
    /// When the index is to take in more, as long as somebody searches it.
    pub(super) wake: Option<Duration>,
}

impl App {
    /// Opens the search.
    pub(super) fn find(&mut self, text: &str) {
        let finder = Finder::new(text, self.finds.recent.clone());
        self.layers.push(Box::new(finder));
    }

    /// Lets the layer on top search what is known by now.
    pub(super) fn look_up(&mut self, now: Now) {
        let cx = self.scene.cx(now);
        let more = self
            .layers
            .last_mut()
            .is_some_and(|top| top.look_up(&mut self.finds.index, &cx));
        self.finds.wake = more.then_some(now.mono);
    }

    /// Goes to what was found: to the table that shows it, with the cursor on it. Where nothing but its ARN is known,
    /// to the view that asks for it.
    pub(super) fn visit(&mut self, spot: Spot, now: Now) {
        let store = &self.scene.store;
        let subject = spot.subject.clone();
        let (place, cursor) = match place_of(&subject, store) {
            Some(place) => (Some(place), Some(subject)),
            None => (place_of_unknown(&subject.arn), None),
        };
        let Some(place) = place else {
            let text = format!("{} is not known any more", spot.name);
            self.say(Level::Warn, text, now);
            return;
        };
        self.jump_to(&place, cursor);
        self.finds.recent.retain(|earlier| *earlier != spot);
        self.finds.recent.insert(0, spot);
        self.finds.recent.truncate(RECENT);
    }
}
