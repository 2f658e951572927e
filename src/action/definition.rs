//! What differs between two revisions of a task definition. Values of environment variables are compared, never shown.

use super::Diff;
use crate::model::{ContainerDefinition, TaskDefinition};

/// What differs, in the order of importance; empty if the revisions do the same.
pub(super) fn differences(before: &TaskDefinition, after: &TaskDefinition) -> Vec<Diff> {
    let mut diffs = Vec::new();
    for container in &before.containers {
        let same = after
            .containers
            .iter()
            .find(|other| other.name == container.name);
        match same {
            Some(other) => of_container(container, other, &mut diffs),
            None => diffs.push(Diff::new(
                &container.name,
                &container.image,
                "(no such container)",
            )),
        }
    }
    for container in &after.containers {
        if !before
            .containers
            .iter()
            .any(|known| known.name == container.name)
        {
            diffs.push(Diff::new(
                &container.name,
                "(no such container)",
                &container.image,
            ));
        }
    }
    let pairs = [
        ("task cpu", &before.cpu, &after.cpu),
        ("task memory", &before.memory, &after.memory),
        ("task role", &before.task_role, &after.task_role),
        (
            "execution role",
            &before.execution_role,
            &after.execution_role,
        ),
        ("network mode", &before.network_mode, &after.network_mode),
        ("platform", &before.platform, &after.platform),
    ];
    for (what, before, after) in pairs {
        differ(what, before.as_deref(), after.as_deref(), &mut diffs);
    }
    if before.volumes != after.volumes {
        let names = |definition: &TaskDefinition| {
            let names = definition
                .volumes
                .iter()
                .map(|volume| format!("{} ({})", volume.name, volume.source));
            list(names)
        };
        diffs.push(Diff::new("volumes", &names(before), &names(after)));
    }
    diffs
}

fn of_container(before: &ContainerDefinition, after: &ContainerDefinition, diffs: &mut Vec<Diff>) {
    let name = &before.name;
    let mut note = |what: &str, before: &str, after: &str| {
        if before != after {
            diffs.push(Diff::new(&format!("{name} {what}"), before, after));
        }
    };
    note("image", &before.image, &after.image);
    note("cpu", &before.cpu.to_string(), &after.cpu.to_string());
    let size =
        |size: Option<i32>| size.map_or_else(|| "none".to_owned(), |size| format!("{size} MiB"));
    note("memory", &size(before.memory), &size(after.memory));
    note(
        "reservation",
        &size(before.memory_reservation),
        &size(after.memory_reservation),
    );
    note(
        "command",
        &before.command.join(" "),
        &after.command.join(" "),
    );
    note(
        "entry point",
        &before.entry_point.join(" "),
        &after.entry_point.join(" "),
    );
    let ports = |container: &ContainerDefinition| {
        list(container.ports.iter().map(|port| {
            let host = port
                .host
                .map_or_else(String::new, |host| format!("{host}:"));
            format!("{host}{}/{}", port.container, port.protocol)
        }))
    };
    note("ports", &ports(before), &ports(after));
    let essential =
        |container: &ContainerDefinition| if container.essential { "yes" } else { "no" };
    note("essential", essential(before), essential(after));
    environment(before, after, diffs);
}

/// Which variables come, go or have another value; the values stay masked.
fn environment(before: &ContainerDefinition, after: &ContainerDefinition, diffs: &mut Vec<Diff>) {
    let name = &before.name;
    for (variable, value) in &before.environment {
        let other = after
            .environment
            .iter()
            .find(|(known, _)| known == variable);
        let what = format!("{name} env {variable}");
        match other {
            None => diffs.push(Diff::new(&what, "set", "not set")),
            Some((_, other)) if other != value => {
                diffs.push(Diff::new(&what, "set", "another value"));
            }
            Some(_) => {}
        }
    }
    for (variable, _) in &after.environment {
        if !before
            .environment
            .iter()
            .any(|(known, _)| known == variable)
        {
            diffs.push(Diff::new(
                &format!("{name} env {variable}"),
                "not set",
                "set",
            ));
        }
    }
    let secrets = |container: &ContainerDefinition| {
        list(
            container
                .secrets
                .iter()
                .map(|(variable, from)| format!("{variable} from {from}")),
        )
    };
    if before.secrets != after.secrets {
        diffs.push(Diff::new(
            &format!("{name} secrets"),
            &secrets(before),
            &secrets(after),
        ));
    }
}

fn differ(what: &str, before: Option<&str>, after: Option<&str>, diffs: &mut Vec<Diff>) {
    if before != after {
        diffs.push(Diff::new(
            what,
            before.unwrap_or("none"),
            after.unwrap_or("none"),
        ));
    }
}

fn list(items: impl Iterator<Item = String>) -> String {
    let items: Vec<_> = items.collect();
    if items.is_empty() {
        "none".to_owned()
    } else {
        items.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Arn, Secret, samples};

    fn definition(image: &str, value: &str) -> TaskDefinition {
        let mut definition =
            samples::definition(&Arn::new("arn:aws:ecs:r:1:task-definition/web:1"));
        definition.containers = vec![ContainerDefinition {
            name: "app".to_owned(),
            image: image.to_owned(),
            environment: vec![("TOKEN".to_owned(), Secret::new(value))],
            ..ContainerDefinition::default()
        }];
        definition
    }

    #[test]
    fn equal_revisions_differ_in_nothing() {
        let one = definition("shop:1", "hush");
        assert!(differences(&one, &one).is_empty());
    }

    #[test]
    fn another_value_is_told_of_and_not_shown() {
        let diffs = differences(
            &definition("shop:1", "hush"),
            &definition("shop:2", "quiet"),
        );
        let said: Vec<_> = diffs
            .iter()
            .map(|diff| (diff.what.as_str(), diff.after.as_str()))
            .collect();
        assert_eq!(
            said,
            [("app image", "shop:2"), ("app env TOKEN", "another value")]
        );
        let all = format!("{diffs:?}");
        assert!(!all.contains("hush") && !all.contains("quiet"), "{all}");
    }
}
