//! Log lines, where they come from, and what is asked of a tail. Reading them is done in `aws` and `docker`, keeping
//! them in `ui`.

use std::sync::Arc;

use super::{Arn, Fault, Host, Subject, Timestamp};

/// A stream of CloudWatch Logs: `/ecs/api` and `ecs/app/0123…` in `eu-west-1`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LogGroup {
    /// The region of the group, which may be another than the cluster's.
    pub region: String,
    /// The name of the group.
    pub name: String,
}

/// Where the output of a container is to be read.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LogPlace {
    /// CloudWatch Logs.
    CloudWatch {
        /// The group.
        group: LogGroup,
        /// The stream: `prefix/container/task id`, or the container id of the engine where there is no prefix.
        stream: String,
    },
    /// The engine that runs the container; also for drivers of which an engine keeps a copy.
    Engine {
        /// The host of the engine; none if it is the engine of this machine or one that is connected already.
        host: Option<Arc<Host>>,
    },
}

/// The output of one container of one task.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LogStream {
    /// The container: the task's ARN and the container's name.
    pub container: Subject,
    /// Where it is read.
    pub place: LogPlace,
}

impl LogStream {
    /// The task.
    #[must_use]
    pub fn task(&self) -> &Arn {
        &self.container.arn
    }
}

/// Which tail it is: what it is of, and how often it was begun anew, so that lines of an earlier one can be told apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TailId {
    /// The service, task or container.
    pub of: Subject,
    /// Rises whenever the same is read from another moment on.
    pub generation: u32,
}

/// What is to be read: these streams, from then on, for as long as it is asked for. Comparable, so that only changes
/// are told; streams may come and go while the tail lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tail {
    /// The streams, in a fixed order.
    pub streams: Vec<LogStream>,
    /// From when on; none for the beginning of each stream.
    pub since: Option<Timestamp>,
    /// At most this many of the newest lines of each stream to begin with; none for all since then.
    pub newest: Option<usize>,
    /// Whether to go on with what is written from now on; else it ends with what there is.
    pub follow: bool,
}

/// A line of a log. Its text is as it came, and made safe where it is drawn; line ends are cut off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When it was written, in milliseconds.
    pub at: Timestamp,
    /// Whether it went to standard error, where that is known.
    pub error: bool,
    /// The text.
    pub text: Box<str>,
}

/// What a tail has to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogReport {
    /// Lines of one stream, in the order in which they were written. Each line of a stream comes once.
    Lines {
        /// The container.
        container: Subject,
        /// The lines.
        lines: Vec<LogLine>,
    },
    /// Lines that will not come: sampled away, expired, or too many at once.
    Lost {
        /// The container, if it is known.
        container: Option<Subject>,
        /// How many, if it is known.
        count: Option<u64>,
        /// Why, in a few words: `CloudWatch sampled the live tail`.
        why: String,
    },
    /// How a stream, or all streams of a place, are being read now.
    State {
        /// The containers it is about.
        containers: Vec<Subject>,
        /// The state.
        state: TailState,
    },
}

/// How a stream is being read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TailState {
    /// It is being found, or older lines are being read.
    Opening,
    /// New lines come by themselves: by `StartLiveTail` or from an engine.
    Live,
    /// New lines are asked for every so often, with the reason why it is not live.
    Polling {
        /// Seconds between.
        seconds: u32,
        /// Why: `StartLiveTail is denied`.
        why: String,
    },
    /// It was read to its end: the container ended, or it was not to be followed.
    Ended,
    /// It cannot be read; it is tried again if that may help.
    Failed(Fault),
}
