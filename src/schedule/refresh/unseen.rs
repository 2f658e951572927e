//! What nothing on the screen needs: asked for once, and then the more rarely the longer it has not changed.

use std::time::Duration;

use super::{Entry, Schedule, Urgency, Want};
use crate::{model::Query, schedule::QuotaGroup};

/// Queries that nothing on the screen needs. They draw from one quota, and together they take fewer calls than one
/// by one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Errand {
    /// The queries; all of one quota group.
    pub queries: Vec<Query>,
    /// Whether what they are about is moving right now.
    pub moving: bool,
}

/// The least time between two answers.
const FIRST: Duration = Duration::from_secs(30);
/// The most.
const MOST: Duration = Duration::from_mins(10);
/// The share of a quota's refill that asking again may take up, all errands of the quota together.
const SHARE: f64 = 0.1;
/// The errands of a quota that are under way at once: more would only wait for the same tokens.
const WINDOW: usize = 16;

/// The errands under way, by quota group.
#[derive(Debug, Default)]
pub(super) struct UnderWay {
    queries: [usize; QuotaGroup::ALL.len()],
}

impl Schedule {
    /// The errands to start now, as far as they may be under way at once, in their order, each with those of its
    /// queries that are worth asking; and when to look again if nothing is answered before. Nothing is started while
    /// asking is paused, and what is known is not asked again while nobody looks at the terminal.
    pub fn start_unseen(
        &mut self,
        errands: &[Errand],
        now: Duration,
    ) -> (Vec<Errand>, Option<Duration>) {
        if self.paused {
            return (Vec::new(), None);
        }
        let costs = self.costs(errands);
        let (mut started, mut next) = (Vec::new(), None::<Duration>);
        for errand in errands {
            let Some(group) = errand.queries.first().and_then(QuotaGroup::of_query) else {
                continue;
            };
            let group = group as usize;
            match self.errand_due_at(errand, costs[group]) {
                None => {}
                Some(at) if at > now => next = Some(next.map_or(at, |next| next.min(at))),
                // The answer to what is under way is when to look again.
                Some(_) if self.unseen.queries[group] >= WINDOW => {}
                Some(_) => started.push(self.start_errand(errand, group, now)),
            }
        }
        (started, next)
    }

    fn start_errand(&mut self, errand: &Errand, group: usize, now: Duration) -> Errand {
        let mut queries = Vec::with_capacity(errand.queries.len());
        for query in &errand.queries {
            let entry = self.entries.entry(query.clone()).or_default();
            let is_fresh = entry.done_at.is_some_and(|at| at + FIRST > now);
            if is_fresh || entry.is_final(query) {
                continue;
            }
            (entry.in_flight, entry.unseen) = (true, true);
            queries.push(query.clone());
        }
        self.unseen.queries[group] += queries.len();
        Errand {
            queries,
            moving: errand.moving,
        }
    }

    /// For each group, how long asking all of these again must at least take.
    fn costs(&self, errands: &[Errand]) -> [Duration; QuotaGroup::ALL.len()] {
        let mut costs = [Duration::ZERO; QuotaGroup::ALL.len()];
        for query in errands.iter().flat_map(|errand| &errand.queries) {
            let entry = self.entries.get(query);
            if let Some((group, entry)) = QuotaGroup::of_query(query).zip(entry) {
                let (_, refill) = group.quota();
                let share = f64::from(entry.calls) / (refill * SHARE);
                costs[group as usize] += Duration::from_secs_f64(share);
            }
        }
        costs
    }

    /// When an errand is due: with the first of its queries, if none of them is under way or held back.
    fn errand_due_at(&self, errand: &Errand, cost: Duration) -> Option<Duration> {
        let (mut due, mut held) = (None::<Duration>, Duration::ZERO);
        for query in &errand.queries {
            let Some(entry) = self.entries.get(query) else {
                due = Some(Duration::ZERO);
                continue;
            };
            if entry.in_flight {
                return None;
            }
            held = held.max(entry.held_until.unwrap_or_default());
            let at = match entry.done_at {
                None => Duration::ZERO,
                Some(_) if entry.is_final(query) || !self.focused => continue,
                Some(at) => at + entry.rest(at, errand.moving).max(cost),
            };
            due = Some(due.map_or(at, |due| due.min(at)));
        }
        due.map(|due| due.max(held))
    }

    /// Notes that an answer brought something that was not known before.
    pub fn changed(&mut self, query: &Query, now: Duration) {
        let entry = self.entries.entry(query.clone()).or_default();
        entry.changed_at = Some(now);
    }

    /// Whether a query was ever answered, be it with a fault.
    #[must_use]
    pub fn was_answered(&self, query: &Query) -> bool {
        self.entries
            .get(query)
            .is_some_and(|entry| entry.done_at.is_some() || entry.failures > 0)
    }

    /// The queries among these that are under way as if nobody waited for them, though somebody does by now. Each is
    /// told once.
    pub fn raise(&mut self, wants: &[Want]) -> Vec<Query> {
        let seen = wants
            .iter()
            .filter(|want| want.urgency != Urgency::Background);
        let mut raised = Vec::new();
        for want in seen {
            let entry = self.entries.get_mut(&want.query);
            if entry.is_some_and(|entry| entry.in_flight && entry.unseen) {
                self.ended(&want.query);
                raised.push(want.query.clone());
            }
        }
        raised
    }

    /// Notes that a query is no longer under way unseen.
    pub(super) fn ended(&mut self, query: &Query) {
        let Some(entry) = self.entries.get_mut(query).filter(|entry| entry.unseen) else {
            return;
        };
        entry.unseen = false;
        if let Some(group) = QuotaGroup::of_query(query) {
            let under_way = &mut self.unseen.queries[group as usize];
            *under_way = under_way.saturating_sub(1);
        }
    }
}

impl Entry {
    /// Whether it is known and will never be another.
    fn is_final(&self, query: &Query) -> bool {
        self.done_at.is_some() && query.is_immutable()
    }

    /// How long what was answered at a moment may rest: as long as it has not changed, so that the time between two
    /// answers doubles.
    fn rest(&self, done_at: Duration, moving: bool) -> Duration {
        if moving {
            return FIRST;
        }
        let quiet = self.changed_at.map(|at| done_at.saturating_sub(at));
        quiet.unwrap_or_default().clamp(FIRST, MOST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{Arn, FaultKind, TaskFilter},
        schedule::Pace,
    };

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn services(number: usize) -> Query {
        Query::Services {
            cluster: Arn::new(&format!("cluster/{number}")),
        }
    }

    fn one(query: Query) -> Errand {
        Errand {
            queries: vec![query],
            moving: false,
        }
    }

    /// When an errand that costs so many calls is asked within an hour, if it changes at the moments told.
    fn asked(calls: u32, changes: &[u64]) -> Vec<u64> {
        let mut schedule = Schedule::new(Pace::default(), 1);
        let errands = [one(services(0))];
        let (mut times, mut now) = (Vec::new(), Duration::ZERO);
        while now < seconds(3_600) {
            let (started, next) = schedule.start_unseen(&errands, now);
            if let Some(errand) = started.first() {
                times.push(now.as_secs());
                if changes.contains(&now.as_secs()) {
                    schedule.changed(&errand.queries[0], now);
                }
                schedule.done(&errand.queries[0], calls, now);
            } else {
                now = next.unwrap_or(Duration::MAX);
            }
        }
        times
    }

    #[test]
    fn what_does_not_change_is_asked_ever_more_rarely() {
        let times = asked(1, &[]);
        assert_eq!(
            times,
            [0, 30, 60, 120, 240, 480, 960, 1_560, 2_160, 2_760, 3_360]
        );
    }

    #[test]
    fn a_change_makes_it_be_asked_often_again() {
        let times = asked(1, &[480]);
        let expected = [
            0, 30, 60, 120, 240, 480, 510, 540, 600, 720, 960, 1_440, 2_040, 2_640, 3_240,
        ];
        assert_eq!(times, expected);
    }

    #[test]
    fn asking_again_takes_a_tenth_of_the_refill_at_most() {
        // 2,000 services in clusters of 100: 220 calls, at 2 a second.
        let times = asked(220, &[110, 220, 330]);
        assert_eq!(times[..5], [0, 110, 220, 330, 440]);
    }

    #[test]
    fn of_each_quota_so_many_are_under_way_and_no_more() {
        let mut schedule = Schedule::new(Pace::default(), 1);
        let mut errands: Vec<_> = (0..40).map(|number| one(services(number))).collect();
        errands.push(one(Query::Clusters(None)));
        let (started, next) = schedule.start_unseen(&errands, seconds(0));
        assert_eq!(started.len(), WINDOW + 1);
        assert_eq!(started.last(), errands.last());
        assert_eq!(next, None, "an answer is what comes next");
        schedule.done(&services(3), 1, seconds(1));
        let fault = FaultKind::Network;
        schedule.failed(&services(4), &fault, seconds(1));
        let (started, _) = schedule.start_unseen(&errands, seconds(1));
        assert_eq!(started, [errands[16].clone(), errands[17].clone()]);
    }

    #[test]
    fn what_comes_into_sight_is_raised_once_and_makes_room() {
        let mut schedule = Schedule::new(Pace::default(), 1);
        let errands: Vec<_> = (0..40).map(|number| one(services(number))).collect();
        schedule.start_unseen(&errands, seconds(0));
        let want = Want {
            query: services(0),
            urgency: Urgency::Visible,
            moving: false,
        };
        assert!(
            schedule
                .start(std::slice::from_ref(&want), seconds(0))
                .is_empty()
        );
        assert_eq!(schedule.raise(std::slice::from_ref(&want)), [services(0)]);
        assert!(schedule.raise(&[want]).is_empty());
        assert_eq!(schedule.start_unseen(&errands, seconds(0)).0.len(), 1);
    }

    #[test]
    fn nothing_is_started_while_paused_and_nothing_again_while_nobody_looks() {
        let mut schedule = Schedule::new(Pace::default(), 1);
        let errands = [one(services(0)), one(services(1))];
        schedule.set_paused(true);
        assert_eq!(schedule.start_unseen(&errands, seconds(0)), (vec![], None));
        schedule.set_paused(false);
        schedule.set_focused(false);
        assert_eq!(schedule.start_unseen(&errands[..1], seconds(0)).0.len(), 1);
        schedule.done(&services(0), 1, seconds(0));
        let (started, next) = schedule.start_unseen(&errands, seconds(3_600));
        assert_eq!((started, next), (vec![errands[1].clone()], None));
        schedule.set_focused(true);
        assert_eq!(schedule.start_unseen(&errands, seconds(3_600)).0.len(), 1);
    }

    #[test]
    fn what_is_asked_together_leaves_out_what_was_just_answered() {
        let mut schedule = Schedule::new(Pace::default(), 1);
        let tasks = |stopped| Query::Tasks {
            cluster: Arn::new("cluster/web"),
            filter: TaskFilter::All,
            stopped,
        };
        let both = Errand {
            queries: vec![tasks(false), tasks(true)],
            moving: false,
        };
        schedule.done(&tasks(false), 2, seconds(10));
        let (started, _) = schedule.start_unseen(std::slice::from_ref(&both), seconds(12));
        assert_eq!(started, [one(tasks(true))]);
        schedule.done(&tasks(true), 2, seconds(12));
        let (started, _) = schedule.start_unseen(std::slice::from_ref(&both), seconds(42));
        assert_eq!(started, [both]);
    }

    #[test]
    fn what_failed_is_held_back() {
        let mut schedule = Schedule::new(Pace::default(), 1);
        let errands = [one(services(0))];
        schedule.start_unseen(&errands, seconds(0));
        let denied = FaultKind::Denied {
            action: "ecs:ListServices".to_owned(),
        };
        schedule.failed(&services(0), &denied, seconds(0));
        assert!(schedule.was_answered(&services(0)));
        let (started, next) = schedule.start_unseen(&errands, seconds(60));
        assert!(started.is_empty());
        assert!(next.is_some_and(|at| at >= seconds(150)), "{next:?}");
    }
}
