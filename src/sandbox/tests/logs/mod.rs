//! CloudWatch Logs as the SDK's client sees it: groups, streams, pages, tokens, live tails.

mod read;
mod tail;

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use aws_sdk_cloudwatchlogs::Client;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::dns::{DnsFuture, ResolveDns};

use super::Scene;
use crate::sandbox::lock;
use crate::sandbox::world::output::{self, Line};
use crate::sandbox::world::task::Task;

/// Resolves every name to this machine: the SDK puts `stream-` before the host of live tails.
#[derive(Clone, Debug)]
struct Here;

impl ResolveDns for Here {
    fn resolve_dns<'a>(&'a self, _: &'a str) -> DnsFuture<'a> {
        DnsFuture::ready(Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]))
    }
}

impl Scene {
    fn logs(&self) -> Client {
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build_with_resolver(Here);
        let config = aws_sdk_cloudwatchlogs::config::Builder::from(&self.config);
        Client::from_conf(config.http_client(http).build())
    }

    fn now(&self) -> i64 {
        i64::try_from(lock(&self.sandbox.home.account).world.now.millis()).unwrap()
    }

    /// The stream of the first running task of a family, and all that is in it.
    fn story(&self, family: &str, container: usize) -> (String, Vec<Line>) {
        let account = lock(&self.sandbox.home.account);
        let world = &account.world;
        let is_it = |task: &&Task| {
            world.definition(task.definition).family == family
                && task
                    .life(container)
                    .is_some_and(|(_, ended)| ended.is_none())
        };
        let task = world.tasks.values().find(is_it).unwrap();
        let definition = world.definition(task.definition);
        let spec = &definition.containers[container];
        let prefix = spec.stream_prefix().unwrap();
        let name = format!("{prefix}/{}/{}", spec.name, task.key.id());
        let begin = world.now - Duration::from_mins(30);
        let lines = output::lines(task, definition, container, begin, world.now);
        (name, lines)
    }
}

fn texts(lines: &[Line]) -> Vec<(i64, String)> {
    let text = |line: &Line| (i64::try_from(line.at.millis()).unwrap(), line.text.clone());
    lines.iter().map(text).collect()
}
