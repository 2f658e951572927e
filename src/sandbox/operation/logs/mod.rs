//! The operations of CloudWatch Logs on what the containers wrote.

mod events;
mod group;
mod pattern;
mod scan;
mod stream;
mod tail;

use super::{Operation, Run, operation};
use crate::sandbox::quota::Bucket;

pub use tail::{LiveTail, Session, Step};

/// All operations of the Logs front.
pub const OPERATIONS: &[Operation] = &[
    operation("DescribeLogGroups", Bucket::LogGroups, group::describe),
    operation("DescribeLogStreams", Bucket::LogStreams, stream::describe),
    operation("FilterLogEvents", Bucket::LogFilter, events::filter),
    operation("GetLogEvents", Bucket::LogEvents, events::get),
    Operation {
        name: "StartLiveTail",
        bucket: Bucket::LiveTail,
        run: Run::LiveTail(tail::start),
    },
];
