//! Writes: what is sent for each change, in which order and with what in it, and where nothing is.

mod broken;
mod images;
mod revision;

use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::{
    aws::{Settings, fake::request_id},
    model::{Act, Change, Deployment, Done, Facts, Image, Outcome, Service, Task, samples},
};

const SERVICE: &str = "arn:aws:ecs:eu-west-1:123456789012:service/web/api";
const TASK: &str = "arn:aws:ecs:eu-west-1:123456789012:task/web/0001";
const INSTANCE: &str = "arn:aws:ecs:eu-west-1:123456789012:container-instance/web/0001";
const DEFINITION: &str = "arn:aws:ecs:eu-west-1:123456789012:task-definition/api:7";
const REPOSITORY: &str = "arn:aws:ecr:eu-west-1:123456789012:repository/shop/web";
const OTHER: &str = "arn:aws:ecr:eu-west-1:123456789012:repository/live/web";
const DEPLOYMENT: &str = "arn:aws:ecs:eu-west-1:123456789012:service-deployment/web/api/Abc";
const MEDIA_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";
/// Not as any program would write it, so that one that writes it anew is found out.
const MANIFEST: &str =
    "{ \"schemaVersion\":2,\n\t\"layers\" : [ ], \"config\":{},\"a\":\"\\u00e9\" }\n";

/// The digest that `stable` and `v1` name.
fn old() -> String {
    format!("sha256:{:064x}", 1)
}

/// The digest that `v2` names.
fn new() -> String {
    format!("sha256:{:064x}", 2)
}

/// A change of every kind.
fn changes() -> Vec<Change> {
    let (cluster, service) = (cluster(), Arn::new(SERVICE));
    let repository = Arn::new(REPOSITORY);
    vec![
        Change::Scale {
            cluster: cluster.clone(),
            service: service.clone(),
            desired: 0,
        },
        Change::Redeploy {
            cluster: cluster.clone(),
            service: service.clone(),
        },
        Change::SetRevision {
            cluster: cluster.clone(),
            service: service.clone(),
            definition: Arn::new("arn:aws:ecs:eu-west-1:123456789012:task-definition/api:6"),
        },
        Change::SetImage {
            cluster: cluster.clone(),
            service: service.clone(),
            base: Arn::new(DEFINITION),
            container: "app".to_owned(),
            image: "shop/web:v2".to_owned(),
        },
        Change::SetExecuteCommand {
            cluster: cluster.clone(),
            service: service.clone(),
            enabled: true,
        },
        Change::Rollback {
            cluster: cluster.clone(),
            service,
            deployment: "ecs-svc/1".to_owned(),
        },
        Change::StopTask {
            cluster: cluster.clone(),
            task: Arn::new(TASK),
            reason: "it leaks".to_owned(),
        },
        Change::SetInstanceState {
            cluster,
            instance: Arn::new(INSTANCE),
            drain: true,
        },
        Change::Tag {
            repository: repository.clone(),
            digest: new(),
            tags: vec!["stable".to_owned(), "beta".to_owned()],
        },
        Change::Promote {
            repository: repository.clone(),
            digest: new(),
            to: Arn::new(OTHER),
            tag: "v2".to_owned(),
        },
        Change::Untag {
            repository: repository.clone(),
            tag: "stable".to_owned(),
        },
        Change::DeleteImage {
            repository,
            digest: new(),
        },
    ]
}

/// What is to be sent for a change: the operations in order, and what is in those that write.
fn told(change: &Change) -> Vec<(&'static str, Option<Value>)> {
    let service = |more: Value| {
        let mut input = json!({ "cluster": CLUSTER, "service": SERVICE });
        input
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        ("UpdateService", Some(input))
    };
    let registry = |name: &str, more: Value| {
        let mut input = json!({ "registryId": "123456789012", "repositoryName": name });
        input
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        Some(input)
    };
    let put = |name: &str, tag: &str| {
        let image = json!({ "imageManifest": MANIFEST, "imageManifestMediaType": MEDIA_TYPE,
            "imageDigest": new(), "imageTag": tag });
        ("PutImage", registry(name, image))
    };
    let read = |operation| (operation, None);
    let described = read("DescribeServices");
    let image = read("DescribeImages");
    let fetched = read("BatchGetImage");
    let deleted = |id: Value| {
        let ids = json!({ "imageIds": [id] });
        ("BatchDeleteImage", registry("shop/web", ids))
    };
    match change {
        Change::Scale { .. } => vec![described, service(json!({ "desiredCount": 0 }))],
        Change::Redeploy { .. } => {
            vec![described, service(json!({ "forceNewDeployment": true }))]
        }
        Change::SetRevision { definition, .. } => {
            let definition = definition.as_str();
            vec![described, service(json!({ "taskDefinition": definition }))]
        }
        Change::SetImage { image, .. } => vec![
            described,
            read("DescribeTaskDefinition"),
            ("RegisterTaskDefinition", Some(revision::registered(image))),
            service(json!({ "taskDefinition": DEFINITION.replace(":7", ":8") })),
        ],
        Change::SetExecuteCommand { .. } => {
            vec![described, service(json!({ "enableExecuteCommand": true }))]
        }
        Change::Rollback { .. } => {
            let input = json!({ "serviceDeploymentArn": DEPLOYMENT, "stopType": "ROLLBACK" });
            let listed = read("ListServiceDeployments");
            vec![described, listed, ("StopServiceDeployment", Some(input))]
        }
        Change::StopTask { .. } => {
            let input = json!({ "cluster": CLUSTER, "task": TASK, "reason": "it leaks" });
            vec![read("DescribeTasks"), ("StopTask", Some(input))]
        }
        Change::SetInstanceState { .. } => {
            let input = json!({ "cluster": CLUSTER, "containerInstances": [INSTANCE],
                "status": "DRAINING" });
            let write = ("UpdateContainerInstancesState", Some(input));
            vec![read("DescribeContainerInstances"), write]
        }
        Change::Tag { .. } => {
            let (stable, beta) = (put("shop/web", "stable"), put("shop/web", "beta"));
            let reads = [image.clone(), image.clone(), fetched];
            let writes = [stable, beta, image.clone(), image];
            reads.into_iter().chain(writes).collect()
        }
        Change::Promote { .. } => {
            vec![image.clone(), fetched, put("live/web", "v2"), image]
        }
        Change::Untag { .. } => vec![image, deleted(json!({ "imageTag": "stable" }))],
        Change::DeleteImage { .. } => vec![image, deleted(json!({ "imageDigest": new() }))],
    }
}

/// The operations that are to be sent for a change, in order.
fn operations(change: &Change) -> Vec<&'static str> {
    let told = told(change).into_iter();
    told.map(|(operation, _)| operation).collect()
}

/// The operations among them that write.
fn writes(change: &Change) -> Vec<&'static str> {
    let told = told(change).into_iter();
    told.filter_map(|(operation, input)| input.map(|_| operation))
        .collect()
}

/// The operations up to the first that writes, which reads nothing.
fn before_writes(change: &Change) -> Vec<&'static str> {
    let told = told(change).into_iter();
    told.take_while(|(_, input)| input.is_none())
        .map(|(operation, _)| operation)
        .collect()
}

/// An account in which everything goes well.
fn account() -> impl Fn(&str, &Value) -> Reply {
    let put = AtomicBool::new(false);
    let service = json!({ "serviceArn": SERVICE, "serviceName": "api", "status": "ACTIVE",
        "desiredCount": 2, "taskDefinition": DEFINITION, "enableExecuteCommand": false,
        "deployments": [{ "id": "ecs-svc/1", "status": "PRIMARY", "taskDefinition": DEFINITION }] });
    let task = json!({ "taskArn": TASK, "desiredStatus": "RUNNING", "lastStatus": "RUNNING" });
    let instance = json!({ "containerInstanceArn": INSTANCE, "status": "ACTIVE" });
    move |operation, input| {
        Reply::ok(&match operation {
            "DescribeServices" => json!({ "services": [service], "failures": [] }),
            "UpdateService" => json!({ "service": service }),
            "DescribeTasks" => json!({ "tasks": [task], "failures": [] }),
            "StopTask" => json!({ "task": task }),
            "DescribeContainerInstances" | "UpdateContainerInstancesState" => {
                json!({ "containerInstances": [instance], "failures": [] })
            }
            "ListServiceDeployments" => {
                assert_eq!(input["status"], json!(["PENDING", "IN_PROGRESS"]));
                json!({ "serviceDeployments": [{ "serviceDeploymentArn": DEPLOYMENT }] })
            }
            "StopServiceDeployment" => json!({ "serviceDeploymentArn": DEPLOYMENT }),
            "DescribeTaskDefinition" => revision::described(),
            "RegisterTaskDefinition" => revision::answer(input),
            "BatchGetImage" => json!({ "failures": [], "images": [{
                "imageId": { "imageDigest": new() }, "imageManifest": MANIFEST,
                "imageManifestMediaType": MEDIA_TYPE }] }),
            "PutImage" => {
                put.store(true, Ordering::SeqCst);
                json!({ "image": { "imageId": { "imageDigest": new() } } })
            }
            "BatchDeleteImage" => json!({ "imageIds": input["imageIds"], "failures": [] }),
            "DescribeImages" => return images::described(input, put.load(Ordering::SeqCst)),
            _ => return Reply::error(400, "UnknownOperationException", operation),
        })
    }
}

/// What a plan rests on that was drawn from the account as it is, or, `moved`, as it was before.
fn facts(change: &Change, moved: bool) -> Facts {
    let service = || {
        let definition = Arn::new(if moved { "api:5" } else { DEFINITION });
        Service {
            desired: if moved { 1 } else { 2 },
            execute_command: moved,
            task_definition: Some(Arn::new(DEFINITION)),
            deployments: vec![Deployment {
                id: format!("ecs-svc/{}", i32::from(!moved)),
                ..samples::deployment("", &definition)
            }],
            ..samples::service(&Arn::new(SERVICE), &cluster())
        }
    };
    let (old, new) = if moved {
        (new(), old())
    } else {
        (old(), new())
    };
    match change {
        Change::StopTask { .. } => change.facts_of_task(&Task {
            desired_status: if moved { "STOPPED" } else { "RUNNING" }.to_owned(),
            ..samples::task(&Arn::new(TASK), &cluster())
        }),
        Change::SetInstanceState { .. } => {
            let mut known = samples::instance(&Arn::new(INSTANCE), &cluster());
            known.status = if moved { "DRAINING" } else { "ACTIVE" }.to_owned();
            change.facts_of_instance(&known)
        }
        Change::Tag { .. } => {
            change.facts_of_tags([("stable", Some(old.as_str())), ("beta", None)])
        }
        Change::Promote { .. } => change.facts_of_tags([("v2", moved.then_some(old.as_str()))]),
        Change::Untag { tag, .. } => {
            let tags = vec!["v1".to_owned(), tag.clone()];
            let known = samples::image(&Arn::new(REPOSITORY), &old);
            change.facts_of_untag(tag, Some(&Image { tags, ..known }))
        }
        Change::DeleteImage { .. } => change.facts_of_tags([("v2", Some(new.as_str()))]),
        _ => change.facts_of_service(&service()),
    }
}

fn act(change: &Change, moved: bool) -> Act {
    Act {
        id: 1,
        change: change.clone(),
        facts: facts(change, moved),
    }
}

fn names(heard: &[(String, Value)]) -> Vec<&str> {
    heard
        .iter()
        .map(|(operation, _)| operation.as_str())
        .collect()
}

fn done(outcome: Outcome) -> Done {
    match outcome {
        Outcome::Done(done) => done,
        other => panic!("not done: {other:?}"),
    }
}

#[tokio::test]
async fn each_change_sends_what_it_says_and_nothing_else() {
    for change in changes() {
        let mut fake = Fake::start(account()).await;
        let outcome = fake.clients().await.act(&act(&change, false)).await;
        let heard = fake.heard();
        assert_eq!(names(&heard), operations(&change), "{change:?}");
        for ((operation, input), (_, expected)) in heard.iter().zip(told(&change)) {
            if let Some(expected) = expected {
                assert_eq!(*input, expected, "{operation} of {change:?}");
            }
        }
        let done = done(outcome);
        let ids: Vec<_> = writes(&change).into_iter().map(request_id).collect();
        assert_eq!(done.requests, ids, "{change:?}");
        assert_eq!(done.note, "");
        let registered = matches!(change, Change::SetImage { .. });
        assert_eq!(done.registered.is_some(), registered);
    }
}

#[tokio::test]
async fn a_target_that_is_another_by_now_is_left_alone() {
    for change in changes() {
        let mut fake = Fake::start(account()).await;
        let outcome = fake.clients().await.act(&act(&change, true)).await;
        let heard = fake.heard();
        let reads: Vec<_> = operations(&change)
            .into_iter()
            .take_while(|operation| operation.starts_with("Describe"))
            .take_while(|operation| *operation != "DescribeTaskDefinition")
            .collect();
        assert_eq!(names(&heard), reads, "{change:?}");
        match outcome {
            Outcome::Changed {
                differences,
                entities,
            } => {
                assert_eq!(differences.len(), 1, "{differences:?}");
                assert!(!entities.is_empty());
            }
            other => panic!("{change:?}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_read_only_session_looks_and_lets_no_write_out() {
    for change in changes() {
        let mut fake = Fake::start(account()).await;
        let settings = Settings {
            readonly: true,
            ..settings(fake.address)
        };
        let born = crate::aws::Clients::connect(settings).await.unwrap();
        let shut = fake.clients().await.into_readonly();
        for clients in [born, shut] {
            let outcome = clients.act(&act(&change, false)).await;
            let heard = fake.heard();
            assert_eq!(names(&heard), before_writes(&change), "{change:?}");
            match outcome {
                Outcome::Failed {
                    fault,
                    unsure,
                    written,
                    requests,
                } => {
                    assert_eq!(fault.kind, FaultKind::ReadOnly, "{change:?}");
                    assert_eq!((unsure, written.as_str()), (false, ""));
                    assert!(requests.is_empty());
                }
                other => panic!("{change:?}: {other:?}"),
            }
        }
    }
}
