//! Scale: another number of tasks. Sends nothing but the count, so that no right to pass roles is needed.

use super::{Deed, Diff, Field, Follow, Step, words};
use crate::{
    model::{Change, Query, Service, Subject},
    resource::{self, Cx},
};

/// The deed.
pub static DEED: Deed = Deed {
    id: "scale",
    key: "s",
    views: &["services"],
    label: "scale",
    about: "Set the desired count of a service: a number, +n or -n (resize, replicas)",
    batch: false,
    typed: false,
    refuse,
    parts: |_, _| Vec::new(),
    needs: |subject, _, cx| {
        let service = cx.store.service(&subject.arn);
        service.map_or_else(Vec::new, |service| {
            vec![
                Query::Service {
                    cluster: service.cluster.clone(),
                    service: service.arn.clone(),
                },
                Query::Scaling {
                    cluster: service.cluster.clone(),
                    service: service.arn.clone(),
                },
            ]
        })
    },
    field: |subjects, cx| {
        let service = words::service(subjects.first()?, cx.store).ok()?;
        Some(Field {
            label: "desired count",
            value: service.desired.to_string(),
            hint: "a number, +n or -n".to_owned(),
            candidates: Vec::new(),
        })
    },
    propose: |subject, answer, cx| {
        let service = words::service(subject, cx.store)?;
        Ok(Change::Scale {
            cluster: service.cluster.clone(),
            service: service.arn.clone(),
            desired: wanted(answer, service.desired)?,
        })
    },
    step,
    impact: |changes, cx| {
        changes
            .iter()
            .filter_map(|change| {
                let service = words::target(change, cx).ok()?;
                Some(impact(service, desired(change)))
            })
            .collect()
    },
    then: |_, _| Vec::new(),
};

fn refuse(subject: &Subject, cx: &Cx) -> Option<String> {
    words::refuse(subject, cx).or_else(|| {
        let service = words::service(subject, cx.store).ok()?;
        (service.scheduling == "DAEMON").then(|| {
            "a daemon service runs one task on each instance: it has no count to set".to_owned()
        })
    })
}

/// The most tasks that a service can have by default (Amazon ECS service quotas, "Tasks per service").
const MOST: i32 = 5_000;

/// The count that was typed: absolute, or relative to what is desired.
fn wanted(answer: &str, desired: i32) -> Result<i32, String> {
    let answer = answer.trim();
    let number = |text: &str| {
        text.trim()
            .parse::<u16>()
            .map(i32::from)
            .map_err(|_| format!("{answer:?} is no count: write a number, +n or -n"))
    };
    let wanted = if let Some(more) = answer.strip_prefix('+') {
        desired + number(more)?
    } else if let Some(less) = answer.strip_prefix('-') {
        desired - number(less)?
    } else {
        number(answer)?
    };
    match wanted {
        ..0 => Err(format!("{desired} {answer} would be less than none")),
        wanted if wanted == desired => Err(format!("{desired} are desired already")),
        wanted if wanted > MOST => Err(format!("a service has at most {MOST} tasks")),
        wanted => Ok(wanted),
    }
}

fn desired(change: &Change) -> i32 {
    match change {
        Change::Scale { desired, .. } => *desired,
        _ => 0,
    }
}

fn impact(service: &Service, desired: i32) -> String {
    let (running, there) = (service.running, service.running + service.pending);
    if desired == 0 {
        return format!("stops all {there} that run or start: nothing serves any more");
    }
    match desired - there {
        0 => format!("{there} run or start already: none is started or stopped"),
        more @ 1.. => format!(
            "starts {}; {running} run now",
            resource::count(more, "task")
        ),
        less => format!("stops {} of {there} that run or start", -less),
    }
}

fn step(change: &Change, cx: &Cx) -> Result<Step, String> {
    let service = words::target(change, cx)?;
    let desired = desired(change);
    let mut step = words::step_on(service, change, "Scale");
    step.diffs.push(Diff::new(
        "desired count",
        &service.desired.to_string(),
        &desired.to_string(),
    ));
    step.calls = vec![
        "ecs:DescribeServices".to_owned(),
        format!("ecs:UpdateService desiredCount={desired}"),
    ];
    step.command = words::update_service(service, &format!("--desired-count {desired}"));
    step.undo = Some(Change::Scale {
        cluster: service.cluster.clone(),
        service: service.arn.clone(),
        desired: service.desired,
    });
    step.follow = Follow::Count(service.arn.clone(), desired);
    if let Some(target) = cx.store.scaling(&service.arn) {
        let (min, max) = (target.min, target.max);
        let says = if (min..=max).contains(&desired) {
            format!(
                "Application Auto Scaling (min {min}, max {max}) may set another count at its next alarm"
            )
        } else {
            format!(
                "Application Auto Scaling keeps it between {min} and {max} and will overrule this; change its bounds first"
            )
        };
        step.warnings.push(says);
    }
    Ok(step)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::wanted;

    #[rstest]
    #[case("4", 2, 4)]
    #[case(" +3 ", 2, 5)]
    #[case("-2", 2, 0)]
    #[case("0", 2, 0)]
    fn counts_are_absolute_or_relative(
        #[case] typed: &str,
        #[case] desired: i32,
        #[case] count: i32,
    ) {
        assert_eq!(wanted(typed, desired), Ok(count));
    }

    #[rstest]
    #[case("", "no count")]
    #[case("many", "no count")]
    #[case("--1", "no count")]
    #[case("-3", "less than none")]
    #[case("2", "already")]
    #[case("5001", "at most")]
    #[case("99999999999999999999", "no count")]
    fn what_is_no_count_is_told(#[case] typed: &str, #[case] says: &str) {
        let why = wanted(typed, 2).unwrap_err();
        assert!(why.contains(says), "{why}");
    }
}
