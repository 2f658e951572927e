//! The fronts: which protocol a request speaks, what the account remembers of it, and how answers are framed.
//! Operations are in `operation`, connections in `server`.

mod cbor;
mod frame;
mod json;
mod query;
mod tail;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use tokio::sync::watch;

use super::operation::Fault;
use super::operation::logs::{LiveTail, Session};
use super::quota::{Bucket, Quotas};
use super::streams::{Guard, Streams};
use super::world::World;
use super::world::chance::{self, Dice};
use super::world::moment::Moment;

pub use cbor::CBOR;
#[cfg(test)]
pub use json::TARGET_PREFIX;
pub use tail::frames;

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
    /// How live tails go.
    pub live_tail: LiveTail,
    /// Actions that the caller has no permission for, for instance `ecr:PutImage`.
    pub denied: BTreeSet<String>,
    /// The answers that go on.
    pub streams: Streams,
}

/// What connections are served with.
#[derive(Clone, Debug)]
pub struct Served {
    /// The account.
    pub account: Arc<Mutex<Account>>,
    /// The world's time.
    pub clock: watch::Receiver<Moment>,
}

/// What the regions are served with.
#[derive(Clone, Debug)]
pub struct Regions {
    /// The first.
    pub home: Served,
    /// Its name, where it answers for itself alone; without one it answers for every region.
    pub name: Option<String>,
    /// The others, by name.
    pub away: Vec<(String, Served)>,
}

impl Regions {
    /// The region that a request is signed for, by the scope in its `Authorization` header:
    /// `… Credential=KEY/20261129/eu-west-1/ecs/aws4_request, …` (AWS Signature Version 4). What is not signed is for
    /// the first.
    ///
    /// # Errors
    /// There is no such region: its name.
    pub fn of<'a>(&self, authorization: Option<&'a str>) -> Result<&Served, &'a str> {
        let scope = authorization.and_then(|header| header.split_once("Credential="));
        let Some(region) = scope.and_then(|(_, scope)| scope.split('/').nth(2)) else {
            return Ok(&self.home);
        };
        if self.name.as_deref().is_none_or(|name| name == region) {
            return Ok(&self.home);
        }
        let found = self.away.iter().find(|(name, _)| name == region);
        found.map(|(_, served)| served).ok_or(region)
    }
}

/// The parts of a request that matter.
#[derive(Clone, Copy, Debug, Default)]
pub struct Request<'a> {
    /// The path.
    pub path: &'a str,
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
    pub body: Body,
}

/// The body of an answer.
#[derive(Debug)]
pub enum Body {
    /// All of it.
    Whole(Vec<u8>),
    /// A live tail, after these first frames.
    LiveTail(Box<Session>, Vec<u8>, Guard),
}

impl Account {
    /// Answers a request at an instant of the machine's clock, which only the quotas use.
    pub fn answer(&mut self, request: Request<'_>, now: Instant) -> Reply {
        let id = chance::uuid(&mut self.ids);
        match request.target {
            Some(target) => self.json(target, request.body, id, now),
            None if cbor::is_spoken_on(request.path) => {
                self.cbor(request.path, request.body, id, now)
            }
            None => self.query(request.body, id),
        }
    }

    /// The answer to a request that is signed for a region that there is none of, as AWS gives it where a region is not
    /// open to the account.
    pub fn refuse(&mut self, request: Request<'_>, region: &str) -> Reply {
        let id = chance::uuid(&mut self.ids);
        let is_plain = |letter: &char| letter.is_ascii_alphanumeric() || *letter == '-';
        let region: String = region.chars().filter(is_plain).collect();
        let message = format!(
            "The security token included in the request is invalid: the simulated account has no region {region}."
        );
        let fault = Fault::new("UnrecognizedClientException", message);
        match request.target {
            Some(_) => json::refusal(id, &fault),
            None if cbor::is_spoken_on(request.path) => cbor::refusal(id, &fault),
            None => query::refusal(id, &fault),
        }
    }

    /// Counts a call of an operation, takes a token for it, and checks the caller's permission.
    fn admit(
        &mut self,
        service: &str,
        name: &str,
        bucket: Bucket,
        now: Instant,
    ) -> Result<(), Fault> {
        *self.calls.entry(name.to_owned()).or_default() += 1;
        let quotas = self.quotas.as_mut();
        if quotas.is_some_and(|quotas| !quotas.take(bucket, now)) {
            return Err(Fault::new("ThrottlingException", "Rate exceeded"));
        }
        let action = format!("{service}:{name}");
        if self.denied.contains(&action) {
            return Err(self.denial(&action));
        }
        Ok(())
    }

    /// The answer to a caller without the permission for an action.
    fn denial(&self, action: &str) -> Fault {
        let account = &self.world.account;
        Fault::new(
            "AccessDeniedException",
            format!(
                "User: arn:aws:sts::{account}:assumed-role/ecsight-sandbox/operator is not authorized to perform: {action} because no identity-based policy allows the {action} action"
            ),
        )
    }
}
