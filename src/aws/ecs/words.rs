//! Small things that several kinds share: texts, times, tags, capacity provider strategies.

use aws_sdk_ecs::{primitives::DateTime, types};

use crate::model::{Arn, StrategyItem, Tag, Timestamp};

/// The text, or an empty one.
pub(in crate::aws) fn text(text: Option<&str>) -> String {
    text.unwrap_or_default().to_owned()
}

/// The text, if there is one; AWS writes some absent texts as empty ones.
pub(in crate::aws) fn some(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(str::to_owned)
}

/// The ARN, if there is one.
pub(super) fn arn(text: Option<&str>) -> Option<Arn> {
    text.filter(|text| !text.is_empty()).map(Arn::new)
}

/// A number that ECS writes as text, `"256"`.
pub(super) fn number(text: Option<&str>) -> Option<i64> {
    text.and_then(|text| text.trim().parse().ok())
}

/// A point in time; one beyond what milliseconds can count is none.
pub(in crate::aws) fn time(time: Option<&DateTime>) -> Option<Timestamp> {
    time.and_then(|time| time.to_millis().ok()).map(Timestamp)
}

pub(super) fn tags(tags: &[types::Tag]) -> Vec<Tag> {
    tags.iter()
        .map(|tag| Tag {
            key: text(tag.key()),
            value: text(tag.value()),
        })
        .collect()
}

pub(super) fn pairs(pairs: &[types::KeyValuePair]) -> Vec<Tag> {
    pairs
        .iter()
        .map(|pair| Tag {
            key: text(pair.name()),
            value: text(pair.value()),
        })
        .collect()
}

pub(super) fn strategy(items: &[types::CapacityProviderStrategyItem]) -> Vec<StrategyItem> {
    items
        .iter()
        .map(|item| StrategyItem {
            provider: item.capacity_provider().to_owned(),
            weight: item.weight(),
            base: item.base(),
        })
        .collect()
}

/// A constraint or strategy in words: `spread attribute:ecs.availability-zone`, `distinctInstance`.
pub(super) fn rule(kind: Option<&str>, detail: Option<&str>) -> String {
    let words: Vec<_> = [kind, detail]
        .into_iter()
        .flatten()
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ")
}
