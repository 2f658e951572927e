//! Deeds that were done before a test looks: some by earlier sessions, one just now.

use std::time::Duration;

use ecsight::{
    app::{Effect, Event},
    model::{Arn, Deployment, Done, Entity, Outcome, QuotaUse, Record, Verdict, samples},
};

use super::{account::ago, stage::Stage};

/// Fills the list of what was done with each kind of outcome, and begins a rollout.
pub fn make(stage: &mut Stage) {
    let api = Arn::new("arn:aws:ecs:eu-west-1:123456789012:service/prod-web/api");
    let record = |id: &str, seconds: i64, verdict: Verdict| Record {
        at: ago(seconds),
        name: "prod-web/api".to_owned(),
        verdict,
        ..samples::record(id, &api)
    };
    let refused = "UpdateService: not authorized to perform ecs:UpdateService".to_owned();
    stage.send(Event::Audited(vec![
        record("1", 90_000, Verdict::Done),
        record("2", 7_200, Verdict::Failed(refused)),
        record("3", 600, Verdict::Unsure("no answer in time".to_owned())),
        record("4", 60, Verdict::Changed),
    ]));
    redeploy(stage);
}

/// Tells of quotas at rest, with calls that wait, and slowed down.
pub fn spend(stage: &mut Stage) {
    let rest = samples::quota("cluster read");
    let busy = QuotaUse {
        region: None,
        tokens: 12.8,
        rate: 11.6,
        waiting: [0, 4, 30],
        calls: 1_234,
        ..samples::quota("service read")
    };
    let slow = QuotaUse {
        region: None,
        published: false,
        refill_now: 2.5,
        tokens: 0.4,
        throttles: 3,
        ..samples::quota("image read")
    };
    let unused = QuotaUse {
        region: None,
        calls: 0,
        ..samples::quota("log search")
    };
    stage.send(Event::Quotas {
        epoch: stage.app.epoch(),
        region: None,
        uses: vec![rest, busy, slow, unused],
    });
}

/// Redeploys the service of the hosts, whose new tasks are yet to start.
fn redeploy(stage: &mut Stage) {
    stage.run("svc workers-ec2").press("r");
    stage.pass(Duration::from_millis(401));
    stage.press("right enter");
    let act = stage.effects.iter().find_map(|effect| match effect {
        Effect::Act { act, .. } => Some(act.clone()),
        _ => None,
    });
    // Where nothing can be changed nothing was.
    let Some(act) = act else {
        return;
    };
    let mut services = stage.account.services.iter_mut();
    let service = services
        .find(|one| one.arn == *act.change.target())
        .expect("it is there");
    let definition = service.task_definition.clone();
    let definition = definition
        .unwrap_or_else(|| Arn::new("arn:aws:ecs:eu-west-1:123456789012:task-definition/agent:1"));
    let new = Deployment {
        desired: service.desired,
        running: 0,
        pending: 1,
        rollout_state: Some("IN_PROGRESS".to_owned()),
        ..samples::deployment("ecs-svc/77", &definition)
    };
    for old in &mut service.deployments {
        "ACTIVE".clone_into(&mut old.status);
    }
    service.deployments.insert(0, new);
    let entities = vec![Entity::Service(Box::new(service.clone()))];
    let done = Done {
        entities,
        requests: vec!["4f2c8a51".to_owned()],
        ..Done::default()
    };
    let event = Event::Acted {
        epoch: stage.app.epoch(),
        id: act.id,
        outcome: Box::new(Outcome::Done(done)),
    };
    stage.send(event);
    stage.effects.clear();
}
