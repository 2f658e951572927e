//! What was begun by a deed and takes its time: it is followed until it has arrived, and told of meanwhile.

use std::time::Duration;

use super::App;
use crate::{
    action::{Follow, Step},
    model::{Arn, Ending, Goal, Now, Query, Record, Rollout, TaskFilter},
    resource::{self, Tone},
    ui::Level,
};

/// How long a rollout that ended is still told of at the top of the screen.
const LINGER: Duration = Duration::from_secs(20);

/// How long answers may still tell of what was before a deed.
const SETTLING: Duration = Duration::from_secs(10);

impl App {
    /// Follows the service from here on, if the step began something that takes its time.
    pub(super) fn follow(&mut self, step: &Step, record: &Record, now: Now) {
        let Some(service) = step.follow.service() else {
            return;
        };
        let Some(known) = self.scene.store.service(service) else {
            return;
        };
        let goal = match &step.follow {
            Follow::Nothing => return,
            Follow::Deployment(_) => match known.primary() {
                Some(primary) => Goal::Deployment(primary.id.clone()),
                None => return,
            },
            Follow::Without(_, deployment) => Goal::Without(deployment.clone()),
            Follow::Count(_, count) => Goal::Count(*count),
            Follow::Replaced(_, task) => Goal::Replaced(vec![task.clone()]),
        };
        let rollout = Rollout {
            record: record.id.clone(),
            deed: record.deed.clone(),
            cluster: known.cluster.clone(),
            service: service.clone(),
            goal,
            began: now.wall,
            ended: None,
        };
        self.scene.store.take_rollout(rollout);
    }

    /// The queries that rollouts are followed by.
    pub(super) fn followed(&self) -> Vec<Query> {
        let going_on = self
            .scene
            .store
            .rollouts()
            .iter()
            .filter(|rollout| rollout.is_going_on());
        let mut queries = Vec::new();
        for rollout in going_on {
            let mut need = |query: Query| {
                if !queries.contains(&query) {
                    queries.push(query);
                }
            };
            need(Query::Service {
                cluster: rollout.cluster.clone(),
                service: rollout.service.clone(),
            });
            if let Goal::Replaced(_) = rollout.goal {
                need(tasks_of(rollout));
            }
        }
        queries
    }

    /// Looks whether the rollouts that an answer tells of have arrived.
    pub(super) fn judge_rollouts(&mut self, query: &Query, now: Now) {
        let store = &self.scene.store;
        let ended: Vec<Rollout> = store
            .rollouts()
            .iter()
            .filter(|rollout| rollout.is_going_on() && is_told_by(rollout, query))
            .filter_map(|rollout| {
                let service = store.service(&rollout.service)?;
                let running: Vec<Arn> = match &rollout.goal {
                    Goal::Replaced(_) => {
                        let filter = TaskFilter::Service(service.name.clone());
                        let tasks = store.tasks_of(&rollout.cluster, &filter, false);
                        let running = tasks.iter().filter(|task| task.last_status == "RUNNING");
                        running.map(|task| task.arn.clone()).collect()
                    }
                    _ => Vec::new(),
                };
                let ending = rollout.judge(service, &running)?;
                // Answers may be older than the deed: AWS is eventually consistent. Only good news is taken at once.
                let young = now.wall.since(rollout.began) < SETTLING;
                if young && matches!(ending, Ending::Overruled(_)) {
                    return None;
                }
                Some(Rollout {
                    ended: Some((ending, now.wall)),
                    ..Rollout::clone(rollout)
                })
            })
            .collect();
        for rollout in ended {
            self.tell_ended(&rollout, now);
            self.scene.store.take_rollout(rollout.clone());
            self.wave_arrived(&rollout, now);
        }
    }

    /// What is under way because of what was done from here, and what has just ended: a line each.
    pub(super) fn notes(&mut self, now: Now) -> Vec<(String, Tone)> {
        let cx = self.scene.cx(now).model();
        let waves = self
            .deeds
            .waves
            .as_ref()
            .map(|waves| (waves.line(), Tone::Progress));
        let rollouts = self.scene.store.rollouts().iter().filter(|rollout| {
            let ended = rollout.ended.as_ref();
            ended.is_none_or(|(_, at)| now.wall.since(*at) < LINGER)
        });
        let lines = rollouts.map(|rollout| resource::rollout_line(rollout, &cx));
        let notes: Vec<_> = waves.into_iter().chain(lines).collect();
        if !notes.is_empty() {
            // The times in them are counted in seconds.
            let soon = now.mono + Duration::from_secs(1);
            self.changes_at = Some(self.changes_at.map_or(soon, |at| at.min(soon)));
        }
        notes
    }

    fn tell_ended(&mut self, rollout: &Rollout, now: Now) {
        let cx = self.scene.cx(now).model();
        let (level, text) = resource::told(rollout, &cx);
        let level = if level { Level::Info } else { Level::Error };
        self.say(level, text, now);
    }
}

fn tasks_of(rollout: &Rollout) -> Query {
    Query::Tasks {
        cluster: rollout.cluster.clone(),
        filter: TaskFilter::Service(rollout.service.name().to_owned()),
        stopped: false,
    }
}

/// Whether an answer to a query says whether a rollout has arrived.
fn is_told_by(rollout: &Rollout, query: &Query) -> bool {
    match (&rollout.goal, query) {
        (Goal::Replaced(_), query) => *query == tasks_of(rollout),
        (_, Query::Service { service, .. }) => *service == rollout.service,
        _ => false,
    }
}
