//! Where region and credentials come from: the SDK's own providers, in the order every AWS tool has, with a metadata
//! service that is given up on sooner. How long credentials are kept is decided in `keeper`.

use aws_config::{
    SdkConfig,
    default_provider::credentials::DefaultCredentialsChain,
    ecs::EcsCredentialsProvider,
    environment::region::EnvironmentVariableRegionProvider,
    imds::{self, credentials::ImdsCredentialsProvider, region::ImdsRegionProvider},
    meta::{credentials::CredentialsProviderChain, region::RegionProviderChain},
    profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider},
    provider_config::ProviderConfig,
};
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use futures::FutureExt as _;

use crate::aws::keeper::Fetch;

/// How often the EC2 metadata service is asked. Off EC2 every attempt costs a second of waiting; the SDK's four
/// would make a missing region look like a hanging program.
const METADATA_ATTEMPTS: u32 = 2;

fn metadata(config: &ProviderConfig) -> imds::Client {
    imds::Client::builder()
        .configure(config)
        .max_attempts(METADATA_ATTEMPTS)
        .build()
}

/// The region where none is given: environment, profile, EC2 metadata.
pub(super) fn region(profile: Option<&str>, transport: SharedHttpClient) -> RegionProviderChain {
    let config = ProviderConfig::without_region().with_http_client(transport);
    let mut files = ProfileFileRegionProvider::builder().configure(&config);
    if let Some(name) = profile {
        files = files.profile_name(name);
    }
    let instance = ImdsRegionProvider::builder()
        .configure(&config)
        .imds_client(metadata(&config))
        .build();
    RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new())
        .or_else(files.build())
        .or_else(instance)
}

/// Fetches the credentials for a loaded configuration, each time by providers made anew: the SDK's read the files once
/// and for all, but keys are renewed there.
pub(super) fn fetch(
    profile: Option<String>,
    config: SdkConfig,
    transport: SharedHttpClient,
) -> Fetch {
    Box::new(move || {
        let (profile, config) = (profile.clone(), config.clone());
        let transport = transport.clone();
        async move {
            let provider = credentials(profile.as_deref(), &config, transport).await;
            provider.provide_credentials().await
        }
        .boxed()
    })
}

/// The credentials for a loaded configuration.
///
/// For a profile named outright, keys in the environment do not win over it: who asks for production must never be
/// given what happens to be exported (the AWS CLI does the same). What the profile does not say, the role of the
/// container or the machine does.
async fn credentials(
    profile: Option<&str>,
    config: &SdkConfig,
    transport: SharedHttpClient,
) -> SharedCredentialsProvider {
    let region = config.region().cloned();
    let config = ProviderConfig::without_region()
        .with_http_client(transport)
        .with_region(region.clone())
        .with_use_fips(config.use_fips())
        .with_use_dual_stack(config.use_dual_stack());
    let metadata = metadata(&config);
    let Some(name) = profile else {
        let chain = DefaultCredentialsChain::builder()
            .configure(config)
            .imds_client(metadata)
            .region(region)
            .build()
            .await;
        return SharedCredentialsProvider::new(chain);
    };
    let files = ProfileFileCredentialsProvider::builder()
        .configure(&config)
        .profile_name(name)
        .build();
    let container = EcsCredentialsProvider::builder().configure(&config).build();
    let instance = ImdsCredentialsProvider::builder()
        .configure(&config)
        .imds_client(metadata)
        .build();
    SharedCredentialsProvider::new(
        CredentialsProviderChain::first_try("Profile", files)
            .or_else("EcsContainer", container)
            .or_else("Ec2InstanceMetadata", instance),
    )
}
