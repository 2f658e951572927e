//! The fields of the JSON: what each is called, what it may be, what it means. Their page is made from the same tables.

mod services;
mod tasks;

use serde_json::{Value, json};

pub(super) use services::{CLUSTER, EVENT, SERVICE};
pub(super) use tasks::{CONTAINER, IMAGE, TASK};

use super::Kind;
use crate::model::{Arn, Tag};

/// What a field may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Text,
    MaybeText,
    Number,
    MaybeNumber,
    Flag,
    MaybeFlag,
    /// RFC 3339 in UTC, or null.
    Time,
    Texts,
    Objects,
    Map,
    MaybeMap,
}

impl Shape {
    fn words(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::MaybeText => "string or null",
            Self::Number => "number",
            Self::MaybeNumber => "number or null",
            Self::Flag => "boolean",
            Self::MaybeFlag => "boolean or null",
            Self::Time => "time or null",
            Self::Texts => "array of strings",
            Self::Objects => "array of objects",
            Self::Map => "object",
            Self::MaybeMap => "object or null",
        }
    }

    /// Whether a value is of this shape.
    #[cfg(test)]
    pub(super) fn takes(self, value: &Value) -> bool {
        let all = |is: fn(&Value) -> bool| {
            let items = value.as_array();
            items.is_some_and(|items| items.iter().all(is))
        };
        let is_time = |text: &str| text.ends_with('Z') && text.parse::<jiff::Timestamp>().is_ok();
        match self {
            Self::Text => value.is_string(),
            Self::MaybeText => value.is_string() || value.is_null(),
            Self::Number => value.is_i64(),
            Self::MaybeNumber => value.is_i64() || value.is_null(),
            Self::Flag => value.is_boolean(),
            Self::MaybeFlag => value.is_boolean() || value.is_null(),
            Self::Time => value.is_null() || value.as_str().is_some_and(is_time),
            Self::Texts => all(Value::is_string),
            Self::Objects => all(Value::is_object),
            Self::Map => value.is_object(),
            Self::MaybeMap => value.is_object() || value.is_null(),
        }
    }
}

/// A field of the objects made from things of type `T`.
pub(super) struct Field<T> {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) about: &'static str,
    pub(super) value: fn(&T) -> Value,
}

const fn field<T>(
    name: &'static str,
    shape: Shape,
    about: &'static str,
    value: fn(&T) -> Value,
) -> Field<T> {
    Field {
        name,
        shape,
        about,
        value,
    }
}

const HEALTH: &str = "`sick`, `warn`, `moving`, `ok`, `done` or `unknown`; the first two are what `--unhealthy` lists";

fn arn(arn: &Arn) -> Value {
    json!(arn.as_str())
}

fn tags(tags: &[Tag]) -> Value {
    let tags = tags.iter().map(|tag| (tag.key.clone(), json!(tag.value)));
    Value::Object(tags.collect())
}

const INTRODUCTION: &str = "\
# The JSON of `ecsight get`

`ecsight get <kind> -o json` writes one object:

| Field | Type | What |
| --- | --- | --- |
| `kind` | string | What is listed: `services` |
| `region` | string | The region that was asked, or several with commas between them; empty if none could be found |
| `account` | string or null | The account, twelve digits; null if nobody told |
| `complete` | boolean | False if something could not be had: the items are then only what is known, if anything, and the exit code is 3 |
| `items` | array of objects | A row each, in the order of the table |

Every item has all fields of its kind. Fields may be added in later versions; none is renamed, taken away or given
another type without a new major version. Times are RFC 3339 in UTC. Values of environment variables are never in it.
Characters that could act on a terminal are written as `\\u` escapes, which every reader of JSON understands.
";

/// What all fields are, as a page.
pub(super) fn page() -> String {
    let mut page = INTRODUCTION.to_owned();
    for kind in Kind::ALL {
        page.push_str(&format!(
            "\n## {}\n\n| Field | Type | What |\n| --- | --- | --- |\n",
            kind.id()
        ));
        page.push_str(&match kind {
            Kind::Clusters => lines(CLUSTER),
            Kind::Services => lines(SERVICE),
            Kind::Tasks => lines(TASK),
            Kind::Containers => lines(CONTAINER),
            Kind::Images => lines(IMAGE),
            Kind::Events => lines(EVENT),
        });
    }
    page
}

fn lines<T>(fields: &[Field<T>]) -> String {
    fields
        .iter()
        .map(|field| {
            format!(
                "| `{}` | {} | {} |\n",
                field.name,
                field.shape.words(),
                field.about
            )
        })
        .collect()
}
