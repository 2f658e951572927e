//! What every comparison with the wire needs.

use ecsight::model::{Arn, Tag, Timestamp};
use serde_json::Value;

use crate::support::wire::{items, moment, text};

/// The thing on the wire with this identity.
pub(super) fn find<'a>(told: &'a [Value], key: &str, arn: &Arn) -> &'a Value {
    told.iter()
        .find(|thing| thing[key] == arn.as_str())
        .unwrap_or_else(|| panic!("the wire knows no {arn}"))
}

/// Fails unless a moment is that of the wire: seconds with a binary fraction, which may lose a millisecond.
pub(super) fn check_time(read: Option<Timestamp>, told: &Value) {
    let told = moment(told);
    let same = match (read, told) {
        (Some(read), Some(told)) => (read.0 - told).abs() <= 1,
        (read, told) => read.is_none() && told.is_none(),
    };
    assert!(same, "{read:?} is not {told:?}");
}

pub(super) fn whole(arn: Option<&Arn>) -> Option<&str> {
    arn.map(Arn::as_str)
}

pub(super) fn check_tags(read: &[Tag], told: &Value) {
    let told: Vec<_> = items(told)
        .iter()
        .map(|tag| (text(&tag["key"]), text(&tag["value"])))
        .collect();
    let read: Vec<_> = read
        .iter()
        .map(|tag| (tag.key.as_str(), tag.value.as_str()))
        .collect();
    assert_eq!(read, told);
}
