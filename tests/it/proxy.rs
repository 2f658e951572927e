//! A loopback HTTP proxy in front of an AWS-like endpoint that adds what stand-ins lack: AWS's page
//! sizes and item limits, throttling, latency, faults on demand and a count of the calls. It knows
//! the protocols, not ecsight.

mod call;
mod fault;
mod limits;
mod server;
#[cfg(test)]
mod tests;
mod throttle;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::TcpListener;

pub use self::fault::Fault;
use self::fault::Faults;
use self::server::{Listening, Shared};

/// Every operation, where the name of one is asked for.
pub const ANY: &str = "*";

/// A running proxy; dropping it stops it and closes its connections.
///
/// What a call meets is decided when it arrives. It is counted, held back, and then met by a fault,
/// by the throttle, or by the upstream behind AWS's item limits and pages.
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    listening: Mutex<Option<Listening>>,
}

impl Proxy {
    /// Listens on a free loopback port, in front of an upstream such as `http://127.0.0.1:4566`.
    pub async fn start(upstream: &str) -> Self {
        let authority = upstream
            .strip_prefix("http://")
            .unwrap_or_else(|| {
                panic!("the upstream of a proxy is an http:// address, not {upstream}")
            })
            .trim_end_matches('/');
        let shared = Arc::new(Shared::new(authority));
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("a free loopback port");
        let address = listener
            .local_addr()
            .expect("the address of a bound listener");
        Self {
            address,
            listening: Mutex::new(Some(Listening::start(listener, Arc::clone(&shared)))),
            shared,
        }
    }

    /// The endpoint URL to give to a client.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How often each operation was asked for since the start or the last [`Self::reset_calls`],
    /// whatever came of it.
    pub fn calls(&self) -> BTreeMap<String, u64> {
        self.shared.calls.borrow().clone()
    }

    /// Forgets the counted calls.
    pub fn reset_calls(&self) {
        self.shared.calls.send_modify(BTreeMap::clear);
    }

    /// Waits until the counted calls are as wanted.
    pub async fn until_calls(&self, wanted: impl Fn(&BTreeMap<String, u64>) -> bool) {
        self.shared
            .calls
            .subscribe()
            .wait_for(|calls| wanted(calls))
            .await
            .expect("the sender lives as long as the proxy");
    }

    /// Makes every call of an operation (or of [`ANY`]) fail until [`Self::heal`].
    pub fn fail(&self, operation: &str, fault: Fault) {
        self.faults(|faults| faults.always(operation, fault));
    }

    /// Makes the next so many calls of an operation (or of [`ANY`]) fail.
    pub fn fail_next(&self, operation: &str, times: u64, fault: Fault) {
        self.faults(|faults| faults.next(operation, times, fault));
    }

    /// Makes a share of the calls of an operation (or of [`ANY`]) fail: 0 none, 1 all. The same
    /// seed fails the same calls.
    pub fn fail_sometimes(&self, operation: &str, probability: f64, seed: u64, fault: Fault) {
        self.faults(|faults| faults.sometimes(operation, probability, seed, fault));
    }

    /// Takes an access key for expired from now on: every call that is signed with it is refused,
    /// whatever is healed.
    pub fn expire(&self, access_key_id: &str) {
        let mut state = self.shared.state.lock().unwrap();
        state.expired.insert(access_key_id.to_owned());
    }

    /// How many calls a fault struck, since the start.
    pub fn struck(&self) -> u64 {
        self.shared.state.lock().unwrap().struck
    }

    /// Takes all faults away; calls that hang go on as if nothing had been.
    pub fn heal(&self) {
        self.faults(Faults::clear);
        self.shared.healed.send_modify(|times| *times += 1);
    }

    /// Holds every call back for this long before anything else happens to it; zero is the default.
    pub fn delay(&self, delay: Duration) {
        self.shared.state.lock().unwrap().delay = delay;
    }

    /// Gives every quota group of ECS, and every other operation, a bucket of `burst` calls
    /// refilled by `rate` a second.
    pub fn throttle(&self, rate: f64, burst: f64) {
        self.shared.state.lock().unwrap().throttle.all(rate, burst);
    }

    /// Gives one operation a bucket of its own, in place of that of its quota group.
    pub fn throttle_operation(&self, operation: &str, rate: f64, burst: f64) {
        self.shared
            .state
            .lock()
            .unwrap()
            .throttle
            .operation(operation, rate, burst);
    }

    /// Gives every quota group the burst and refill that ECS documents for it.
    pub fn throttle_as_ecs(&self) {
        self.shared.state.lock().unwrap().throttle.as_ecs();
    }

    /// Lets every call through again.
    pub fn unthrottle(&self) {
        self.shared.state.lock().unwrap().throttle.clear();
    }

    /// How many calls were refused for want of a token, since the start.
    pub fn throttled(&self) -> u64 {
        self.shared.state.lock().unwrap().throttle.refused()
    }

    /// An outage: drops every connection and refuses new ones until [`Self::restore`].
    pub async fn cut(&self) {
        let listening = self.listening.lock().unwrap().take();
        if let Some(listening) = listening {
            listening.stop().await;
        }
    }

    /// Ends the outage: listens again, on the same port.
    pub async fn restore(&self) {
        if self.listening.lock().unwrap().is_some() {
            return;
        }
        let listener = TcpListener::bind(self.address)
            .await
            .unwrap_or_else(|error| {
                panic!(
                    "port of the proxy {} cannot be taken again: {error}",
                    self.address
                )
            });
        *self.listening.lock().unwrap() =
            Some(Listening::start(listener, Arc::clone(&self.shared)));
    }

    fn faults(&self, change: impl FnOnce(&mut Faults)) {
        change(&mut self.shared.state.lock().unwrap().faults);
    }
}
