//! How engines are connected, fail, come back and are left.

use super::fake::{Container, Fake, frame};
use super::*;
use crate::docker::address::HostRule;
use crate::model::{FaultKind, Host, Tag};

fn is_failed(state: &EngineState) -> bool {
    matches!(state, EngineState::Failed(_))
}

fn fault(engine: &Engine) -> &crate::model::Fault {
    match &engine.state {
        EngineState::Failed(fault) => fault,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_old_engine_is_asked_in_its_own_version() {
    let fake = Fake::start();
    fake.change(|state| state.api = "1.24".to_owned());
    let (engines, mut reports) = start(&fake.address());
    engines.watch(watch(&[]));
    let engine = state(&mut reports, |state| *state == EngineState::Connected).await;
    assert_eq!(
        (engine.version.as_str(), engine.api.as_str()),
        ("17.3.0", "1.24")
    );
    assert_eq!(fake.asked("/containers/json"), 1);
    assert_eq!(fake.asked("/events"), 1);
}

#[tokio::test]
async fn no_engine_is_connected_before_anything_is_looked_at() {
    let fake = Fake::start();
    let (engines, mut reports) = start(&fake.address());
    engines.watch(Watch::default());
    engines.watch(watch(&[]));
    state(&mut reports, |state| *state == EngineState::Connected).await;
    // Of the two watches, only the second one led there.
    assert_eq!(fake.asked("/version"), 2);
}

#[tokio::test]
async fn a_socket_that_is_not_there_is_named() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("none.sock");
    let (engines, mut reports) = start(&format!("unix://{}", path.display()));
    engines.watch(watch(&[]));
    let engine = state(&mut reports, is_failed).await;
    assert_eq!(fault(&engine).kind, FaultKind::NotFound);
    assert_eq!(
        fault(&engine).message,
        format!("there is no socket {}", path.display())
    );
    assert!(
        fault(&engine).hint.contains("DOCKER_HOST"),
        "{}",
        fault(&engine)
    );
}

#[tokio::test]
async fn a_socket_that_nobody_listens_on_is_unreachable() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("dead.sock");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let (engines, mut reports) = start(&format!("unix://{}", path.display()));
    engines.watch(watch(&[]));
    let engine = state(&mut reports, is_failed).await;
    assert_eq!(fault(&engine).kind, FaultKind::Network);
    assert_eq!(fault(&engine).message, "nothing listens there");
    assert!(fault(&engine).hint.contains("systemctl start docker"));
}

#[tokio::test]
async fn a_refusal_is_shown_in_the_engines_words_until_it_passes() {
    let fake = Fake::start();
    fake.change(|state| {
        state.refusal = Some((
            403,
            r#"{"message":"authorization denied by plugin"}"#.to_owned(),
        ))
    });
    let (engines, mut reports) = start(&fake.address());
    engines.watch(watch(&[]));
    let engine = state(&mut reports, is_failed).await;
    assert_eq!(fault(&engine).word(), "denied");
    assert_eq!(fault(&engine).message, "authorization denied by plugin");
    fake.change(|state| state.refusal = None);
    state(&mut reports, |state| *state == EngineState::Connected).await;
}

#[tokio::test]
async fn an_engine_that_is_started_again_is_read_again() {
    let mut fake = Fake::start();
    fake.put(
        "a",
        "start",
        Container {
            frames: vec![frame(1, 5)],
            ..Container::running("1", "app")
        },
    );
    let (engines, mut reports) = start(&fake.address());
    engines.watch(watch(&["1"]));
    fake.connections("stats", 1).await;
    fake.stop().await;
    let engine = state(&mut reports, is_failed).await;
    assert_eq!(engine.containers.len(), 1, "the last that were known stay");
    until(&mut reports, |report| match report {
        EngineReport::Engine(engine) if engine.streams == 0 => Some(()),
        _ => (engines.open_streams() == 0).then_some(()),
    })
    .await;
    fake.listen();
    state(&mut reports, |state| *state == EngineState::Connected).await;
    fake.connections("stats", 1).await;
    assert_eq!(engines.open_streams(), 1);
}

#[tokio::test]
async fn what_is_not_looked_at_any_more_is_closed() {
    let fake = Fake::start();
    fake.put("a", "start", Container::running("1", "app"));
    fake.put("b", "start", Container::running("2", "app"));
    fake.put("p", "start", Container::running("2", "~internal~ecs~pause"));
    fake.put(
        "x",
        "die",
        Container {
            state: "exited".to_owned(),
            ..Container::running("2", "init")
        },
    );
    let (engines, mut reports) = start(&fake.address());
    engines.watch(watch(&["1", "2"]));
    fake.connections("stats", 3).await;
    assert_eq!(engines.open_streams(), 3);
    engines.watch(watch(&["1"]));
    fake.connections("stats", 1).await;
    assert_eq!(engines.open_streams(), 1);
    engines.watch(Watch::default());
    let engine = state(&mut reports, |state| *state == EngineState::Closed).await;
    assert_eq!(engine.containers.len(), 4);
    fake.no_connections().await;
    assert_eq!(engines.open_streams(), 0);
}

#[tokio::test]
async fn everything_ends_with_the_last_handle() {
    let fake = Fake::start();
    fake.put("a", "start", Container::running("1", "app"));
    let (engines, reports) = start(&fake.address());
    engines.watch(watch(&["1"]));
    fake.connections("stats", 1).await;
    drop(engines);
    fake.no_connections().await;
    drop(reports);
}

#[tokio::test]
async fn what_happens_to_a_container_is_known() {
    let fake = Fake::start();
    fake.put("a", "start", Container::running("1", "app"));
    let (engines, mut reports) = start(&fake.address());
    engines.watch(watch(&["1"]));
    let app = |report: &EngineReport| match report {
        EngineReport::Engine(engine) => engine.containers.first().cloned(),
        EngineReport::Samples(_) => None,
    };
    let found = until(&mut reports, app).await;
    assert!(found.is_running());
    assert_eq!(
        found.subject(),
        crate::model::Subject::part(&task("1"), "app")
    );
    assert_eq!(found.cluster, "prod");
    assert_eq!(found.started_at.unwrap().0 % 1_000, 123);
    let died = Container {
        state: "exited".to_owned(),
        oom_killed: true,
        exit_code: 137,
        ..Container::running("1", "app")
    };
    fake.put("a", "die", died);
    let found = until(&mut reports, |report| {
        app(report).filter(|app| app.state == "exited")
    })
    .await;
    assert_eq!((found.exit_code, found.oom_killed), (Some(137), true));
    fake.connections("stats", 0).await;
    fake.put(
        "a",
        "start",
        Container {
            restarts: 1,
            ..Container::running("1", "app")
        },
    );
    let found = until(&mut reports, |report| {
        app(report).filter(|app| app.restarts == 1)
    })
    .await;
    assert_eq!((found.state.as_str(), found.exit_code), ("running", None));
    fake.connections("stats", 1).await;
}

#[tokio::test]
async fn containers_that_nobody_looks_at_cost_one_call() {
    let fake = Fake::start();
    for id in 0..50 {
        fake.put(
            &format!("c{id}"),
            "start",
            Container::running(&format!("{id}"), "app"),
        );
    }
    let (engines, mut reports) = start(&fake.address());
    engines.watch(watch(&["7"]));
    let engine = state(&mut reports, |state| *state == EngineState::Connected).await;
    assert_eq!(engine.containers.len(), 50);
    fake.connections("stats", 1).await;
    assert_eq!(fake.asked("/containers/c7/json"), 1);
    assert_eq!(fake.asked("/json") - fake.asked("containers/json"), 1);
}

fn host(attributes: &[(&str, &str)]) -> Host {
    Host {
        instance: Arn::new("arn:aws:ecs:eu-west-1:123456789012:container-instance/prod/9"),
        cluster: "prod".to_owned(),
        ec2_id: "i-0abc".to_owned(),
        attributes: attributes
            .iter()
            .map(|(key, value)| Tag {
                key: (*key).to_owned(),
                value: (*value).to_owned(),
            })
            .collect(),
    }
}

fn rules(address: &str) -> Settings {
    Settings {
        local: None,
        rules: vec![HostRule {
            cluster: "*".to_owned(),
            instance: "i-*".to_owned(),
            address: address.to_owned(),
            certificates: None,
        }],
    }
}

fn on_host(host: Host) -> Watch {
    Watch {
        open: true,
        tasks: vec![Watched {
            task: task("1"),
            host: Some(host.into()),
        }],
    }
}

#[tokio::test]
async fn a_rule_leads_to_the_engine_of_a_host() {
    let fake = Fake::start();
    fake.put("a", "start", Container::running("1", "app"));
    let folder = fake.folder.path().display().to_string();
    let (sender, mut reports) = mpsc::channel(16);
    let settings = rules("unix://{attribute.folder}/docker.sock");
    let engines = Engines::start_at(settings, PACE, sender);
    engines.watch(on_host(host(&[("folder", &folder)])));
    let engine = state(&mut reports, |state| *state == EngineState::Connected).await;
    assert_eq!(engine.instance, Some(host(&[]).instance));
    assert_eq!(engine.id.as_str(), fake.address());
    fake.connections("stats", 1).await;
}

#[tokio::test]
async fn a_missing_attribute_is_named_with_how_to_set_it() {
    let (sender, mut reports) = mpsc::channel(16);
    let engines = Engines::start_at(rules("tcp://{private_ip}:2375"), PACE, sender);
    engines.watch(on_host(host(&[])));
    let engine = state(&mut reports, is_failed).await;
    assert_eq!(fault(&engine).kind, FaultKind::Unconfigured);
    assert!(
        fault(&engine)
            .message
            .contains("i-0abc has no attribute `private_ip`")
    );
    let hint = &fault(&engine).hint;
    assert!(
        hint.contains("ECS_INSTANCE_ATTRIBUTES={\"private_ip\": \"…\"}"),
        "{hint}"
    );
    assert!(hint.contains("put-attributes --cluster prod"), "{hint}");
    engines.watch(Watch::default());
    state(&mut reports, |state| *state == EngineState::Closed).await;
}
