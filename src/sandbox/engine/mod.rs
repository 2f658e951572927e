//! The Docker Engines of the container instances: a unix socket each, on which the containers of their tasks can be
//! watched. What the containers do is in `world`; Fargate tasks are on no engine that can be reached.

mod document;
mod events;
mod folder;
mod host;
mod logs;
mod route;
mod serve;
mod stamp;
mod stats;
mod stream;

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use tokio::net::UnixListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::front::Account;
use super::lock;
use super::world::moment::Moment;
use folder::Folder;
use host::{Cgroup, Host};

/// The most instances that get a socket: a world to measure can have thousands, and every socket is an open file.
const MOST: usize = 64;
/// Which of the instances, in the order of their ids, still has the first version of control groups.
const OLD: usize = 2;

/// The engines, while they run.
#[derive(Debug)]
pub struct Engines {
    folder: Folder,
    servers: Vec<JoinHandle<()>>,
}

impl Engines {
    /// Serves the engines of the first 64 instances of each account, with its clock, until `stop` changes or its sender is
    /// gone; `port` is of this process alone and tells its folder from others.
    ///
    /// # Errors
    /// When the folder cannot be made or a socket in it cannot be bound.
    pub fn start(
        accounts: &[(Arc<Mutex<Account>>, watch::Receiver<Moment>)],
        stop: &watch::Receiver<bool>,
        port: u16,
    ) -> io::Result<Self> {
        let folder = Folder::make(port)?;
        let mut servers = Vec::new();
        for (account, clock) in accounts {
            let (streams, instances): (_, Vec<_>) = {
                let account = lock(account);
                let instances = account.world.instances.values().take(MOST);
                let named = instances.map(|instance| (instance.key, instance.ec2_id.clone()));
                (account.streams.clone(), named.collect())
            };
            for (index, (instance, id)) in instances.into_iter().enumerate() {
                let listener = UnixListener::bind(folder.path().join(format!("{id}.sock")))?;
                let cgroup = if index == OLD { Cgroup::V1 } else { Cgroup::V2 };
                let host = Host {
                    instance,
                    cgroup,
                    account: Arc::clone(account),
                    clock: clock.clone(),
                    stop: stop.clone(),
                    streams: streams.clone(),
                };
                servers.push(tokio::spawn(serve::serve(listener, host)));
            }
        }
        Ok(Self { folder, servers })
    }

    /// Where the sockets are: `<EC2 instance id>.sock`.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Waits until all have stopped serving, then removes the sockets.
    pub async fn ended(self) {
        for server in self.servers {
            if let Err(error) = server.await {
                tracing::warn!(%error, "an engine of the sandbox ended badly");
            }
        }
    }
}
