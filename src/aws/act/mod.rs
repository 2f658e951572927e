//! Writes: the target is read again first, then what was confirmed is sent, once. What each change sends is in the
//! files beside this one.

mod definition;
mod image;
mod instance;
mod service;
mod task;

use std::time::Duration;

use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::{
    error::metadata::ProvideErrorMetadata, retry::RetryConfig, timeout::TimeoutConfig,
};
use aws_types::request_id::RequestId;
use tokio::sync::mpsc;

use crate::{
    aws::{
        Clients, Urgency,
        evidence::{Stage, gather},
        fault::{self, Scene},
    },
    model::{Act, Arn, Change, Done, Entity, Facts, Fault, FaultKind, Outcome, Part, Query},
};

/// How long a write may take. There is no second attempt, and AWS may well be busy with it when it is cut off.
const PATIENCE: Duration = Duration::from_mins(1);

/// Parts of an answer that may wait.
const PARTS: usize = 16;

impl Clients {
    /// Reads the target again, and makes the change if everything that the plan rests on is still so. Nothing is
    /// sent twice: whether to try again is for a person to decide.
    pub async fn act(&self, act: &Act) -> Outcome {
        let region = act.change.target().region();
        self.of(Some(region)).act_here(act).await
    }

    async fn act_here(&self, act: &Act) -> Outcome {
        let entities = match self.read_target(&act.change).await {
            Ok(entities) => entities,
            Err(fault) => return failed(fault),
        };
        let Some(now) = facts(&act.change, &entities) else {
            return failed(gone(&act.change));
        };
        let differences = act.facts.differences(&now);
        if !differences.is_empty() {
            return Outcome::Changed {
                differences,
                entities,
            };
        }
        let mut writing = Writing::new(self);
        match writing.make(&act.change).await {
            Ok(done) => Outcome::Done(Done {
                requests: writing.requests,
                ..done
            }),
            Err(fault) => Outcome::Failed {
                fault,
                unsure: writing.unsure,
                written: writing.written,
                requests: writing.requests,
            },
        }
    }

    /// The target of a change as it is now.
    async fn read_target(&self, change: &Change) -> Result<Vec<Entity>, Fault> {
        match change {
            Change::Scale {
                cluster, service, ..
            }
            | Change::Redeploy { cluster, service }
            | Change::SetRevision {
                cluster, service, ..
            }
            | Change::SetImage {
                cluster, service, ..
            }
            | Change::SetExecuteCommand {
                cluster, service, ..
            }
            | Change::Rollback {
                cluster, service, ..
            } => {
                self.read(&Query::Service {
                    cluster: cluster.clone(),
                    service: service.clone(),
                })
                .await
            }
            Change::StopTask { cluster, task, .. } => {
                self.read(&Query::Task {
                    cluster: cluster.clone(),
                    task: task.clone(),
                })
                .await
            }
            Change::SetInstanceState {
                cluster, instance, ..
            } => self.read_instance(cluster, instance).await,
            Change::Tag {
                repository, tags, ..
            } => self.read_tags(repository, tags).await,
            Change::Promote { to, tag, .. } => self.read_tags(to, std::slice::from_ref(tag)).await,
            Change::Untag { repository, tag } => {
                self.read_tags(repository, std::slice::from_ref(tag)).await
            }
            Change::DeleteImage { repository, digest } => {
                let image = repository.image(digest);
                self.read(&Query::Image { image }).await
            }
        }
    }

    /// Where tags of a repository point now.
    async fn read_tags(&self, repository: &Arn, tags: &[String]) -> Result<Vec<Entity>, Fault> {
        let mut found = Vec::new();
        for tag in tags {
            let tag = repository.tag(tag);
            found.extend(self.read(&Query::Tag { tag }).await?);
        }
        Ok(found)
    }

    /// Runs a query to its end.
    async fn read(&self, query: &Query) -> Result<Vec<Entity>, Fault> {
        let (parts, mut arrived) = mpsc::channel(PARTS);
        let gather = async {
            let mut found = Vec::new();
            while let Some(part) = arrived.recv().await {
                match part {
                    Part::Some { entities, .. } => found.extend(entities),
                    Part::Done { .. } => return Ok(found),
                    Part::Failed { fault, .. } => return Err(fault),
                }
            }
            Ok(found)
        };
        let ((), found) =
            futures::future::join(self.fetch(query, Urgency::Interactive, parts), gather).await;
        found
    }
}

/// What the change rests on, as the target is now; none if there is no such thing.
fn facts(change: &Change, entities: &[Entity]) -> Option<Facts> {
    let target = change.target();
    if let Change::Untag { tag, .. } = change {
        let holder = entities.iter().find_map(|entity| match entity {
            Entity::Image(image) if image.tags.contains(tag) => Some(image.as_ref()),
            _ => None,
        });
        return Some(change.facts_of_untag(tag, holder));
    }
    if matches!(change, Change::Tag { .. } | Change::Promote { .. }) {
        let tags = entities.iter().filter_map(|entity| match entity {
            Entity::Tag(tag) => Some((tag.name.as_str(), tag.digest.as_deref())),
            _ => None,
        });
        return Some(change.facts_of_tags(tags));
    }
    entities.iter().find_map(|entity| match entity {
        Entity::Service(service) if service.arn == *target => {
            Some(change.facts_of_service(service))
        }
        Entity::Task(task) if task.arn == *target => Some(change.facts_of_task(task)),
        Entity::Instance(instance) if instance.arn == *target => {
            Some(change.facts_of_instance(instance))
        }
        Entity::Image(image) if image.repository == *target => {
            let tags = image.tags.iter();
            let tags = tags.map(|tag| (tag.as_str(), Some(image.digest.as_str())));
            Some(change.facts_of_tags(tags))
        }
        _ => None,
    })
}

fn failed(fault: Fault) -> Outcome {
    Outcome::Failed {
        fault,
        unsure: false,
        written: String::new(),
        requests: Vec::new(),
    }
}

fn gone(change: &Change) -> Fault {
    let target = change.target();
    Fault {
        kind: FaultKind::NotFound,
        op: "the target".to_owned(),
        message: format!("{} is not there any more", target.name()),
        hint: "nothing was sent".to_owned(),
    }
}

/// One change on its way.
struct Writing<'a> {
    clients: &'a Clients,
    requests: Vec<String>,
    /// Whether the last thing sent may have taken effect though it failed.
    unsure: bool,
    /// What took effect before what failed, in words.
    written: String,
}

impl<'a> Writing<'a> {
    fn new(clients: &'a Clients) -> Self {
        Self {
            clients,
            requests: Vec::new(),
            unsure: false,
            written: String::new(),
        }
    }

    async fn make(&mut self, change: &Change) -> Result<Done, Fault> {
        match change {
            Change::Scale {
                cluster,
                service,
                desired,
            } => self.scale(cluster, service, *desired).await,
            Change::Redeploy { cluster, service } => self.redeploy(cluster, service).await,
            Change::SetRevision {
                cluster,
                service,
                definition,
            } => self.set_revision(cluster, service, definition).await,
            Change::SetImage {
                cluster,
                service,
                base,
                container,
                image,
            } => {
                let revision = self.register_with_image(base, container, image).await?;
                self.deploy_registered(cluster, service, revision).await
            }
            Change::SetExecuteCommand {
                cluster,
                service,
                enabled,
            } => self.set_execute_command(cluster, service, *enabled).await,
            Change::Rollback {
                cluster, service, ..
            } => self.give_up_deployment(cluster, service).await,
            Change::StopTask {
                cluster,
                task,
                reason,
            } => self.stop_task(cluster, task, reason).await,
            Change::SetInstanceState {
                cluster,
                instance,
                drain,
            } => self.set_instance_state(cluster, instance, *drain).await,
            Change::Tag {
                repository,
                digest,
                tags,
            } => self.tag(repository, digest, tags).await,
            Change::Promote {
                repository,
                digest,
                to,
                tag,
            } => self.promote(repository, digest, to, tag).await,
            Change::Untag { repository, tag } => self.untag(repository, tag).await,
            Change::DeleteImage { repository, digest } => {
                self.delete_image(repository, digest).await
            }
        }
    }

    /// Sends a write once, as soon as the pacer allows.
    async fn write<T, E>(
        &mut self,
        operation: &str,
        send: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> Result<T, Fault>
    where
        T: RequestId,
        E: ProvideErrorMetadata + std::error::Error + RequestId + 'static,
    {
        self.clients
            .pacer
            .acquire(operation, Urgency::Interactive)
            .await;
        match send.await {
            Ok(answer) => {
                self.requests.extend(answer.request_id().map(str::to_owned));
                Ok(answer)
            }
            Err(error) => {
                self.requests.extend(error.request_id().map(str::to_owned));
                let session = &self.clients.session;
                let scene = Scene {
                    operation,
                    host: session.hosts.of(operation),
                    profile: Some(&session.profile),
                };
                self.unsure = may_have_arrived(&error);
                let mut fault = fault::classify(scene, &error);
                if fault.kind == FaultKind::Throttled {
                    self.clients.pacer.penalise(operation);
                    // What is said of reads does not hold: they are sent again.
                    "others use this account's request quota; it was not sent again"
                        .clone_into(&mut fault.hint);
                }
                Err(fault)
            }
        }
    }
}

/// What is said of a request that never left: nobody to send it to, or nothing to sign it with.
const NOT_SENT: &[&str] = &[
    "client error (connect)",
    "connect error",
    "connect timeout",
    "dns error",
    "identity resolver timed out",
    "invalid configuration",
];

/// Whether AWS may have done what was sent although an error came back.
fn may_have_arrived<E>(error: &SdkError<E, HttpResponse>) -> bool
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let evidence = gather(error);
    match evidence.stage {
        Stage::Waited | Stage::Sent => !evidence.mentions(NOT_SENT),
        Stage::Answered => evidence.status != 429,
        Stage::Refused => evidence.status >= 500,
        Stage::Built | Stage::Gate | Stage::NoCredentials | Stage::Credentials => false,
    }
}

fn once() -> (RetryConfig, TimeoutConfig) {
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(PATIENCE)
        .operation_timeout(PATIENCE)
        .build();
    (RetryConfig::disabled(), timeouts)
}

/// What makes a call to ECS a write: one attempt, with patience.
fn ecs_once() -> aws_sdk_ecs::config::Builder {
    let (retries, timeouts) = once();
    aws_sdk_ecs::Config::builder()
        .retry_config(retries)
        .timeout_config(timeouts)
}

#[cfg(test)]
mod tests {
    use std::io;

    use aws_sdk_ecs::operation::update_service::UpdateServiceError;
    use aws_smithy_runtime_api::client::result::ConnectorError;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(ConnectorError::timeout("HTTP connect timeout occurred after 3.1s".into()), false)]
    #[case(ConnectorError::timeout("HTTP read timeout occurred after 30s".into()), true)]
    #[case(ConnectorError::other("identity resolver timed out after 5s".into(), None), false)]
    #[case(ConnectorError::other("Invalid Configuration: no such endpoint".into(), None), false)]
    #[case(ConnectorError::io(io::Error::from(io::ErrorKind::ConnectionReset).into()), true)]
    fn only_what_was_sent_may_have_arrived(#[case] error: ConnectorError, #[case] expected: bool) {
        let error: SdkError<UpdateServiceError, HttpResponse> = SdkError::dispatch_failure(error);
        assert_eq!(may_have_arrived(&error), expected);
    }
}
