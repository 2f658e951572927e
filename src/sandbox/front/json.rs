//! AWS JSON 1.1, which ECS, Logs, ECR and Application Auto Scaling speak: the operation in a header, JSON in and out.

use std::time::Instant;

use serde_json::{Value, json};

use super::frame::{self, EVENT_STREAM};
use super::{Account, Body, Reply};
use crate::sandbox::operation::logs::{self, LiveTail, Session};
use crate::sandbox::operation::{self, Call, Fault, OPERATIONS, Operation, Run, ecr, scaling};
use crate::sandbox::world::chance;

/// The prefix of `X-Amz-Target` for ECS.
pub const TARGET_PREFIX: &str = "AmazonEC2ContainerServiceV20141113.";
/// The prefix of `X-Amz-Target` for CloudWatch Logs.
const LOGS: &str = "Logs_20140328.";
/// The prefix of `X-Amz-Target` for ECR.
const ECR: &str = "AmazonEC2ContainerRegistry_V20150921.";
/// The prefix of `X-Amz-Target` for Application Auto Scaling.
const SCALING: &str = "AnyScaleFrontendService.";
const JSON: &str = "application/x-amz-json-1.1";
/// How many live tails an account may have at once, where quotas are enforced.
const LIVE_TAILS: usize = 15;
/// The kind of the streams that live tails are.
const LIVE_TAIL: &str = "live tail";

/// What an operation came to.
enum Outcome {
    Answer(Value),
    LiveTail(Session),
}

impl Account {
    pub(super) fn json(&mut self, target: &str, body: &[u8], id: String, now: Instant) -> Reply {
        let outcome = find(target)
            .and_then(|(service, operation)| self.perform(service, operation, body, now));
        let (content, body) = match outcome {
            Ok(Outcome::Answer(answer)) => (JSON, whole(&answer)),
            Ok(Outcome::LiveTail(session)) => {
                let begin = session.begins(&chance::uuid(&mut self.ids), &id);
                let mut frames = frame::event("initial-response", "{}");
                frames.extend(frame::event("sessionStart", &begin.to_string()));
                let guard = self.streams.open(LIVE_TAIL);
                let body = Body::LiveTail(Box::new(session), frames, guard);
                (EVENT_STREAM, body)
            }
            Err(fault) => return refusal(id, &fault),
        };
        Reply {
            status: 200,
            content,
            error: None,
            id,
            body,
        }
    }

    fn perform(
        &mut self,
        service: &str,
        operation: &Operation,
        body: &[u8],
        now: Instant,
    ) -> Result<Outcome, Fault> {
        self.admit(service, operation.name, operation.bucket, now)?;
        let mut body: Value = if body.is_empty() {
            json!({})
        } else {
            serde_json::from_slice(body)
                .map_err(|error| Fault::new("SerializationException", error.to_string()))?
        };
        // A null member is the same as none.
        operation::without_nulls(&mut body);
        if matches!(operation.run, Run::LiveTail(_)) {
            self.admit_live_tail()?;
        }
        let mut call = Call {
            world: &mut self.world,
            dice: &mut self.dice,
            body,
        };
        match operation.run {
            Run::Answer(run) => {
                let mut answer = run(&mut call)?;
                operation::without_nulls(&mut answer);
                Ok(Outcome::Answer(answer))
            }
            Run::LiveTail(run) => run(&mut call).map(Outcome::LiveTail),
        }
    }

    fn admit_live_tail(&self) -> Result<(), Fault> {
        if self.live_tail == LiveTail::Denied {
            return Err(self.denial("logs:StartLiveTail"));
        }
        let open = self.streams.count().get(LIVE_TAIL).copied();
        if self.quotas.is_some() && open.unwrap_or_default() >= LIVE_TAILS {
            let message = "Maximum number of concurrent Live Tail sessions reached.";
            return Err(Fault::new("LimitExceededException", message));
        }
        Ok(())
    }
}

/// The answer that tells of a fault.
pub(super) fn refusal(id: String, fault: &Fault) -> Reply {
    let body = json!({"__type": fault.code, "message": fault.message});
    Reply {
        status: 400,
        content: JSON,
        error: Some(fault.code),
        id,
        body: whole(&body),
    }
}

/// The operation of a target, with the service as permissions name it.
fn find(target: &str) -> Result<(&'static str, &'static Operation), Fault> {
    let named = [
        ("ecs", TARGET_PREFIX, OPERATIONS),
        ("logs", LOGS, logs::OPERATIONS),
        ("ecr", ECR, ecr::OPERATIONS),
        ("application-autoscaling", SCALING, scaling::OPERATIONS),
    ];
    let mut found = named
        .into_iter()
        .filter_map(|(service, prefix, operations)| {
            let name = target.strip_prefix(prefix)?;
            let mut operations = operations.iter();
            let operation = operations.find(|operation| operation.name == name)?;
            Some((service, operation))
        });
    found.next().ok_or_else(|| {
        Fault::new(
            "UnknownOperationException",
            format!("The sandbox has no operation {target}."),
        )
    })
}

fn whole(body: &Value) -> Body {
    Body::Whole(body.to_string().into_bytes())
}
