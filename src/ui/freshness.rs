//! How old what is shown is, and what keeps it from being newer, in words.

use std::time::Duration;

use crate::model::{Fault, Timestamp, age, age_grows_in, age_shrinks_in};

/// When something that failed is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// It is being tried now.
    UnderWay,
    /// After this time.
    In(Duration),
    /// When a person presses a key: asking pauses.
    AtAKey,
}

/// The freshness of a layer: of all queries that fill it, the worst.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Freshness {
    /// Nothing has come yet.
    #[default]
    Loading,
    /// Something else must come before anything can be asked for.
    Awaiting {
        /// What is waited for, as the header says it: `connecting`.
        what: String,
        /// The age of what is shown; none if nothing ever came.
        age: Option<Duration>,
    },
    /// As new as it is meant to be.
    Live,
    /// Fetched once, and not kept up to date.
    Once,
    /// Older than it is meant to be, though nothing failed.
    Old(Duration),
    /// Nobody has pressed a key for long, so nothing is asked for.
    Paused(Duration),
    /// The last attempt failed.
    Faulty {
        /// Why.
        fault: Fault,
        /// Since when without a success.
        since: Timestamp,
        /// How often since.
        times: u32,
        /// The age of what is shown; none if nothing ever came.
        age: Option<Duration>,
        /// When it is tried again.
        retry: Retry,
    },
}

impl Freshness {
    /// Whether the last attempt failed.
    #[must_use]
    pub fn is_faulty(&self) -> bool {
        matches!(self, Self::Faulty { .. })
    }

    /// One or two words for the header.
    #[must_use]
    pub fn word(&self) -> String {
        match self {
            Self::Loading => "loading".to_owned(),
            Self::Awaiting { what, age: None } => what.clone(),
            Self::Awaiting {
                what,
                age: Some(old),
            } => format!("{what}, {} old", age(*old)),
            Self::Live => "live".to_owned(),
            Self::Once => "fetched once".to_owned(),
            Self::Old(old) => format!("{} old", age(*old)),
            Self::Paused(old) => format!("paused, {} old", age(*old)),
            Self::Faulty {
                fault,
                age: Some(old),
                ..
            } => {
                format!("{}, {} old", fault.word(), age(*old))
            }
            Self::Faulty { fault, .. } => fault.word(),
        }
    }

    /// The whole story of a fault, for the line above the table: what, why, since when, what to do.
    #[must_use]
    pub fn story(&self, now: Timestamp) -> Option<String> {
        let Self::Faulty {
            fault,
            since,
            times,
            retry,
            ..
        } = self
        else {
            return None;
        };
        // What to do goes before how long it lasts: on a narrow screen the end is cut.
        let mut story = format!("{}: {}", fault.op, fault.message);
        if !fault.hint.is_empty() {
            story.push_str(&format!(" - {}", fault.hint));
        }
        story.push_str(&format!(" - since {}", age(now.since(*since))));
        if *times > 1 {
            story.push_str(&format!(", {times} tries"));
        }
        match retry {
            Retry::In(time) if !time.is_zero() => {
                story.push_str(&format!(", next in {}", age(*time)));
            }
            Retry::In(_) | Retry::UnderWay => story.push_str(", trying again"),
            Retry::AtAKey => story.push_str(", paused until a key is pressed"),
        }
        Some(story)
    }

    /// The time after which its words read otherwise, if nothing else happens but that time passes.
    #[must_use]
    pub fn changes_in(&self, now: Timestamp) -> Option<Duration> {
        match self {
            Self::Loading | Self::Live | Self::Once => None,
            Self::Awaiting { age, .. } => age.map(age_grows_in),
            Self::Old(old) | Self::Paused(old) => Some(age_grows_in(*old)),
            Self::Faulty {
                since, age, retry, ..
            } => {
                let told = Some(age_grows_in(now.since(*since)));
                let old = age.map(age_grows_in);
                let next = match retry {
                    Retry::In(time) => Some(age_shrinks_in(*time)),
                    Retry::UnderWay | Retry::AtAKey => None,
                };
                [told, old, next].into_iter().flatten().min()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FaultKind;

    #[test]
    fn a_fault_says_what_since_when_and_what_to_do() {
        let freshness = Freshness::Faulty {
            fault: Fault {
                kind: FaultKind::Network,
                op: "ListClusters".into(),
                message: "cannot reach 127.0.0.1:4566".into(),
                hint: "check the network".into(),
            },
            since: Timestamp(0),
            times: 3,
            age: Some(Duration::from_secs(130)),
            retry: Retry::In(Duration::from_secs(8)),
        };
        assert_eq!(freshness.word(), "unreachable, 2m old");
        let story = freshness.story(Timestamp(120_000)).unwrap_or_default();
        assert_eq!(
            story,
            "ListClusters: cannot reach 127.0.0.1:4566 - check the network - since 2m, 3 tries, next in 8s"
        );
    }
}
