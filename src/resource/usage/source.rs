//! Where figures come from, how old they are, and why there are none.

use std::{borrow::Cow, time::Duration};

use crate::{
    model::{
        Engine, EngineContainer, EngineState, FaultKind, MetricOf, MetricSource, Query, Task, age,
    },
    resource::{Cell, Cx, Tone},
};

/// From this age on a figure of an engine is old: engines tell one a second.
pub(super) const OLD: Duration = Duration::from_secs(10);

/// From this age on a point of CloudWatch is old: there is one a minute, and it takes up to two to appear.
const OLD_METRICS: Duration = Duration::from_mins(5);

/// Where figures come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// A Docker Engine.
    Engine {
        /// The age of the oldest figure.
        age: Duration,
    },
    /// CloudWatch.
    Metrics {
        /// Which of its figures.
        from: MetricSource,
        /// The time since the beginning of the newest minute.
        age: Duration,
    },
    /// There are none.
    Missing(Why),
}

/// Why there are no figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Why {
    /// No engine is known that has it: its host is not reached.
    NoEngine,
    /// It runs on Fargate, which has no engine to connect to.
    Fargate,
    /// The engine of its host is being connected.
    Connecting,
    /// The engine refuses.
    Denied,
    /// The engine cannot be reached.
    Unreachable,
    /// The engine is known, and was closed.
    Closed,
    /// The first sample is yet to come.
    Waiting,
    /// It does not run.
    Stopped,
    /// Nothing of it runs.
    Idle,
    /// It does not run yet.
    NotStarted,
    /// CloudWatch was asked, and has not answered.
    Asking,
    /// CloudWatch cannot be asked; the fault in a word.
    Metrics(String),
    /// CloudWatch has no figures.
    NoMetrics,
}

impl Why {
    /// The reason for a cell.
    pub(crate) fn words(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::NoEngine | Self::Fargate => "no engine",
            Self::Connecting => "connecting",
            Self::Denied => "engine denied",
            Self::Unreachable => "engine unreachable",
            Self::Closed => "engine closed",
            Self::Waiting => "first sample",
            Self::Stopped => "stopped",
            Self::Idle => "none running",
            Self::NotStarted => "not started",
            Self::Asking => "CloudWatch asked",
            Self::NoMetrics => "CloudWatch none",
            Self::Metrics(word) => return Cow::Owned(format!("CloudWatch {word}")),
        })
    }

    /// The reason for a page, where there is room to say what to do.
    pub(super) fn advice(&self) -> &'static str {
        match self {
            Self::NoEngine => {
                "No Docker Engine is connected that has it. Run ecsight on its host, set DOCKER_HOST, or name the hosts \
                 in the configuration; :engines lists those known."
            }
            Self::Fargate => {
                "It runs on Fargate, which has no Docker Engine to connect to. CloudWatch tells what a task as a whole \
                 uses where its cluster has Container Insights with enhanced observability."
            }
            Self::Connecting => "The engine of its host is being connected.",
            Self::Denied => "The engine of its host refuses; :engines says why and what to do.",
            Self::Unreachable => {
                "The engine of its host cannot be reached; :engines says why and what to do."
            }
            Self::Closed => "The engine of its host was closed, since nothing needed it.",
            Self::Waiting => {
                "The engine is asked for its first sample, which takes a second or two."
            }
            Self::Stopped => "It is not running any more, so there is nothing to measure.",
            Self::Idle => "Nothing of it is running now, so there is nothing to measure.",
            Self::NotStarted => "It is not running yet, so there is nothing to measure.",
            Self::Asking => "CloudWatch was asked, and has not answered yet.",
            Self::Metrics(_) => {
                "CloudWatch cannot be asked: cloudwatch:GetMetricData has to be allowed and its endpoint reachable."
            }
            Self::NoMetrics => {
                "CloudWatch has no figures of the last quarter of an hour; the first come a few minutes after the start."
            }
        }
    }
}

impl Source {
    /// Whether the figures are older than they are meant to be.
    pub(crate) fn is_old(&self) -> bool {
        match self {
            Self::Engine { age } => *age >= OLD,
            Self::Metrics { age, .. } => *age >= OLD_METRICS,
            Self::Missing(_) => false,
        }
    }

    /// The source and the age: `docker 1s`, `CloudWatch 2m`; or the reason why there is none.
    pub(crate) fn words(&self) -> Cow<'static, str> {
        match self {
            Self::Engine { age: old } | Self::Metrics { age: old, .. } => {
                Cow::Owned(format!("{} {}", self.name(), age(*old)))
            }
            Self::Missing(_) => self.name(),
        }
    }

    /// The source without the age.
    pub(super) fn name(&self) -> Cow<'static, str> {
        match self {
            Self::Engine { .. } => Cow::Borrowed("docker"),
            Self::Metrics { from, .. } => Cow::Borrowed(from.name()),
            Self::Missing(why) => why.words(),
        }
    }

    pub(super) fn tone(&self) -> Tone {
        match self {
            _ if self.is_old() => Tone::Stale,
            Self::Missing(Why::Denied | Why::Unreachable | Why::Metrics(_)) => Tone::Warn,
            Self::Missing(Why::Connecting | Why::Waiting) => Tone::Progress,
            _ => Tone::Muted,
        }
    }

    /// The cell that says it, with how many of its parts the figures are of.
    pub(super) fn cell(&self, part: Option<(usize, usize, &'static str)>) -> Cell {
        let words = self.words();
        match part {
            Some((sampled, of, noun)) if sampled < of => {
                let text = format!("{sampled} of {of} {noun}, {words}");
                Cell::new(text, Tone::Stale)
            }
            _ => Cell::new(words, self.tone()),
        }
    }
}

/// The engine that has a task: one that knows its containers, or else the one of its host.
pub(super) fn engine_of<'a>(task: &Task, cx: &Cx<'a>) -> Option<&'a Engine> {
    let knows = cx
        .store
        .engine_containers(&task.arn)
        .map(|(engine, _)| engine)
        .max_by_key(|engine| engine.state == EngineState::Connected);
    knows.or_else(|| {
        let host = task.instance.as_ref()?;
        let mut engines = cx.store.engines();
        engines.find(|engine| engine.instance.as_ref() == Some(host))
    })
}

/// The container as its engine knows it.
pub(super) fn on_engine<'a>(task: &Task, name: &str, cx: &Cx<'a>) -> Option<&'a EngineContainer> {
    let all = cx.store.engine_containers(&task.arn);
    all.map(|(_, container)| container)
        .filter(|container| !container.is_pause && container.name == name)
        .max_by_key(|container| (container.is_running(), container.started_at))
}

/// Why no engine tells of a task or one of its containers.
pub(super) fn why(task: &Task, cx: &Cx) -> Why {
    if task.is_stopped() {
        return Why::Stopped;
    }
    let Some(engine) = engine_of(task, cx) else {
        return if on_fargate(task) {
            Why::Fargate
        } else {
            Why::NoEngine
        };
    };
    match &engine.state {
        EngineState::Connecting => Why::Connecting,
        EngineState::Failed(fault) => match fault.kind {
            FaultKind::Denied { .. } | FaultKind::Refused | FaultKind::Unconfigured => Why::Denied,
            _ => Why::Unreachable,
        },
        EngineState::Closed => Why::Closed,
        EngineState::Connected => Why::Waiting,
    }
}

/// Why CloudWatch tells nothing; none if it was never meant to be asked.
pub(super) fn why_no_metrics(query: &Query, cx: &Cx) -> Option<Why> {
    let listing = cx.store.listing(query);
    if let Some(record) = listing.fault() {
        return Some(Why::Metrics(record.fault.word()));
    }
    listing.is_complete().then_some(Why::NoMetrics)
}

/// Whether a task runs on Fargate.
fn on_fargate(task: &Task) -> bool {
    let provider = task.capacity_provider.as_deref();
    task.instance.is_none()
        && (task.launch_type.as_deref() == Some("FARGATE")
            || provider.is_some_and(|name| name.starts_with("FARGATE")))
}

/// Whether the use of a task can be had of Container Insights: on Fargate, where the cluster has enhanced
/// observability (setting `containerInsights` = `enhanced`).
pub(super) fn insights(task: &Task, cx: &Cx) -> Option<Query> {
    let cluster = cx.store.cluster(&task.cluster)?;
    let enhanced = cluster
        .settings
        .iter()
        .any(|setting| setting.key == "containerInsights" && setting.value == "enhanced");
    (on_fargate(task) && enhanced && !task.is_stopped()).then(|| Query::Metrics {
        cluster: task.cluster.clone(),
        of: MetricOf::Task {
            task: task.arn.clone(),
            family: task.definition.family().to_owned(),
            service: task.service_name().map(str::to_owned),
        },
    })
}
