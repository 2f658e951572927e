//! Rows as JSON: one object that says what was asked where, with an object for each row.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{
    Kind,
    ask::Desk,
    fields::{self, Field},
    rows::{Row, Sheet},
};
use crate::{
    model::{ContainerDefinition, Health, Image, Service, ServiceEvent, Task, Timestamp},
    resource::{Cx, Runners, runners, state},
    ui::is_unsafe,
};

/// A thing with the word for its state and its health.
pub(super) struct Judged<T> {
    pub(super) thing: Arc<T>,
    pub(super) word: String,
    pub(super) health: Health,
}

/// A container of a task, with what its definition says of it, if that is known.
pub(super) struct ContainerItem {
    pub(super) task: Arc<Task>,
    pub(super) container: crate::model::Container,
    pub(super) defined: Option<ContainerDefinition>,
    pub(super) health: Health,
}

/// An event of a service.
pub(super) struct EventItem {
    pub(super) service: Arc<Service>,
    pub(super) event: ServiceEvent,
    pub(super) health: Health,
}

/// An image with those who run it.
pub(super) struct ImageItem {
    pub(super) image: Arc<Image>,
    pub(super) runners: Runners,
}

/// Writes the answer. Characters that could act on a terminal are written as escapes, so that it may be looked at.
pub(super) fn write(kind: Kind, regions: &str, desk: &Desk, sheet: &Sheet, cx: &Cx) -> String {
    let items = items(kind, sheet, cx);
    let account = desk.account();
    answer(kind, regions, account.as_deref(), desk.is_whole(), &items)
}

/// Writes that nothing could be had.
pub(super) fn nothing(kind: Kind, regions: &str, account: Option<&str>) -> String {
    answer(kind, regions, account, false, &[])
}

fn answer(
    kind: Kind,
    regions: &str,
    account: Option<&str>,
    complete: bool,
    items: &[Value],
) -> String {
    let answer = json!({
        "kind": kind.id(),
        "region": regions,
        "account": account,
        "complete": complete,
        "items": items,
    });
    escape(&format!("{answer:#}\n"))
}

/// Letters that act only stand within strings, but for the line ends between them.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if character == '\n' || !is_unsafe(character) {
            safe.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            safe.push_str(&format!("\\u{unit:04x}"));
        }
    }
    safe
}

fn items(kind: Kind, sheet: &Sheet, cx: &Cx) -> Vec<Value> {
    let rows = sheet.rows.iter();
    match kind {
        Kind::Clusters => {
            let known = |row: &Row| cx.store.cluster(&row.subject.arn).cloned();
            objects(
                fields::CLUSTER,
                rows.filter_map(|row| judged(row, known(row)?, cx)),
            )
        }
        Kind::Services => {
            let known = |row: &Row| cx.store.service(&row.subject.arn).cloned();
            objects(
                fields::SERVICE,
                rows.filter_map(|row| judged(row, known(row)?, cx)),
            )
        }
        Kind::Tasks => {
            let known = |row: &Row| cx.store.task(&row.subject.arn).cloned();
            objects(
                fields::TASK,
                rows.filter_map(|row| judged(row, known(row)?, cx)),
            )
        }
        Kind::Containers => objects(fields::CONTAINER, rows.filter_map(|row| container(row, cx))),
        Kind::Events => objects(fields::EVENT, rows.filter_map(|row| event(row, cx))),
        Kind::Images => {
            let images: Vec<_> = rows.map(|row| row.subject.arn.clone()).collect();
            let users = runners(&images, cx.store);
            let items = images.iter().zip(users).filter_map(|(arn, runners)| {
                let image = cx.store.image(arn)?.clone();
                Some(ImageItem { image, runners })
            });
            objects(fields::IMAGE, items)
        }
    }
}

fn objects<T>(fields: &[Field<T>], items: impl Iterator<Item = T>) -> Vec<Value> {
    let object = |item: T| {
        let fields = fields.iter();
        let fields = fields.map(|field| (field.name.to_owned(), (field.value)(&item)));
        Value::Object(fields.collect::<Map<_, _>>())
    };
    items.map(object).collect()
}

fn judged<T>(row: &Row, thing: Arc<T>, cx: &Cx) -> Option<Judged<T>> {
    let state = state(&row.subject, cx)?;
    Some(Judged {
        thing,
        word: state.word,
        health: row.health,
    })
}

fn container(row: &Row, cx: &Cx) -> Option<ContainerItem> {
    let task = cx.store.task(&row.subject.arn)?;
    let container = task.container(row.subject.part.as_deref()?)?;
    let definition = cx.store.definition(&task.definition);
    let mut defined = definition.into_iter().flat_map(|one| &one.containers);
    Some(ContainerItem {
        task: Arc::clone(task),
        container: container.clone(),
        defined: defined.find(|one| one.name == container.name).cloned(),
        health: row.health,
    })
}

fn event(row: &Row, cx: &Cx) -> Option<EventItem> {
    let service = cx.store.service(&row.subject.arn)?;
    let event = service.event(row.subject.part.as_deref()?)?;
    Some(EventItem {
        service: Arc::clone(service),
        event: event.clone(),
        health: row.health,
    })
}

/// A time as RFC 3339 has it, in UTC.
pub(super) fn time(at: Option<Timestamp>) -> Value {
    let at = at.and_then(|at| jiff::Timestamp::from_millisecond(at.0).ok());
    at.map_or(Value::Null, |at| Value::String(at.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_rfc_3339() {
        assert_eq!(time(Some(Timestamp(0))), "1970-01-01T00:00:00Z");
        assert_eq!(
            time(Some(Timestamp(1_700_000_000_250))),
            "2023-11-14T22:13:20.25Z"
        );
        assert_eq!(time(None), Value::Null);
    }

    #[test]
    fn what_acts_on_a_terminal_is_escaped_and_means_the_same() {
        let hostile = "a\u{1b}[2J\u{9b}1m\u{202e}b\u{7f}\u{e0041}\nc";
        let text = escape(&format!("{:#}", json!({ "name": hostile })));
        assert!(
            text.chars()
                .all(|letter| letter == '\n' || !is_unsafe(letter)),
            "{text}"
        );
        let read: Option<Value> = serde_json::from_str(&text).ok();
        assert_eq!(read, Some(json!({ "name": hostile })));
    }
}
