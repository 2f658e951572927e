//! How clients name things: a name, a short ARN or a full ARN. Looking them up, and the errors when they are not there.

use super::Fault;
use crate::sandbox::world::World;
use crate::sandbox::world::cluster::{Cluster, ClusterKey};
use crate::sandbox::world::definition::DefinitionKey;
use crate::sandbox::world::instance::InstanceKey;
use crate::sandbox::world::service::ServiceKey;
use crate::sandbox::world::task::TaskKey;

/// The resource part of an ARN of the given kind, or the text itself when it is no ARN.
fn resource<'a>(text: &'a str, kind: &str) -> Option<&'a str> {
    if !text.starts_with("arn:") {
        return Some(text);
    }
    text.splitn(6, ':')
        .nth(5)?
        .strip_prefix(kind)?
        .strip_prefix('/')
}

/// The id within a cluster, of a short ARN (`kind/id`), a full ARN (`kind/cluster/id`) or an id; ARNs that name
/// another cluster give none.
fn id_in<'a>(cluster: &Cluster, text: &'a str, kind: &str) -> Option<&'a str> {
    match resource(text, kind)?.rsplit_once('/') {
        None => resource(text, kind),
        Some((owner, id)) => (owner == cluster.name).then_some(id),
    }
}

impl World {
    /// The cluster a request names; `default` when it names none.
    pub(super) fn find_cluster(&self, text: Option<&str>) -> Result<ClusterKey, Fault> {
        self.cluster_key(text.unwrap_or("default"))
            .ok_or_else(|| Fault::new("ClusterNotFoundException", "Cluster not found."))
    }

    /// The cluster a request names, which must be active.
    pub(super) fn find_active_cluster(&self, text: Option<&str>) -> Result<ClusterKey, Fault> {
        let key = self.find_cluster(text)?;
        if self.cluster(key).active {
            Ok(key)
        } else {
            Err(Fault::new(
                "ClusterNotFoundException",
                "The referenced cluster was inactive.",
            ))
        }
    }

    /// The cluster of a name or an ARN.
    pub(super) fn cluster_key(&self, text: &str) -> Option<ClusterKey> {
        let name = resource(text, "cluster")?;
        self.clusters
            .iter()
            .position(|cluster| cluster.name == name)
            .map(ClusterKey)
    }

    /// The service of a name or an ARN in a cluster.
    pub(super) fn service_key(&self, cluster: ClusterKey, text: &str) -> Option<ServiceKey> {
        let cluster = self.cluster(cluster);
        cluster
            .services
            .get(id_in(cluster, text, "service")?)
            .copied()
    }

    /// The service a request names.
    pub(super) fn find_service(
        &self,
        cluster: ClusterKey,
        text: &str,
    ) -> Result<ServiceKey, Fault> {
        self.service_key(cluster, text)
            .ok_or_else(|| Fault::new("ServiceNotFoundException", "Service not found."))
    }

    /// The task of an id or an ARN in a cluster.
    pub(super) fn task_key(&self, cluster: ClusterKey, text: &str) -> Option<TaskKey> {
        let key = TaskKey(hexadecimal(id_in(self.cluster(cluster), text, "task")?)?);
        self.tasks
            .get(&key)
            .filter(|task| task.cluster == cluster)
            .map(|task| task.key)
    }

    /// The container instance of an id or an ARN in a cluster.
    pub(super) fn instance_key(&self, cluster: ClusterKey, text: &str) -> Option<InstanceKey> {
        let key = InstanceKey(hexadecimal(id_in(
            self.cluster(cluster),
            text,
            "container-instance",
        )?)?);
        self.cluster(cluster)
            .instances
            .contains(&key)
            .then_some(key)
    }

    /// The revision of a family (its latest active one), of `family:revision` or of an ARN.
    pub(super) fn definition_key(&self, text: &str) -> Option<DefinitionKey> {
        let label = resource(text, "task-definition")?;
        let (family, revision) = match label.split_once(':') {
            Some((family, revision)) => (family, Some(revision.parse::<usize>().ok()?)),
            None => (label, None),
        };
        let keys = self.families.get(family)?;
        match revision {
            Some(revision) => keys.get(revision.checked_sub(1)?).copied(),
            None => keys
                .iter()
                .rev()
                .find(|key| self.definition(**key).active)
                .copied(),
        }
    }

    /// The service of a full ARN of the service or of something under it (`kind/cluster/service/id`), with that id.
    pub(super) fn under_service<'a>(
        &self,
        arn: &'a str,
        kind: &str,
    ) -> Option<(ServiceKey, &'a str)> {
        let mut parts = resource(arn, kind)?.split('/');
        let (cluster, service, id) = (parts.next()?, parts.next()?, parts.next()?);
        let cluster = self.cluster_key(cluster)?;
        Some((self.service_key(cluster, service)?, id))
    }
}

fn hexadecimal(id: &str) -> Option<u128> {
    let plain = id.len() == 32
        && id
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    plain.then(|| u128::from_str_radix(id, 16).ok()).flatten()
}

/// The ARN to report for something that is missing: the one given, or one made of the name given.
pub fn arn_or_name(world: &World, kind: &str, cluster: Option<ClusterKey>, text: &str) -> String {
    if text.starts_with("arn:") {
        return text.to_owned();
    }
    match cluster {
        Some(cluster) => world.arn(&format!("{kind}/{}/{text}", world.cluster(cluster).name)),
        None => world.arn(&format!("{kind}/{text}")),
    }
}
