//! A simulated AWS account behind a real HTTP endpoint on loopback: clusters, services and tasks that live.
//!
//! It knows nothing of the rest of the program and is met like AWS itself, as an endpoint URL. `world` is the pure
//! simulation, `seed` what it begins with, `operation` the API on it, `front` and `server` the protocols and HTTP.

#[cfg(unix)]
mod engine;
#[cfg(not(unix))]
#[path = "engine/none.rs"]
mod engine;
mod front;
mod operation;
mod quota;
mod seed;
mod server;
mod streams;
mod world;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rand::SeedableRng;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use engine::Engines;
use front::{Account, Served};
pub use operation::logs::LiveTail;
use quota::Quotas;
use seed::Measure;
use streams::Streams;
use world::chance::Dice;
use world::moment::Moment;

/// The time between two ticks of the world.
const TICK: Duration = Duration::from_millis(250);
/// The longest stretch that is caught up after the machine slept; a clock that was set wrong must not cost an eternity.
const LONGEST_STRETCH: Duration = Duration::from_hours(24);

/// What a sandbox begins with.
#[derive(Clone, Debug)]
pub struct Options {
    /// The same seed gives the same world.
    pub seed: u64,
    /// Number of clusters; giving this, `services` or `tasks` makes a world to measure instead of the demonstration.
    pub clusters: Option<usize>,
    /// Services per cluster.
    pub services: Option<usize>,
    /// Tasks per service.
    pub tasks: Option<usize>,
    /// Whether the request quotas of the API are enforced.
    pub throttle: bool,
    /// Where to listen: a loopback address, port 0 for a free one.
    pub listen: SocketAddr,
    /// The world does not tick by itself: only [`Sandbox::tick`] moves it.
    pub frozen: bool,
    /// Whether each container instance has a Docker Engine on a unix socket, 64 at the most.
    pub engines: bool,
    /// Container instances of each cluster that has any, in a world to measure; without it, as many as the tasks need.
    pub hosts: Option<usize>,
    /// Images of one more repository, `monorepo/builds`, to measure with.
    pub images: Option<usize>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 1,
            clusters: None,
            services: None,
            tasks: None,
            throttle: false,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            frozen: false,
            engines: false,
            hosts: None,
            images: None,
        }
    }
}

impl Options {
    fn measure(&self) -> Option<Measure> {
        let given = self.clusters.or(self.services).or(self.tasks);
        given.map(|_| Measure {
            clusters: self.clusters.unwrap_or(3),
            services: self.services.unwrap_or(10),
            tasks: self.tasks.unwrap_or(3),
            hosts: self.hosts,
        })
    }
}

/// A running sandbox. It ends with [`stop`](Self::stop) or when it is dropped.
#[derive(Debug)]
pub struct Sandbox {
    address: SocketAddr,
    account: Arc<Mutex<Account>>,
    clock: watch::Sender<Moment>,
    engines: Option<Engines>,
    stop: watch::Sender<bool>,
    server: JoinHandle<()>,
    ticker: Option<JoinHandle<()>>,
}

/// Makes a world and serves it.
///
/// Clients may change it: services, tasks and task definitions. A task definition that a client registers fails in the
/// way that the tag of its first image names: `crash`, `missing`, `oom` or `unhealthy` anywhere in the tag.
///
/// # Errors
/// When the address is not a loopback address, since the endpoint checks no credentials, or cannot be bound.
pub async fn start(options: Options) -> io::Result<Sandbox> {
    if !options.listen.ip().is_loopback() {
        let message = format!(
            "the sandbox checks no credentials and listens on loopback only, not on {}: use 127.0.0.1 or [::1]",
            options.listen.ip()
        );
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    let listener = TcpListener::bind(options.listen).await.map_err(|error| {
        io::Error::new(
            error.kind(),
            format!(
                "the sandbox could not listen on {}: {error}",
                options.listen
            ),
        )
    })?;
    let address = listener.local_addr()?;
    let epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let now = Moment::from_millis(u64::try_from(epoch.as_millis()).unwrap_or_default());
    let (mut world, dice) = seed::world(options.seed, options.measure(), now);
    if let Some(count) = options.images {
        seed::many(&mut world, count);
    }
    let (clock, _) = watch::channel(now);
    let quotas = options.throttle.then(Quotas::default);
    let account = Arc::new(Mutex::new(Account {
        world,
        dice,
        ids: Dice::seed_from_u64(options.seed),
        calls: BTreeMap::new(),
        quotas,
        live_tail: LiveTail::Works,
        denied: BTreeSet::new(),
        streams: Streams::default(),
    }));
    let (stop, stopped) = watch::channel(false);
    let ticker = (!options.frozen)
        .then(|| tokio::spawn(live(Arc::clone(&account), clock.clone(), stopped.clone())));
    let engines = if options.engines {
        begin_engines(&account, &clock, &stopped, address.port())
    } else {
        None
    };
    let shared = Served {
        account: Arc::clone(&account),
        clock: clock.subscribe(),
    };
    let server = tokio::spawn(server::serve(listener, shared, stopped));
    Ok(Sandbox {
        address,
        account,
        clock,
        engines,
        stop,
        server,
        ticker,
    })
}

/// Starts the engines; without them the sandbox is still of use.
fn begin_engines(
    account: &Arc<Mutex<Account>>,
    clock: &watch::Sender<Moment>,
    stopped: &watch::Receiver<bool>,
    port: u16,
) -> Option<Engines> {
    Engines::start(account, &clock.subscribe(), stopped, port)
        .inspect_err(|error| tracing::warn!(%error, "the sandbox goes without Docker Engines"))
        .ok()
}

/// Ticks the world by the time that has passed until `stop` changes or its sender is gone.
///
/// It is the wall clock that counts, since clients compare the world's times with it and it goes on while the machine
/// sleeps.
async fn live(
    account: Arc<Mutex<Account>>,
    clock: watch::Sender<Moment>,
    mut stop: watch::Receiver<bool>,
) {
    let mut interval = tokio::time::interval(TICK);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last = SystemTime::now();
    loop {
        tokio::select! {
            _ = stop.changed() => return,
            _ = interval.tick() => {
                let now = SystemTime::now();
                let passed = now.duration_since(last).unwrap_or_default();
                advance(&account, &clock, passed.min(LONGEST_STRETCH));
                last = now;
            }
        }
    }
}

fn lock(account: &Mutex<Account>) -> MutexGuard<'_, Account> {
    account.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ticks the world and wakes those who wait for its clock: streams that go on as the world does.
fn advance(account: &Mutex<Account>, clock: &watch::Sender<Moment>, by: Duration) {
    let mut account = lock(account);
    let Account { world, dice, .. } = &mut *account;
    world.tick(by, dice);
    let now = world.now;
    drop(account);
    clock.send_replace(now);
}

impl Sandbox {
    /// The endpoint URL, for instance `http://127.0.0.1:43521`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The region of everything in it.
    #[must_use]
    pub fn region(&self) -> &str {
        seed::REGION
    }

    /// The account of everything in it.
    #[must_use]
    pub fn account(&self) -> &str {
        seed::ACCOUNT
    }

    /// Shell lines that point any AWS client at the sandbox, with a remark on where its engines are.
    #[must_use]
    pub fn exports(&self) -> String {
        let (url, region) = (self.url(), self.region());
        let engines = self.engine_address().map_or_else(String::new, |address| {
            format!("# The Docker Engines of its container instances: {address}\n")
        });
        engines
            + &[
                ("AWS_ENDPOINT_URL", url.as_str()),
                ("AWS_ACCESS_KEY_ID", "sandbox"),
                ("AWS_SECRET_ACCESS_KEY", "sandbox"),
                ("AWS_REGION", region),
                ("AWS_DEFAULT_REGION", region),
                ("AWS_EC2_METADATA_DISABLED", "true"),
            ]
            .map(|(name, value)| format!("export {name}={value}\n"))
            .concat()
    }

    /// The folder with the sockets of the Docker Engines, if there are any: `<EC2 instance id>.sock` each.
    #[must_use]
    pub fn engines(&self) -> Option<&Path> {
        self.engines.as_ref().map(Engines::folder)
    }

    /// The address of the Docker Engines, if there are any, with `{instance_id}` for the EC2 instance id.
    #[must_use]
    pub fn engine_address(&self) -> Option<String> {
        let folder = self.engines()?.display();
        Some(format!("unix://{folder}/{{instance_id}}.sock"))
    }

    /// Changes how live tails go, also those that are open.
    pub fn set_live_tail(&self, live_tail: LiveTail) {
        lock(&self.account).live_tail = live_tail;
    }

    /// Denies an operation to the caller from now on, as a missing permission does: `ecr:PutImage`, for instance.
    pub fn deny(&self, action: &str) {
        lock(&self.account).denied.insert(action.to_owned());
    }

    /// Allows an operation again.
    pub fn allow(&self, action: &str) {
        lock(&self.account).denied.remove(action);
    }

    /// The answers that go on, by kind: `live tail`, and those of the Docker Engines: `stats`, `logs`, `events`. A kind
    /// of which none is open is left out.
    #[must_use]
    pub fn streams(&self) -> BTreeMap<String, usize> {
        lock(&self.account).streams.count()
    }

    /// Calls per operation so far, throttled ones included, and those to the Docker Engines as `Docker:Stats` and the
    /// like. `GetMetricData:metrics` counts the metrics asked for.
    #[must_use]
    pub fn calls(&self) -> BTreeMap<String, u64> {
        lock(&self.account).calls.clone()
    }

    /// Moves the world by hand.
    pub fn tick(&self, by: Duration) {
        advance(&self.account, &self.clock, by);
    }

    /// Stops serving; requests under way are answered.
    pub async fn stop(self) {
        let Self {
            stop,
            server,
            ticker,
            engines,
            ..
        } = self;
        drop(stop);
        if let Some(engines) = engines {
            engines.ended().await;
        }
        for task in std::iter::once(server).chain(ticker) {
            if let Err(error) = task.await {
                tracing::warn!(%error, "a task of the sandbox ended badly");
            }
        }
    }
}
