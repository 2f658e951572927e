//! What can be made to go wrong with a call, and for which calls. How it is sent is in `server`.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::ANY;

/// What a caller meets in place of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// An error answer with an HTTP status, in the shape of the protocol that was spoken.
    Error {
        status: u16,
        code: String,
        message: String,
    },
    /// `AccessDeniedException` in AWS's words, naming the action of the very call.
    Denied,
    /// No answer until the faults are healed.
    Hang,
    /// The connection is reset.
    Reset,
    /// The headers and the first half of the true body, then the end of the connection.
    Truncated,
    /// Status 200 and a page of HTML, as a captive portal or a broken balancer sends.
    NotJson,
}

impl Fault {
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        Self::Error {
            status,
            code: code.to_owned(),
            message: message.to_owned(),
        }
    }

    /// The answer of AWS to a caller that is too fast.
    pub fn throttling() -> Self {
        Self::error(400, "ThrottlingException", "Rate exceeded")
    }

    /// The answer of AWS to a caller whose keys have ended.
    pub fn expired() -> Self {
        let message = "The security token included in the request is expired";
        Self::error(400, "ExpiredTokenException", message)
    }
}

/// The faults in force, newest last; the first that fits a call strikes.
#[derive(Default)]
pub struct Faults(Vec<Planned>);

struct Planned {
    operation: String,
    when: When,
    fault: Fault,
}

enum When {
    Always,
    Next(u64),
    Sometimes(f64, Box<StdRng>),
}

impl Faults {
    pub fn always(&mut self, operation: &str, fault: Fault) {
        self.plan(operation, When::Always, fault);
    }

    pub fn next(&mut self, operation: &str, times: u64, fault: Fault) {
        self.plan(operation, When::Next(times), fault);
    }

    pub fn sometimes(&mut self, operation: &str, probability: f64, seed: u64, fault: Fault) {
        let dice = Box::new(StdRng::seed_from_u64(seed));
        self.plan(operation, When::Sometimes(probability, dice), fault);
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    fn plan(&mut self, operation: &str, when: When, fault: Fault) {
        self.0.push(Planned {
            operation: operation.to_owned(),
            when,
            fault,
        });
    }

    /// The fault that strikes this call, if one does; it is used up by that.
    pub fn strike(&mut self, operation: &str) -> Option<Fault> {
        self.0
            .iter_mut()
            .filter(|planned| planned.operation == ANY || planned.operation == operation)
            .find_map(|planned| planned.when.strikes().then(|| planned.fault.clone()))
    }
}

impl When {
    fn strikes(&mut self) -> bool {
        match self {
            Self::Always => true,
            Self::Next(0) => false,
            Self::Next(times) => {
                *times -= 1;
                true
            }
            Self::Sometimes(probability, dice) => dice.random_bool(*probability),
        }
    }
}
