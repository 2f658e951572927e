//! Reading what there is of streams that are new in a tail. In how few calls is decided in `steps`.

use crate::{
    aws::logs::{
        clock::here,
        ledger::Pass,
        place::{Gone, Place},
        steps::{Step, Steps},
    },
    model::TailState,
};

impl Place {
    /// Reads what there is of streams that are new. Tells whether that was done; it is not where something else is wanted
    /// before anything could be read.
    pub(super) async fn open(&mut self) -> Result<bool, Gone> {
        let names: Vec<_> = self
            .streams
            .iter()
            .filter(|(_, stream)| !stream.opened)
            .map(|(name, _)| name.clone())
            .collect();
        if names.is_empty() {
            return Ok(true);
        }
        let is_first = self.read_at == i64::MIN || names.len() == self.streams.len();
        let mut began = is_first.then(here);
        self.tell(self.containers(&names), &TailState::Opening)
            .await;
        let since = self.since();
        let steps = Steps::new(&self.reader, self.times);
        let steps = match self.portion.newest {
            Some(count) => steps.newest(&names, since, count),
            None => steps.window(&names, since),
        };
        let mut pass = Pass::default();
        let mut steps = steps.run();
        let mut nothing_yet = true;
        while let Some(step) = self.step(&mut steps).await? {
            match step {
                Step::Events { events, floors } => {
                    nothing_yet = false;
                    // Known from the first answer on: what time it is there.
                    if let Some(began) = began.take() {
                        self.advance(began, None, None);
                    }
                    self.emit(&mut pass, events).await;
                    for (name, floor) in floors {
                        if let Some(stream) = self.streams.get_mut(&name) {
                            stream.floor = Some(floor);
                        }
                    }
                }
                Step::Absent(name) => self.absent(&name).await,
                Step::Failed(fault) => {
                    self.tell(self.containers(&names), &TailState::Failed(fault))
                        .await;
                    if nothing_yet && self.wanted.has_changed().map_err(|_| Gone)? {
                        return Ok(false);
                    }
                }
            }
        }
        for name in names {
            if let Some(stream) = self.streams.get_mut(&name) {
                stream.opened = true;
            }
        }
        Ok(true)
    }
}
