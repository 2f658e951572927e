//! Container instances.

use ecsight::model::{ContainerInstance, Entity, Query};
use serde_json::{Value, json};

use super::compare::{check_time, find};
use super::server::Server;
use crate::support::wire::{items, number, text};

/// Container instances with what is left on them.
pub(super) async fn instances(server: &Server) {
    let name = server.kind.with_instances().unwrap_or(server.kind.steady());
    let cluster = server.cluster(name).await;
    let query = Query::Instances {
        cluster: cluster.arn.clone(),
    };
    let read = server.fetch(query).await.read(|entity| match entity {
        Entity::Instance(instance) => Some(instance),
        _ => None,
    });
    if server.kind.with_instances().is_none() {
        assert!(read.is_empty(), "this server knows container instances now");
        return;
    }
    let request = json!({"cluster": cluster.name});
    let listed = server
        .wire
        .list("ListContainerInstances", "containerInstanceArns", request)
        .await;
    assert!(!listed.is_empty());
    let request =
        json!({"cluster": cluster.name, "containerInstances": listed, "include": ["TAGS"]});
    let answer = server.wire.ask("DescribeContainerInstances", request).await;
    let told = items(&answer["containerInstances"]);
    assert_eq!(read.len(), told.len());
    for instance in &read {
        check_instance(instance, find(told, "containerInstanceArn", &instance.arn));
        assert_eq!(instance.cluster, cluster.arn);
    }
    assert!(read.iter().any(|instance| instance.status == "DRAINING"));
    assert!(read.iter().any(|instance| instance.running_tasks > 0));
}

fn check_instance(instance: &ContainerInstance, told: &Value) {
    assert_eq!(instance.ec2_id, text(&told["ec2InstanceId"]));
    assert_eq!(instance.status, text(&told["status"]));
    assert_eq!(
        instance.agent_connected,
        told["agentConnected"].as_bool().unwrap_or_default()
    );
    assert_eq!(
        instance.agent_version,
        text(&told["versionInfo"]["agentVersion"])
    );
    assert_eq!(
        i64::from(instance.running_tasks),
        number(&told["runningTasksCount"])
    );
    assert_eq!(
        i64::from(instance.pending_tasks),
        number(&told["pendingTasksCount"])
    );
    let whole = |resources: &str, name: &str| {
        let mut named = items(&told[resources])
            .iter()
            .filter(|resource| resource["name"] == name);
        named
            .next()
            .map_or(0, |resource| number(&resource["integerValue"]))
    };
    for (read, name) in [(instance.cpu, "CPU"), (instance.memory, "MEMORY")] {
        let told = (
            whole("registeredResources", name),
            whole("remainingResources", name),
        );
        assert_eq!(read, told, "{name}");
        assert!(read.0 > 0, "{name}");
    }
    let attribute = |name: &str| {
        let mut named = items(&told["attributes"])
            .iter()
            .filter(|attribute| attribute["name"] == name);
        named
            .next()
            .map_or("", |attribute| text(&attribute["value"]))
    };
    assert_eq!(instance.instance_type, attribute("ecs.instance-type"));
    assert_eq!(instance.zone, attribute("ecs.availability-zone"));
    check_time(instance.registered_at, &told["registeredAt"]);
}
