//! The protocol fronts: which operation a request asks for, in AWS JSON 1.1 (ECS) or in the query protocol (STS), and
//! how answers and errors are written. Connections are in `server`.

use std::collections::BTreeMap;
use std::time::Instant;

use serde_json::{Value, json};

use super::operation::{self, Answer, Call, Fault, OPERATIONS};
use super::quota::Quotas;
use super::world::World;
use super::world::chance::{self, Dice};

/// The prefix of `X-Amz-Target` for ECS.
pub const TARGET_PREFIX: &str = "AmazonEC2ContainerServiceV20141113.";
const JSON: &str = "application/x-amz-json-1.1";

/// What is simulated, and what was asked of it so far.
#[derive(Debug)]
pub struct Account {
    /// The world.
    pub world: World,
    /// Its chance.
    pub dice: Dice,
    /// Where request ids come from: not the world's chance, which watching must not change.
    pub ids: Dice,
    /// Calls per operation, throttled ones included.
    pub calls: BTreeMap<String, u64>,
    /// The buckets, where the quotas are enforced.
    pub quotas: Option<Quotas>,
}

/// The parts of a request that matter.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The `X-Amz-Target` header.
    pub target: Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
}

/// The parts of an answer.
#[derive(Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`.
    pub content: &'static str,
    /// The error code, for the `x-amzn-errortype` header.
    pub error: Option<&'static str>,
    /// The request id.
    pub id: String,
    /// The body.
    pub body: String,
}

impl Account {
    /// Answers a request at an instant of the machine's clock, which only the quotas use.
    pub fn answer(&mut self, request: Request<'_>, now: Instant) -> Reply {
        let id = chance::uuid(&mut self.ids);
        match request.target {
            Some(target) => {
                let answer = self.json(target, request.body, now);
                json_reply(id, answer)
            }
            None => self.query(request.body, id),
        }
    }

    fn json(&mut self, target: &str, body: &[u8], now: Instant) -> Answer {
        let name = target.strip_prefix(TARGET_PREFIX).unwrap_or_default();
        let operation = OPERATIONS
            .iter()
            .find(|operation| operation.name == name)
            .ok_or_else(|| {
                Fault::new(
                    "UnknownOperationException",
                    format!("The sandbox has no operation {target}."),
                )
            })?;
        *self.calls.entry(operation.name.to_owned()).or_default() += 1;
        if self
            .quotas
            .as_mut()
            .is_some_and(|quotas| !quotas.take(operation.bucket, now))
        {
            return Err(Fault::new("ThrottlingException", "Rate exceeded"));
        }
        let mut body: Value = if body.is_empty() {
            json!({})
        } else {
            serde_json::from_slice(body)
                .map_err(|error| Fault::new("SerializationException", error.to_string()))?
        };
        // A null member is the same as none.
        operation::without_nulls(&mut body);
        let mut call = Call {
            world: &mut self.world,
            dice: &mut self.dice,
            body,
        };
        let mut answer = (operation.run)(&mut call)?;
        operation::without_nulls(&mut answer);
        Ok(answer)
    }

    fn query(&mut self, body: &[u8], id: String) -> Reply {
        let form = String::from_utf8_lossy(body);
        let action = form
            .split('&')
            .find_map(|pair| pair.strip_prefix("Action="))
            .unwrap_or_default();
        let (status, error, body) = if action == "GetCallerIdentity" {
            *self.calls.entry(action.to_owned()).or_default() += 1;
            (200, None, operation::caller(&self.world, &id))
        } else {
            let text = format!(
                "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
                 <Code>InvalidAction</Code><Message>The sandbox answers GetCallerIdentity only in this protocol.</Message>\
                 </Error><RequestId>{id}</RequestId></ErrorResponse>"
            );
            (400, Some("InvalidAction"), text)
        };
        Reply {
            status,
            content: "text/xml",
            error,
            id,
            body,
        }
    }
}

fn json_reply(id: String, answer: Answer) -> Reply {
    match answer {
        Ok(body) => Reply {
            status: 200,
            content: JSON,
            error: None,
            id,
            body: body.to_string(),
        },
        Err(fault) => {
            let body = json!({"__type": fault.code, "message": fault.message}).to_string();
            Reply {
                status: 400,
                content: JSON,
                error: Some(fault.code),
                id,
                body,
            }
        }
    }
}
