//! What was done to the account: the record of a deed for audit and undo, and the rollout that it began.

use super::{Arn, Change, Outcome, Service, Timestamp};

/// One deed, from this session or from the audit file. Holds no secret: values of environment variables never come
/// here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Tells records apart, also those of other sessions.
    pub id: String,
    /// When it was confirmed.
    pub at: Timestamp,
    /// The deed by its id, `scale`.
    pub deed: String,
    /// The target.
    pub target: Arn,
    /// The target as a person calls it: `web/api`.
    pub name: String,
    /// The account, twelve digits; empty if it was not known.
    pub account: String,
    /// The region.
    pub region: String,
    /// The profile.
    pub profile: String,
    /// The ARN of who did it; empty if it was not known.
    pub principal: String,
    /// What was.
    pub before: String,
    /// What is to be.
    pub after: String,
    /// The ids of the requests that AWS answered.
    pub requests: Vec<String>,
    /// What came of it.
    pub verdict: Verdict,
    /// What takes it back; none if nothing can, or if it is of an earlier session.
    pub undo: Option<Change>,
}

impl Record {
    /// The record of the same deed, now that it is known what came of it.
    #[must_use]
    pub fn concluded(self, outcome: &Outcome) -> Self {
        let (verdict, requests) = match outcome {
            Outcome::Done(done) => (Verdict::Done, done.requests.clone()),
            Outcome::Changed { .. } => (Verdict::Changed, Vec::new()),
            Outcome::Failed {
                fault,
                unsure,
                written,
                requests,
            } => {
                let mut why = fault.to_string();
                if !written.is_empty() {
                    why.push_str(&format!("; {written}"));
                }
                let verdict = if *unsure {
                    Verdict::Unsure(why)
                } else {
                    Verdict::Failed(why)
                };
                (verdict, requests.clone())
            }
        };
        let registered = match outcome {
            Outcome::Done(done) => done.registered.as_ref(),
            _ => None,
        };
        let after = match registered {
            Some(revision) => format!("{} ({})", self.after, revision.name()),
            None => self.after,
        };
        Self {
            after,
            requests,
            verdict,
            ..self
        }
    }
}

/// What came of a deed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is on its way.
    UnderWay,
    /// AWS did it.
    Done,
    /// The target had changed since the plan was drawn; nothing was sent.
    Changed,
    /// AWS refused, or could not be reached: why.
    Failed(String),
    /// It was sent and no answer came: it may have taken effect.
    Unsure(String),
}

impl Verdict {
    /// One word, as the audit file has it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::UnderWay => "under way",
            Self::Done => "done",
            Self::Changed => "changed",
            Self::Failed(_) => "failed",
            Self::Unsure(_) => "unsure",
        }
    }

    /// Why, where it did not go well.
    #[must_use]
    pub fn reason(&self) -> &str {
        match self {
            Self::Failed(why) | Self::Unsure(why) => why,
            Self::UnderWay | Self::Done | Self::Changed => "",
        }
    }
}

/// What a rollout is to arrive at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Goal {
    /// This deployment alone, with all its tasks.
    Deployment(String),
    /// Any other deployment than this one alone: where a deployment is given up.
    Without(String),
    /// This many tasks running, and no more.
    Count(i32),
    /// As many tasks as are desired, without these.
    Replaced(Vec<Arn>),
}

/// A service on its way to somewhere, because of a deed of this session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollout {
    /// The record of the deed.
    pub record: String,
    /// The deed by its id.
    pub deed: String,
    /// The cluster.
    pub cluster: Arn,
    /// The service.
    pub service: Arn,
    /// Where it is to arrive.
    pub goal: Goal,
    /// When it began.
    pub began: Timestamp,
    /// How and when it ended; none while it goes on.
    pub ended: Option<(Ending, Timestamp)>,
}

/// How a rollout ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// It arrived.
    Steady,
    /// ECS gave it up: why.
    Failed(String),
    /// ECS went back to what was before: why.
    RolledBack(String),
    /// Something else took its place: what.
    Overruled(String),
    /// The session went to another account or region, from where it cannot be followed: which one it was begun in.
    Left(String),
}

impl Rollout {
    /// Whether it still goes on.
    #[must_use]
    pub fn is_going_on(&self) -> bool {
        self.ended.is_none()
    }

    /// Whether the service has arrived, or how else the rollout ended; none while it goes on. `running` are the tasks
    /// of the service that run, for goals that name tasks.
    #[must_use]
    pub fn judge(&self, service: &Service, running: &[Arn]) -> Option<Ending> {
        if service.status == "INACTIVE" {
            return Some(Ending::Overruled("the service was deleted".to_owned()));
        }
        match &self.goal {
            Goal::Deployment(id) => judge_deployment(id, service),
            Goal::Without(id) => {
                let gone = service.deployment(id).is_none_or(|given_up| {
                    given_up.status != "PRIMARY" && given_up.running + given_up.pending == 0
                });
                (gone && is_steady(service)).then_some(Ending::Steady)
            }
            Goal::Count(count) if service.desired != *count => {
                let text = format!("the desired count is now {}", service.desired);
                Some(Ending::Overruled(text))
            }
            Goal::Count(_) => has_all(service).then_some(Ending::Steady),
            Goal::Replaced(tasks) => {
                let left = running.iter().filter(|task| !tasks.contains(task)).count();
                let stopping = running.iter().any(|task| tasks.contains(task));
                let enough = i32::try_from(left).is_ok_and(|left| left >= service.desired);
                (enough && !stopping).then_some(Ending::Steady)
            }
        }
    }
}

/// Whether as many tasks run as are desired, and none is on its way.
fn has_all(service: &Service) -> bool {
    service.running == service.desired && service.pending == 0
}

/// Whether all tasks run, of one deployment that is complete.
fn is_steady(service: &Service) -> bool {
    has_all(service) && !service.is_rolling()
}

fn judge_deployment(id: &str, service: &Service) -> Option<Ending> {
    let reason = |text: Option<&str>| text.unwrap_or("AWS gives no reason").to_owned();
    let Some(ours) = service.deployment(id) else {
        let primary = service.primary()?;
        let why = primary.rollout_reason.as_deref().unwrap_or_default();
        let back =
            why.contains("rolling back") || why.contains("roll back") || why.contains("rollback");
        return Some(if back {
            Ending::RolledBack(why.to_owned())
        } else {
            Ending::Overruled(format!("deployment {} took its place", primary.id))
        });
    };
    if ours.rollout_state.as_deref() == Some("FAILED") {
        let why = reason(ours.rollout_reason.as_deref());
        let is_back = ours.status != "PRIMARY" || why.contains("rolling back");
        return Some(if is_back {
            Ending::RolledBack(why)
        } else {
            Ending::Failed(why)
        });
    }
    if ours.status != "PRIMARY" {
        let primary = service.primary().map_or("another", |primary| &primary.id);
        return Some(Ending::Overruled(format!(
            "deployment {primary} took its place"
        )));
    }
    is_steady(service).then_some(Ending::Steady)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::{Deployment, samples};

    fn arn(text: &str) -> Arn {
        Arn::new(text)
    }

    fn rollout(goal: Goal) -> Rollout {
        Rollout {
            record: "1".to_owned(),
            deed: "redeploy".to_owned(),
            cluster: arn("arn:aws:ecs:r:1:cluster/web"),
            service: arn("arn:aws:ecs:r:1:service/web/api"),
            goal,
            began: Timestamp(0),
            ended: None,
        }
    }

    fn deployment(id: &str, status: &str, state: &str) -> Deployment {
        Deployment {
            status: status.to_owned(),
            rollout_state: Some(state.to_owned()),
            ..samples::deployment(id, &arn("arn:aws:ecs:r:1:task-definition/web:1"))
        }
    }

    fn service(desired: i32, running: i32, deployments: Vec<Deployment>) -> Service {
        let known = samples::service(&arn("arn:aws:ecs:r:1:service/web/api"), &arn("c"));
        Service {
            desired,
            running,
            deployments,
            ..known
        }
    }

    #[test]
    fn a_deployment_is_steady_when_it_stands_alone_with_all_tasks() {
        let rollout = rollout(Goal::Deployment("new".to_owned()));
        let new = |state| deployment("new", "PRIMARY", state);
        let old = deployment("old", "ACTIVE", "COMPLETED");
        let both = vec![new("COMPLETED"), old];
        assert_eq!(rollout.judge(&service(3, 3, both), &[]), None);
        let alone = |state| vec![new(state)];
        assert_eq!(
            rollout.judge(&service(3, 3, alone("IN_PROGRESS")), &[]),
            None
        );
        assert_eq!(rollout.judge(&service(3, 2, alone("COMPLETED")), &[]), None);
        let steady = rollout.judge(&service(3, 3, alone("COMPLETED")), &[]);
        assert_eq!(steady, Some(Ending::Steady));
    }

    #[test]
    fn what_was_known_before_is_not_taken_for_the_new_deployment() {
        let rollout = rollout(Goal::Count(5));
        let ended = rollout.judge(&service(3, 3, Vec::new()), &[]);
        assert!(matches!(ended, Some(Ending::Overruled(_))));
    }

    #[rstest]
    #[case(
        "ACTIVE",
        "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/1.",
        true
    )]
    #[case(
        "PRIMARY",
        "ECS deployment circuit breaker: tasks failed to start.",
        false
    )]
    fn a_deployment_that_failed_tells_whether_ecs_went_back(
        #[case] status: &str,
        #[case] why: &str,
        #[case] back: bool,
    ) {
        let rollout = rollout(Goal::Deployment("new".to_owned()));
        let failed = Deployment {
            rollout_reason: Some(why.to_owned()),
            ..deployment("new", status, "FAILED")
        };
        let ended = rollout.judge(&service(3, 3, vec![failed]), &[]);
        let expected = if back {
            Ending::RolledBack(why.to_owned())
        } else {
            Ending::Failed(why.to_owned())
        };
        assert_eq!(ended, Some(expected));
    }

    #[test]
    fn another_deployment_overrules() {
        let rollout = rollout(Goal::Deployment("new".to_owned()));
        let newer = deployment("newer", "PRIMARY", "IN_PROGRESS");
        let ended = rollout.judge(&service(3, 3, vec![newer]), &[]);
        let expected = Ending::Overruled("deployment newer took its place".to_owned());
        assert_eq!(ended, Some(expected));
    }

    #[test]
    fn stopped_tasks_are_replaced_when_enough_others_run() {
        let rollout = rollout(Goal::Replaced(vec![arn("one")]));
        let two = service(2, 2, Vec::new());
        assert_eq!(rollout.judge(&two, &[arn("one"), arn("two")]), None);
        assert_eq!(rollout.judge(&two, &[arn("two")]), None);
        let steady = rollout.judge(&two, &[arn("two"), arn("three")]);
        assert_eq!(steady, Some(Ending::Steady));
    }

    #[test]
    fn giving_a_deployment_up_ends_when_its_tasks_are_gone() {
        let rollout = rollout(Goal::Without("new".to_owned()));
        let new = Deployment {
            running: 1,
            ..deployment("new", "ACTIVE", "IN_PROGRESS")
        };
        let old = deployment("old", "PRIMARY", "COMPLETED");
        assert_eq!(
            rollout.judge(&service(3, 3, vec![old.clone(), new]), &[]),
            None
        );
        let ended = rollout.judge(&service(3, 3, vec![old]), &[]);
        assert_eq!(ended, Some(Ending::Steady));
    }
}
