//! Writes to tasks: `StopTask`.

use super::{Writing, ecs_once};
use crate::{
    aws::ecs,
    model::{Arn, Done, Entity, Fault},
};

impl Writing<'_> {
    pub(super) async fn stop_task(
        &mut self,
        cluster: &Arn,
        task: &Arn,
        reason: &str,
    ) -> Result<Done, Fault> {
        let request = self
            .clients
            .ecs
            .stop_task()
            .cluster(cluster.as_str())
            .task(task.as_str())
            .reason(reason)
            .customize()
            .config_override(ecs_once());
        let answer = self.write("StopTask", request.send()).await?;
        let task = answer.task().map(|task| ecs::read_task(task, cluster));
        Ok(Done {
            entities: task
                .map(|task| Entity::Task(Box::new(task)))
                .into_iter()
                .collect(),
            ..Done::default()
        })
    }
}
