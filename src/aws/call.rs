//! The clients themselves, and how one operation is sent: through the pacer, and again when AWS throttles.

use std::sync::{Arc, OnceLock};

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{
            Intercept,
            context::{BeforeTransmitInterceptorContextRef, InterceptorContext},
        },
        orchestrator::{HttpResponse, Metadata},
        result::SdkError,
        retries::classifiers::{ClassifyRetry, RetryAction},
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::{config_bag::ConfigBag, error::metadata::ProvideErrorMetadata};
use tokio::sync::watch;

use crate::{
    aws::{
        Haste, Pacer, Urgency,
        allow::ReadOnlyGate,
        fault::{self, Scene},
        keeper::Keeper,
        profile::Profile,
    },
    model::{Fault, FaultKind, QuotaUse, join_regions},
};

/// How often a throttled operation is sent in all.
const SENDINGS: u32 = 7;

/// The clients of one account, in a region or in several; cheap to clone.
///
/// What is asked or changed goes to the region of the query or of the thing.
#[derive(Debug, Clone)]
pub struct Clients {
    pub(super) ecs: aws_sdk_ecs::Client,
    pub(super) sts: aws_sdk_sts::Client,
    pub(super) cloudwatch: aws_sdk_cloudwatch::Client,
    /// The registry of this account and region; images of other registries are not asked for.
    pub(super) ecr: aws_sdk_ecr::Client,
    /// Application Auto Scaling, which changes the desired counts of services.
    pub(super) scaling: aws_sdk_applicationautoscaling::Client,
    /// Notes no hosts: a log group may be in another region, and what reads it makes a client of that.
    pub(super) logs: aws_sdk_cloudwatchlogs::Client,
    pub(super) pacer: Pacer,
    pub(super) session: Arc<Session>,
    /// The clients of further regions that are looked at; they have none themselves.
    pub(super) others: Arc<[Self]>,
}

/// What a set of clients is connected to.
#[derive(Debug, Clone)]
pub(super) struct Session {
    pub(super) region: String,
    pub(super) profile: Profile,
    pub(super) endpoint: Option<String>,
    pub(super) readonly: bool,
    /// The hosts that requests go to.
    pub(super) hosts: Arc<Hosts>,
    /// Who keeps the credentials; none where they are given outright.
    pub(super) keeper: Option<Keeper>,
}

impl Clients {
    /// The region, `eu-west-1`; of several the first.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.session.region
    }

    /// The clients of each region that is looked at.
    pub fn each(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(self.others.iter())
    }

    /// The clients of a region; of the first where it is not looked at, or not known.
    #[must_use]
    pub fn of(&self, region: Option<&str>) -> &Self {
        let mut others = self.others.iter();
        let found = others.find(|clients| Some(clients.region()) == region);
        found.unwrap_or(self)
    }

    /// All regions that are looked at, in one text.
    #[must_use]
    pub fn regions(&self) -> String {
        join_regions(self.each().map(Self::region))
    }

    /// The profile in use; `None` if neither a flag nor `AWS_PROFILE` names one and there is no `default`.
    #[must_use]
    pub fn profile(&self) -> Option<&str> {
        self.session.profile.name.as_deref()
    }

    /// The endpoint, where the settings, the environment or the profile name one in place of AWS's own.
    #[must_use]
    pub fn endpoint(&self) -> Option<&str> {
        self.session.endpoint.as_deref()
    }

    /// The same clients with the read-only gate shut: same connections, same pace. Clones made before stay as they
    /// were.
    #[must_use]
    pub fn into_readonly(self) -> Self {
        let ecs = self.ecs.config().to_builder().interceptor(ReadOnlyGate);
        let sts = self.sts.config().to_builder().interceptor(ReadOnlyGate);
        let cloudwatch = self.cloudwatch.config().to_builder();
        let cloudwatch = cloudwatch.interceptor(ReadOnlyGate);
        let ecr = self.ecr.config().to_builder().interceptor(ReadOnlyGate);
        let scaling = self.scaling.config().to_builder();
        let scaling = scaling.interceptor(ReadOnlyGate);
        let logs = self.logs.config().to_builder().interceptor(ReadOnlyGate);
        Self {
            ecs: aws_sdk_ecs::Client::from_conf(ecs.build()),
            sts: aws_sdk_sts::Client::from_conf(sts.build()),
            cloudwatch: aws_sdk_cloudwatch::Client::from_conf(cloudwatch.build()),
            ecr: aws_sdk_ecr::Client::from_conf(ecr.build()),
            scaling: aws_sdk_applicationautoscaling::Client::from_conf(scaling.build()),
            logs: aws_sdk_cloudwatchlogs::Client::from_conf(logs.build()),
            pacer: self.pacer,
            session: Arc::new(Session {
                readonly: true,
                ..Session::clone(&self.session)
            }),
            others: self
                .others
                .iter()
                .cloned()
                .map(Self::into_readonly)
                .collect(),
        }
    }

    /// How the request quotas of this region stand that all clones of these clients share; tells anew at most once a
    /// second.
    #[must_use]
    pub fn quota_uses(&self) -> tokio::sync::watch::Receiver<Vec<QuotaUse>> {
        self.pacer.uses()
    }

    /// Makes what is asked with this haste as urgent as what is on the screen.
    pub fn raise(&self, haste: &Haste) {
        for clients in self.each() {
            clients.pacer.raise(haste, Urgency::Visible);
        }
    }

    /// Whether writes are refused.
    #[must_use]
    pub fn is_readonly(&self) -> bool {
        self.session.readonly
    }

    /// Whether credentials are waited for at the moment, and everything with them; none where they are given outright.
    #[must_use]
    pub fn waits(&self) -> Option<watch::Receiver<bool>> {
        self.session.keeper.as_ref().map(Keeper::waits)
    }

    /// What credentials are waited for from, in a word or two.
    #[must_use]
    pub fn waits_for(&self) -> &'static str {
        if self.session.profile.runs_process {
            "credential_process"
        } else {
            "credentials"
        }
    }

    /// Sends an operation as soon as the pacer allows, and again, more slowly, as long as AWS throttles it.
    /// `tell` hears of every sending.
    pub(super) async fn call<T, E, Answer>(
        &self,
        operation: &str,
        haste: impl Into<Haste>,
        tell: impl Fn(),
        send: impl Fn() -> Answer,
    ) -> Result<T, Fault>
    where
        Answer: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let haste = haste.into();
        let mut left = SENDINGS;
        loop {
            // Where they take long, as those of a person who has to sign in, no time limit of a call applies.
            if let Some(keeper) = &self.session.keeper {
                keeper.wait().await;
            }
            self.pacer.acquire(operation, &haste).await;
            tell();
            left -= 1;
            let error = match send().await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let scene = Scene {
                operation,
                host: self.session.hosts.of(operation),
                profile: Some(&self.session.profile),
            };
            let fault = fault::classify(scene, &error);
            if fault.kind == FaultKind::Expired
                && let Some(keeper) = &self.session.keeper
            {
                keeper.forget();
            }
            if fault.kind != FaultKind::Throttled {
                return Err(fault);
            }
            self.pacer.penalise(operation);
            if left == 0 {
                return Err(fault);
            }
            tracing::debug!(operation, left, "throttled, asking again more slowly");
        }
    }
}

/// The host and port that each service's requests go to, once the first has been sent.
#[derive(Debug, Default)]
pub(super) struct Hosts {
    ecs: OnceLock<String>,
    sts: OnceLock<String>,
    cloudwatch: OnceLock<String>,
    ecr: OnceLock<String>,
    scaling: OnceLock<String>,
    logs: OnceLock<String>,
    /// Live tails have a host of their own.
    live: OnceLock<String>,
}

impl Hosts {
    /// The host that serves this operation.
    pub(super) fn of(&self, operation: &str) -> Option<&str> {
        self.place(operation).get().map(String::as_str)
    }

    fn place(&self, operation: &str) -> &OnceLock<String> {
        match operation {
            "GetCallerIdentity" => &self.sts,
            "GetMetricData" => &self.cloudwatch,
            "BatchDeleteImage"
            | "BatchGetImage"
            | "DescribeImageScanFindings"
            | "DescribeImages"
            | "DescribeRepositories"
            | "GetLifecyclePolicy"
            | "GetRepositoryPolicy"
            | "ListImages"
            | "PutImage" => &self.ecr,
            "DeleteScalingPolicy"
            | "DeleteScheduledAction"
            | "DeregisterScalableTarget"
            | "DescribeScalableTargets"
            | "DescribeScalingActivities"
            | "DescribeScalingPolicies"
            | "DescribeScheduledActions"
            | "PutScalingPolicy"
            | "PutScheduledAction"
            | "RegisterScalableTarget" => &self.scaling,
            "FilterLogEvents" | "GetLogEvents" => &self.logs,
            "StartLiveTail" => &self.live,
            _ => &self.ecs,
        }
    }
}

/// Notes the host that requests go to, so that a failure to reach it can name it.
#[derive(Debug, Clone, Default)]
pub(super) struct Witness {
    pub(super) hosts: Arc<Hosts>,
}

impl Intercept for Witness {
    fn name(&self) -> &'static str {
        "Witness"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let operation = config.load::<Metadata>().map(Metadata::name);
        let host = self.hosts.place(operation.unwrap_or_default());
        host.get_or_init(|| {
            let uri = context.request().uri();
            let rest = uri.split_once("://").map_or(uri, |(_, rest)| rest);
            rest.split('/').next().unwrap_or(rest).to_owned()
        });
        Ok(())
    }
}

/// Keeps the SDK from retrying throttled calls by itself, behind the pacer's back.
#[derive(Debug)]
pub(super) struct ThrottlesAreOurs;

impl ClassifyRetry for ThrottlesAreOurs {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let throttled = context.response().is_some_and(|response| {
            // The second is that of services which moved from the query protocol to CBOR: `Throttling;Sender`.
            let headers = ["x-amzn-errortype", "x-amzn-query-error"];
            let mut named = headers
                .iter()
                .filter_map(|name| response.headers().get(*name));
            named.any(fault::is_throttling)
                || response.status().as_u16() == 429
                || response.status().is_client_error()
                    && response
                        .body()
                        .bytes()
                        .and_then(error_code)
                        .is_some_and(|code| fault::is_throttling(&code))
        });
        if throttled {
            RetryAction::RetryForbidden
        } else {
            RetryAction::NoActionIndicated
        }
    }

    fn name(&self) -> &'static str {
        "ThrottlesAreOurs"
    }
}

/// The error code of an answer in AWS JSON or in the query protocol's XML.
fn error_code(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    if let Ok(json) = serde_json::from_str::<serde_json::Value>(text) {
        let code = json.get("__type").or_else(|| json.get("code"))?;
        return code.as_str().map(str::to_owned);
    }
    let (_, rest) = text.split_once("<Code>")?;
    let (code, _) = rest.split_once("</Code>")?;
    Some(code.to_owned())
}
