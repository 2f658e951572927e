//! Tests of the sandbox as clients meet it: over HTTP, with the SDK's own client and with hand-made requests.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod deployments;
#[cfg(unix)]
mod engine;
mod instances;
mod limits;
mod logs;
mod metrics;
mod reads;
mod registry;
mod scaling;
mod writes;

use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_config::retry::RetryConfig;
use aws_credential_types::Credentials;
use aws_sdk_ecs::Client;

use super::{Options, Sandbox, start};

/// A sandbox that only moves when it is told to, and clients for it.
struct Scene {
    sandbox: Sandbox,
    config: aws_config::SdkConfig,
    ecs: Client,
}

impl Scene {
    async fn open(options: Options) -> Self {
        let sandbox = start(Options {
            frozen: true,
            ..options
        })
        .await
        .unwrap();
        let config = aws_config::defaults(BehaviorVersion::latest())
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .region(aws_config::Region::new(sandbox.region().to_owned()))
            .credentials_provider(Credentials::new("sandbox", "sandbox", None, None, "test"))
            .retry_config(RetryConfig::disabled())
            .endpoint_url(sandbox.url())
            .load()
            .await;
        let ecs = Client::new(&config);
        Self {
            sandbox,
            config,
            ecs,
        }
    }

    async fn demo() -> Self {
        Self::open(Options::default()).await
    }

    /// Lets the world move in small steps until `done`, for an hour of its time at most.
    async fn until<F: AsyncFnMut(&Client) -> bool>(&self, mut done: F) {
        for _ in 0..1800 {
            if done(&self.ecs).await {
                return;
            }
            self.sandbox.tick(Duration::from_secs(2));
        }
        panic!("the world did not get there within an hour of its time");
    }
}

#[tokio::test]
async fn only_loopback_is_served() {
    let error = start(Options {
        listen: "0.0.0.0:0".parse().unwrap(),
        ..Options::default()
    })
    .await
    .unwrap_err();
    assert!(
        error.to_string().contains("loopback only, not on 0.0.0.0"),
        "{error}"
    );
}

#[tokio::test]
async fn the_world_moves_by_itself_unless_it_is_frozen() {
    let sandbox = start(Options::default()).await.unwrap();
    let now = |sandbox: &Sandbox| super::lock(&sandbox.home.account).world.now;
    let begin = now(&sandbox);
    while now(&sandbox) == begin {
        tokio::task::yield_now().await;
    }
    sandbox.stop().await;
    let frozen = start(Options {
        frozen: true,
        ..Options::default()
    })
    .await
    .unwrap();
    assert!(frozen.ticker.is_none());
    let begin = now(&frozen);
    frozen.tick(Duration::from_secs(3));
    assert_eq!(now(&frozen), begin + Duration::from_secs(3));
}

#[tokio::test]
async fn stopping_closes_connections_that_clients_keep_open() {
    let scene = Scene::demo().await;
    scene.ecs.list_clusters().send().await.unwrap();
    scene.sandbox.stop().await;
    assert!(scene.ecs.list_clusters().send().await.is_err());
}

#[tokio::test]
async fn exports_name_the_endpoint_and_stop_frees_the_port() {
    let sandbox = start(Options::default()).await.unwrap();
    let (url, address) = (sandbox.url(), sandbox.address);
    assert!(
        sandbox
            .exports()
            .contains(&format!("export AWS_ENDPOINT_URL={url}\n"))
    );
    sandbox.stop().await;
    let again = start(Options {
        listen: address,
        ..Options::default()
    })
    .await
    .unwrap();
    assert_eq!(again.url(), url);
    again.stop().await;
}
