//! What happens to the program, and what it has done about it.

use crate::{
    keymap::Key,
    model::{
        Act, Arn, Contexts, Destination, EngineReport, Fault, LogReport, Outcome, Part, Query,
        QuotaUse, Record, Region, Subject, Tail, TailId, Watch,
    },
    schedule::Urgency,
    store::snapshot::Snapshot,
    ui::EnvClass,
};

/// Everything that can happen.
#[derive(Debug, Clone)]
pub enum Event {
    /// A key was pressed.
    Key(Key),
    /// Text was pasted.
    Paste(String),
    /// The wheel was turned by some lines, or a row of the screen was clicked.
    Mouse {
        /// Lines of the wheel, downwards; none for a click.
        lines: Option<i32>,
        /// The row of the screen.
        row: u16,
    },
    /// The terminal has another size.
    Resize(u16, u16),
    /// The terminal got or lost the focus.
    Focus(bool),
    /// The clients are there, or cannot be had.
    Connected {
        /// The context it was asked for.
        epoch: u64,
        /// What came of it.
        result: Result<Connection, Fault>,
    },
    /// A piece of an answer came. One event serves every query.
    Fetched {
        /// The context it was asked for.
        epoch: u64,
        /// The query.
        query: Query,
        /// The piece.
        part: Part,
    },
    /// A whole API answer came.
    Raw {
        /// The context it was asked for.
        epoch: u64,
        /// The thing it is about.
        subject: Subject,
        /// The answer as JSON text.
        result: Result<String, Fault>,
    },
    /// What an earlier run kept was found, or a part of it.
    Restored {
        /// The context it is of.
        epoch: u64,
        /// What it kept.
        snapshot: Box<Snapshot>,
        /// Whether another part is to follow.
        more: bool,
    },
    /// How the request quotas stand.
    Quotas {
        /// The context that they are of.
        epoch: u64,
        /// The region, where several are looked at.
        region: Option<Region>,
        /// All of them, in their order.
        uses: Vec<QuotaUse>,
    },
    /// An engine has something to say.
    Engine(EngineReport),
    /// A tail has something to say.
    Log {
        /// The context it was asked for.
        epoch: u64,
        /// The tail.
        id: TailId,
        /// What it says.
        report: LogReport,
    },
    /// What came of an act.
    Acted {
        /// The context it was asked for.
        epoch: u64,
        /// The act.
        id: u64,
        /// What came of it.
        outcome: Box<Outcome>,
    },
    /// What earlier sessions did, by the audit file.
    Audited(Vec<Record>),
    /// The profiles one can choose from, with what was used lately; or why one cannot choose.
    Contexts(Result<Contexts, String>),
    /// Credentials are waited for, and everything with them; or are no longer.
    Waits {
        /// The context.
        epoch: u64,
        /// What is waited for, in a word or two; none if it is there.
        what: Option<String>,
    },
    /// What the user's patterns say of the account.
    Classified {
        /// The context it was asked for.
        epoch: u64,
        /// Which kind of environment it is.
        class: Option<EnvClass>,
        /// Whether nothing can be changed.
        readonly: bool,
    },
    /// Something that was asked of the terminal or the disk is done: what to say about it.
    Finished(Result<String, String>),
    /// A moment came that the program wanted to be woken at.
    Wake,
    /// The terminal is gone, or the system asks to end.
    Hangup,
}

impl Event {
    /// Whether it is one of many of its kind that nobody waits for: log lines, samples.
    #[must_use]
    pub fn flows(&self) -> bool {
        matches!(
            self,
            Self::Log { .. } | Self::Engine(EngineReport::Samples(_))
        )
    }
}

/// Where the clients look.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Connection {
    /// The profile, or how else the credentials came.
    pub profile: String,
    /// The region.
    pub region: String,
    /// The overriding endpoint, if one is set.
    pub endpoint: Option<String>,
    /// Whether nothing can be changed.
    pub readonly: bool,
    /// The kind of environment, as far as it shows in the profile.
    pub class: Option<EnvClass>,
}

/// Everything that can be asked of the outside. Comparable data, so that tests can say what they expect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Make the clients. With another epoch than before, everything of the context before ends.
    Connect {
        /// The context.
        epoch: u64,
        /// What to look at in it.
        to: Destination,
    },
    /// Find out which profiles there are, and what was used lately.
    ListContexts,
    /// Run a query.
    Fetch {
        /// The context.
        epoch: u64,
        /// The query.
        query: Query,
        /// How soon.
        urgency: Urgency,
    },
    /// Fetch a whole API answer.
    Raw {
        /// The context.
        epoch: u64,
        /// The thing.
        subject: Subject,
        /// The cluster it lives in, if that is known.
        cluster: Option<Arn>,
    },
    /// Ask CloudWatch for metrics, all with as few calls as possible. Each is answered as a query of its own.
    Measure {
        /// The context.
        epoch: u64,
        /// The queries, [`Query::Metrics`] all of them.
        queries: Vec<Query>,
    },
    /// Ask ECR where tags point, all with as few calls as possible. Each is answered as a query of its own.
    Resolve {
        /// The context.
        epoch: u64,
        /// The queries, [`Query::Tag`] all of them.
        queries: Vec<Query>,
        /// How soon.
        urgency: Urgency,
    },
    /// Ask for all tasks of a cluster, running and stopped, with as few calls as possible and after all that is more
    /// urgent. Each list is answered as a query of its own.
    FetchTasks {
        /// The context.
        epoch: u64,
        /// The cluster.
        cluster: Arn,
    },
    /// Let a query that is under way be as urgent as what is on the screen: it is by now.
    Raise(Query),
    /// Sample the containers of these tasks, and no others.
    Watch(Watch),
    /// Begin a tail, or change what an open one reads.
    Tail {
        /// The context.
        epoch: u64,
        /// Which tail.
        id: TailId,
        /// What it reads.
        tail: Tail,
    },
    /// End a tail.
    EndTail(TailId),
    /// Make a change, once, and write it down in the audit file.
    Act {
        /// The context.
        epoch: u64,
        /// What is to be done.
        act: Box<Act>,
        /// Its record, as far as it is known.
        record: Box<Record>,
    },
    /// Read what earlier sessions did.
    ReadAudit,
    /// Find out which kind of environment an account is, and shut the read-only gate if it is to be shut.
    Classify {
        /// The context.
        epoch: u64,
        /// The account.
        account: String,
    },
    /// Put text on the clipboard.
    Copy {
        /// What it is, for the message.
        what: String,
        /// The text.
        text: String,
    },
    /// Write text to a file.
    Save {
        /// The stem of the file's name.
        stem: String,
        /// The text.
        text: String,
    },
    /// Keep what is known for the next start.
    Keep(Box<Snapshot>),
    /// Give the shell back for a while.
    Suspend,
    /// Paint everything again.
    Redraw,
    /// Leave.
    Quit,
}
