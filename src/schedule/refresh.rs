//! When each query is asked again: by need, by what the last answer cost, and by how it failed.

mod unseen;

use std::{collections::HashMap, time::Duration};

use rand::{RngExt, SeedableRng, rngs::StdRng};

pub use self::unseen::Errand;
use super::Urgency;
use crate::model::{FaultKind, Query};

/// A query that something on the screen needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Want {
    /// What is needed.
    pub query: Query,
    /// How much.
    pub urgency: Urgency,
    /// Whether it is moving right now (a rollout): asked for more often.
    pub moving: bool,
}

/// How often things are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// What is on the screen.
    pub visible: Duration,
    /// What is on the screen and moving.
    pub moving: Duration,
    /// Everything, while the terminal has not the focus.
    pub unfocused: Duration,
    /// The share of time a call may take up: a query that costs `n` calls is asked at most every `n` times this.
    /// 200 ms is five calls a second, a quarter of the smallest refill of the ECS read quotas.
    pub per_call: Duration,
    /// What CloudWatch measures: it has a point a minute, and charges for each metric asked for.
    pub metrics: Duration,
    /// Repositories and images, which change when something is pushed.
    pub images: Duration,
    /// Where tags point, and what else ECR says of single things. Tags are due all at once, at whole multiples of this,
    /// so that few calls bring them.
    pub tags: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            visible: Duration::from_secs(5),
            moving: Duration::from_secs(3),
            unfocused: Duration::from_secs(30),
            per_call: Duration::from_millis(200),
            metrics: Duration::from_mins(1),
            images: Duration::from_secs(15),
            tags: Duration::from_mins(1),
        }
    }
}

/// Parents of what is visible are asked for this many times less often.
const BEHIND: u32 = 4;
/// The longest first wait after a failure; doubles with each further one.
const BACKOFF_FIRST: Duration = Duration::from_secs(2);
/// The longest wait after a failure that may pass by itself.
const BACKOFF_MOST: Duration = Duration::from_secs(30);
/// The wait after a refusal that will not pass by itself.
const BACKOFF_DENIED: Duration = Duration::from_mins(5);

#[derive(Debug, Default, Clone)]
struct Entry {
    in_flight: bool,
    /// Whether it is under way though nothing on the screen needs it.
    unseen: bool,
    done_at: Option<Duration>,
    /// When an answer last was another than the one before.
    changed_at: Option<Duration>,
    calls: u32,
    failures: u32,
    /// Not before this moment, after a failure.
    held_until: Option<Duration>,
    hurried: bool,
}

/// Decides which queries start now. A query is never under way twice.
#[derive(Debug)]
pub struct Schedule {
    entries: HashMap<Query, Entry>,
    pace: Pace,
    focused: bool,
    paused: bool,
    random: StdRng,
    unseen: unseen::UnderWay,
}

impl Schedule {
    /// A schedule that has asked nothing yet. `seed` drives the jitter.
    #[must_use]
    pub fn new(pace: Pace, seed: u64) -> Self {
        Self {
            entries: HashMap::new(),
            pace,
            focused: true,
            paused: false,
            random: StdRng::seed_from_u64(seed),
            unseen: unseen::UnderWay::default(),
        }
    }

    /// Says whether anybody is looking at the terminal.
    pub fn set_focused(&mut self, focused: bool) {
        self.focused = focused;
    }

    /// Stops or resumes all asking that is not hurried.
    pub fn set_paused(&mut self, paused: bool) {
        self.paused = paused;
    }

    /// Whether asking is paused.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.paused
    }

    /// Whether the query is under way.
    #[must_use]
    pub fn is_in_flight(&self, query: &Query) -> bool {
        self.entries.get(query).is_some_and(|entry| entry.in_flight)
    }

    /// The number of queries under way.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.entries
            .values()
            .filter(|entry| entry.in_flight)
            .count()
    }

    /// Forgets everything, for another account or region. Answers still on their way belong to the old context.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.unseen = unseen::UnderWay::default();
    }

    /// Makes a query due at once, whatever it cost and however it failed.
    pub fn hurry(&mut self, query: &Query) {
        self.entries.entry(query.clone()).or_default().hurried = true;
    }

    /// The queries to start now, the most urgent first. They count as under way from here on.
    pub fn start(&mut self, wants: &[Want], now: Duration) -> Vec<Want> {
        let mut due: Vec<Want> = Vec::new();
        for want in wants {
            if self.due_at(want).is_some_and(|at| at <= now) {
                let entry = self.entries.entry(want.query.clone()).or_default();
                entry.in_flight = true;
                entry.hurried = false;
                due.push(want.clone());
            }
        }
        due.sort_by_key(|want| want.urgency);
        due
    }

    /// When the next of these queries is due; none if nothing will be before an answer or a key.
    #[must_use]
    pub fn next(&self, wants: &[Want]) -> Option<Duration> {
        wants.iter().filter_map(|want| self.due_at(want)).min()
    }

    /// The interval at which a want is asked for while all is well.
    #[must_use]
    pub fn interval(&self, want: &Want) -> Duration {
        let calls = self.entries.get(&want.query).map_or(1, |entry| entry.calls);
        let base = match (self.focused, want.urgency, want.moving) {
            (false, ..) => self.pace.unfocused,
            (true, Urgency::Background, _) => self.pace.visible * BEHIND,
            (true, _, true) => self.pace.moving,
            (true, _, false) => self.pace.visible,
        };
        let least = match want.query {
            Query::Metrics { .. } => self.pace.metrics,
            Query::Repositories(_) | Query::Images { .. } | Query::Image { .. } => self.pace.images,
            Query::Tag { .. } | Query::Findings { .. } | Query::Policy { .. } => self.pace.tags,
            _ => Duration::ZERO,
        };
        base.max(self.pace.per_call * calls).max(least)
    }

    fn due_at(&self, want: &Want) -> Option<Duration> {
        let Some(entry) = self.entries.get(&want.query) else {
            return Some(Duration::ZERO);
        };
        if entry.in_flight {
            return None;
        }
        if entry.hurried {
            return Some(Duration::ZERO);
        }
        if self.paused && entry.done_at.is_some() {
            return None;
        }
        if let Some(until) = entry.held_until {
            return Some(self.together(&want.query, until));
        }
        match entry.done_at {
            None => Some(Duration::ZERO),
            Some(_) if want.query.is_immutable() => None,
            // What was asked for late falls in with the others, sooner than after an interval of its own.
            Some(at) if matches!(want.query, Query::Tag { .. }) => {
                Some(self.together(&want.query, at + Duration::from_nanos(1)))
            }
            Some(at) => Some(at + self.interval(want)),
        }
    }

    /// The moment itself; for a tag the next one at which all tags are due, so that one call brings many.
    fn together(&self, query: &Query, at: Duration) -> Duration {
        let step = self.pace.tags.as_nanos();
        if step == 0 || !matches!(query, Query::Tag { .. }) {
            return at;
        }
        let nanos = at.as_nanos().div_ceil(step) * step;
        u64::try_from(nanos).map_or(at, Duration::from_nanos)
    }

    /// Notes a whole answer that took `calls` API calls.
    pub fn done(&mut self, query: &Query, calls: u32, now: Duration) {
        self.ended(query);
        let entry = self.entries.entry(query.clone()).or_default();
        *entry = Entry {
            done_at: Some(now),
            changed_at: entry.changed_at.or(Some(now)),
            calls,
            hurried: entry.hurried,
            ..Entry::default()
        };
    }

    /// Notes a failure; the query is held back for a while that grows, with jitter.
    pub fn failed(&mut self, query: &Query, kind: &FaultKind, now: Duration) {
        self.ended(query);
        let spread = self.random.random_range(0.5..1.0);
        let entry = self.entries.entry(query.clone()).or_default();
        entry.in_flight = false;
        entry.failures = entry.failures.saturating_add(1);
        let wait = match kind {
            // The role is assumed with what may be renewed at any time.
            FaultKind::Denied { action } if action == "sts:AssumeRole" => BACKOFF_MOST / 3,
            FaultKind::Denied { .. } | FaultKind::Refused | FaultKind::ReadOnly => BACKOFF_DENIED,
            FaultKind::Expired | FaultKind::Unconfigured | FaultKind::ClockSkew => BACKOFF_MOST / 3,
            _ => {
                let doubled = BACKOFF_FIRST * 2_u32.pow((entry.failures - 1).min(10));
                doubled.min(BACKOFF_MOST)
            }
        };
        entry.held_until = Some(now + wait.mul_f64(spread));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Arn;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn visible(query: &Query) -> Want {
        Want {
            query: query.clone(),
            urgency: Urgency::Visible,
            moving: false,
        }
    }

    fn services() -> Query {
        Query::Services {
            cluster: Arn::new("c"),
        }
    }

    #[test]
    fn a_query_is_never_under_way_twice() {
        let mut schedule = Schedule::new(Pace::default(), 1);
        let wants = [visible(&services()), visible(&services())];
        assert_eq!(schedule.start(&wants, seconds(0)).len(), 1);
        assert!(schedule.start(&wants, seconds(100)).is_empty());
        assert_eq!(schedule.next(&wants), None);
    }

    #[test]
    fn asks_again_after_the_interval_and_not_before() {
        let mut schedule = Schedule::new(Pace::default(), 1);
        let wants = [visible(&services())];
        schedule.start(&wants, seconds(0));
        schedule.done(&services(), 2, seconds(1));
        assert!(
            schedule
                .start(&wants, Duration::from_millis(5_999))
                .is_empty()
        );
        assert_eq!(schedule.next(&wants), Some(seconds(6)));
        assert_eq!(schedule.start(&wants, seconds(6)).len(), 1);
    }

    #[test]
    fn what_may_be_renewed_at_any_time_is_tried_again_within_ten_seconds() {
        let role = FaultKind::Denied {
            action: "sts:AssumeRole".to_owned(),
        };
        for kind in [role, FaultKind::Expired, FaultKind::Unconfigured] {
            let mut schedule = Schedule::new(Pace::default(), 1);
            let wants = [visible(&services())];
            for _ in 0..9 {
                schedule.hurry(&services());
                schedule.start(&wants, seconds(0));
                schedule.failed(&services(), &kind, seconds(0));
            }
            assert!(schedule.next(&wants) <= Some(seconds(10)), "{kind:?}");
        }
    }

    #[test]
    fn dear_queries_are_asked_less_often() {
        let mut schedule = Schedule::new(Pace::default(), 1);
        let wants = [visible(&services())];
        schedule.start(&wants, seconds(0));
        schedule.done(&services(), 220, seconds(0));
        assert_eq!(schedule.next(&wants), Some(seconds(44)));
    }

    #[test]
    fn parents_wait_four_times_as_long_and_come_last() {
        let mut schedule = Schedule::new(Pace::default(), 1);
        let parent = Want {
            query: Query::Clusters(None),
            urgency: Urgency::Background,
            moving: false,
        };
        let wants = [parent.clone(), visible(&services())];
        let started = schedule.start(&wants, seconds(0));
        assert_eq!(started, [visible(&services()), parent.clone()]);
        schedule.done(&Query::Clusters(None), 2, seconds(0));
        assert_eq!(schedule.interval(&parent), seconds(20));
    }

    #[test]
    fn failures_back_off_and_a_success_resets() {
        let mut schedule = Schedule::new(Pace::default(), 7);
        let wants = [visible(&services())];
        let mut delays = Vec::new();
        for _ in 0..8 {
            schedule.hurry(&services());
            schedule.start(&wants, seconds(0));
            schedule.failed(&services(), &FaultKind::Network, seconds(0));
            delays.push(schedule.next(&wants).unwrap_or_default());
        }
        assert!(
            delays[0] >= seconds(1) && delays[0] <= seconds(2),
            "{delays:?}"
        );
        assert!(
            delays[7] >= seconds(15) && delays[7] <= seconds(30),
            "{delays:?}"
        );
        schedule.done(&services(), 1, seconds(0));
        assert_eq!(schedule.next(&wants), Some(seconds(5)));
    }

    #[test]
    fn a_denied_query_rests_until_hurried() {
        let mut schedule = Schedule::new(Pace::default(), 7);
        let wants = [visible(&services())];
        schedule.start(&wants, seconds(0));
        let denied = FaultKind::Denied {
            action: "ecs:ListServices".into(),
        };
        schedule.failed(&services(), &denied, seconds(0));
        assert!(schedule.start(&wants, seconds(120)).is_empty());
        schedule.hurry(&services());
        assert_eq!(schedule.start(&wants, seconds(120)).len(), 1);
    }

    #[test]
    fn tags_are_due_together_however_apart_they_were_first_asked_for() {
        let mut schedule = Schedule::new(Pace::default(), 1);
        let tag = |name: &str| {
            visible(&Query::Tag {
                tag: Arn::new(&format!("arn:aws:ecr:r:1:repository/web:{name}")),
            })
        };
        let wants = [tag("one"), tag("two"), tag("three")];
        let denied = FaultKind::Denied {
            action: "ecr:DescribeImages".into(),
        };
        for (at, want) in (0..).map(|at| seconds(7 + 9 * at)).zip(&wants) {
            assert_eq!(schedule.start(std::slice::from_ref(want), at).len(), 1);
            schedule.done(&want.query, 1, at);
        }
        assert!(schedule.start(&wants, seconds(59)).is_empty());
        assert_eq!(schedule.start(&wants, seconds(60)).len(), 3);
        for want in &wants {
            schedule.failed(&want.query, &denied, seconds(61));
        }
        // Each is held back for a time of its own, and yet they are asked by the minute.
        let mut due = Vec::new();
        for minute in 2..8 {
            assert!(schedule.start(&wants, seconds(minute * 60 - 1)).is_empty());
            due.push(schedule.start(&wants, seconds(minute * 60)).len());
        }
        assert_eq!(due.iter().sum::<usize>(), 3, "{due:?}");
    }

    #[test]
    fn immutable_things_are_asked_once() {
        let mut schedule = Schedule::new(Pace::default(), 1);
        let wants = [visible(&Query::Identity)];
        schedule.start(&wants, seconds(0));
        schedule.done(&Query::Identity, 1, seconds(0));
        assert_eq!(schedule.next(&wants), None);
    }

    #[test]
    fn paused_asks_only_for_what_was_never_seen_or_is_hurried() {
        let mut schedule = Schedule::new(Pace::default(), 1);
        let wants = [visible(&services()), visible(&Query::Clusters(None))];
        schedule.start(&wants[..1], seconds(0));
        schedule.done(&services(), 1, seconds(0));
        schedule.set_paused(true);
        let started = schedule.start(&wants, seconds(60));
        assert_eq!(started, [visible(&Query::Clusters(None))]);
        schedule.hurry(&services());
        assert_eq!(schedule.start(&wants, seconds(60)).len(), 1);
    }

    #[test]
    fn unfocused_terminals_ask_rarely() {
        let mut schedule = Schedule::new(Pace::default(), 1);
        let wants = [visible(&services())];
        schedule.start(&wants, seconds(0));
        schedule.done(&services(), 1, seconds(0));
        schedule.set_focused(false);
        assert_eq!(schedule.next(&wants), Some(seconds(30)));
    }
}
