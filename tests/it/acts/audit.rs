//! What a session leaves behind: the audit file tells the story, and holds no secret.

use super::*;
use crate::servers;

/// A value of an environment variable that nothing may hold but ECS.
const SECRET: &str = "hunter2-quite-secret";

/// Every file of a folder, however deep.
fn files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

#[tokio::test]
#[expect(
    clippy::too_many_lines,
    reason = "one session, from its beginning to its end"
)]
async fn a_session_is_told_in_two_lines_a_deed_without_a_secret() {
    let world = world().await;
    let ecs = servers::ecs(&world.url()).await;
    let (cluster, name) = ("staging", "storefront");
    let known = service(&ecs, cluster, name).await;
    let asked = ecs.describe_task_definition();
    let asked = asked.task_definition(known.task_definition().unwrap());
    let definition = asked.send().await.unwrap().task_definition.unwrap();
    let mut containers = definition.container_definitions.unwrap();
    let secret = aws_sdk_ecs::types::KeyValuePair::builder()
        .name("DATABASE_PASSWORD")
        .value(SECRET)
        .build();
    containers[0].environment = Some(vec![secret]);
    let base = ecs
        .register_task_definition()
        .set_family(definition.family)
        .set_network_mode(definition.network_mode)
        .set_requires_compatibilities(definition.requires_compatibilities)
        .set_execution_role_arn(definition.execution_role_arn)
        .set_task_role_arn(definition.task_role_arn)
        .set_volumes(definition.volumes)
        .set_cpu(definition.cpu)
        .set_memory(definition.memory)
        .set_container_definitions(Some(containers))
        .send()
        .await
        .unwrap();
    let base = base.task_definition().unwrap();
    let base = base.task_definition_arn().unwrap().to_owned();
    let update = ecs.update_service().cluster(cluster).service(name);
    update.task_definition(&base).send().await.unwrap();

    let mut session = Session::at(&world.url()).await;
    session.at_service(cluster, name).await;
    session
        .tick_until(&world, |screen| {
            let mut lines = screen.lines();
            lines.any(|line| line.contains(name) && line.contains("COMPLETED"))
        })
        .await;
    // Scaled; denied; another image, whose copy carries the secret.
    session.plan("s").await;
    session.driver.enter("2").await;
    session.run(None).await;
    world.deny("ecs:UpdateService");
    session.plan("r").await;
    session.run(None).await;
    session
        .driver
        .shows("redeploy staging/storefront: UpdateService: User:");
    world.allow("ecs:UpdateService");
    session.plan("i").await;
    session.driver.enter("stable").await;
    session.run(None).await;
    session
        .driver
        .shows("set image staging/storefront: done, as");

    let now = service(&ecs, cluster, name).await;
    let registered = now.task_definition().unwrap().to_owned();
    assert_ne!(registered, base);
    let asked = ecs.describe_task_definition().task_definition(&registered);
    let copy = asked.send().await.unwrap().task_definition.unwrap();
    let value = copy.container_definitions()[0].environment()[0].value();
    assert_eq!(value, Some(SECRET), "the copy has it");

    let lines = session.audit();
    let told: Vec<_> = lines
        .iter()
        .map(|line| {
            (
                line["deed"].as_str().unwrap(),
                line["outcome"].as_str().unwrap(),
            )
        })
        .collect();
    let expected = [
        ("scale", "under way"),
        ("scale", "done"),
        ("redeploy", "under way"),
        ("redeploy", "failed"),
        ("image", "under way"),
        ("image", "done"),
    ];
    assert_eq!(told, expected);
    for pair in lines.chunks(2) {
        assert_eq!(pair[0]["id"], pair[1]["id"]);
        for line in pair {
            assert_eq!(line["target"], now.service_arn().unwrap());
            assert_eq!(line["name"], "staging/storefront");
            assert_eq!(line["account"], world.account());
            assert!(line["principal"].as_str().unwrap().starts_with("arn:aws:"));
            assert!(line["time"].as_str().unwrap().ends_with('Z'));
        }
        assert!(pair[0]["request_ids"].is_null());
        assert!(!pair[1]["request_ids"].as_array().unwrap().is_empty());
    }
    assert_eq!(lines[0]["before"], "desired count 1");
    assert_eq!(lines[0]["after"], "desired count 2");
    assert!(
        lines[3]["reason"]
            .as_str()
            .unwrap()
            .contains("ecs:UpdateService")
    );
    let revision = registered.rsplit_once('/').unwrap().1;
    assert!(lines[5]["after"].as_str().unwrap().contains(revision));

    let left = files(session.folder.path());
    assert!(!left.is_empty());
    for path in left {
        let text = std::fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&text);
        assert!(!text.contains(SECRET), "{}", path.display());
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let file = session.folder.path().join("audit.jsonl");
        let mode = std::fs::metadata(file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    session.go("audit").await;
    session
        .driver
        .line_with(&["redeploy", "staging/storefront", "failed"]);
    session
        .driver
        .line_with(&["image", "staging/storefront", "done"]);
}
