//! `StopServiceDeployment`.

use serde::Deserialize;
use serde_json::json;

use super::{Answer, Call, Fault};
use crate::sandbox::world::service::ROLLBACK_REQUESTED;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Input {
    service_deployment_arn: String,
    stop_type: Option<String>,
}

/// Rolls the deployment under way back to the service revision before it. In which states that is possible, and that
/// `ROLLBACK` is the only type:
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stop-service-deployment.html>.
pub fn stop(call: &mut Call<'_>) -> Answer {
    let Input {
        service_deployment_arn: arn,
        stop_type,
    } = call.input()?;
    if stop_type.as_deref().is_some_and(|kind| kind != "ROLLBACK") {
        return Err(Fault::invalid(
            "The specified stopType is not supported. The valid value is ROLLBACK.",
        ));
    }
    let world = &mut *call.world;
    let found = world
        .under_service(&arn, "service-deployment")
        .and_then(|(key, id)| {
            let mut records = world.service(key).records.iter();
            Some((key, records.find(|record| record.id == id)?.status))
        });
    let Some((key, status)) = found else {
        return Err(Fault::new(
            "ServiceDeploymentNotFoundException",
            "The specified service deployment does not exist.",
        ));
    };
    match status {
        "PENDING" | "IN_PROGRESS" => {
            if !world.request_rollback(key, call.dice) {
                return Err(Fault::new(
                    "ConflictException",
                    "The service has no earlier service revision to roll back to.",
                ));
            }
        }
        "STOP_REQUESTED" | ROLLBACK_REQUESTED | "ROLLBACK_IN_PROGRESS" => {}
        over => {
            return Err(Fault::new(
                "ConflictException",
                format!("The service deployment cannot be stopped because it is in {over} state."),
            ));
        }
    }
    Ok(json!({"serviceDeploymentArn": arn}))
}
