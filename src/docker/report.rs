//! What is known of engines, handed on no faster than it is taken: of each engine and each container only the newest.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::model::{Engine, EngineId, EngineReport, Sample, Subject};

/// How often samples are handed on: each makes a table anew, and engines take one a second themselves.
const BATCH: Duration = Duration::from_secs(1);

/// Something new.
#[derive(Debug)]
pub(super) enum Note {
    /// An engine as it is now.
    Engine(Box<Engine>),
    /// What a container uses.
    Sample(Subject, Sample),
}

/// Hands on what comes until nobody tells or takes any more.
pub(super) async fn run(mut notes: mpsc::Receiver<Note>, reports: mpsc::Sender<EngineReport>) {
    let mut engines: BTreeMap<EngineId, Box<Engine>> = BTreeMap::new();
    let mut samples: BTreeMap<Subject, Sample> = BTreeMap::new();
    let batch = sleep_until(Instant::now());
    tokio::pin!(batch);
    loop {
        tokio::select! {
            note = notes.recv() => match note {
                Some(Note::Engine(engine)) => drop(engines.insert(engine.id.clone(), engine)),
                Some(Note::Sample(subject, sample)) => drop(samples.insert(subject, sample)),
                None => return,
            },
            permit = reports.reserve(), if !engines.is_empty() => {
                let (Ok(permit), Some((_, engine))) = (permit, engines.pop_first()) else { return };
                permit.send(EngineReport::Engine(engine));
            }
            () = &mut batch, if !samples.is_empty() => {
                // As long as anything waits to be taken, the receiver is behind: the samples grow newer meanwhile.
                if reports.capacity() == reports.max_capacity() {
                    let all = std::mem::take(&mut samples).into_iter().collect();
                    if reports.try_send(EngineReport::Samples(all)).is_err() {
                        return;
                    }
                }
                batch.as_mut().reset(Instant::now() + BATCH);
            }
            () = reports.closed() => return,
        }
    }
}
