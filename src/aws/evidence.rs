//! What can be known of a failed call, gathered from the SDK's chain of errors. What to make of it is in `fault`.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::{ErrorMetadata, metadata::ProvideErrorMetadata};

use crate::aws::allow::Refusal;

/// How far an operation got before it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
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
pub(super) struct Evidence {
    pub(super) stage: Stage,
    /// AWS's error code, empty without one.
    pub(super) code: String,
    /// The HTTP status, 0 without an answer.
    pub(super) status: u16,
    /// The deepest cause that says something.
    pub(super) cause: String,
    /// All causes, for finding phrases in; of credentials that could not be had, only those of that.
    pub(super) trail: String,
}

impl Evidence {
    /// The cause, or failing that the code, or failing that the status.
    pub(super) fn said(&self) -> String {
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

    /// Whether nothing is configured that could give credentials. The metadata service of EC2 comes last in every
    /// chain: where it is what failed, nothing before it applied.
    pub(super) fn lacks_credentials(&self) -> bool {
        match self.stage {
            Stage::NoCredentials => true,
            Stage::Credentials => self.mentions(&["imds"]),
            _ => false,
        }
    }

    /// Whether any of these phrases, in lower case, is in the trail.
    pub(super) fn mentions(&self, phrases: &[&str]) -> bool {
        let trail = self.trail.to_ascii_lowercase();
        phrases.iter().any(|phrase| trail.contains(phrase))
    }
}

/// Walks down the causes of an error and keeps what tells it apart.
pub(super) fn gather<E>(error: &SdkError<E, HttpResponse>) -> Evidence
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
            trail.clear();
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
pub(super) fn is_hollow(text: &str) -> bool {
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

/// The text on one line and without the number that the operating system has for it.
pub(super) fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.split_once(" (os error") {
        Some((said, _)) => said.to_owned(),
        None => line,
    }
}
