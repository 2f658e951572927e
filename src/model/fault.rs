//! Why something could not be fetched, in words a person can act on.

use std::fmt;

/// The class of a failure: decides when to try again and what to advise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultKind {
    /// IAM refuses; carries the action, `ecs:ListServices`, where AWS named it.
    Denied {
        /// The missing IAM action.
        action: String,
    },
    /// The credentials have expired or are not valid.
    Expired,
    /// No credentials, no region, or a profile that cannot be read.
    Unconfigured,
    /// AWS asks for fewer calls.
    Throttled,
    /// The endpoint cannot be reached or the connection broke.
    Network,
    /// No answer within the time allowed.
    Timeout,
    /// The thing asked for is not there (any more).
    NotFound,
    /// AWS answered with a failure of its own (HTTP 5xx), or with something that cannot be read.
    Server,
    /// The local clock is too far from AWS's.
    ClockSkew,
    /// The write is refused here, because this session is read-only.
    ReadOnly,
    /// Anything else that AWS refused.
    Refused,
}

/// A failed fetch: what failed, why, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The class of the failure.
    pub kind: FaultKind,
    /// The API operation, `ListServices`, or what else was tried.
    pub op: String,
    /// What was said, in one line.
    pub message: String,
    /// What a person can do about it; empty if there is nothing but waiting.
    pub hint: String,
}

impl Fault {
    /// A word for narrow places: `throttled`, `denied ecs:ListServices`, `unreachable`.
    #[must_use]
    pub fn word(&self) -> String {
        match &self.kind {
            FaultKind::Denied { action } if action.is_empty() => "denied".to_owned(),
            FaultKind::Denied { action } => format!("denied {action}"),
            FaultKind::Expired => "credentials expired".to_owned(),
            FaultKind::Unconfigured => "not configured".to_owned(),
            FaultKind::Throttled => "throttled".to_owned(),
            FaultKind::Network => "unreachable".to_owned(),
            FaultKind::Timeout => "no answer".to_owned(),
            FaultKind::NotFound => "not found".to_owned(),
            FaultKind::Server => "AWS error".to_owned(),
            FaultKind::ClockSkew => "clock skew".to_owned(),
            FaultKind::ReadOnly => "read-only".to_owned(),
            FaultKind::Refused => "refused".to_owned(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.op, self.message)?;
        if !self.hint.is_empty() {
            write!(f, " ({})", self.hint)?;
        }
        Ok(())
    }
}

impl std::error::Error for Fault {}
