//! From settings to clients: region, credentials, endpoint, transport. What the clients can do is in `call` and `fetch`.

use std::{sync::Arc, time::Duration};

use aws_config::{
    BehaviorVersion, ConfigLoader, Region, SdkConfig, identity::IdentityCache,
    timeout::TimeoutConfig,
};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_types::service_config::ServiceConfigKey;

use crate::{
    aws::{
        Pacer,
        call::{Clients, Session, ThrottlesAreOurs, Witness},
        credentials,
        keeper::Keeper,
        logs::OneHost,
        profile::{self, Profile},
        transport::transport,
    },
    model::{Fault, FaultKind, Secret, is_region, regions},
    schedule::Budget,
};

/// How long a connection may take to stand, the SDK's own value for every language.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(3_100);
/// How long one attempt may take.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an operation may take with all its attempts.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(30);

/// Keys given outright, for endpoints that do not check them. They replace the whole credential chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaticKeys {
    /// The access key id.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: Secret,
    /// The session token, for temporary keys.
    pub session_token: Option<Secret>,
}

/// What to connect to, and as whom. Whatever is `None` is found as every AWS tool finds it.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The profile; otherwise `AWS_PROFILE`, otherwise `default`.
    pub profile: Option<String>,
    /// The region, or several by [`regions`]; otherwise `AWS_REGION`, the profile's, or that of the EC2 instance.
    pub region: Option<String>,
    /// The endpoint of all services; otherwise `AWS_ENDPOINT_URL_ECS`, `AWS_ENDPOINT_URL` or the profile's, and
    /// otherwise the SDK's own rules, which know every partition.
    pub endpoint_url: Option<String>,
    /// Whether every operation that is not known to only read is refused before it is sent.
    pub readonly: bool,
    /// Keys that replace the credential chain.
    pub credentials: Option<StaticKeys>,
    /// How much of the account's request quota to use.
    pub budget: Budget,
    /// How long one attempt may take.
    pub attempt_timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            profile: None,
            region: None,
            endpoint_url: None,
            readonly: false,
            credentials: None,
            budget: Budget::default(),
            attempt_timeout: ATTEMPT_TIMEOUT,
        }
    }
}

impl Clients {
    /// Finds region, credentials and endpoint as the settings, the environment and the shared files say, and makes
    /// the clients. Sends nothing to AWS; without a region it may ask the EC2 metadata service for one. The clients of
    /// several regions share their credentials, and each has a budget of its own, since each has quotas of its own.
    ///
    /// Credentials come from the SDK's providers: environment, profile (keys, SSO token, assumed roles,
    /// `credential_process`), web identity, container role, instance role. A profile named in the settings goes
    /// before the environment.
    ///
    /// TLS is rustls with the system's trust store, plus the PEM file named by `AWS_CA_BUNDLE` (the `ca_bundle` of a
    /// profile is not read). `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` are honoured, except for an
    /// endpoint on loopback given in the settings, which no proxy could reach.
    ///
    /// Must be called within a tokio runtime.
    ///
    /// # Errors
    /// [`FaultKind::Unconfigured`] for a profile that is in none of the files or built on one that is not, files that
    /// cannot be read, an unusable `AWS_CA_BUNDLE`, and when no region can be found or what is found is no name of one.
    pub async fn connect(settings: Settings) -> Result<Self, Fault> {
        let profile = if settings.credentials.is_some() {
            Profile {
                name: settings.profile.clone(),
                ..Profile::default()
            }
        } else {
            profile::check(settings.profile.as_deref()).await?
        };
        let (config, keeper) = load(&settings).await?;
        let Some(region) = config.region().map(ToString::to_string) else {
            return Err(no_region(profile.name.as_deref()));
        };
        let names = settings.region.as_deref().unwrap_or_default();
        let wrong = (!is_region(&region)).then_some(&*region);
        if let Some(wrong) = wrong.or_else(|| regions(names).find(|name| !is_region(name))) {
            return Err(wrong_region(wrong, profile.name.as_deref()));
        }
        let session = Session {
            region,
            profile,
            endpoint: endpoint(&config),
            readonly: false,
            hosts: Arc::default(),
            keeper,
        };
        let others = regions(names).skip(1).map(|name| {
            let config = config.to_builder().region(Region::new(name.to_owned()));
            let session = Session {
                region: name.to_owned(),
                hosts: Arc::default(),
                ..session.clone()
            };
            Self::assemble(&config.build(), session, settings.budget)
        });
        let others: Vec<_> = others.collect();
        let clients = Self {
            others: others.into(),
            ..Self::assemble(&config, session, settings.budget)
        };
        Ok(if settings.readonly {
            clients.into_readonly()
        } else {
            clients
        })
    }

    /// The clients of one region.
    fn assemble(config: &SdkConfig, session: Session, budget: Budget) -> Self {
        let witness = Witness {
            hosts: session.hosts.clone(),
        };
        let ecs = aws_sdk_ecs::config::Builder::from(config)
            .interceptor(witness.clone())
            .retry_classifier(ThrottlesAreOurs);
        let sts = aws_sdk_sts::config::Builder::from(config)
            .interceptor(witness.clone())
            .retry_classifier(ThrottlesAreOurs);
        let cloudwatch = aws_sdk_cloudwatch::config::Builder::from(config)
            .interceptor(witness.clone())
            .retry_classifier(ThrottlesAreOurs);
        let ecr = aws_sdk_ecr::config::Builder::from(config)
            .interceptor(witness.clone())
            .retry_classifier(ThrottlesAreOurs);
        let scaling = aws_sdk_applicationautoscaling::config::Builder::from(config)
            .interceptor(witness)
            .retry_classifier(ThrottlesAreOurs);
        let logs = aws_sdk_cloudwatchlogs::config::Builder::from(config)
            .interceptor(OneHost)
            .retry_classifier(ThrottlesAreOurs);
        Self {
            ecs: aws_sdk_ecs::Client::from_conf(ecs.build()),
            sts: aws_sdk_sts::Client::from_conf(sts.build()),
            cloudwatch: aws_sdk_cloudwatch::Client::from_conf(cloudwatch.build()),
            ecr: aws_sdk_ecr::Client::from_conf(ecr.build()),
            scaling: aws_sdk_applicationautoscaling::Client::from_conf(scaling.build()),
            logs: aws_sdk_cloudwatchlogs::Client::from_conf(logs.build()),
            pacer: Pacer::start(budget),
            session: Arc::new(session),
            others: Arc::default(),
        }
    }
}

/// The configuration of the clients, and who keeps their credentials unless these are given outright.
async fn load(settings: &Settings) -> Result<(SdkConfig, Option<Keeper>), Fault> {
    let transport = transport(settings.endpoint_url.as_deref())?;
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(settings.attempt_timeout)
        .operation_timeout(OPERATION_TIMEOUT.max(settings.attempt_timeout))
        .build();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(transport.clone())
        .timeout_config(timeouts);
    let name = settings.profile.as_deref();
    let mut named = regions(settings.region.as_deref().unwrap_or_default());
    loader = match named.next() {
        Some(region) => loader.region(Region::new(region.to_owned())),
        None => loader.region(credentials::region(name, transport.clone())),
    };
    if let Some(url) = &settings.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    if let Some(name) = name {
        loader = loader.profile_name(name);
    }
    if let Some(keys) = &settings.credentials {
        return Ok((with_keys(loader, keys).load().await, None));
    }
    let config = loader.load().await;
    let fetch = credentials::fetch(name.map(str::to_owned), config.clone(), transport);
    let keeper = Keeper::start(fetch);
    let config = config
        .into_builder()
        .credentials_provider(SharedCredentialsProvider::new(keeper.clone()))
        .identity_cache(IdentityCache::no_cache())
        .build();
    Ok((config, Some(keeper)))
}

/// The endpoint that takes the place of ECS's own, by the SDK's precedence.
fn endpoint(config: &SdkConfig) -> Option<String> {
    let general = config.endpoint_url().map(str::to_owned);
    if config.get_origin("endpoint_url").is_client_config() {
        return general;
    }
    let key = ServiceConfigKey::builder()
        .service_id("ECS")
        .env("AWS_ENDPOINT_URL")
        .profile("endpoint_url")
        .build()
        .ok()?;
    config
        .service_config()
        .and_then(|service| service.load_config(key))
        .or(general)
}

/// Static keys mean an endpoint that is not AWS itself: FIPS and dual-stack variants do not exist there, and the SDK
/// refuses to combine them with an endpoint of one's own.
fn with_keys(loader: ConfigLoader, keys: &StaticKeys) -> ConfigLoader {
    let credentials = Credentials::new(
        keys.access_key_id.clone(),
        keys.secret_access_key.reveal(),
        keys.session_token
            .as_ref()
            .map(|token| token.reveal().to_owned()),
        None,
        "settings",
    );
    loader
        .credentials_provider(credentials)
        .use_fips(false)
        .use_dual_stack(false)
}

fn place(profile: Option<&str>) -> String {
    profile.map_or_else(
        || "the profile".to_owned(),
        |name| format!("profile {name}"),
    )
}

fn wrong_region(name: &str, profile: Option<&str>) -> Fault {
    let place = place(profile);
    Fault {
        kind: FaultKind::Unconfigured,
        op: "connect".to_owned(),
        message: format!("{name} is no name of a region, such as eu-west-1"),
        hint: format!(
            "pass --region, or correct AWS_REGION or the region of {place}; several have commas between them, and \
             a profile has one"
        ),
    }
}

fn no_region(profile: Option<&str>) -> Fault {
    let place = place(profile);
    Fault {
        kind: FaultKind::Unconfigured,
        op: "connect".to_owned(),
        message: format!(
            "no region is set: not by a flag, AWS_REGION or AWS_DEFAULT_REGION, nor in {place}"
        ),
        hint: format!("pass --region, set AWS_REGION, or add `region = ...` to {place}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_no_name_of_a_region_is_told_before_anything_is_asked() {
        for (text, wrong) in [("EU", "EU"), ("eu-west-1,us_east", "us_east")] {
            let settings = Settings {
                region: Some(text.to_owned()),
                credentials: Some(StaticKeys {
                    access_key_id: "test".to_owned(),
                    secret_access_key: Secret::new("test"),
                    session_token: None,
                }),
                ..Settings::default()
            };
            let fault = Clients::connect(settings).await.unwrap_err();
            assert_eq!(fault.kind, FaultKind::Unconfigured);
            let told = format!("{wrong} is no name of a region");
            assert!(fault.message.starts_with(&told), "{}", fault.message);
            assert!(fault.hint.contains("--region"), "{}", fault.hint);
        }
    }

    #[test]
    fn a_missing_region_says_where_to_put_one() {
        let fault = no_region(Some("prod"));
        assert_eq!(fault.kind, FaultKind::Unconfigured);
        for word in ["--region", "AWS_REGION", "prod"] {
            assert!(fault.hint.contains(word), "{word} in {}", fault.hint);
        }
    }
}
