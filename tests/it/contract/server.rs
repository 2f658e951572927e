//! A server and the two ways to ask it.

use ecsight::aws::{Clients, Urgency};
use ecsight::model::{
    Arn, Cluster, Entity, Fault, Part, Query, Service, Task, TaskDefinition, TaskFilter,
};
use ecsight::sandbox::{Options, Sandbox};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::Kind;
use crate::proxy::Proxy;
use crate::servers;
use crate::support::driver::Setup;
use crate::support::wire::{Wire, items};

/// A server and the two ways to ask it: as the program does, and without the SDK.
pub(super) struct Server {
    pub(super) kind: Kind,
    pub(super) clients: Clients,
    pub(super) wire: Wire,
    /// What it is called where names must differ.
    pub(super) label: String,
    // They end with the test.
    _proxy: Option<Proxy>,
    _sandbox: Option<Sandbox>,
}

impl Server {
    pub(super) async fn start(kind: Kind, limited: bool) -> Self {
        let mut own = None;
        let upstream = match kind {
            Kind::Sandbox => {
                let options = Options {
                    frozen: true,
                    ..Options::default()
                };
                own.insert(ecsight::sandbox::start(options).await.unwrap())
                    .url()
            }
            Kind::MiniStack => servers::ministack(),
            Kind::Moto => servers::moto(),
        };
        let proxy = if limited {
            Some(Proxy::start(&upstream).await)
        } else {
            None
        };
        let endpoint = proxy.as_ref().map_or_else(|| upstream.clone(), Proxy::url);
        let settings = Setup::at(&endpoint).settings();
        let way = if limited { "limited" } else { "direct" };
        Self {
            kind,
            clients: Clients::connect(settings).await.unwrap(),
            wire: Wire::new(&upstream),
            label: format!("{way}-{}", std::process::id()),
            _proxy: proxy,
            _sandbox: own,
        }
    }

    /// What the program makes of a query.
    pub(super) async fn fetch(&self, query: Query) -> Answer {
        let (sender, mut parts) = mpsc::channel(64);
        let fetch = self.clients.fetch(&query, Urgency::Visible, sender);
        let collect = async {
            let mut entities = Vec::new();
            let mut items = Vec::new();
            while let Some(part) = parts.recv().await {
                match part {
                    Part::Some {
                        entities: more,
                        items: ids,
                    } => {
                        entities.extend(more);
                        items.extend(ids);
                    }
                    Part::Done { items, calls } => {
                        return Answer {
                            entities,
                            outcome: Ok((items, calls)),
                        };
                    }
                    Part::Failed { fault, .. } => {
                        return Answer {
                            entities,
                            outcome: Err(fault),
                        };
                    }
                }
            }
            panic!("{query} ends with neither done nor failed")
        };
        let ((), answer) = tokio::join!(fetch, collect);
        answer
    }

    /// The clusters of these names, as the program knows them.
    pub(super) async fn clusters(&self) -> Vec<Cluster> {
        self.fetch(Query::Clusters(None))
            .await
            .read(|entity| match entity {
                Entity::Cluster(cluster) => Some(cluster),
                _ => None,
            })
    }

    pub(super) async fn cluster(&self, name: &str) -> Cluster {
        let clusters = self.clusters().await;
        let mut named = clusters.into_iter().filter(|cluster| cluster.name == name);
        named.next().unwrap_or_else(|| panic!("no cluster {name}"))
    }

    pub(super) async fn services(&self, cluster: &Arn) -> Vec<Service> {
        let cluster = cluster.clone();
        self.fetch(Query::Services { cluster })
            .await
            .read(|entity| match entity {
                Entity::Service(service) => Some(*service),
                _ => None,
            })
    }

    pub(super) async fn tasks(
        &self,
        cluster: &Arn,
        filter: TaskFilter,
        stopped: bool,
    ) -> Vec<Task> {
        let query = Query::Tasks {
            cluster: cluster.clone(),
            filter,
            stopped,
        };
        self.fetch(query).await.read(|entity| match entity {
            Entity::Task(task) => Some(*task),
            _ => None,
        })
    }

    pub(super) async fn definition(&self, name: &str) -> TaskDefinition {
        let definition = Arn::new(name);
        let found =
            self.fetch(Query::Definition { definition })
                .await
                .read(|entity| match entity {
                    Entity::Definition(definition) => Some(*definition),
                    _ => None,
                });
        found
            .into_iter()
            .next()
            .unwrap_or_else(|| panic!("no {name}"))
    }

    /// The tasks that the wire lists for a request, described in batches that every server takes.
    pub(super) async fn told_tasks(&self, cluster: &Arn, mut request: Value) -> Vec<Value> {
        request["cluster"] = json!(cluster.as_str());
        let listed = self.wire.list("ListTasks", "taskArns", request).await;
        let mut told = Vec::new();
        for batch in listed.chunks(100) {
            let request = json!({"cluster": cluster.as_str(), "tasks": batch, "include": ["TAGS"]});
            let answer = self.wire.ask("DescribeTasks", request).await;
            told.extend_from_slice(items(&answer["tasks"]));
        }
        told
    }
}

/// All parts of one answer.
pub(super) struct Answer {
    pub(super) entities: Vec<Entity>,
    pub(super) outcome: Result<(Vec<Arn>, u32), Fault>,
}

impl Answer {
    /// The things in the answer, which came whole.
    pub(super) fn read<T>(self, pick: impl Fn(Entity) -> Option<T>) -> Vec<T> {
        let (items, _) = self.outcome.unwrap();
        let things: Vec<T> = self.entities.into_iter().filter_map(pick).collect();
        assert_eq!(items.len(), things.len(), "listed and described differ");
        things
    }

    pub(super) fn items(self) -> Vec<Arn> {
        self.outcome.unwrap().0
    }
}
