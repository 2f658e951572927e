//! `ListClusters` and `DescribeClusters`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::find::arn_or_name;
use super::page::Paging;
use super::{Answer, Call, Fault, check_include, includes, missing};
use crate::sandbox::world::cluster::{Cluster, ClusterKey};
use crate::sandbox::world::task::LaunchType;
use crate::sandbox::world::{Census, World};

/// Lists the ARNs of all clusters.
pub fn list(call: &mut Call<'_>) -> Answer {
    let paging: Paging = call.input()?;
    let names = call
        .world
        .clusters
        .iter()
        .map(|cluster| cluster.name.clone());
    let mut names: Vec<String> = names.collect();
    names.sort_unstable();
    let (page, token) = paging.cut(100, names, |name| Some(call.world.cluster_arn(name)))?;
    Ok(json!({"clusterArns": page, "nextToken": token}))
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Input {
    clusters: Option<Vec<String>>,
    include: Vec<String>,
}

/// Describes clusters; the one named `default` when none is named.
pub fn describe(call: &mut Call<'_>) -> Answer {
    let Input { clusters, include } = call.input()?;
    check_include(
        &include,
        &[
            "ATTACHMENTS",
            "CONFIGURATIONS",
            "SETTINGS",
            "STATISTICS",
            "TAGS",
        ],
    )?;
    let names = clusters
        .filter(|names| !names.is_empty())
        .unwrap_or_else(|| vec!["default".to_owned()]);
    if names.len() > 100 {
        return Err(Fault::invalid("clusters can have at most 100 items."));
    }
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for name in names {
        match call.world.cluster_key(&name) {
            Some(key) => found.push(render(call.world, key, &include)),
            None => failures.push(missing(arn_or_name(call.world, "cluster", None, &name))),
        }
    }
    Ok(json!({"clusters": found, "failures": failures}))
}

fn render(world: &World, key: ClusterKey, include: &[String]) -> Value {
    let cluster = world.cluster(key);
    let counts = Counts::of(world, cluster);
    json!({
        "clusterArn": world.cluster_arn(&cluster.name),
        "clusterName": cluster.name,
        "status": if cluster.active { "ACTIVE" } else { "INACTIVE" },
        "registeredContainerInstancesCount": cluster.instances.len(),
        "runningTasksCount": counts.ec2.running + counts.fargate.running,
        "pendingTasksCount": counts.ec2.pending + counts.fargate.pending,
        "activeServicesCount": counts.ec2_services + counts.fargate_services,
        "statistics": if includes(include, "STATISTICS") { counts.statistics() } else { json!([]) },
        "tags": if includes(include, "TAGS") { json!(cluster.tags) } else { json!([]) },
        "settings": if includes(include, "SETTINGS") {
            json!([{"name": "containerInsights", "value": cluster.insights}])
        } else {
            json!([])
        },
        "configuration": includes(include, "CONFIGURATIONS").then(|| json!({
            "executeCommandConfiguration": {"logging": "DEFAULT"},
        })),
        "attachments": includes(include, "ATTACHMENTS").then(|| json!([])),
        "capacityProviders": cluster.providers,
        "defaultCapacityProviderStrategy": cluster.strategy,
    })
}

/// The counts of a cluster by launch type.
#[derive(Default)]
struct Counts {
    ec2: Census,
    fargate: Census,
    ec2_services: usize,
    fargate_services: usize,
}

impl Counts {
    fn of(world: &World, cluster: &Cluster) -> Self {
        let mut counts = Self::default();
        for task in cluster.live.iter().filter_map(|key| world.tasks.get(key)) {
            match task.launch {
                LaunchType::Ec2 => counts.ec2.count(task),
                LaunchType::Fargate => counts.fargate.count(task),
            }
        }
        let services = cluster.services.values().map(|key| world.service(*key));
        for service in services.filter(|service| service.active) {
            match service.placing.launch_type() {
                LaunchType::Ec2 => counts.ec2_services += 1,
                LaunchType::Fargate => counts.fargate_services += 1,
            }
        }
        counts
    }

    fn statistics(&self) -> Value {
        let pair = |name: &str, value: String| json!({"name": name, "value": value});
        json!([
            pair("runningEC2TasksCount", self.ec2.running.to_string()),
            pair("runningFargateTasksCount", self.fargate.running.to_string()),
            pair("pendingEC2TasksCount", self.ec2.pending.to_string()),
            pair("pendingFargateTasksCount", self.fargate.pending.to_string()),
            pair("runningExternalTasksCount", "0".to_owned()),
            pair("pendingExternalTasksCount", "0".to_owned()),
            pair("activeEC2ServiceCount", self.ec2_services.to_string()),
            pair(
                "activeFargateServiceCount",
                self.fargate_services.to_string()
            ),
            pair("drainingEC2ServiceCount", "0".to_owned()),
            pair("drainingFargateServiceCount", "0".to_owned()),
            pair("activeExternalServiceCount", "0".to_owned()),
            pair("drainingExternalServiceCount", "0".to_owned()),
        ])
    }
}
