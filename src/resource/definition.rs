//! The readable page of a task definition: the task as a whole, then each of its containers.

use super::{
    Cx, Page, Span, Tone,
    containers::mapping,
    words::{cpu_text, cpu_units, mebibytes, memory_text, pairs, yes_no},
};
use crate::model::{
    Arn, ContainerDefinition, HealthCheck, LogConfiguration, Secret, TaskDefinition, is_sensitive,
};

/// Writes the page; `tone` is that of the revision's status.
pub(super) fn page(definition: &TaskDefinition, tone: Tone, cx: &Cx) -> Page {
    let name = format!("{}:{}", definition.family, definition.revision);
    let mut page = Page::new(format!("task definition {name}"));
    page.heading("Task definition");
    page.field("name", name);
    page.field("arn", definition.arn.to_string());
    page.toned("status", definition.status.clone(), tone);
    page.time("registered", definition.registered_at, cx.now);
    page.maybe("registered by", definition.registered_by.as_deref());
    page.heading("Task");
    page.field(
        "cpu",
        definition.cpu.as_deref().map(cpu_text).unwrap_or_default(),
    );
    page.field(
        "memory",
        definition
            .memory
            .as_deref()
            .map(memory_text)
            .unwrap_or_default(),
    );
    page.field(
        "network mode",
        definition.network_mode.clone().unwrap_or_default(),
    );
    page.field("requires", definition.requires.join(", "));
    page.maybe("platform", definition.platform.as_deref());
    page.field(
        "task role",
        definition.task_role.clone().unwrap_or_default(),
    );
    page.field(
        "execution role",
        definition.execution_role.clone().unwrap_or_default(),
    );
    if let Some(size) = definition.ephemeral_storage {
        page.field("ephemeral storage", format!("{size} GiB"));
    }
    page.maybe("pid mode", definition.pid_mode.as_deref());
    page.maybe("ipc mode", definition.ipc_mode.as_deref());
    page.list("placement", definition.placement.iter().cloned());
    page.list(
        "volumes",
        definition
            .volumes
            .iter()
            .map(|volume| format!("{}: {}", volume.name, volume.source)),
    );
    for defined in &definition.containers {
        page.heading(format!("Container {}", defined.name));
        page.field("image", defined.image.clone());
        yes_no(&mut page, "essential", defined.essential);
        self::container(&mut page, defined);
    }
    pairs(&mut page, "Tags", &definition.tags);
    page
}

/// Adds what a task definition says of a container, but for its name, its image and whether it is essential.
pub(super) fn container(page: &mut Page, defined: &ContainerDefinition) {
    limits(page, defined);
    run(page, defined);
    page.list("ports", defined.ports.iter().map(mapping));
    page.list(
        "mounts",
        defined.mounts.iter().map(|mount| {
            let read_only = if mount.read_only { " (read-only)" } else { "" };
            format!("{} on {}{read_only}", mount.volume, mount.path)
        }),
    );
    page.list("volumes from", defined.volumes_from.iter().cloned());
    page.list("links", defined.links.iter().cloned());
    page.list(
        "depends on",
        defined
            .depends_on
            .iter()
            .map(|(name, condition)| format!("{name}: {condition}")),
    );
    if let Some(check) = &defined.health_check {
        health_check(page, check);
    }
    environment(page, defined);
    if let Some(log) = &defined.log {
        log_configuration(page, log);
    }
    masked_pairs(page, "labels", &defined.labels);
}

/// Adds names and values; the values of names that sound like secrets are masked.
fn masked_pairs(page: &mut Page, label: &str, pairs: &[(String, String)]) {
    let mut label = label;
    for (name, value) in pairs {
        let value = if is_sensitive(name) {
            Span::secret(&Secret::new(value.clone()))
        } else {
            Span::plain(value.clone())
        };
        page.spans(label, vec![Span::plain(format!("{name}=")), value]);
        label = "";
    }
}

fn limits(page: &mut Page, defined: &ContainerDefinition) {
    if defined.cpu > 0 {
        page.field("cpu reserved", cpu_units(defined.cpu.into()));
    }
    if let Some(limit) = defined.memory {
        page.field("memory limit", mebibytes(limit.into()));
    }
    if let Some(reserved) = defined.memory_reservation {
        page.field("memory reserved", mebibytes(reserved.into()));
    }
    page.list("ulimits", defined.ulimits.iter().cloned());
}

fn run(page: &mut Page, defined: &ContainerDefinition) {
    if !defined.entry_point.is_empty() {
        page.field("entry point", words(&defined.entry_point));
    }
    if !defined.command.is_empty() {
        page.field("command", words(&defined.command));
    }
    page.maybe("working directory", defined.working_directory.as_deref());
    page.maybe("user", defined.user.as_deref());
    if defined.privileged {
        page.toned("privileged", "yes", Tone::Warn);
    }
    if defined.readonly_root {
        page.field("root file system", "read-only");
    }
    if let Some(seconds) = defined.start_timeout {
        page.field("start timeout", format!("{seconds} s"));
    }
    if let Some(seconds) = defined.stop_timeout {
        page.field("stop timeout", format!("{seconds} s"));
    }
}

/// Writes the words of a command, those with white space or quotes in them quoted.
fn words(command: &[String]) -> String {
    let quoted = command.iter().map(|word| {
        if word.is_empty() || word.contains(|c: char| c.is_whitespace() || c == '"') {
            format!("{word:?}")
        } else {
            word.clone()
        }
    });
    quoted.collect::<Vec<_>>().join(" ")
}

fn health_check(page: &mut Page, check: &HealthCheck) {
    page.field("health check", words(&check.command));
    let rhythm = format!(
        "every {} s, timeout {} s, {} retries",
        check.interval, check.timeout, check.retries
    );
    let start = match check.start_period {
        0 => String::new(),
        seconds => format!(", first {seconds} s do not count"),
    };
    page.toned("", rhythm + &start, Tone::Muted);
}

fn environment(page: &mut Page, defined: &ContainerDefinition) {
    let mut label = "environment";
    for (name, value) in &defined.environment {
        let spans = vec![Span::plain(format!("{name}=")), Span::secret(value)];
        page.spans(label, spans);
        label = "";
    }
    page.list(
        "environment files",
        defined.environment_files.iter().cloned(),
    );
    page.list(
        "secrets",
        defined
            .secrets
            .iter()
            .map(|(name, source)| format!("{name} from {source}")),
    );
}

fn log_configuration(page: &mut Page, log: &LogConfiguration) {
    page.field("log driver", log.driver.clone());
    masked_pairs(page, "log options", &log.options);
    page.list(
        "log secrets",
        log.secret_options
            .iter()
            .map(|(name, source)| format!("{name} from {source}")),
    );
}

/// The log group and stream that a container of a task writes to, where the `awslogs` driver is told a prefix: the
/// stream is then called `prefix/container/task` (ECS developer guide, "awslogs-stream-prefix").
pub(super) fn log_stream(defined: &ContainerDefinition, task: &Arn) -> Option<(String, String)> {
    let log = defined.log.as_ref().filter(|log| log.driver == "awslogs")?;
    let group = log_option(log, "awslogs-group")?;
    let prefix = log_option(log, "awslogs-stream-prefix")?;
    let stream = format!("{prefix}/{}/{}", defined.name, task.name());
    Some((group.to_owned(), stream))
}

/// An option of a log driver.
pub(super) fn log_option<'a>(log: &'a LogConfiguration, name: &str) -> Option<&'a str> {
    let mut options = log.options.iter();
    let (_, value) = options.find(|(key, value)| key == name && !value.is_empty())?;
    Some(value)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn the_log_stream_of_a_container_is_known_where_it_has_a_prefix() {
        let mut defined = ContainerDefinition {
            name: "app".to_owned(),
            log: Some(LogConfiguration {
                driver: "awslogs".to_owned(),
                options: vec![
                    ("awslogs-group".to_owned(), "/ecs/api".to_owned()),
                    ("awslogs-stream-prefix".to_owned(), "ecs".to_owned()),
                ],
                secret_options: Vec::new(),
            }),
            ..ContainerDefinition::default()
        };
        let task = Arn::new("arn:aws:ecs:r:1:task/web/0123456789");
        assert_eq!(
            log_stream(&defined, &task),
            Some(("/ecs/api".to_owned(), "ecs/app/0123456789".to_owned()))
        );
        defined.log.as_mut().unwrap().options.pop();
        assert_eq!(log_stream(&defined, &task), None);
    }
}
