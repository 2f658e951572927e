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
use front::{Account, Regions, Served};
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
    /// Whether each container instance has a Docker Engine on a unix socket, 64 at the most in each region.
    pub engines: bool,
    /// Container instances of each cluster that has any, in a world to measure; without it, as many as the tasks need.
    pub hosts: Option<usize>,
    /// Images of one more repository, `monorepo/builds`, to measure with.
    pub images: Option<usize>,
    /// The regions, each with a world of its own; every other is refused. Without any it is `eu-west-1`, which answers for
    /// all.
    pub regions: Vec<String>,
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
            regions: Vec::new(),
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
    /// The first region.
    home: Place,
    /// The others.
    away: Vec<Place>,
    engines: Option<Engines>,
    stop: watch::Sender<bool>,
    server: JoinHandle<()>,
    ticker: Option<JoinHandle<()>>,
}

/// A region with its world.
#[derive(Clone, Debug)]
struct Place {
    region: String,
    account: Arc<Mutex<Account>>,
    clock: watch::Sender<Moment>,
}

impl Place {
    /// The world of a region as it begins.
    fn new(region: &str, seed: u64, options: &Options, now: Moment) -> Self {
        let (mut world, dice) = seed::world(region, seed, options.measure(), now);
        if let Some(count) = options.images {
            seed::many(&mut world, count);
        }
        let account = Account {
            world,
            dice,
            ids: Dice::seed_from_u64(seed),
            calls: BTreeMap::new(),
            quotas: options.throttle.then(Quotas::default),
            live_tail: LiveTail::Works,
            denied: BTreeSet::new(),
            streams: Streams::default(),
        };
        Self {
            region: region.to_owned(),
            account: Arc::new(Mutex::new(account)),
            clock: watch::channel(now).0,
        }
    }

    fn served(&self) -> Served {
        Served {
            account: Arc::clone(&self.account),
            clock: self.clock.subscribe(),
        }
    }

    /// Ticks the world and wakes those who wait for its clock: streams that go on as the world does.
    fn advance(&self, by: Duration) {
        let mut account = lock(&self.account);
        let Account { world, dice, .. } = &mut *account;
        world.tick(by, dice);
        let now = world.now;
        drop(account);
        self.clock.send_replace(now);
    }
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
    let mut seeds = options.seed..;
    let mut place = |region: &str| {
        let seed = seeds.next().unwrap_or(options.seed);
        Place::new(region, seed, &options, now)
    };
    let home = place(options.regions.first().map_or(seed::REGION, String::as_str));
    let others = options.regions.iter().skip(1);
    let away: Vec<_> = others.map(|region| place(region)).collect();
    let (stop, stopped) = watch::channel(false);
    let all: Vec<_> = std::iter::once(&home).chain(&away).cloned().collect();
    let ticker = (!options.frozen).then(|| tokio::spawn(live(all.clone(), stopped.clone())));
    let engines = if options.engines {
        begin_engines(&all, &stopped, address.port())
    } else {
        None
    };
    let regions = Regions {
        home: home.served(),
        name: options.regions.first().cloned(),
        away: away
            .iter()
            .map(|place| (place.region.clone(), place.served()))
            .collect(),
    };
    let server = tokio::spawn(server::serve(listener, regions, stopped));
    Ok(Sandbox {
        address,
        home,
        away,
        engines,
        stop,
        server,
        ticker,
    })
}

/// Starts the engines; without them the sandbox is still of use.
fn begin_engines(places: &[Place], stopped: &watch::Receiver<bool>, port: u16) -> Option<Engines> {
    let accounts = places.iter();
    let accounts: Vec<_> = accounts
        .map(|place| (Arc::clone(&place.account), place.clock.subscribe()))
        .collect();
    Engines::start(&accounts, stopped, port)
        .inspect_err(|error| tracing::warn!(%error, "the sandbox goes without Docker Engines"))
        .ok()
}

/// Ticks the world by the time that has passed until `stop` changes or its sender is gone.
///
/// It is the wall clock that counts, since clients compare the world's times with it and it goes on while the machine
/// sleeps.
async fn live(places: Vec<Place>, mut stop: watch::Receiver<bool>) {
    let mut interval = tokio::time::interval(TICK);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last = SystemTime::now();
    loop {
        tokio::select! {
            _ = stop.changed() => return,
            _ = interval.tick() => {
                let now = SystemTime::now();
                let passed = now.duration_since(last).unwrap_or_default();
                for place in &places {
                    place.advance(passed.min(LONGEST_STRETCH));
                }
                last = now;
            }
        }
    }
}

fn lock(account: &Mutex<Account>) -> MutexGuard<'_, Account> {
    account.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Sandbox {
    /// The endpoint URL, for instance `http://127.0.0.1:43521`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The region of everything in it, or the first of several.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.home.region
    }

    /// All its regions, in their order.
    pub fn regions(&self) -> impl Iterator<Item = &str> {
        self.places().map(|place| place.region.as_str())
    }

    fn places(&self) -> impl Iterator<Item = &Place> {
        std::iter::once(&self.home).chain(&self.away)
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
        for place in self.places() {
            lock(&place.account).live_tail = live_tail;
        }
    }

    /// Denies an operation to the caller from now on, as a missing permission does: `ecr:PutImage`, for instance.
    pub fn deny(&self, action: &str) {
        for place in self.places() {
            lock(&place.account).denied.insert(action.to_owned());
        }
    }

    /// Allows an operation again.
    pub fn allow(&self, action: &str) {
        for place in self.places() {
            lock(&place.account).denied.remove(action);
        }
    }

    /// The answers of the first region that go on, by kind: `live tail`, and those of the Docker Engines: `stats`, `logs`, `events`. A kind
    /// of which none is open is left out.
    #[must_use]
    pub fn streams(&self) -> BTreeMap<String, usize> {
        lock(&self.home.account).streams.count()
    }

    /// Calls per operation of the first region so far, throttled ones included, and those to the Docker Engines as `Docker:Stats` and the
    /// like. `GetMetricData:metrics` counts the metrics asked for.
    #[must_use]
    pub fn calls(&self) -> BTreeMap<String, u64> {
        lock(&self.home.account).calls.clone()
    }

    /// Calls per operation of a region; none of one that it does not have.
    #[must_use]
    pub fn calls_in(&self, region: &str) -> BTreeMap<String, u64> {
        let found = self.places().find(|place| place.region == region);
        found.map_or_else(BTreeMap::new, |place| lock(&place.account).calls.clone())
    }

    /// Denies an operation in one region alone, as a policy of an organisation does.
    pub fn deny_in(&self, region: &str, action: &str) {
        for place in self.places().filter(|place| place.region == region) {
            lock(&place.account).denied.insert(action.to_owned());
        }
    }

    /// Moves the worlds by hand.
    pub fn tick(&self, by: Duration) {
        for place in self.places() {
            place.advance(by);
        }
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
