//! The time of CloudWatch, as its answers tell it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, SystemTime},
};

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{Intercept, context::BeforeDeserializationInterceptorContextRef},
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::{
    config_bag::ConfigBag,
    date_time::{DateTime, Format},
};

/// How far the clock of the service is ahead of this machine's. Log events are searched for by time, and a machine whose
/// clock is wrong would look in the wrong place: the SDK corrects that in signatures, so nothing else would tell.
#[derive(Debug, Clone, Default)]
pub(super) struct Clock {
    /// In milliseconds; nothing until there was an answer.
    ahead: Arc<AtomicI64>,
}

impl Clock {
    /// The time of the service at a moment of this machine's clock, both in milliseconds.
    pub(super) fn at(&self, here: i64) -> i64 {
        here.saturating_add(self.ahead.load(Ordering::Relaxed))
    }
}

impl Intercept for Clock {
    fn name(&self) -> &'static str {
        "Clock"
    }

    fn read_after_transmit(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date");
        let told = date.and_then(|date| DateTime::from_str(date, Format::HttpDate).ok());
        if let Some(told) = told.and_then(|told| told.to_millis().ok()) {
            self.ahead
                .store(told.saturating_sub(here()), Ordering::Relaxed);
        }
        Ok(())
    }
}

/// The time of this machine, in milliseconds.
pub(super) fn here() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, millis)
}

pub(super) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
