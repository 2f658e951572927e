//! From the SDK's errors to faults: the one place where a failure is given its class, its words and its advice.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::{ErrorMetadata, metadata::ProvideErrorMetadata};

use crate::{
    aws::allow::Refusal,
    model::{Fault, FaultKind},
};

/// What was going on when an operation failed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Scene<'a> {
    /// The API operation.
    pub(super) operation: &'a str,
    /// The host and port it went to, once one is known.
    pub(super) host: Option<&'a str>,
    /// The profile in use.
    pub(super) profile: Option<&'a str>,
}

/// How far an operation got before it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It could not be made.
    Built,
    /// The gate stopped it.
    Gate,
    /// No credentials are configured.
    NoCredentials,
    /// Credentials are configured, but could not be had.
    Credentials,
    /// It could not be delivered.
    Sent,
    /// No answer in time.
    Waited,
    /// An answer came that cannot be read.
    Answered,
    /// AWS said no.
    Refused,
}

/// The facts of a failure, free of the SDK's types.
#[derive(Debug, Clone)]
struct Evidence {
    stage: Stage,
    /// AWS's error code, empty without one.
    code: String,
    /// The HTTP status, 0 without an answer.
    status: u16,
    /// The deepest cause that says something.
    cause: String,
    /// All causes, for finding phrases in.
    trail: String,
}

/// Gives a failure of the SDK its class, its words and its advice.
pub(super) fn classify<E>(scene: Scene<'_>, error: &SdkError<E, HttpResponse>) -> Fault
where
    E: ProvideErrorMetadata + Error + 'static,
{
    diagnose(scene, &gather(error))
}

/// A fault for an answer that AWS gave with success, but that makes no sense.
pub(super) fn nonsense(operation: &str, message: String) -> Fault {
    Fault {
        kind: FaultKind::Server,
        op: operation.to_owned(),
        message,
        hint: String::new(),
    }
}

/// Whether AWS's error code asks for fewer calls (the codes are those the SDKs agree on).
pub(super) fn is_throttling(code: &str) -> bool {
    matches!(
        bare(code),
        "Throttling"
            | "ThrottlingException"
            | "ThrottledException"
            | "RequestThrottled"
            | "RequestThrottledException"
            | "TooManyRequestsException"
            | "ProvisionedThroughputExceededException"
            | "RequestLimitExceeded"
            | "BandwidthLimitExceeded"
            | "SlowDown"
            | "PriorRequestNotComplete"
            | "EC2ThrottledException"
    )
}

/// The code without namespace and URI: `aws.protocoltests#FooError:http://…` is `FooError`.
fn bare(code: &str) -> &str {
    let code = code.rsplit_once('#').map_or(code, |(_, code)| code);
    code.split_once(':').map_or(code, |(code, _)| code)
}

fn gather<E>(error: &SdkError<E, HttpResponse>) -> Evidence
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let status = error
        .raw_response()
        .map_or(0, |response| response.status().as_u16());
    let refusal = match error {
        SdkError::ServiceError(refusal) => Some(refusal.err()),
        _ => None,
    };
    let code = refusal
        .and_then(ProvideErrorMetadata::code)
        .unwrap_or_default();
    let said = refusal
        .and_then(ProvideErrorMetadata::message)
        .unwrap_or_default();
    let mut stage = match error {
        SdkError::TimeoutError(_) => Stage::Waited,
        SdkError::DispatchFailure(failure) if failure.is_timeout() => Stage::Waited,
        SdkError::DispatchFailure(_) => Stage::Sent,
        SdkError::ResponseError(_) => Stage::Answered,
        SdkError::ServiceError(_) => Stage::Refused,
        _ => Stage::Built,
    };
    let mut trail = Vec::new();
    let mut deepest = String::new();
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(current) = next {
        let text = words(current);
        if current.is::<Refusal>() {
            stage = Stage::Gate;
        }
        if let Some(problem) = current.downcast_ref::<CredentialsError>() {
            stage = match problem {
                CredentialsError::CredentialsNotLoaded(_) => Stage::NoCredentials,
                _ => Stage::Credentials,
            };
        }
        if !is_hollow(&text) {
            deepest.clone_from(&text);
        }
        trail.push(text);
        next = current.source();
    }
    Evidence {
        stage,
        code: code.to_owned(),
        status,
        cause: one_line(if said.is_empty() { &deepest } else { said }),
        trail: trail.join(": "),
    }
}

/// What an error says of itself; for the SDK's metadata the message alone, since its own form is that of `Debug`.
fn words(error: &(dyn Error + 'static)) -> String {
    match error.downcast_ref::<ErrorMetadata>() {
        Some(metadata) => match (metadata.code(), metadata.message()) {
            (Some(code), Some(message)) => format!("{message} ({code})"),
            (Some(text), None) | (None, Some(text)) => text.to_owned(),
            (None, None) => String::new(),
        },
        None => error.to_string(),
    }
}

/// Whether a text only says that something failed, not what.
fn is_hollow(text: &str) -> bool {
    const HOLLOW: [&str; 14] = [
        "service error",
        "dispatch failure",
        "request has timed out",
        "response error",
        "failed to construct request",
        "unhandled error",
        "io error",
        "timeout",
        "other",
        "user error",
        "an error occurred while loading credentials",
        "client error (connect)",
        "client error (sendrequest)",
        "tcp connect error",
    ];
    let lower = text.to_ascii_lowercase();
    lower.is_empty()
        || HOLLOW.contains(&lower.as_str())
        || lower.starts_with("unhandled error (")
        || lower.starts_with("error {")
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn diagnose(scene: Scene<'_>, evidence: &Evidence) -> Fault {
    let kind = kind_of(evidence);
    let message = match kind {
        FaultKind::Network => {
            let host = scene.host.unwrap_or("the endpoint");
            format!("cannot reach {host}: {}", evidence.said())
        }
        FaultKind::Timeout => {
            let host = scene.host.unwrap_or("the endpoint");
            format!("no answer from {host} in time")
        }
        FaultKind::Server if evidence.stage == Stage::Answered && evidence.status < 500 => {
            let status = evidence.status;
            format!(
                "the answer (HTTP {status}) cannot be read: {}",
                evidence.said()
            )
        }
        FaultKind::Server if evidence.stage == Stage::Answered || evidence.cause.is_empty() => {
            format!("AWS failed with HTTP {}", evidence.status)
        }
        FaultKind::Unconfigured if evidence.stage == Stage::NoCredentials => {
            "no credentials were found in the environment, the profile, or the machine's role"
                .to_owned()
        }
        _ => evidence.said(),
    };
    Fault {
        hint: hint_for(&kind, scene, evidence),
        kind,
        op: scene.operation.to_owned(),
        message,
    }
}

impl Evidence {
    /// The cause, or failing that the code, or failing that the status.
    fn said(&self) -> String {
        if !self.cause.is_empty() {
            self.cause.clone()
        } else if !self.code.is_empty() {
            self.code.clone()
        } else if self.status != 0 {
            format!("HTTP {}", self.status)
        } else {
            "the cause is not known".to_owned()
        }
    }

    fn mentions(&self, phrases: &[&str]) -> bool {
        let trail = self.trail.to_ascii_lowercase();
        phrases.iter().any(|phrase| trail.contains(phrase))
    }
}

fn kind_of(evidence: &Evidence) -> FaultKind {
    match evidence.stage {
        Stage::Gate => FaultKind::ReadOnly,
        Stage::NoCredentials => FaultKind::Unconfigured,
        Stage::Credentials => credentials_kind(evidence),
        Stage::Built => FaultKind::Refused,
        Stage::Sent => FaultKind::Network,
        Stage::Waited => FaultKind::Timeout,
        Stage::Answered if evidence.status == 429 => FaultKind::Throttled,
        Stage::Answered if is_cut(evidence) => FaultKind::Network,
        Stage::Answered => FaultKind::Server,
        Stage::Refused => refusal_kind(evidence),
    }
}

/// Whether the connection broke within the answer.
fn is_cut(evidence: &Evidence) -> bool {
    evidence.mentions(&["connection reset", "connection closed", "end of file"])
}

fn credentials_kind(evidence: &Evidence) -> FaultKind {
    if evidence.mentions(&["not authorized to perform", "accessdenied"]) {
        return denied(evidence);
    }
    let expired = [
        "expired",
        "unauthorizedexception",
        "invalidclienttokenid",
        "unrecognizedclient",
    ];
    if evidence.mentions(&expired) {
        FaultKind::Expired
    } else if evidence.mentions(&["signature", "skew"]) {
        FaultKind::ClockSkew
    } else if evidence.mentions(&["dispatch failure", "connect error", "dns error"]) {
        FaultKind::Network
    } else {
        FaultKind::Unconfigured
    }
}

fn refusal_kind(evidence: &Evidence) -> FaultKind {
    let code = bare(&evidence.code);
    match code {
        _ if is_throttling(code) => FaultKind::Throttled,
        "AccessDenied"
        | "AccessDeniedException"
        | "UnauthorizedOperation"
        | "NotAuthorized"
        | "UnauthorizedException" => denied(evidence),
        "ExpiredToken"
        | "ExpiredTokenException"
        | "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "InvalidAccessKeyId"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "AuthFailure" => FaultKind::Expired,
        "InvalidSignatureException" | "SignatureDoesNotMatch" => {
            // The same code stands for a wrong secret key; only the text tells the two apart.
            if evidence.mentions(&["expired", "not yet current", "skew"]) {
                FaultKind::ClockSkew
            } else {
                FaultKind::Expired
            }
        }
        "RequestExpired" | "RequestTimeTooSkewed" | "RequestInTheFuture" => FaultKind::ClockSkew,
        _ if code.ends_with("NotFoundException") => FaultKind::NotFound,
        // Task definitions that do not exist have no code of their own.
        "ClientException"
            if evidence.mentions(&["unable to describe task definition", "not found"]) =>
        {
            FaultKind::NotFound
        }
        "ServerException" | "InternalFailure" | "InternalError" | "ServiceUnavailable" => {
            FaultKind::Server
        }
        _ => match evidence.status {
            429 => FaultKind::Throttled,
            500.. => FaultKind::Server,
            _ => FaultKind::Refused,
        },
    }
}

/// IAM's refusal, with the action where the text names it.
fn denied(evidence: &Evidence) -> FaultKind {
    let text = format!("{} {}", evidence.cause, evidence.trail);
    let action = text
        .split_once("is not authorized to perform: ")
        .map(|(_, rest)| rest)
        .map(|rest| {
            let end = rest
                .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':')))
                .unwrap_or(rest.len());
            rest[..end].trim_end_matches(':').to_owned()
        })
        .filter(|action| action.contains(':'));
    FaultKind::Denied {
        action: action.unwrap_or_default(),
    }
}

fn hint_for(kind: &FaultKind, scene: Scene<'_>, evidence: &Evidence) -> String {
    let profile = scene
        .profile
        .map(|name| format!(" --profile {name}"))
        .unwrap_or_default();
    match kind {
        FaultKind::Denied { action } if action.is_empty() => {
            "ask for a policy that allows it".to_owned()
        }
        FaultKind::Denied { action } => format!("ask for a policy that allows {action}"),
        FaultKind::Expired => format!("run: aws sso login{profile}"),
        FaultKind::Unconfigured if evidence.stage == Stage::NoCredentials => {
            format!("run: aws configure sso{profile}, or pass --profile")
        }
        FaultKind::Unconfigured => match scene.profile {
            Some(name) => format!("correct profile {name} in ~/.aws/config"),
            None => "correct ~/.aws/config, or pass --profile".to_owned(),
        },
        FaultKind::Throttled => {
            "others use this account's request quota; it is asked again, more slowly".to_owned()
        }
        FaultKind::Network => {
            "check the network, VPN and proxy, the region and --endpoint-url".to_owned()
        }
        FaultKind::Timeout => "check the network, VPN and proxy".to_owned(),
        FaultKind::ClockSkew => "set this machine's clock".to_owned(),
        FaultKind::ReadOnly => "start without --readonly to change things".to_owned(),
        FaultKind::NotFound | FaultKind::Server | FaultKind::Refused => String::new(),
    }
}
