//! From the SDK's errors to faults: the one place where a failure is given its class, its words and its advice.

use std::error::Error;

use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::{
    aws::{
        evidence::{Evidence, Stage, gather},
        profile::Profile,
    },
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
    pub(super) profile: Option<&'a Profile>,
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

/// The code without namespace, URI and blame: `aws.protocoltests#FooError:http://…` and `FooError;Sender` are
/// `FooError`.
fn bare(code: &str) -> &str {
    let code = code.rsplit_once('#').map_or(code, |(_, code)| code);
    let end = code.find([':', ';']).unwrap_or(code.len());
    &code[..end]
}

/// What the SDK says when the credential chain takes longer than it is given.
const SLOW_CREDENTIALS: &[&str] = &["identity resolver timed out"];

/// What is said of a connection that was there and ended too early.
const BROKEN_OFF: &[&str] = &[
    "end of file",
    "connection closed",
    "reset by peer",
    "broken pipe",
];

fn diagnose(scene: Scene<'_>, evidence: &Evidence) -> Fault {
    let kind = kind_of(evidence);
    let message = match kind {
        FaultKind::Network if evidence.stage == Stage::Credentials => {
            format!("credentials cannot be had: {}", evidence.said())
        }
        FaultKind::Network => {
            let host = scene.host.unwrap_or("the endpoint");
            if evidence.mentions(BROKEN_OFF) {
                format!("the connection to {host} broke: {}", evidence.said())
            } else {
                format!("cannot reach {host}: {}", evidence.said())
            }
        }
        FaultKind::Timeout if evidence.mentions(SLOW_CREDENTIALS) => {
            "the credentials did not come in time".to_owned()
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
        FaultKind::Unconfigured if evidence.lacks_credentials() => {
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

fn kind_of(evidence: &Evidence) -> FaultKind {
    match evidence.stage {
        Stage::Gate => FaultKind::ReadOnly,
        Stage::NoCredentials => FaultKind::Unconfigured,
        Stage::Credentials => credentials_kind(evidence),
        Stage::Built => FaultKind::Refused,
        // The SDK's endpoint rules find settings that do not go together, such as FIPS with an endpoint of one's own.
        Stage::Sent if evidence.mentions(&["invalid configuration"]) => FaultKind::Unconfigured,
        Stage::Sent if evidence.mentions(SLOW_CREDENTIALS) => FaultKind::Timeout,
        Stage::Sent => FaultKind::Network,
        Stage::Waited => FaultKind::Timeout,
        Stage::Answered if evidence.status == 429 => FaultKind::Throttled,
        // The SDK's guard against connections that stand still.
        Stage::Answered if evidence.mentions(&["minimum throughput"]) => FaultKind::Timeout,
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
    if evidence.lacks_credentials() {
        return FaultKind::Unconfigured;
    }
    if evidence.mentions(&["not authorized to perform", "accessdenied"]) {
        return denied(evidence);
    }
    let expired = [
        "expired",
        "sso token",
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
        "ServerException"
        | "InternalFailure"
        | "InternalError"
        | "InternalServiceFault"
        | "InternalServiceError"
        | "ServiceUnavailable"
        | "ServiceUnavailableException" => FaultKind::Server,
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
    let name = scene.profile.and_then(|profile| profile.name.as_deref());
    let profile = name
        .map(|name| format!(" --profile {name}"))
        .unwrap_or_default();
    let wants_mfa = scene.profile.is_some_and(|profile| profile.wants_mfa);
    let sign_in = scene.profile.and_then(|profile| profile.sign_in.as_deref());
    let runs_process = scene.profile.is_some_and(|profile| profile.runs_process);
    match kind {
        FaultKind::Denied { action } if action == "sts:AssumeRole" && wants_mfa => format!(
            "the role wants an MFA code: export the keys that `aws configure export-credentials{profile} --format env` prints, and start ecsight with them"
        ),
        FaultKind::Denied { action } if action.is_empty() => {
            "ask for a policy that allows it".to_owned()
        }
        FaultKind::Denied { action } => format!("ask for a policy that allows {action}"),
        FaultKind::Expired if sign_in.is_some() => {
            format!("run: {}", sign_in.unwrap_or_default())
        }
        FaultKind::Expired if evidence.mentions(&["sso"]) => {
            format!("run: aws sso login{profile}")
        }
        FaultKind::Expired | FaultKind::Unconfigured
            if runs_process && !evidence.lacks_credentials() && evidence.stage != Stage::Sent =>
        {
            let of = name.map_or_else(String::new, |name| format!(" of profile {name}"));
            format!("run the credential_process{of} in a shell to see what it wants")
        }
        FaultKind::Expired => match name {
            Some(name) => {
                format!("renew the keys of profile {name}, or run: aws sso login{profile}")
            }
            None => "renew the AWS_* keys in the environment, or run: aws sso login".to_owned(),
        },
        FaultKind::Unconfigured if evidence.lacks_credentials() => {
            format!("run: aws configure sso{profile}, or pass --profile")
        }
        FaultKind::Unconfigured if evidence.stage == Stage::Sent => {
            "leave out one of the settings that do not go together".to_owned()
        }
        FaultKind::Unconfigured => match name {
            Some(name) => format!("correct profile {name} in ~/.aws/config"),
            None => "correct ~/.aws/config, or pass --profile".to_owned(),
        },
        FaultKind::Throttled => {
            "others use this account's request quota; it is asked again, more slowly".to_owned()
        }
        FaultKind::Network if evidence.mentions(&["certificate"]) => {
            "if a proxy inspects TLS, point AWS_CA_BUNDLE at its certificate".to_owned()
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

#[cfg(test)]
mod tests {
    use aws_credential_types::provider::error::CredentialsError;
    use aws_sdk_ecs::operation::list_services::ListServicesError;
    use aws_smithy_runtime_api::client::result::ConnectorError;
    use rstest::rstest;

    use super::*;
    use crate::aws::evidence::{is_hollow, one_line};

    fn profile(wants_mfa: bool, signs_in: bool) -> Profile {
        Profile {
            name: Some("prod".to_owned()),
            wants_mfa,
            sign_in: signs_in.then(|| "aws sso login --profile prod".to_owned()),
            runs_process: false,
        }
    }

    fn scene(profile: &Profile) -> Scene<'_> {
        Scene {
            operation: "ListServices",
            host: Some("ecs.example:443"),
            profile: Some(profile),
        }
    }

    fn denied_for(action: &str) -> FaultKind {
        FaultKind::Denied {
            action: action.to_owned(),
        }
    }

    fn refused(code: &str, status: u16, cause: &str) -> Evidence {
        Evidence {
            stage: Stage::Refused,
            code: code.to_owned(),
            status,
            cause: cause.to_owned(),
            trail: format!("service error: {cause} ({code})"),
        }
    }

    #[rstest]
    #[case(
        "AccessDeniedException",
        "User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: ecs:ListServices on resource: * because no identity-based policy allows the ecs:ListServices action",
        denied_for("ecs:ListServices"),
        "ask for a policy that allows ecs:ListServices"
    )]
    #[case(
        "AccessDenied",
        "x is not authorized to perform: application-autoscaling:Describe, with an explicit deny",
        denied_for("application-autoscaling:Describe"),
        "ask for a policy that allows application-autoscaling:Describe"
    )]
    #[case(
        "AccessDeniedException",
        "no reason",
        denied_for(""),
        "ask for a policy that allows it"
    )]
    #[case(
        "ExpiredTokenException",
        "The security token included in the request is expired",
        FaultKind::Expired,
        "run: aws sso login --profile prod"
    )]
    #[case(
        "ExpiredToken",
        "",
        FaultKind::Expired,
        "run: aws sso login --profile prod"
    )]
    #[case(
        "UnrecognizedClientException",
        "The security token included in the request is invalid.",
        FaultKind::Expired,
        "run: aws sso login --profile prod"
    )]
    #[case(
        "InvalidClientTokenId",
        "",
        FaultKind::Expired,
        "run: aws sso login --profile prod"
    )]
    #[case(
        "InvalidSignatureException",
        "Signature expired: 1 is now earlier than 2",
        FaultKind::ClockSkew,
        "set this machine's clock"
    )]
    #[case(
        "InvalidSignatureException",
        "Signature not yet current: 2 is still later than 1",
        FaultKind::ClockSkew,
        "set this machine's clock"
    )]
    #[case(
        "InvalidSignatureException",
        "The request signature we calculated does not match the signature you provided.",
        FaultKind::Expired,
        "run: aws sso login --profile prod"
    )]
    #[case(
        "RequestExpired",
        "Request has expired.",
        FaultKind::ClockSkew,
        "set this machine's clock"
    )]
    #[case(
        "ThrottlingException",
        "Rate exceeded",
        FaultKind::Throttled,
        "others use this account's request quota; it is asked again, more slowly"
    )]
    #[case(
        "com.amazonaws.ecs#ThrottlingException:http://x",
        "Rate exceeded",
        FaultKind::Throttled,
        "others use this account's request quota; it is asked again, more slowly"
    )]
    #[case(
        "Throttling;Sender",
        "Rate exceeded",
        FaultKind::Throttled,
        "others use this account's request quota; it is asked again, more slowly"
    )]
    #[case(
        "ClusterNotFoundException",
        "Cluster not found.",
        FaultKind::NotFound,
        ""
    )]
    #[case(
        "ClientException",
        "Unable to describe task definition.",
        FaultKind::NotFound,
        ""
    )]
    #[case("ClientException", "something else", FaultKind::Refused, "")]
    #[case("InvalidParameterException", "bad", FaultKind::Refused, "")]
    #[case("ServerException", "oops", FaultKind::Server, "")]
    fn refusals_have_a_class_and_advice(
        #[case] code: &str,
        #[case] cause: &str,
        #[case] kind: FaultKind,
        #[case] hint: &str,
    ) {
        let fault = diagnose(scene(&profile(false, true)), &refused(code, 400, cause));
        assert_eq!((fault.kind, &*fault.hint), (kind, hint));
        assert_eq!(fault.op, "ListServices");
        assert!(!fault.message.is_empty());
    }

    #[rstest]
    #[case(429, FaultKind::Throttled)]
    #[case(500, FaultKind::Server)]
    #[case(504, FaultKind::Server)]
    #[case(404, FaultKind::Refused)]
    fn without_a_code_the_status_decides(#[case] status: u16, #[case] kind: FaultKind) {
        assert_eq!(
            diagnose(scene(&profile(false, true)), &refused("", status, "")).kind,
            kind
        );
    }

    fn unsent(source: impl Into<Box<dyn Error + Send + Sync>>) -> Fault {
        let error = ConnectorError::other(source.into(), None);
        let error: SdkError<ListServicesError, HttpResponse> = SdkError::dispatch_failure(error);
        classify(scene(&profile(false, true)), &error)
    }

    #[test]
    fn no_credentials_at_all_is_a_matter_of_configuration() {
        for error in [
            CredentialsError::not_loaded("no providers in chain provided credentials"),
            CredentialsError::provider_error("failed to load IMDS session token"),
        ] {
            let fault = unsent(error);
            assert_eq!(fault.kind, FaultKind::Unconfigured);
            assert!(fault.message.starts_with("no credentials"), "{fault}");
            assert!(fault.hint.contains("--profile prod"), "{fault}");
        }
    }

    #[rstest]
    #[case(
        "the SSO token has expired and cannot be refreshed",
        FaultKind::Expired
    )]
    #[case("failed to load the cached SSO token", FaultKind::Expired)]
    #[case(
        "UnauthorizedException: Session token not found or invalid",
        FaultKind::Expired
    )]
    #[case(
        "User: u is not authorized to perform: sts:AssumeRole on resource: r",
        denied_for("sts:AssumeRole")
    )]
    #[case("dns error: failed to lookup address information", FaultKind::Network)]
    #[case("external process exited with code 1", FaultKind::Unconfigured)]
    fn credentials_that_cannot_be_had_say_why(#[case] said: &str, #[case] kind: FaultKind) {
        let fault = unsent(CredentialsError::provider_error(said.to_owned()));
        assert_eq!(fault.kind, kind, "{fault}");
        assert!(fault.message.contains(said), "{fault}");
        assert!(!fault.hint.is_empty());
    }

    #[test]
    fn expired_keys_that_no_sign_in_brings_are_to_be_renewed() {
        let refused = refused("InvalidClientTokenId", 403, "The token is invalid.");
        let fault = diagnose(scene(&profile(false, false)), &refused);
        assert!(
            fault.hint.starts_with("renew the keys of profile prod"),
            "{fault}"
        );
        let fault = diagnose(Scene::default(), &refused);
        assert!(fault.hint.starts_with("renew the AWS_* keys"), "{fault}");
    }

    #[test]
    fn a_command_of_the_profile_is_to_be_run_by_hand() {
        let profile = Profile {
            runs_process: true,
            ..profile(false, false)
        };
        let error = CredentialsError::provider_error("external process exited with code 1");
        let error = ConnectorError::other(error.into(), None);
        let error: SdkError<ListServicesError, HttpResponse> = SdkError::dispatch_failure(error);
        let expired = refused("ExpiredTokenException", 400, "The token is expired");
        for fault in [
            classify(scene(&profile), &error),
            diagnose(scene(&profile), &expired),
        ] {
            assert!(
                fault.hint.contains("credential_process of profile prod"),
                "{fault}"
            );
        }
    }

    #[test]
    fn a_role_that_wants_a_code_says_how_to_get_keys() {
        let profile = profile(true, false);
        let cause = "u is not authorized to perform: sts:AssumeRole on resource: r";
        let fault = diagnose(scene(&profile), &refused("AccessDenied", 403, cause));
        assert!(
            fault.hint.contains("export-credentials --profile prod"),
            "{fault}"
        );
    }

    #[test]
    fn what_broke_is_named_with_the_deepest_cause() {
        let cause = std::io::Error::other("Connection reset by peer (os error 104)");
        let fault = unsent(cause);
        assert_eq!(fault.kind, FaultKind::Network);
        assert_eq!(
            fault.message,
            "the connection to ecs.example:443 broke: Connection reset by peer"
        );
    }

    #[test]
    fn settings_that_do_not_go_together_are_no_matter_of_the_network() {
        let fault = unsent("Invalid Configuration: FIPS and custom endpoint are not supported");
        assert_eq!(fault.kind, FaultKind::Unconfigured);
        assert!(fault.message.contains("FIPS"), "{fault}");
    }

    #[test]
    fn a_certificate_that_is_not_trusted_leads_to_the_bundle() {
        let fault = unsent("invalid peer certificate: UnknownIssuer");
        assert_eq!(fault.kind, FaultKind::Network);
        assert!(fault.hint.contains("AWS_CA_BUNDLE"), "{fault}");
    }

    #[test]
    fn credentials_that_do_not_come_are_a_timeout() {
        let fault = unsent("identity resolver timed out after 5s");
        assert_eq!(fault.kind, FaultKind::Timeout);
        assert!(fault.message.contains("credentials"), "{fault}");
    }

    #[test]
    fn a_timeout_names_the_host() {
        let error: SdkError<ListServicesError, HttpResponse> = SdkError::timeout_error("slow");
        let fault = classify(scene(&profile(false, true)), &error);
        assert_eq!(fault.kind, FaultKind::Timeout);
        assert_eq!(fault.message, "no answer from ecs.example:443 in time");
    }

    #[test]
    fn messages_are_one_line_and_never_hollow() {
        let evidence = Evidence {
            cause: one_line("first\n   second"),
            ..refused("ClientException", 400, "")
        };
        assert_eq!(
            diagnose(scene(&profile(false, true)), &evidence).message,
            "first second"
        );
        for text in [
            "service error",
            "dispatch failure",
            "unhandled error (X)",
            "",
        ] {
            assert!(is_hollow(text), "{text}");
        }
    }
}
