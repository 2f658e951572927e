//! From settings to clients: region, credentials, endpoint, transport. What the clients can do is in `call` and `fetch`.

use std::time::Duration;

use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig, timeout::TimeoutConfig};
use aws_credential_types::Credentials;
use aws_smithy_http_client::{
    Builder, Connector,
    proxy::ProxyConfig,
    tls::{self, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{
    http::SharedHttpClient, runtime_components::RuntimeComponents,
};

use crate::{
    aws::{
        Pacer,
        allow::ReadOnlyGate,
        call::{Clients, Session, ThrottlesAreOurs, Witness},
        profile::{self, Profile},
    },
    model::{Fault, FaultKind, Secret},
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
    /// The region; otherwise `AWS_REGION`, the profile's, or that of the EC2 instance.
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
    /// the clients. Sends nothing to AWS; without a region it may ask the EC2 metadata service for one.
    ///
    /// TLS is rustls with the system's trust store, plus the PEM file named by `AWS_CA_BUNDLE`. `HTTP_PROXY`,
    /// `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` are honoured, except for an endpoint on loopback given in the
    /// settings, which no proxy could reach.
    ///
    /// Must be called within a tokio runtime.
    ///
    /// # Errors
    /// [`FaultKind::Unconfigured`] for a profile that is in none of the files, files that cannot be read, an unusable
    /// `AWS_CA_BUNDLE`, and when no region can be found.
    pub async fn connect(settings: Settings) -> Result<Self, Fault> {
        let profile = if settings.credentials.is_some() {
            Profile {
                name: settings.profile.clone(),
                wants_mfa: false,
            }
        } else {
            profile::check(settings.profile.as_deref()).await?
        };
        let config = load(&settings).await?;
        let Some(region) = config.region().map(ToString::to_string) else {
            return Err(no_region(profile.name.as_deref()));
        };
        let witness = Witness::default();
        let session = Session {
            region,
            profile: profile.name,
            wants_mfa: profile.wants_mfa,
            endpoint: settings.endpoint_url.clone(),
            readonly: settings.readonly,
            hosts: witness.hosts.clone(),
        };
        let mut ecs = aws_sdk_ecs::config::Builder::from(&config)
            .interceptor(witness.clone())
            .retry_classifier(ThrottlesAreOurs);
        let mut sts = aws_sdk_sts::config::Builder::from(&config)
            .interceptor(witness)
            .retry_classifier(ThrottlesAreOurs);
        if settings.readonly {
            ecs = ecs.interceptor(ReadOnlyGate);
            sts = sts.interceptor(ReadOnlyGate);
        }
        Ok(Self::new(
            aws_sdk_ecs::Client::from_conf(ecs.build()),
            aws_sdk_sts::Client::from_conf(sts.build()),
            Pacer::start(settings.budget),
            session,
        ))
    }
}

async fn load(settings: &Settings) -> Result<SdkConfig, Fault> {
    let transport = transport(settings.endpoint_url.as_deref())?;
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(settings.attempt_timeout)
        .operation_timeout(OPERATION_TIMEOUT.max(settings.attempt_timeout))
        .build();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(transport.clone())
        .timeout_config(timeouts);
    if let Some(region) = &settings.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(url) = &settings.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    if let Some(name) = &settings.profile {
        loader = loader.profile_name(name);
    }
    loader = match (&settings.credentials, &settings.profile) {
        (Some(keys), _) => with_keys(loader, keys),
        (None, Some(name)) => {
            let region = settings.region.clone();
            loader.credentials_provider(profile::credentials(name, region, transport).await)
        }
        (None, None) => loader,
    };
    Ok(loader.load().await)
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

/// The HTTP client that everything shares, the credential providers included: one TLS stack, one pool.
fn transport(endpoint_url: Option<&str>) -> Result<SharedHttpClient, Fault> {
    let context = trust(std::env::var_os("AWS_CA_BUNDLE").filter(|path| !path.is_empty()))?;
    let proxies = if endpoint_url.is_some_and(is_loopback) {
        ProxyConfig::disabled()
    } else {
        ProxyConfig::from_env()
    };
    Ok(
        Builder::new().build_with_connector_fn(move |settings, components| {
            let mut connector = Connector::builder()
                .proxy_config(proxies.clone())
                .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
                .tls_context(context.clone());
            connector.set_connector_settings(settings.cloned());
            connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
            connector.build()
        }),
    )
}

fn trust(bundle: Option<std::ffi::OsString>) -> Result<TlsContext, Fault> {
    let mut store = TrustStore::default();
    if let Some(path) = bundle {
        let shown = path.to_string_lossy().into_owned();
        let pem = std::fs::read(&path)
            .map_err(|error| unusable_bundle(&format!("AWS_CA_BUNDLE names {shown}: {error}")))?;
        if !pem.windows(PEM_MARK.len()).any(|window| window == PEM_MARK) {
            return Err(unusable_bundle(&format!(
                "AWS_CA_BUNDLE names {shown}, which holds no PEM certificate"
            )));
        }
        store = store.with_pem_certificate(pem);
    }
    TlsContext::builder()
        .with_trust_store(store)
        .build()
        .map_err(|error| unusable_bundle(&error.to_string()))
}

const PEM_MARK: &[u8] = b"-----BEGIN CERTIFICATE-----";

fn unusable_bundle(message: &str) -> Fault {
    Fault {
        kind: FaultKind::Unconfigured,
        op: "connect".to_owned(),
        message: message.to_owned(),
        hint: "point AWS_CA_BUNDLE at a PEM file, or unset it".to_owned(),
    }
}

fn is_loopback(url: &str) -> bool {
    let host = host_of(url);
    host == "localhost" || host == "[::1]" || host.starts_with("127.")
}

/// The host of a URL without its port; square brackets stay around an IPv6 address.
fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    match authority.find(']') {
        Some(end) => &authority[..=end],
        None => authority.split(':').next().unwrap_or(authority),
    }
}

fn no_region(profile: Option<&str>) -> Fault {
    let place = profile.map_or_else(
        || "the profile".to_owned(),
        |name| format!("profile {name}"),
    );
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
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("http://127.0.0.1:4566", true)]
    #[case("http://localhost:4566/path", true)]
    #[case("http://[::1]:4566", true)]
    #[case("https://ecs.eu-west-1.amazonaws.com", false)]
    #[case("http://127-0-0-1.example", false)]
    fn knows_loopback(#[case] url: &str, #[case] loopback: bool) {
        assert_eq!(is_loopback(url), loopback);
    }

    #[test]
    fn a_missing_region_says_where_to_put_one() {
        let fault = no_region(Some("prod"));
        assert_eq!(fault.kind, FaultKind::Unconfigured);
        for word in ["--region", "AWS_REGION", "prod"] {
            assert!(fault.hint.contains(word), "{word} in {}", fault.hint);
        }
    }

    #[test]
    fn a_bundle_without_certificates_is_refused_with_its_name() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("bundle.pem");
        let missing = trust(Some(path.clone().into_os_string())).unwrap_err();
        std::fs::write(&path, "not a certificate").unwrap();
        let empty = trust(Some(path.into_os_string())).unwrap_err();
        for fault in [missing, empty] {
            assert_eq!(fault.kind, FaultKind::Unconfigured);
            assert!(fault.message.contains("bundle.pem"), "{}", fault.message);
        }
    }
}
