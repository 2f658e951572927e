//! Services, deployments, service deployments and revisions: state only. The scheduler moves them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::chance::{self, Dice};
use super::cluster::{ClusterKey, Tag};
use super::definition::DefinitionKey;
use super::moment::Moment;
use super::placement::Placing;
use super::task::TaskKey;

/// Index of a service in [`World::services`](super::World).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceKey(pub usize);

/// Events kept per service, as the API returns.
pub const EVENTS_KEPT: usize = 100;
/// The status of a service deployment that a client wants rolled back.
pub const ROLLBACK_REQUESTED: &str = "ROLLBACK_REQUESTED";
/// How long an identical complaint is held back.
const COMPLAINT_AGAIN: Duration = Duration::from_hours(6);

/// A line of a service's event log.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// A UUID.
    pub id: String,
    /// When it was written.
    pub created_at: Moment,
    /// Its text.
    pub message: String,
}

/// How the desired count of a service comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Scheduling {
    /// As asked for.
    Replica,
    /// One task on each instance that takes tasks.
    Daemon,
}

impl Scheduling {
    /// The word of the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Replica => "REPLICA",
            Self::Daemon => "DAEMON",
        }
    }
}

/// Who rolls out a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Controller {
    /// The service scheduler.
    Ecs,
    /// A client, with task sets.
    External,
}

/// The rules of a rolling update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RollRules {
    /// `minimumHealthyPercent`.
    pub minimum: u32,
    /// `maximumPercent`.
    pub maximum: u32,
    /// Whether the circuit breaker is on.
    pub breaker: bool,
    /// Whether it rolls back.
    pub rollback: bool,
}

/// A target group that a service registers its tasks in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoadBalancer {
    /// ARN of the target group.
    pub target_group_arn: String,
    /// The container that takes the traffic.
    pub container_name: String,
    /// Its port.
    pub container_port: u16,
}

/// The `rolloutState` of a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Rollout {
    /// Under way.
    InProgress,
    /// Done.
    Completed,
    /// Given up by the circuit breaker.
    Failed,
}

/// A deployment of a service: the first of the list is PRIMARY, the others are ACTIVE.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// The number in `ecs-svc/<number>`.
    pub id: u64,
    /// The revision it deploys.
    pub revision: u64,
    /// Its task definition.
    pub definition: DefinitionKey,
    /// Tasks wanted of it.
    pub desired: u32,
    /// Failed tasks in a row.
    pub failed: u32,
    /// When it was made.
    pub created: Moment,
    /// When it last changed.
    pub updated: Moment,
    /// How far it is.
    pub rollout: Rollout,
    /// That in words.
    pub reason: String,
}

impl Deployment {
    /// The id as the API writes it.
    pub fn id(&self) -> String {
        format!("ecs-svc/{}", self.id)
    }
}

/// A snapshot of what a service ran.
#[derive(Clone, Debug)]
pub struct Revision {
    /// The last part of its ARN.
    pub id: u64,
    /// The task definition.
    pub definition: DefinitionKey,
    /// When it was made.
    pub created: Moment,
    /// Where its tasks go.
    pub placing: Placing,
    /// Digests of its images, in the order of the containers: what their tags pointed at when it was made.
    pub images: Vec<Option<Arc<str>>>,
}

/// A service deployment: the record that outlives the deployment.
#[derive(Clone, Debug)]
pub struct Record {
    /// The last part of its ARN.
    pub id: String,
    /// The number of the deployment it belongs to.
    pub deployment: u64,
    /// When it was asked for.
    pub created: Moment,
    /// When it began.
    pub started: Moment,
    /// When it ended.
    pub finished: Option<Moment>,
    /// When it last changed.
    pub updated: Moment,
    /// `status`.
    pub status: &'static str,
    /// `statusReason`.
    pub reason: Option<String>,
    /// The revision before.
    pub source: Option<u64>,
    /// The revision after.
    pub target: u64,
    /// `deploymentCircuitBreaker`: status, failures and threshold.
    pub breaker: (&'static str, u32, u32),
    /// The rollback: reason, start, revision.
    pub rollback: Option<(String, Moment, u64)>,
}

/// What the scheduler remembers between two looks at a service.
#[derive(Clone, Debug, Default)]
pub struct Pace {
    /// Starts in a row that came to nothing.
    pub failures: u32,
    /// No new task before this.
    pub not_before: Option<Moment>,
    /// The earliest look put down.
    pub wake: Option<Moment>,
    /// Whether the steady state was announced.
    pub steady: bool,
    /// Tasks that joined a target group since the last look.
    pub registered: u32,
    /// Tasks that began to drain since the last look, by deployment.
    pub draining: BTreeMap<u64, u32>,
    /// Tasks that were replaced for bad health since the last start.
    pub replaced: u32,
    /// Complaints and when they were last written.
    pub complaints: BTreeMap<String, Moment>,
}

/// A service.
#[derive(Debug)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Its cluster.
    pub cluster: ClusterKey,
    /// False once deleted: it stays readable as INACTIVE.
    pub active: bool,
    /// When it was made.
    pub created: Moment,
    /// `desiredCount`.
    pub desired: u32,
    /// The current task definition.
    pub definition: DefinitionKey,
    /// Where its tasks go.
    pub placing: Placing,
    /// How its desired count comes about.
    pub scheduling: Scheduling,
    /// Who rolls it out.
    pub controller: Controller,
    /// The rules of a rolling update.
    pub rules: RollRules,
    /// Its target groups.
    pub balancers: Vec<LoadBalancer>,
    /// Its service registries, as on the wire.
    pub registries: Vec<Value>,
    /// Its network configuration, as on the wire.
    pub network: Option<Value>,
    /// `healthCheckGracePeriodSeconds`.
    pub grace: Option<u32>,
    /// Whether commands can be run in its tasks.
    pub exec: bool,
    /// `propagateTags`.
    pub propagate: Option<String>,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// Deployments, newest first; under an external controller the one that stands for the task set.
    pub deployments: Vec<Deployment>,
    /// Task sets of an external controller: number, external id and creation.
    pub task_set: Option<(u64, String, Moment)>,
    /// Service deployments, oldest first.
    pub records: Vec<Record>,
    /// Service revisions, oldest first.
    pub revisions: Vec<Revision>,
    /// Events, newest first.
    pub events: VecDeque<Event>,
    /// Tasks that have not stopped.
    pub live: BTreeSet<TaskKey>,
    /// Stopped tasks that can still be read.
    pub stopped: BTreeSet<TaskKey>,
    /// Tasks that have not stopped, by capacity provider.
    pub shares: BTreeMap<String, usize>,
    /// The scheduler's memory.
    pub pace: Pace,
    /// True once a client has changed it: the demonstration then leaves it alone.
    pub claimed: bool,
}

impl Service {
    /// An active service without tasks, deployments or a past.
    pub fn new(
        name: String,
        cluster: ClusterKey,
        definition: DefinitionKey,
        created: Moment,
    ) -> Self {
        Self {
            name,
            cluster,
            active: true,
            created,
            desired: 0,
            definition,
            placing: Placing::default(),
            scheduling: Scheduling::Replica,
            controller: Controller::Ecs,
            rules: RollRules {
                minimum: 100,
                maximum: 200,
                breaker: false,
                rollback: false,
            },
            balancers: Vec::new(),
            registries: Vec::new(),
            network: None,
            grace: None,
            exec: false,
            propagate: None,
            tags: Vec::new(),
            deployments: Vec::new(),
            task_set: None,
            records: Vec::new(),
            revisions: Vec::new(),
            events: VecDeque::new(),
            live: BTreeSet::new(),
            stopped: BTreeSet::new(),
            shares: BTreeMap::new(),
            pace: Pace::default(),
            claimed: false,
        }
    }

    /// Takes up a task that was launched for it.
    pub fn adopt(&mut self, key: TaskKey, provider: Option<&str>) {
        self.live.insert(key);
        if let Some(provider) = provider {
            *self.shares.entry(provider.to_owned()).or_default() += 1;
        }
    }

    /// Takes note that one of its tasks has stopped.
    pub fn bury(&mut self, key: TaskKey, provider: Option<&str>) {
        self.live.remove(&key);
        self.stopped.insert(key);
        if let Some(share) = provider.and_then(|provider| self.shares.get_mut(provider)) {
            *share = share.saturating_sub(1);
        }
    }

    /// Whether it runs one task on each instance.
    pub fn is_daemon(&self) -> bool {
        self.scheduling == Scheduling::Daemon
    }

    /// The tags that its tasks get.
    pub fn propagated_tags(&self) -> Vec<Tag> {
        if self.propagate.as_deref() == Some("SERVICE") {
            self.tags.clone()
        } else {
            Vec::new()
        }
    }

    /// Writes an event where its time puts it, newest first.
    pub fn note(&mut self, at: Moment, dice: &mut Dice, text: &str) {
        let set = self.task_set.as_ref().map(|(set, ..)| *set);
        self.note_of(set, at, dice, text);
    }

    /// Writes an event about one deployment or task set, which the service names in the prefix of some events.
    pub fn note_of(&mut self, set: Option<u64>, at: Moment, dice: &mut Dice, text: &str) {
        let message = match set {
            Some(set) => format!("(service {}, taskSet ecs-svc/{set}) {text}", self.name),
            None => format!("(service {}) {text}", self.name),
        };
        let event = Event {
            id: chance::uuid(dice),
            created_at: at,
            message,
        };
        let place = self.events.partition_point(|known| known.created_at > at);
        self.events.insert(place, event);
        self.events.truncate(EVENTS_KEPT);
    }

    /// Writes an event unless the same one was written in the last six hours and nothing has resolved it since.
    pub fn complain(&mut self, at: Moment, dice: &mut Dice, text: &str) {
        let known = self
            .pace
            .complaints
            .get(text)
            .is_some_and(|last| at.since(*last) < COMPLAINT_AGAIN);
        if !known {
            self.pace.complaints.insert(text.to_owned(), at);
            self.note(at, dice, text);
        }
    }

    /// The PRIMARY deployment.
    pub fn primary(&self) -> Option<&Deployment> {
        self.deployments.first()
    }

    /// The deployment with this number.
    pub fn deployment_mut(&mut self, id: u64) -> Option<&mut Deployment> {
        self.deployments
            .iter_mut()
            .find(|deployment| deployment.id == id)
    }

    /// The revision that a deployment deploys.
    pub fn revision_of(&self, deployment: u64) -> Option<&Revision> {
        let deployment = self
            .deployments
            .iter()
            .find(|known| known.id == deployment)?;
        self.revisions
            .iter()
            .rfind(|revision| revision.id == deployment.revision)
    }

    /// The revision that was last rolled out in full.
    pub fn last_success(&self) -> Option<&Revision> {
        let mut records = self.records.iter().rev();
        let done = records.find(|record| record.status == "SUCCESSFUL")?;
        self.revisions.iter().find(|known| known.id == done.target)
    }

    /// Whether there is something that the deployment under way could be rolled back to.
    pub fn can_roll_back(&self) -> bool {
        let mut deployments = self.deployments.iter();
        deployments.any(|deployment| deployment.rollout == Rollout::Completed)
            || self.last_success().is_some()
    }

    /// Whether a client has asked for a rollback that has not begun.
    pub fn rollback_requested(&self) -> bool {
        let open = self
            .records
            .iter()
            .rfind(|record| record.finished.is_none());
        open.is_some_and(|record| record.status == ROLLBACK_REQUESTED)
    }

    /// The record of the service deployment under way: there is one at most.
    pub fn open_record_mut(&mut self) -> Option<&mut Record> {
        self.records
            .iter_mut()
            .rfind(|record| record.finished.is_none())
    }

    /// Failed tasks at which the circuit breaker trips: half of the desired count, at least 3, at most 200.
    pub fn threshold(&self) -> u32 {
        self.desired.div_ceil(2).clamp(3, 200)
    }
}
