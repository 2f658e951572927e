//! What a program in trouble writes about it. How it writes else is in `voice`.

use std::time::Duration;

use super::moment::Moment;
use super::voice::{Texts, clock, said, stamp};

/// What is wrong with a program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    /// Nothing.
    #[default]
    Well,
    /// Its heap grows until it is killed.
    Growing,
    /// It will end with an error.
    Failing,
    /// Its own health check does not pass.
    Unready,
    /// It answers health checks with 503.
    Refusing,
}

impl Mood {
    /// Whether it does its work all the same.
    pub fn works(self) -> bool {
        matches!(self, Self::Well | Self::Growing)
    }

    /// What is written about it, `running` after the start, with so many MiB in use of its limit.
    pub fn says(self, at: Moment, running: Duration, used: u64, limit: u64) -> Texts {
        let clock = clock(at);
        match self {
            Self::Well => Vec::new(),
            Self::Growing => {
                let percent = 100 * used / limit.max(1);
                let level = if percent > 80 { "WARN " } else { "INFO " };
                vec![said(format!(
                    "{clock} {level} heap: {used} of {limit} MiB in use ({percent} %), last collection freed 2 MiB"
                ))]
            }
            Self::Failing => {
                let attempt = running.as_secs() / 4 + 1;
                vec![(
                    true,
                    format!(
                        "{clock} ERROR index.internal:9200: connection refused, attempt {attempt}"
                    ),
                )]
            }
            Self::Unready => vec![(
                true,
                format!("{clock} WARN  health: not ready, the model is not loaded"),
            )],
            Self::Refusing => vec![
                said(format!(
                    "10.0.0.{} - - [{}] \"GET /healthz HTTP/1.1\" 503 19",
                    4 + running.as_secs() % 3,
                    stamp(at)
                )),
                (
                    true,
                    format!(
                        "{clock} ERROR health: carrier-gateway.internal:443 does not answer, refusing traffic"
                    ),
                ),
            ],
        }
    }
}
