//! Who asks, which clusters there are, what is not there, and whole answers.

use ecsight::aws::RawTarget;
use ecsight::model::{Arn, Entity, FaultKind, Query, TaskFilter};
use serde_json::{Value, json};

use super::Kind;
use super::compare::check_tags;
use super::server::Server;
use crate::support::wire::{items, number, text, texts};

/// Who the caller is.
pub(super) async fn identity(server: &Server) {
    let answer = server.fetch(Query::Identity).await;
    let told = server.wire.caller().await;
    let entity = answer.entities.first();
    let Some(Entity::Identity(identity)) = entity else {
        panic!("no identity but {entity:?}");
    };
    assert_eq!(identity.account.len(), 12);
    let says =
        |element: &str, value: &str| told.contains(&format!("<{element}>{value}</{element}>"));
    assert!(says("Account", &identity.account), "{told}");
    assert!(says("Arn", &identity.principal), "{told}");
}

/// Clusters with names, statuses and counts.
pub(super) async fn clusters(server: &Server) {
    let read = server.clusters().await;
    let listed = server
        .wire
        .list("ListClusters", "clusterArns", json!({}))
        .await;
    for name in server.kind.clusters() {
        let cluster = read
            .iter()
            .find(|cluster| cluster.name == *name)
            .unwrap_or_else(|| panic!("no cluster {name}"));
        assert!(listed.iter().any(|arn| arn == cluster.arn.as_str()));
        let request = json!({"clusters": [name], "include": ["STATISTICS", "SETTINGS", "TAGS"]});
        let told = server.wire.ask("DescribeClusters", request).await;
        let told = &told["clusters"][0];
        assert_eq!(cluster.arn.as_str(), text(&told["clusterArn"]));
        assert_eq!(cluster.status, text(&told["status"]));
        assert_eq!(
            i64::from(cluster.active_services),
            number(&told["activeServicesCount"])
        );
        assert_eq!(
            cluster.capacity_providers,
            texts(&told["capacityProviders"])
        );
        assert_eq!(
            i64::from(cluster.instances),
            number(&told["registeredContainerInstancesCount"])
        );
        check_tags(&cluster.tags, &told["tags"]);
        let settings: Vec<_> = items(&told["settings"])
            .iter()
            .map(|setting| (text(&setting["name"]), text(&setting["value"])))
            .collect();
        let read: Vec<_> = cluster
            .settings
            .iter()
            .map(|tag| (tag.key.as_str(), tag.value.as_str()))
            .collect();
        assert_eq!(read, settings);
        // Elsewhere tasks come and go between two looks.
        if *name == server.kind.steady() {
            // moto counts no services.
            assert_eq!(cluster.active_services > 0, server.kind != Kind::Moto);
            assert_eq!(
                i64::from(cluster.running_tasks),
                number(&told["runningTasksCount"])
            );
            assert_eq!(
                i64::from(cluster.pending_tasks),
                number(&told["pendingTasksCount"])
            );
        }
    }
}

/// What is not there: a fault for a cluster, nothing at all for a service or a task.
pub(super) async fn unknown_things(server: &Server) {
    let account = server.cluster(server.kind.steady()).await.arn;
    let nowhere = Arn::new(&account.as_str().replace(account.name(), "nowhere"));
    let answer = server
        .fetch(Query::Services {
            cluster: nowhere.clone(),
        })
        .await;
    match server.kind {
        // It lists nothing where AWS says that there is no such cluster.
        Kind::MiniStack => assert!(answer.items().is_empty()),
        Kind::Sandbox | Kind::Moto => {
            let fault = answer.outcome.unwrap_err();
            assert_eq!(fault.kind, FaultKind::NotFound, "{fault}");
            assert_eq!(fault.op, "ListServices");
        }
    }
    let service = Arn::new(&format!(
        "{}/ghost",
        account.as_str().replace(":cluster/", ":service/")
    ));
    let query = Query::Service {
        cluster: account.clone(),
        service,
    };
    assert!(server.fetch(query).await.items().is_empty());
    let task = "0123456789abcdef0123456789abcdef";
    let task = Arn::new(&format!(
        "{}/{task}",
        account.as_str().replace(":cluster/", ":task/")
    ));
    let query = Query::Task {
        cluster: account.clone(),
        task,
    };
    assert!(server.fetch(query).await.items().is_empty());
}

/// Whole answers are JSON, about the thing, and what the wire carries.
pub(super) async fn whole_answers(server: &Server) {
    let cluster = server.cluster(server.kind.steady()).await;
    let service = server.services(&cluster.arn).await.swap_remove(0);
    let task = server
        .tasks(&cluster.arn, TaskFilter::All, false)
        .await
        .swap_remove(0);
    let one = cluster.name.as_str();
    let checks = [
        (cluster.arn.clone(), "clusters", "clusterArn"),
        (service.arn.clone(), "services", "serviceArn"),
        (task.arn.clone(), "tasks", "taskArn"),
    ];
    for (arn, list, key) in checks {
        let target = RawTarget {
            arn: arn.clone(),
            cluster: Some(cluster.arn.clone()),
        };
        let raw: Value = serde_json::from_str(&server.clients.raw(&target).await.unwrap()).unwrap();
        assert_eq!(items(&raw[list]).len(), 1, "{raw}");
        assert_eq!(raw[list][0][key], arn.as_str());
    }
    let target = RawTarget {
        arn: task.definition.clone(),
        cluster: None,
    };
    let raw: Value = serde_json::from_str(&server.clients.raw(&target).await.unwrap()).unwrap();
    let request = json!({"taskDefinition": task.definition.as_str(), "include": ["TAGS"]});
    let told = server.wire.ask("DescribeTaskDefinition", request).await;
    assert_eq!(raw["taskDefinition"], told["taskDefinition"]);
    let request = json!({"cluster": one, "services": [service.name], "include": ["TAGS"]});
    let told = server.wire.ask("DescribeServices", request).await;
    let target = RawTarget {
        arn: service.arn,
        cluster: Some(cluster.arn),
    };
    let raw: Value = serde_json::from_str(&server.clients.raw(&target).await.unwrap()).unwrap();
    assert_eq!(raw["services"], told["services"]);
}
