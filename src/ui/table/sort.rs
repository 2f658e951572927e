//! What the keys that sort do; the sorting itself is in `rows`.

use super::TableLayer;
use crate::{
    keymap::Command,
    ui::{Ask, Choice, Menu},
};

impl TableLayer {
    pub(super) fn on_sort(&mut self, command: Command) -> bool {
        let heads = self.heads();
        let at = self
            .sheet
            .sort()
            .and_then(|(column, _)| heads.iter().position(|head| head.index == column));
        match command {
            Command::SortLeft | Command::SortRight => {
                let count = heads.len();
                let next = match (command, at) {
                    (_, None) => 0,
                    (Command::SortLeft, Some(at)) => (at + count - 1) % count,
                    (_, Some(at)) => (at + 1) % count,
                };
                self.sheet.sort_by(heads[next].index, false);
            }
            Command::SortReverse => self.sheet.reverse(),
            Command::SortName => self.sheet.toggle_sort(0),
            Command::SortAge => self.sort_titled(&["AGE", "STOPPED", "REGISTERED", "TIME"]),
            Command::SortStatus => self.sort_titled(&["STATUS", "ROLLOUT"]),
            Command::Unhealthy => self.sheet.toggle_unhealthy(),
            _ => return false,
        }
        true
    }

    /// Sorts by the first column with one of these titles, if there is one.
    fn sort_titled(&mut self, titles: &[&str]) {
        let heads = self.heads();
        let found = heads
            .iter()
            .find(|shown| titles.contains(&shown.head.title));
        if let Some(shown) = found {
            self.sheet.toggle_sort(shown.index);
        }
    }

    pub(super) fn sort_menu(&self) -> Ask {
        let choices = self
            .heads()
            .into_iter()
            .map(|shown| Choice {
                label: shown.head.title.to_lowercase(),
                detail: String::new(),
                ask: Ask::SortBy(shown.index),
            })
            .collect();
        Ask::Push(Box::new(Menu::new("Sort by", choices)))
    }
}
