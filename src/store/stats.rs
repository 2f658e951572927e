//! What containers use: the newest figures and a quarter of an hour of history, as engines and CloudWatch told them.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    time::Duration,
};

use crate::model::{
    Arn, Engine, EngineContainer, EngineId, EngineReport, EngineState, Metrics, Now, Sample,
    Subject, Timestamp, Usage,
};

/// How far back the history of a container goes.
pub const HISTORY: Duration = Duration::from_mins(15);

/// What a container used at one moment of the past.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Past {
    /// The moment, by the engine's clock.
    pub at: Timestamp,
    /// Cores kept busy.
    pub cores: Option<f32>,
    /// Bytes of memory used, without the page cache.
    pub memory: Option<u64>,
    /// Bytes a second received and sent.
    pub network: Option<(f32, f32)>,
}

/// What is known of a container's use: the newest, and what was before.
#[derive(Debug, Clone)]
pub struct Track {
    sample: Sample,
    usage: Usage,
    received: Now,
    history: VecDeque<Past>,
    near_miss: Option<Timestamp>,
}

/// The share of its limit from which on a container is said to have come near being killed.
const NEAR: f64 = 0.95;

impl Track {
    fn new(sample: Sample, now: Now) -> Self {
        let mut track = Self {
            sample,
            usage: Usage::between(None, &sample),
            received: now,
            history: VecDeque::new(),
            near_miss: None,
        };
        track.note();
        track
    }

    fn follow(&mut self, sample: Sample, now: Now) {
        // An engine whose clock went back, or a sample told twice, says nothing new.
        if sample.at <= self.sample.at {
            return;
        }
        self.usage = Usage::between(Some(&self.sample), &sample);
        self.sample = sample;
        self.received = now;
        self.note();
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "seven digits are more than a chart shows"
    )]
    fn note(&mut self) {
        let usage = &self.usage;
        self.history.push_back(Past {
            at: usage.at,
            cores: usage.cores.map(|cores| cores as f32),
            memory: usage.memory.map(|memory| memory.used),
            network: usage
                .network
                .map(|rate| (rate.inward as f32, rate.outward as f32)),
        });
        while let Some(first) = self.history.front()
            && usage.at.since(first.at) > HISTORY
        {
            self.history.pop_front();
        }
        let near = usage.memory.is_some_and(|memory| {
            memory
                .limit
                .is_some_and(|limit| share(memory.used, limit) >= NEAR)
        });
        if near {
            self.near_miss = Some(usage.at);
        }
    }

    /// What it uses now.
    #[must_use]
    pub fn usage(&self) -> &Usage {
        &self.usage
    }

    /// The history, the oldest first; the newest is the last.
    #[must_use]
    pub fn history(&self) -> &VecDeque<Past> {
        &self.history
    }

    /// The time since the newest sample came.
    #[must_use]
    pub fn age(&self, now: Now) -> Duration {
        now.mono.saturating_sub(self.received.mono)
    }

    /// When it last used so much of its memory limit (95 %) that it came near being killed.
    #[must_use]
    pub fn near_miss(&self) -> Option<Timestamp> {
        self.near_miss
    }
}

/// A share as a number; exact up to 2^53 bytes.
#[expect(clippy::cast_precision_loss, reason = "see above")]
fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}

/// Everything known of engines, containers' use, and metrics.
#[derive(Debug, Default)]
pub(super) struct Stats {
    engines: BTreeMap<EngineId, Engine>,
    /// The engines that have containers of a task, with the places of these in the list.
    places: HashMap<Arn, Vec<(EngineId, usize)>>,
    tracks: HashMap<Subject, Track>,
    metrics: HashMap<Arn, Metrics>,
    metrics_asked: u64,
}

impl Stats {
    pub(super) fn apply(&mut self, report: EngineReport, now: Now) {
        match report {
            EngineReport::Engine(engine) => {
                self.engines.insert(engine.id.clone(), *engine);
                self.find_places();
                // What is not told of any more is forgotten with its history.
                self.tracks.retain(|_, track| track.age(now) <= HISTORY);
            }
            EngineReport::Samples(samples) => {
                for (container, sample) in samples {
                    self.tracks
                        .entry(container)
                        .and_modify(|track| track.follow(sample, now))
                        .or_insert_with(|| Track::new(sample, now));
                }
            }
        }
    }

    /// Notes where the containers of each task are. Engines tell of themselves seldom, and rows ask for each task.
    fn find_places(&mut self) {
        self.places.clear();
        for engine in self.engines.values() {
            for (place, container) in engine.containers.iter().enumerate() {
                let places = self.places.entry(container.task.clone()).or_default();
                places.push((engine.id.clone(), place));
            }
        }
    }

    pub(super) fn take_metrics(&mut self, metrics: Metrics) {
        self.metrics_asked += u64::from(metrics.asked);
        self.metrics.insert(metrics.of.clone(), metrics);
    }

    pub(super) fn engines(&self) -> impl Iterator<Item = &Engine> {
        self.engines.values()
    }

    pub(super) fn engine(&self, id: &EngineId) -> Option<&Engine> {
        self.engines.get(id)
    }

    pub(super) fn track(&self, container: &Subject) -> Option<&Track> {
        self.tracks.get(container)
    }

    pub(super) fn metrics(&self, of: &Arn) -> Option<&Metrics> {
        self.metrics.get(of)
    }

    pub(super) fn metrics_asked(&self) -> u64 {
        self.metrics_asked
    }

    /// The containers of a task on all engines that have it, with the engine.
    pub(super) fn containers_of(
        &self,
        task: &Arn,
    ) -> impl Iterator<Item = (&Engine, &EngineContainer)> {
        let places = self.places.get(task).into_iter().flatten();
        places.filter_map(|(id, place)| {
            let engine = self.engines.get(id)?;
            Some((engine, engine.containers.get(*place)?))
        })
    }

    /// Whether a connected engine has containers of a cluster, by its ARN.
    pub(super) fn reaches(&self, cluster: &Arn) -> bool {
        let connected = self
            .engines
            .values()
            .filter(|engine| engine.state == EngineState::Connected);
        connected
            .flat_map(|engine| &engine.containers)
            .any(|container| {
                container.cluster == cluster.as_str() || container.cluster == cluster.name()
            })
    }
}
