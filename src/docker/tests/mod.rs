//! Engines against one that is told what to answer, over a real socket.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::panic, reason = "a test fails by panicking")]

mod addresses;
mod connections;
mod fake;
mod pieces;
mod samples;
mod tails;

use std::time::Duration;

use tokio::sync::mpsc;

use super::Engines;
use super::address::Settings;
use super::engine::Pace;
use crate::model::{Arn, Engine, EngineReport, EngineState, Watch, Watched};

/// As short as it can be: nothing here waits for time to pass.
const PACE: Pace = Pace {
    linger: Duration::from_millis(20),
    first_wait: Duration::from_millis(10),
    longest_wait: Duration::from_millis(40),
    settle: Duration::from_millis(5),
    relist: Duration::from_secs(60),
};

/// How long a test waits for what must come.
const DEADLINE: Duration = Duration::from_secs(10);

fn task(id: &str) -> Arn {
    Arn::new(&format!(
        "arn:aws:ecs:eu-west-1:123456789012:task/prod/{id}"
    ))
}

fn watch(ids: &[&str]) -> Watch {
    let tasks = ids.iter().map(|id| Watched {
        task: task(id),
        host: None,
    });
    Watch {
        open: true,
        tasks: tasks.collect(),
    }
}

fn start(address: &str) -> (Engines, mpsc::Receiver<EngineReport>) {
    let settings = Settings {
        local: Some(address.to_owned()),
        rules: Vec::new(),
    };
    let (sender, receiver) = mpsc::channel(16);
    (Engines::start_at(settings, PACE, sender), receiver)
}

/// Waits for a report that `wanted` takes something of.
async fn until<R, T>(reports: &mut mpsc::Receiver<R>, wanted: impl FnMut(&R) -> Option<T>) -> T
where
    R: std::fmt::Debug,
{
    let mut wanted = wanted;
    let found = tokio::time::timeout(DEADLINE, async {
        loop {
            let report = reports.recv().await.unwrap();
            if let Some(found) = wanted(&report) {
                return found;
            }
        }
    });
    found.await.unwrap()
}

/// Waits for the engine to stand in some way.
async fn state(
    reports: &mut mpsc::Receiver<EngineReport>,
    mut fits: impl FnMut(&EngineState) -> bool,
) -> Engine {
    until(reports, |report| match report {
        EngineReport::Engine(engine) if fits(&engine.state) => Some(Engine::clone(engine)),
        _ => None,
    })
    .await
}
