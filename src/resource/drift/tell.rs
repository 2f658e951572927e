//! How containers stand, in words: cells of tables and lines of pages.

use super::{Standing, Unknown, named_here, of};
use crate::{
    model::{Arn, Container, Query, Task, age, short_digest},
    resource::{Cell, Cx, Page, SortKey, Tone},
    store::Store,
};

impl Standing {
    fn words(&self) -> Option<String> {
        match self {
            Self::Current(_) => Some("current".to_owned()),
            Self::Older(tag) => Some(format!("older {tag}")),
            Self::Gone(tag) => Some(format!("{tag} gone")),
            Self::Pinned => Some("pinned".to_owned()),
            Self::Unknown(_) => None,
        }
    }

    fn tone(&self) -> Tone {
        match self {
            Self::Older(_) | Self::Gone(_) => Tone::Warn,
            _ => Tone::Muted,
        }
    }

    fn is_worth_telling(&self) -> bool {
        matches!(self, Self::Older(_) | Self::Gone(_))
    }

    /// The cell that says it of a container.
    pub fn cell(&self) -> Cell {
        self.words()
            .map_or_else(Cell::absent, |words| Cell::new(words, self.tone()))
    }

    /// What it is sorted by: what runs an older image first.
    pub fn key(&self) -> SortKey {
        match self {
            Self::Older(_) => SortKey::Number(0),
            Self::Gone(_) => SortKey::Number(1),
            Self::Current(_) => SortKey::Number(2),
            Self::Pinned | Self::Unknown(_) => SortKey::Absent,
        }
    }
}

/// The cell of a task: what is worth telling of its containers, which are named if there are several.
pub(in crate::resource) fn task_cell(task: &Task, cx: &Cx) -> Cell {
    let standings = standings(task, cx.store);
    let told: Vec<String> = standings
        .iter()
        .filter(|(_, standing)| standing.is_worth_telling())
        .filter_map(|(name, standing)| {
            let words = standing.words()?;
            Some(match task.containers.len() {
                1 => words,
                _ => format!("{name} {words}"),
            })
        })
        .collect();
    if !told.is_empty() {
        return Cell::new(told.join(", "), Tone::Warn);
    }
    let known = standings.iter().min_by_key(|(_, standing)| match standing {
        Standing::Current(_) => 0,
        Standing::Pinned => 1,
        _ => 2,
    });
    known.map_or_else(Cell::absent, |(_, standing)| standing.cell())
}

/// What a task is sorted by: as the worst of its containers.
pub(in crate::resource) fn task_key(task: &Task, cx: &Cx) -> SortKey {
    let keys = standings(task, cx.store);
    let keys = keys.iter().map(|(_, standing)| standing.key());
    keys.min_by(|one, two| one.compare(two, false))
        .unwrap_or(SortKey::Absent)
}

fn standings<'a>(task: &'a Task, store: &Store) -> Vec<(&'a str, Standing)> {
    let containers = task.containers.iter();
    containers
        .map(|container| (container.name.as_str(), of(container, task, store)))
        .collect()
}

/// Adds how a container of a task stands, or why that cannot be said.
pub(in crate::resource) fn field(page: &mut Page, container: &Container, task: &Task, cx: &Cx) {
    let standing = of(container, task, cx.store);
    let (text, tone) = match &standing {
        Standing::Current(tag) => (format!("{tag} points to this image"), Tone::Plain),
        Standing::Older(tag) => (moved(container, task, tag, cx), Tone::Warn),
        Standing::Gone(tag) => (
            format!("{tag} is no longer in the repository; a new task cannot pull it"),
            Tone::Warn,
        ),
        Standing::Pinned => ("pinned to this digest".to_owned(), Tone::Plain),
        Standing::Unknown(Unknown::Elsewhere | Unknown::NoDigest) => return,
        Standing::Unknown(Unknown::Tag(tag)) => {
            let query = Query::Tag { tag: tag.clone() };
            let asking = format!("ECR is asked where {} points", tag.name());
            (missing(&query, cx.store).unwrap_or(asking), Tone::Muted)
        }
        Standing::Unknown(Unknown::Index(image)) => {
            let query = Query::Manifest {
                image: image.clone(),
            };
            let asking = "ECR is asked for the images of the index".to_owned();
            (missing(&query, cx.store).unwrap_or(asking), Tone::Muted)
        }
    };
    page.toned("tag now", text, tone);
    if let Some((repository, reference)) = named_here(&container.image, &task.arn)
        && let Some(tag) = reference
            .pulled_tag()
            .filter(|_| standing.key() != SortKey::Absent)
    {
        stale(page, &repository.tag(tag), cx);
    }
}

/// Where a tag points now, in the words of a page.
fn moved(container: &Container, task: &Task, tag: &str, cx: &Cx) -> String {
    let image = named_here(&container.image, &task.arn)
        .and_then(|(repository, _)| cx.store.image_of_tag(&repository.tag(tag)));
    let digest = image.map_or("another image", |image| short_digest(image.name()));
    let pushed = image
        .and_then(|image| cx.store.image(image)?.pushed_at)
        .map_or_else(String::new, |at| {
            format!(", pushed {} ago", age(cx.now.wall.since(at)))
        });
    format!("{tag} points to {digest} now{pushed}; this runs an older one")
}

/// Tells of an answer that is old because ECR fails now.
fn stale(page: &mut Page, tag: &Arn, cx: &Cx) {
    let query = Query::Tag { tag: tag.clone() };
    let listing = cx.store.listing(&query);
    if let (Some(why), Some(old)) = (missing(&query, cx.store), listing.age(cx.now)) {
        let old = age(old);
        page.toned("", format!("as of {old} ago; {why}"), Tone::Stale);
    }
}

/// Why something that only adds to a page is not there, as a quiet note; none if it did not fail.
pub(in crate::resource) fn missing(query: &Query, store: &Store) -> Option<String> {
    let fault = &store.listing(query).fault()?.fault;
    let hint = match fault.hint.as_str() {
        "" => String::new(),
        hint => format!(" - {hint}"),
    };
    Some(format!("not known, {} {}{hint}", fault.op, fault.word()))
}
