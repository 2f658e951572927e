//! A change to the account, as plain data: what is to be written, what it rests on, and what came of it. Sending it is
//! done in `aws`, proposing it in `action`.

use super::{Arn, ContainerInstance, Entity, Fault, Image, Service, Task};

/// One write. Names its target by ARN, never by a place on the screen, and carries only what is to be different.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Change {
    /// Another number of tasks: `UpdateService` with `desiredCount`.
    Scale {
        /// The cluster.
        cluster: Arn,
        /// The service.
        service: Arn,
        /// Tasks wanted.
        desired: i32,
    },
    /// The same revision anew: `UpdateService` with `forceNewDeployment`.
    Redeploy {
        /// The cluster.
        cluster: Arn,
        /// The service.
        service: Arn,
    },
    /// Another revision: `UpdateService` with `taskDefinition`.
    SetRevision {
        /// The cluster.
        cluster: Arn,
        /// The service.
        service: Arn,
        /// The revision.
        definition: Arn,
    },
    /// Another image: `RegisterTaskDefinition` with a copy of `base` that differs in one image, then `UpdateService`.
    SetImage {
        /// The cluster.
        cluster: Arn,
        /// The service.
        service: Arn,
        /// The revision that is copied.
        base: Arn,
        /// The container whose image is another.
        container: String,
        /// The image, as the engine is to pull it.
        image: String,
    },
    /// ECS Exec on or off: `UpdateService` with `enableExecuteCommand`.
    SetExecuteCommand {
        /// The cluster.
        cluster: Arn,
        /// The service.
        service: Arn,
        /// Whether it is to be on.
        enabled: bool,
    },
    /// Back from a deployment that is under way: `StopServiceDeployment` with `stopType=ROLLBACK`.
    Rollback {
        /// The cluster.
        cluster: Arn,
        /// The service.
        service: Arn,
        /// The deployment that is given up, `ecs-svc/…`.
        deployment: String,
    },
    /// The end of a task: `StopTask`.
    StopTask {
        /// The cluster.
        cluster: Arn,
        /// The task.
        task: Arn,
        /// The reason that ECS keeps with the task.
        reason: String,
    },
    /// Whether a host takes tasks: `UpdateContainerInstancesState`.
    SetInstanceState {
        /// The cluster.
        cluster: Arn,
        /// The container instance.
        instance: Arn,
        /// Whether its tasks are moved elsewhere and no new ones are placed there.
        drain: bool,
    },
    /// Tags on an image: `BatchGetImage`, then `PutImage` with the same bytes for each tag.
    Tag {
        /// The repository.
        repository: Arn,
        /// The digest of the image.
        digest: String,
        /// The tags that are to name it.
        tags: Vec<String>,
    },
    /// An image in another repository of the same registry: `PutImage` there, where its layers are there.
    Promote {
        /// The repository that it is in.
        repository: Arn,
        /// The digest of the image.
        digest: String,
        /// The repository that it is to be in.
        to: Arn,
        /// The tag that is to name it there.
        tag: String,
    },
    /// A tag less: `BatchDeleteImage` by tag. ECR deletes the image with its last tag.
    Untag {
        /// The repository.
        repository: Arn,
        /// The tag.
        tag: String,
    },
    /// An image less, with all its tags: `BatchDeleteImage` by digest.
    DeleteImage {
        /// The repository.
        repository: Arn,
        /// The digest.
        digest: String,
    },
}

impl Change {
    /// The thing that is changed.
    #[must_use]
    pub fn target(&self) -> &Arn {
        match self {
            Self::Scale { service, .. }
            | Self::Redeploy { service, .. }
            | Self::SetRevision { service, .. }
            | Self::SetImage { service, .. }
            | Self::SetExecuteCommand { service, .. }
            | Self::Rollback { service, .. } => service,
            Self::StopTask { task, .. } => task,
            Self::SetInstanceState { instance, .. } => instance,
            Self::Tag { repository, .. }
            | Self::Untag { repository, .. }
            | Self::DeleteImage { repository, .. } => repository,
            Self::Promote { to, .. } => to,
        }
    }

    /// The cluster that the target lives in; none for images.
    #[must_use]
    pub fn cluster(&self) -> Option<&Arn> {
        match self {
            Self::Scale { cluster, .. }
            | Self::Redeploy { cluster, .. }
            | Self::SetRevision { cluster, .. }
            | Self::SetImage { cluster, .. }
            | Self::SetExecuteCommand { cluster, .. }
            | Self::Rollback { cluster, .. }
            | Self::StopTask { cluster, .. }
            | Self::SetInstanceState { cluster, .. } => Some(cluster),
            Self::Tag { .. }
            | Self::Promote { .. }
            | Self::Untag { .. }
            | Self::DeleteImage { .. } => None,
        }
    }

    /// What the change rests on of a service: if that is another when the change is to be made, the plan is out of
    /// date.
    #[must_use]
    pub fn facts_of_service(&self, service: &Service) -> Facts {
        let mut facts = Facts::default();
        facts.note("status", &service.status);
        match self {
            Self::Scale { .. } => facts.note("desired count", &service.desired.to_string()),
            Self::SetExecuteCommand { .. } => {
                facts.note("execute command", switch(service.execute_command));
            }
            _ => {
                let definition = service.task_definition.as_ref();
                facts.note("task definition", definition.map_or("none", Arn::name));
                let primary = service.primary();
                facts.note("deployment", primary.map_or("none", |primary| &primary.id));
            }
        }
        facts
    }

    /// What the change rests on of a task.
    #[must_use]
    pub fn facts_of_task(&self, task: &Task) -> Facts {
        let mut facts = Facts::default();
        facts.note("desired status", &task.desired_status);
        facts
    }

    /// What the change rests on of a container instance.
    #[must_use]
    pub fn facts_of_instance(&self, instance: &ContainerInstance) -> Facts {
        let mut facts = Facts::default();
        facts.note("status", &instance.status);
        facts
    }

    /// What the change rests on of a repository: which image each of these tags names; none where there is no such
    /// tag.
    #[must_use]
    pub fn facts_of_tags<'a>(
        &self,
        tags: impl IntoIterator<Item = (&'a str, Option<&'a str>)>,
    ) -> Facts {
        let mut facts = Facts::default();
        for (tag, digest) in tags {
            facts.note(&format!("tag {tag}"), digest.unwrap_or("none"));
        }
        facts
    }

    /// What taking a tag away rests on: which image it names, and whether that has another, since ECR deletes an image
    /// with its last tag.
    #[must_use]
    pub fn facts_of_untag(&self, tag: &str, holder: Option<&Image>) -> Facts {
        let digest = holder.map(|image| image.digest.as_str());
        let mut facts = self.facts_of_tags([(tag, digest)]);
        let last = holder.is_some_and(|image| image.tags.len() == 1);
        facts.note("last tag of its image", if last { "yes" } else { "no" });
        facts
    }
}

/// `on` or `off`.
#[must_use]
pub fn switch(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

/// What a plan rests on: names and values, as a person reads them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Facts(Vec<(String, String)>);

impl Facts {
    fn note(&mut self, name: &str, value: &str) {
        self.0.push((name.to_owned(), value.to_owned()));
    }

    fn get(&self, name: &str) -> Option<&str> {
        let mut facts = self.0.iter();
        let (_, value) = facts.find(|(known, _)| known == name)?;
        Some(value)
    }

    /// What is another than before, in words: `desired count was 4, is 6`. What is only known by now is another too.
    #[must_use]
    pub fn differences(&self, now: &Self) -> Vec<String> {
        let gone = self.0.iter().filter_map(|(name, was)| {
            let is = now.get(name).unwrap_or("none");
            (is != was).then(|| format!("{name} was {was}, is {is}"))
        });
        let new = now.0.iter().filter_map(|(name, is)| {
            let unknown = self.get(name).is_none() && is != "none";
            unknown.then(|| format!("{name} was none, is {is}"))
        });
        gone.chain(new).collect()
    }
}

/// A change that was confirmed, on its way to AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// Rises with every act of a session.
    pub id: u64,
    /// What is to be written.
    pub change: Change,
    /// What the plan that was confirmed rests on.
    pub facts: Facts,
}

/// What came of an act.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// AWS did it.
    Done(Done),
    /// The target is another than the plan said; nothing was written.
    Changed {
        /// What is another, in words.
        differences: Vec<String>,
        /// The target as it is.
        entities: Vec<Entity>,
    },
    /// AWS refused, or could not be reached.
    Failed {
        /// Why.
        fault: Fault,
        /// Whether the write may have taken effect all the same: it was sent, and no answer came.
        unsure: bool,
        /// What had been written before, in words; empty if nothing had.
        written: String,
        /// The ids of the requests that AWS answered.
        requests: Vec<String>,
    },
}

/// What AWS did.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Done {
    /// The things that the answers describe.
    pub entities: Vec<Entity>,
    /// The ids of the requests that wrote.
    pub requests: Vec<String>,
    /// The revision that was registered on the way, if one was.
    pub registered: Option<Arn>,
    /// What is worth knowing besides, as a sentence; empty if nothing is.
    pub note: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::samples;

    fn change() -> (Change, Service) {
        let cluster = Arn::new("arn:aws:ecs:r:1:cluster/web");
        let service = Arn::new("arn:aws:ecs:r:1:service/web/api");
        let change = Change::Scale {
            cluster: cluster.clone(),
            service: service.clone(),
            desired: 4,
        };
        let definition = Arn::new("arn:aws:ecs:r:1:task-definition/web:1");
        let known = Service {
            deployments: vec![samples::deployment("ecs-svc/1", &definition)],
            ..samples::service(&service, &cluster)
        };
        (change, known)
    }

    #[test]
    fn what_a_change_does_not_rest_on_may_move() {
        let (change, service) = change();
        let before = change.facts_of_service(&service);
        let after = Service {
            running: service.running + 1,
            pending: 7,
            ..service.clone()
        };
        assert!(
            before
                .differences(&change.facts_of_service(&after))
                .is_empty()
        );
        let scaled = Service {
            desired: service.desired + 2,
            ..service.clone()
        };
        let differences = before.differences(&change.facts_of_service(&scaled));
        let expected = format!(
            "desired count was {}, is {}",
            service.desired,
            service.desired + 2
        );
        assert_eq!(differences, [expected]);
    }

    #[test]
    fn a_deployment_that_began_meanwhile_is_a_difference_for_a_redeploy_and_none_for_a_scale() {
        let (scale, service) = change();
        let redeploy = Change::Redeploy {
            cluster: service.cluster.clone(),
            service: service.arn.clone(),
        };
        let mut after = service.clone();
        after.deployments.clear();
        let differs = |change: &Change| {
            let before = change.facts_of_service(&service);
            !before
                .differences(&change.facts_of_service(&after))
                .is_empty()
        };
        assert!(differs(&redeploy));
        assert!(!differs(&scale));
    }
}
