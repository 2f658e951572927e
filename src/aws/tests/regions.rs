//! Several regions: what is asked or changed goes to the region of the thing, signed for it.

use std::sync::{Arc, Mutex};

use tokio::sync::mpsc;

use super::*;
use crate::{
    aws::{
        Clients, RawTarget, Settings, Urgency,
        fake::{Asked, whole},
    },
    model::{Act, Change, MetricOf, Outcome, PolicyKind, Region, samples},
};

const THERE: &str = "us-east-1";
const CLUSTER: &str = "arn:aws:ecs:us-east-1:123456789012:cluster/web";
const SERVICE: &str = "arn:aws:ecs:us-east-1:123456789012:service/web/api";
const TASK: &str = "arn:aws:ecs:us-east-1:123456789012:task/web/0001";
const DEFINITION: &str = "arn:aws:ecs:us-east-1:123456789012:task-definition/api:7";
const REPOSITORY: &str = "arn:aws:ecr:us-east-1:123456789012:repository/shop/web";

/// Notes the operation and the region of every request.
type Heard = Arc<Mutex<Vec<(String, String)>>>;

/// An endpoint that knows nothing, clients of two regions for it, and what it hears.
async fn two(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> (Fake, Clients, Heard) {
    let heard = Heard::default();
    let noted = Arc::clone(&heard);
    let fake = Fake::serve(move |asked| {
        let note = (asked.operation.clone(), asked.region.clone());
        noted.lock().unwrap().push(note);
        whole(&asked.operation, answer(asked))
    })
    .await;
    let clients = Clients::connect(Settings {
        region: Some(format!("eu-west-1, {THERE}")),
        ..settings(fake.address)
    });
    let clients = clients.await.unwrap();
    (fake, clients, heard)
}

fn nothing(_: &Asked) -> Reply {
    Reply::error(400, "AccessDeniedException", "no")
}

/// The regions that requests were signed for since the last look, each once.
fn regions_of(heard: &Heard) -> Vec<String> {
    let mut regions: Vec<_> = heard.lock().unwrap().drain(..).map(|(_, it)| it).collect();
    regions.sort();
    regions.dedup();
    regions
}

/// A question of every kind but whose the credentials are.
fn queries() -> Vec<Query> {
    let [cluster, service, task] = [CLUSTER, SERVICE, TASK].map(Arn::new);
    let (definition, repository) = (Arn::new(DEFINITION), Arn::new(REPOSITORY));
    let image = repository.image("sha256:0123");
    let region = Some(Region::new(THERE));
    vec![
        Query::Clusters(region.clone()),
        Query::Families(region.clone()),
        Query::Repositories(region),
        Query::Services {
            cluster: cluster.clone(),
        },
        Query::Service {
            cluster: cluster.clone(),
            service: service.clone(),
        },
        Query::Tasks {
            cluster: cluster.clone(),
            filter: TaskFilter::All,
            stopped: false,
        },
        Query::Task {
            cluster: cluster.clone(),
            task,
        },
        Query::Instances {
            cluster: cluster.clone(),
        },
        Query::Revisions {
            family: definition.to_family(),
        },
        Query::Definition { definition },
        Query::Scaling {
            cluster: cluster.clone(),
            service: service.clone(),
        },
        Query::Images {
            repository: repository.clone(),
        },
        Query::Image {
            image: image.clone(),
        },
        Query::Tag {
            tag: repository.tag("stable"),
        },
        Query::Manifest {
            image: image.clone(),
        },
        Query::Findings { image },
        Query::Policy {
            repository,
            kind: PolicyKind::Permission,
        },
        Query::Metrics {
            cluster,
            of: MetricOf::Service(service),
        },
    ]
}

#[tokio::test]
async fn every_question_is_asked_where_its_thing_is() {
    let (_fake, clients, heard) = two(nothing).await;
    assert_eq!(clients.regions(), "eu-west-1,us-east-1");
    for query in queries() {
        fetch(&clients, &query).await;
        assert_eq!(regions_of(&heard), [THERE], "{query}");
    }
    fetch(&clients, &Query::Clusters(None)).await;
    assert_eq!(regions_of(&heard), ["eu-west-1"]);
    for arn in [CLUSTER, SERVICE, TASK, DEFINITION, REPOSITORY] {
        let target = RawTarget {
            arn: Arn::new(arn),
            cluster: None,
        };
        assert!(clients.raw(&target).await.is_err());
        assert_eq!(regions_of(&heard), [THERE], "{arn}");
    }
}

#[tokio::test]
async fn what_is_asked_together_is_asked_in_each_region() {
    let (_fake, clients, heard) = two(nothing).await;
    let places =
        [SERVICE.to_owned(), SERVICE.replace(THERE, "eu-west-1")].map(|arn| Arn::new(&arn));
    let metrics = places.map(|service| Query::Metrics {
        cluster: Arn::new(&service.as_str().replace("service/web/api", "cluster/web")),
        of: MetricOf::Service(service),
    });
    let (parts, mut arrived) = mpsc::channel(16);
    clients.measure(&metrics, Urgency::Visible, parts).await;
    assert_eq!(regions_of(&heard), ["eu-west-1", THERE]);
    let tags = [
        REPOSITORY.to_owned(),
        REPOSITORY.replace(THERE, "eu-west-1"),
    ]
    .map(|repository| Query::Tag {
        tag: Arn::new(&repository).tag("stable"),
    });
    let mut answered = 0;
    while arrived.recv().await.is_some() {
        answered += 1;
    }
    assert_eq!(answered, 2);
    let (parts, _arrived) = mpsc::channel(16);
    clients.resolve(&tags, Urgency::Visible, parts).await;
    assert_eq!(regions_of(&heard), ["eu-west-1", THERE]);
    let [(running, _some), (stopped, _others)] = [(); 2].map(|()| mpsc::channel(16));
    let cluster = Arn::new(CLUSTER);
    clients
        .fetch_tasks(&cluster, Urgency::Background, running, stopped)
        .await;
    assert_eq!(regions_of(&heard), [THERE]);
}

#[tokio::test]
async fn a_change_is_read_and_written_where_its_target_is() {
    let service = json!({ "serviceArn": SERVICE, "clusterArn": CLUSTER, "serviceName": "api", "status": "ACTIVE", "desiredCount": 0 });
    let (_fake, clients, heard) = two(move |asked| match asked.operation.as_str() {
        "DescribeServices" => Reply::ok(&json!({ "services": [service], "failures": [] })),
        "UpdateService" => Reply::ok(&json!({ "service": service })),
        operation => Reply::error(400, "UnknownOperationException", operation),
    })
    .await;
    let change = Change::Scale {
        cluster: Arn::new(CLUSTER),
        service: Arn::new(SERVICE),
        desired: 3,
    };
    let known = samples::service(&Arn::new(SERVICE), &Arn::new(CLUSTER));
    let act = |change: Change| Act {
        id: 1,
        facts: change.facts_of_service(&known),
        change,
    };
    let outcome = clients.act(&act(change.clone())).await;
    let written = heard.lock().unwrap().last().cloned();
    match outcome {
        Outcome::Done(_) => {
            assert_eq!(
                written,
                Some(("UpdateService".to_owned(), THERE.to_owned()))
            );
        }
        Outcome::Changed { .. } => panic!("nothing moved"),
        Outcome::Failed { fault, .. } => panic!("{fault:?}"),
    }
    assert_eq!(regions_of(&heard), [THERE]);
    let outcome = clients.into_readonly().act(&act(change)).await;
    assert!(matches!(outcome, Outcome::Failed { fault, .. } if fault.kind == FaultKind::ReadOnly));
    let calls: Vec<_> = heard.lock().unwrap().drain(..).collect();
    assert!(
        calls
            .iter()
            .all(|(operation, _)| operation != "UpdateService"),
        "{calls:?}"
    );
}

#[tokio::test]
async fn whose_the_credentials_are_is_told_by_the_next_region_if_need_be() {
    let (_fake, clients, heard) = two(|asked| match asked.region.as_str() {
        THERE => Reply(
            200,
            "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account>\
             </GetCallerIdentityResult></GetCallerIdentityResponse>"
                .to_owned(),
        ),
        _ => Reply::error(403, "AccessDenied", "an SCP denies this region"),
    })
    .await;
    let answer = fetch(&clients, &Query::Identity).await;
    let [Entity::Identity(identity)] = answer.entities()[..] else {
        panic!("{:?}", answer.entities());
    };
    assert_eq!(identity.account, "123456789012");
    assert_eq!(regions_of(&heard), ["eu-west-1", THERE]);
}
