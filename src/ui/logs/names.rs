//! Short names of streams: what tells them apart, and no more.

use std::collections::{BTreeSet, HashMap};

use crate::{model::Subject, ui::text};

/// The streams that ever had a line or were read, in that order, which is that of their colours.
#[derive(Debug, Default)]
pub(super) struct Names {
    streams: Vec<Subject>,
    places: HashMap<Subject, u32>,
    labels: Vec<String>,
    /// Whether names are made of a container and a task.
    are_double: bool,
}

/// Characters of a task's id that still tell it from others.
const LEAST: usize = 4;

impl Names {
    /// The place of a stream; it gets one if it has none yet.
    pub(super) fn place(&mut self, stream: &Subject) -> u32 {
        if let Some(place) = self.places.get(stream) {
            return *place;
        }
        let place = u32::try_from(self.streams.len()).unwrap_or(u32::MAX);
        self.streams.push(stream.clone());
        self.places.insert(stream.clone(), place);
        self.label();
        place
    }

    /// Names all by what differs: the container, the task, or both.
    fn label(&mut self) {
        let containers: BTreeSet<&str> = self.streams.iter().map(Subject::name).collect();
        let tasks: BTreeSet<_> = self.streams.iter().map(|stream| &stream.arn).collect();
        let label = |stream: &Subject| match (containers.len() > 1, tasks.len() > 1) {
            (true, true) => format!("{} {}", stream.name(), stream.arn.short()),
            (true, false) => stream.name().to_owned(),
            (false, _) => stream.arn.short().to_owned(),
        };
        self.are_double = containers.len() > 1 && tasks.len() > 1;
        let labels = self.streams.iter().map(label);
        self.labels = labels
            .map(|label| text::clean(&label).into_owned())
            .collect();
    }

    /// The short name of a stream by its place; empty where there is none.
    pub(super) fn of(&self, place: u32) -> &str {
        usize::try_from(place)
            .ok()
            .and_then(|place| self.labels.get(place))
            .map_or("", String::as_str)
    }

    /// The short name in so many cells. Where there is little room, of both the container and the task something stays.
    pub(super) fn within(&self, place: u32, cells: usize, ellipsis: &str) -> String {
        let label = self.of(place);
        let parts = label.rsplit_once(' ').filter(|_| self.are_double);
        match parts {
            Some((container, task)) if text::width(label) > cells => {
                let task = text::cut(task, cells.saturating_sub(LEAST).max(LEAST), "");
                let room = cells.saturating_sub(text::width(&task) + 1);
                format!("{} {task}", text::cut(container, room, ""))
            }
            _ => text::cut(label, cells, ellipsis).into_owned(),
        }
    }

    /// The cells of the longest name; 0 where there is one stream, which needs none.
    pub(super) fn width(&self) -> usize {
        if self.streams.len() < 2 {
            return 0;
        }
        let widths = self.labels.iter().map(|label| text::width(label));
        widths.max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Arn;

    fn names(streams: &[(&str, &str)]) -> (Vec<String>, usize) {
        let mut names = Names::default();
        let places: Vec<u32> = streams
            .iter()
            .map(|(task, container)| {
                let task = Arn::new(&format!("arn:aws:ecs:r:1:task/web/{task}"));
                names.place(&Subject::part(&task, container))
            })
            .collect();
        let told = places.iter().map(|place| names.of(*place).to_owned());
        (told.collect(), names.width())
    }

    #[test]
    fn names_shrink_to_what_still_tells_them_apart() {
        let mut names = Names::default();
        let task = |id: &str| Arn::new(&format!("arn:aws:ecs:r:1:task/web/{id}"));
        let one = names.place(&Subject::part(&task("3f2a1b0c9d8e"), "envoy"));
        assert_eq!(names.within(one, 5, "~"), "3f2a~");
        names.place(&Subject::part(&task("77aa00112233"), "app"));
        for (cells, text) in [
            (14, "envoy 3f2a1b0c"),
            (12, "env 3f2a1b0c"),
            (10, "env 3f2a1b"),
            (8, "env 3f2a"),
            (6, "e 3f2a"),
        ] {
            assert_eq!(names.within(one, cells, "~"), text);
        }
    }

    #[test]
    fn names_say_what_differs() {
        let (one, two) = ("3f2a1b0c9d8e", "77aa00112233");
        assert_eq!(names(&[(one, "app")]), (vec!["3f2a1b0c".to_owned()], 0));
        assert_eq!(
            names(&[(one, "app"), (two, "app")]).0,
            ["3f2a1b0c", "77aa0011"]
        );
        assert_eq!(names(&[(one, "app"), (one, "envoy")]).0, ["app", "envoy"]);
        assert_eq!(
            names(&[(one, "app"), (two, "envoy"), (one, "app")]),
            (
                vec![
                    "app 3f2a1b0c".to_owned(),
                    "envoy 77aa0011".to_owned(),
                    "app 3f2a1b0c".to_owned()
                ],
                14
            )
        );
    }
}
