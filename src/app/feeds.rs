//! What flows by itself: which tasks are sampled and which logs are read, as the layers show them.

use std::{collections::BTreeMap, sync::Arc};

use super::{App, Effect, Link};
use crate::model::{Arn, Tail, TailId, Watch, Watched};

/// What the outside was last told.
#[derive(Debug, Default)]
pub(super) struct Feeds {
    pub(super) watch: Watch,
    pub(super) tails: BTreeMap<TailId, Tail>,
}

impl App {
    /// Tells the outside what has changed of what the layers show.
    pub(super) fn feed(&mut self) {
        let watch = self.watch();
        if watch != self.feeds.watch {
            self.feeds.watch = watch.clone();
            self.effects.push(Effect::Watch(watch));
        }
        // Nobody could be asked for a log yet.
        if self.link != Link::Ready {
            return;
        }
        let tails: BTreeMap<TailId, Tail> = self
            .layers
            .iter()
            .filter_map(|layer| layer.tail(&self.scene.store))
            .collect();
        for id in self.feeds.tails.keys() {
            if !tails.contains_key(id) {
                self.effects.push(Effect::EndTail(id.clone()));
            }
        }
        for (id, tail) in &tails {
            if self.feeds.tails.get(id) != Some(tail) {
                self.effects.push(Effect::Tail {
                    epoch: self.epoch,
                    id: id.clone(),
                    tail: tail.clone(),
                });
            }
        }
        self.feeds.tails = tails;
    }

    /// What the layer in front shows of the use of containers. Nothing while nobody has been there for long.
    fn watch(&self) -> Watch {
        let Some(tasks) = self.front().and_then(|layer| layer.watched()) else {
            return Watch::default();
        };
        if self.schedule.is_paused() {
            return Watch::default();
        }
        let store = &self.scene.store;
        let mut tasks: Vec<&Arn> = tasks.iter().collect();
        tasks.sort();
        tasks.dedup();
        let tasks = tasks.into_iter().map(|task| Watched {
            task: task.clone(),
            host: store.host_of(task).map(Arc::new),
        });
        Watch {
            open: true,
            tasks: tasks.collect(),
        }
    }
}
