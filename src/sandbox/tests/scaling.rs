//! Scalable targets.

use aws_sdk_applicationautoscaling::Client;
use aws_sdk_applicationautoscaling::error::ProvideErrorMetadata as _;
use aws_sdk_applicationautoscaling::types::{ScalableDimension, ServiceNamespace};

use super::Scene;

#[tokio::test]
async fn services_that_scale_have_a_least_and_a_most() {
    let scene = Scene::demo().await;
    let scaling = Client::new(&scene.config);
    let describe = || {
        let describe = scaling.describe_scalable_targets();
        describe.service_namespace(ServiceNamespace::Ecs)
    };
    let found = describe().send().await.unwrap().scalable_targets.unwrap();
    let targets: Vec<_> = found
        .iter()
        .map(|target| {
            (
                target.resource_id(),
                target.min_capacity(),
                target.max_capacity(),
            )
        })
        .collect();
    assert_eq!(
        targets,
        [
            ("service/batch/queue-consumer", 1, 6),
            ("service/prod-fargate/api-gateway", 4, 9),
            ("service/prod-web/checkout", 3, 7),
        ]
    );
    assert_eq!(
        found[0].scalable_dimension(),
        &ScalableDimension::EcsServiceDesiredCount
    );
    let one = describe()
        .resource_ids("service/prod-web/checkout")
        .resource_ids("service/a/b");
    assert_eq!(one.send().await.unwrap().scalable_targets().len(), 1);
    let first = describe().max_results(2).send().await.unwrap();
    assert_eq!(first.scalable_targets().len(), 2);
    let rest = describe()
        .set_next_token(first.next_token)
        .send()
        .await
        .unwrap();
    assert_eq!(
        (rest.scalable_targets().len(), rest.next_token()),
        (1, None)
    );
    let elsewhere = scaling.describe_scalable_targets();
    let elsewhere = elsewhere
        .service_namespace(ServiceNamespace::Dynamodb)
        .send()
        .await;
    assert_eq!(elsewhere.unwrap().scalable_targets(), []);
    let refused = describe().next_token("%%").send().await.unwrap_err();
    assert_eq!(refused.code(), Some("InvalidNextTokenException"));
    let refused = describe().max_results(51).send().await.unwrap_err();
    assert_eq!(refused.code(), Some("ValidationException"));
}
