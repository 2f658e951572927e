//! What the end of a task means in plain words, and what to look at next. Pure.
//!
//! What a container says goes before what the task says; the reasons themselves are in `reasons`.

use std::sync::Arc;

use super::{
    Page, Span, Tone, reasons,
    words::{count, mebibytes},
};
use crate::model::{Container, Health, Now, Task, age};

/// Kinds of ends that a page tells of, the most frequent first.
const KINDS: usize = 3;

/// The end of a task, explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stop {
    /// How bad it is.
    pub health: Health,
    /// What happened, in plain words.
    pub says: String,
    /// What to look at next; empty if there is nothing to do.
    pub next: &'static str,
}

fn stop(health: Health, says: impl Into<String>, next: &'static str) -> Stop {
    Stop {
        health,
        says: says.into(),
        next,
    }
}

/// Explains the end of a task.
pub(super) fn explain(task: &Task) -> Stop {
    if let Some(container) = out_of_memory(task) {
        let limit = container
            .memory
            .or(task.memory)
            .map_or_else(String::new, |limit| format!(": limit {}", mebibytes(limit)));
        return stop(
            Health::Sick,
            format!("{} was killed for memory{limit}", container.name),
            "Raise the memory limit, or find what the memory goes into.",
        );
    }
    let reason = reason(task).unwrap_or("");
    if let Some(known) = reasons::find(reason) {
        return stop(known.health, known.says, known.next);
    }
    by_code(task)
}

fn by_code(task: &Task) -> Stop {
    match task.stop_code.as_deref().unwrap_or("") {
        "TaskFailedToStart" => stop(
            Health::Sick,
            "it never ran",
            "Read the reason: it names what could not be had (image, secret, network, volume, place).",
        ),
        "EssentialContainerExited" => exited(task),
        "UserInitiated" => stop(
            Health::Done,
            "stopped by a person or a program, through StopTask",
            "",
        ),
        "ServiceSchedulerInitiated" => stop(Health::Done, "stopped by its service's scheduler", ""),
        "SpotInterruption" | "TerminationNotice" => stop(
            Health::Warn,
            "its spot capacity was taken back",
            "Put a base of tasks on capacity that is not spot.",
        ),
        "InfrastructureHealth" => stop(
            Health::Warn,
            "its host was found unhealthy",
            "See the health of the container instance.",
        ),
        "" => match culprit(task) {
            Some(container) if !matches!(container.exit_code, None | Some(0 | 143)) => exited(task),
            _ => stop(Health::Done, "stopped", ""),
        },
        other => stop(Health::Unknown, format!("stopped: {other}"), ""),
    }
}

fn exited(task: &Task) -> Stop {
    let Some(container) = culprit(task) else {
        return stop(
            Health::Sick,
            "an essential container ended",
            "Nothing is known of its containers.",
        );
    };
    let Some(code) = container.exit_code else {
        let says = format!("{} never started", container.name);
        return stop(
            Health::Sick,
            says,
            "It has no exit code: its reason, if there is one, says why.",
        );
    };
    let says = format!("{} {}", container.name, exit_words(code));
    match code {
        0 if task.service_name().is_some() => stop(
            Health::Warn,
            format!("{says}, but a service's task is meant to go on"),
            "A server that ends by itself is started again and again: should this be a task run by hand?",
        ),
        0 => stop(Health::Done, says, ""),
        143 => stop(
            Health::Sick,
            says,
            "Something inside or on the host asked it to end.",
        ),
        137 => stop(
            Health::Sick,
            says,
            "See whether it was told to stop before, and the stop timeout.",
        ),
        _ => stop(Health::Sick, says, "Read the last lines of its log."),
    }
}

fn out_of_memory(task: &Task) -> Option<&Container> {
    task.containers.iter().find(|container| {
        container
            .reason
            .as_deref()
            .is_some_and(|reason| reason.contains("OutOfMemory"))
    })
}

/// The container that most likely ended the task: one with a reason, else one with a telling exit code. A code of 137 or
/// 143 is often that of a neighbour which was told to end.
pub(super) fn culprit(task: &Task) -> Option<&Container> {
    let containers = task.containers.iter();
    containers.min_by_key(|container| match container.exit_code {
        _ if container
            .reason
            .as_deref()
            .is_some_and(|text| !text.is_empty()) =>
        {
            0
        }
        Some(0) => 3,
        Some(137) => 2,
        Some(143) => 4,
        Some(_) => 1,
        None => 5,
    })
}

/// The reason that says most: that of a container, else that of the task.
pub(super) fn reason(task: &Task) -> Option<&str> {
    let contained = culprit(task).and_then(|container| container.reason.as_deref());
    contained
        .filter(|reason| !reason.is_empty())
        .or(task.stopped_reason.as_deref())
        .filter(|reason| !reason.is_empty())
}

/// Adds why tasks stopped that should not have, equal ends together and the most frequent first; nothing if all went
/// well. ECS remembers a stopped task for about an hour.
pub(super) fn section(page: &mut Page, tasks: &[Arc<Task>], now: Now) {
    let mut kinds: Vec<(Stop, Vec<&Task>)> = Vec::new();
    for task in tasks {
        let stop = explain(task);
        if !stop.health.is_unhealthy() {
            continue;
        }
        match kinds.iter_mut().find(|(kind, _)| *kind == stop) {
            Some((_, alike)) => alike.push(task),
            None => kinds.push((stop, vec![task])),
        }
    }
    if kinds.is_empty() {
        return;
    }
    kinds.sort_by_key(|(_, alike)| std::cmp::Reverse(alike.len()));
    page.heading("Why its tasks stopped, within the last hour");
    for (stop, alike) in kinds.iter().take(KINDS) {
        let newest = alike.iter().max_by_key(|task| task.stopped_at);
        let label = count(i64::try_from(alike.len()).unwrap_or(i64::MAX), "task");
        let mut says = vec![Span::new(stop.says.clone(), Tone::from(stop.health))];
        if let Some(at) = newest.and_then(|task| task.stopped_at) {
            let ago = age(now.wall.since(at));
            says.push(Span::new(format!("  newest {ago} ago"), Tone::Muted));
        }
        page.spans(&label, says);
        let reason = newest.and_then(|task| reason(task));
        page.maybe("", reason.filter(|reason| *reason != stop.says));
        if !stop.next.is_empty() {
            page.field("look at", stop.next);
        }
    }
    if let Some(more) = kinds.len().checked_sub(KINDS).filter(|more| *more > 0) {
        let more = i64::try_from(more).unwrap_or(i64::MAX);
        page.toned(
            "",
            format!("and {}", count(more, "further cause")),
            Tone::Muted,
        );
    }
}

/// The exit codes of all containers, `app 137, envoy 0`; empty if none ended.
pub(super) fn exits(task: &Task) -> String {
    let ended: Vec<_> = task
        .containers
        .iter()
        .filter_map(|container| Some(format!("{} {}", container.name, container.exit_code?)))
        .collect();
    ended.join(", ")
}

/// What an exit code says of a container, as the end of a sentence that begins with its name.
pub(super) fn exit_words(code: i32) -> String {
    match code {
        0 => "ended without an error (exit 0)".to_owned(),
        126 => {
            "could not be run: its command is no program, or not permitted (exit 126)".to_owned()
        }
        127 => "could not be run: its command is not in the image (exit 127)".to_owned(),
        137 => "was killed by SIGKILL (stop timeout or health check), not for memory (exit 137)"
            .to_owned(),
        139 => "crashed by a bad memory access, SIGSEGV (exit 139)".to_owned(),
        134 => "gave up by SIGABRT (exit 134)".to_owned(),
        143 => "ended on SIGTERM, as it does when told to stop (exit 143)".to_owned(),
        255 => "failed at its entry point (exit 255)".to_owned(),
        129..=192 => format!("was ended by signal {} (exit {code})", code - 128),
        _ => format!("ended with an error (exit {code})"),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::{Arn, samples};

    fn task(code: &str, reason: &str, service: bool) -> Task {
        let cluster = Arn::new("arn:aws:ecs:r:1:cluster/web");
        let mut task = samples::task(&Arn::new("arn:aws:ecs:r:1:task/web/0123456789"), &cluster);
        task.last_status = "STOPPED".to_owned();
        task.desired_status = "STOPPED".to_owned();
        task.stop_code = Some(code.to_owned()).filter(|code| !code.is_empty());
        task.stopped_reason = Some(reason.to_owned());
        if service {
            task.group = "service:api".to_owned();
        }
        task
    }

    fn with(mut task: Task, containers: &[(&str, Option<i32>, &str)]) -> Task {
        for (name, exit_code, reason) in containers {
            let mut container = samples::container(name, "shop/web:1");
            container.exit_code = *exit_code;
            container.reason = Some((*reason).to_owned()).filter(|reason| !reason.is_empty());
            container.memory = Some(512);
            task.containers.push(container);
        }
        task
    }

    #[rstest]
    #[case(&[("app", Some(137), "OutOfMemoryError: Container killed due to memory usage")], Health::Sick, "app was killed for memory: limit 512 MiB")]
    #[case(&[("app", Some(137), "")], Health::Sick, "app was killed by SIGKILL (stop timeout or health check), not for memory (exit 137)")]
    #[case(&[("app", Some(1), ""), ("envoy", Some(137), "")], Health::Sick, "app ended with an error (exit 1)")]
    #[case(&[("app", Some(139), "")], Health::Sick, "app crashed by a bad memory access, SIGSEGV (exit 139)")]
    #[case(&[("app", Some(143), "")], Health::Sick, "app ended on SIGTERM, as it does when told to stop (exit 143)")]
    #[case(&[("app", Some(127), "")], Health::Sick, "app could not be run: its command is not in the image (exit 127)")]
    #[case(&[("app", Some(131), "")], Health::Sick, "app was ended by signal 3 (exit 131)")]
    #[case(&[("app", Some(0), "")], Health::Warn, "app ended without an error (exit 0), but a service's task is meant to go on")]
    #[case(&[], Health::Sick, "an essential container ended")]
    #[case(&[("app", None, "")], Health::Sick, "app never started")]
    #[case(&[("app", None, "CannotPullContainerError: failed to resolve ref shop/web:2: not found")], Health::Sick, "image not found: no such tag or digest")]
    fn an_exit_is_explained(
        #[case] containers: &[(&str, Option<i32>, &str)],
        #[case] health: Health,
        #[case] says: &str,
    ) {
        let task = with(
            task(
                "EssentialContainerExited",
                "Essential container in task exited",
                true,
            ),
            containers,
        );
        let stop = explain(&task);
        assert_eq!((stop.health, stop.says.as_str()), (health, says));
    }

    #[rstest]
    #[case(
        "ServiceSchedulerInitiated",
        "Scaling activity initiated by (deployment ecs-svc/1)",
        Health::Done
    )]
    #[case(
        "ServiceSchedulerInitiated",
        "Task failed ELB health checks in (target-group arn)",
        Health::Sick
    )]
    #[case(
        "ServiceSchedulerInitiated",
        "Task failed container health checks",
        Health::Sick
    )]
    #[case(
        "ServiceSchedulerInitiated",
        "ECS is performing maintenance on the underlying infrastructure hosting the task",
        Health::Done
    )]
    #[case("UserInitiated", "Task stopped by user", Health::Done)]
    #[case("SpotInterruption", "Your Spot Task was interrupted.", Health::Warn)]
    #[case("InfrastructureHealth", "", Health::Warn)]
    #[case("TaskFailedToStart", "", Health::Sick)]
    #[case(
        "TaskFailedToStart",
        "ResourceInitializationError: unable to pull secrets or registry auth: AccessDeniedException",
        Health::Sick
    )]
    #[case(
        "TaskFailedToStart",
        "TaskFailedToStart: RESOURCE:MEMORY",
        Health::Sick
    )]
    #[case("", "Host EC2 (instance i-1) terminated.", Health::Warn)]
    #[case("NewCode", "", Health::Unknown)]
    #[case("", "", Health::Done)]
    fn a_code_or_reason_is_judged(
        #[case] code: &str,
        #[case] reason: &str,
        #[case] health: Health,
    ) {
        assert_eq!(explain(&task(code, reason, true)).health, health);
    }

    #[rstest]
    #[case(143, Health::Done)]
    #[case(137, Health::Done)]
    fn the_codes_of_a_stop_by_the_scheduler_are_normal(#[case] exit: i32, #[case] health: Health) {
        let task = task(
            "ServiceSchedulerInitiated",
            "Scaling activity initiated by (deployment ecs-svc/1)",
            true,
        );
        let task = with(task, &[("app", Some(exit), "")]);
        assert_eq!(explain(&task).health, health);
    }

    #[test]
    fn a_task_run_by_hand_may_end() {
        let task = with(
            task("EssentialContainerExited", "", false),
            &[("job", Some(0), "")],
        );
        assert_eq!(explain(&task).health, Health::Done);
    }

    #[test]
    fn the_reason_of_a_container_goes_first() {
        let task = with(
            task("TaskFailedToStart", "Task failed to start", true),
            &[
                ("envoy", None, ""),
                (
                    "app",
                    None,
                    "CannotStartContainerError: port is already allocated",
                ),
            ],
        );
        assert_eq!(
            reason(&task),
            Some("CannotStartContainerError: port is already allocated")
        );
    }

    #[test]
    fn exit_codes_are_listed_by_container() {
        let task = with(
            task("", "", true),
            &[
                ("app", Some(137), ""),
                ("envoy", Some(0), ""),
                ("init", None, ""),
            ],
        );
        assert_eq!(exits(&task), "app 137, envoy 0");
    }
}
