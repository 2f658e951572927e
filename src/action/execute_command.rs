//! ECS Exec on or off for the tasks that a service starts from now on.

use super::{Deed, Diff, Step, redeploy, words};
use crate::{
    model::{Change, switch},
    resource::Cx,
};

/// The deed.
pub static DEED: Deed = Deed {
    id: "exec",
    key: "E",
    views: &["services"],
    label: "exec on/off",
    about: "Switch ECS Exec on or off for the tasks that start from now on (execute command, shell access)",
    batch: false,
    typed: false,
    refuse: words::refuse,
    parts: |_, _| Vec::new(),
    needs: |subject, _, cx| redeploy::needs(subject, cx),
    field: |_, _| None,
    propose: |subject, _, cx| {
        let service = words::service(subject, cx.store)?;
        Ok(Change::SetExecuteCommand {
            cluster: service.cluster.clone(),
            service: service.arn.clone(),
            enabled: !service.execute_command,
        })
    },
    step,
    impact: |_, _| {
        vec!["tasks that run keep what they have; a redeploy brings it to all".to_owned()]
    },
    then: |_, _| Vec::new(),
};

fn step(change: &Change, cx: &Cx) -> Result<Step, String> {
    let Change::SetExecuteCommand { enabled, .. } = change else {
        return Err("that is no switch".to_owned());
    };
    let service = words::target(change, cx)?;
    let title = if *enabled {
        "Switch ECS Exec on"
    } else {
        "Switch ECS Exec off"
    };
    let mut step = words::step_on(service, change, title);
    step.diffs.push(Diff::new(
        "execute command",
        switch(service.execute_command),
        switch(*enabled),
    ));
    step.calls = vec![
        "ecs:DescribeServices".to_owned(),
        format!("ecs:UpdateService enableExecuteCommand={enabled}"),
    ];
    let flag = if *enabled {
        "--enable-execute-command"
    } else {
        "--disable-execute-command"
    };
    step.command = words::update_service(service, flag);
    step.undo = Some(Change::SetExecuteCommand {
        cluster: service.cluster.clone(),
        service: service.arn.clone(),
        enabled: !enabled,
    });
    Ok(step)
}
