//! Clusters: `ListClusters` with `DescribeClusters`.

use aws_sdk_ecs::types::{self, ClusterField};

use super::{
    PAGE,
    words::{pairs, strategy, tags, text},
};
use crate::{
    aws::fetch::{Described, Page, Run},
    model::{Arn, Cluster, Entity, Fault, Tag},
};

/// The most clusters that one describe takes.
const BATCH: usize = 100;

/// What is asked for beyond the counts.
pub(in crate::aws) const FIELDS: [ClusterField; 3] = [
    ClusterField::Statistics,
    ClusterField::Settings,
    ClusterField::Tags,
];

impl Run<'_> {
    pub(in crate::aws) async fn clusters(&self) -> Result<Vec<Arn>, Fault> {
        self.list_and_describe(
            ("ListClusters", |token| self.list_clusters(token)),
            ("DescribeClusters", |ids| self.describe_clusters(ids)),
            BATCH,
        )
        .await
    }

    async fn list_clusters(&self, token: Option<String>) -> Result<Page, Fault> {
        let answer = self
            .call("ListClusters", || {
                self.clients
                    .ecs
                    .list_clusters()
                    .max_results(PAGE)
                    .set_next_token(token.clone())
                    .send()
            })
            .await?;
        Ok(Page {
            ids: answer.cluster_arns.unwrap_or_default(),
            next: answer.next_token,
        })
    }

    async fn describe_clusters(&self, ids: Vec<String>) -> Result<Described, Fault> {
        let answer = self
            .call("DescribeClusters", || {
                self.clients
                    .ecs
                    .describe_clusters()
                    .set_clusters(Some(ids.clone()))
                    .set_include(Some(FIELDS.to_vec()))
                    .send()
            })
            .await?;
        let clusters = answer.clusters().iter().map(cluster);
        Ok(Described {
            entities: clusters
                .map(|cluster| (cluster.arn.clone(), Entity::Cluster(cluster)))
                .collect(),
            failures: answer.failures.unwrap_or_default(),
        })
    }
}

fn cluster(cluster: &types::Cluster) -> Cluster {
    let arn = Arn::new(cluster.cluster_arn().unwrap_or_default());
    let statistics = pairs(cluster.statistics());
    Cluster {
        name: cluster
            .cluster_name()
            .unwrap_or_else(|| arn.name())
            .to_owned(),
        status: text(cluster.status()),
        active_services: cluster.active_services_count(),
        draining_services: draining(&statistics),
        running_tasks: cluster.running_tasks_count(),
        pending_tasks: cluster.pending_tasks_count(),
        instances: cluster.registered_container_instances_count(),
        capacity_providers: cluster.capacity_providers().to_vec(),
        default_strategy: strategy(cluster.default_capacity_provider_strategy()),
        settings: cluster
            .settings()
            .iter()
            .map(|setting| Tag {
                key: text(setting.name().map(types::ClusterSettingName::as_str)),
                value: text(setting.value()),
            })
            .collect(),
        statistics,
        tags: tags(cluster.tags()),
        arn,
    }
}

/// The sum of the statistics on draining services, which AWS gives per launch type (`drainingEC2ServiceCount`,
/// `drainingFargateServiceCount`, ...).
fn draining(statistics: &[Tag]) -> i32 {
    statistics
        .iter()
        .filter(|tag| tag.key.starts_with("draining") && tag.key.ends_with("ServiceCount"))
        .filter_map(|tag| tag.value.parse::<i32>().ok())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draining_services_are_summed_over_launch_types() {
        let statistic = |key: &str, value: &str| Tag {
            key: key.to_owned(),
            value: value.to_owned(),
        };
        let statistics = [
            statistic("runningEC2TasksCount", "7"),
            statistic("drainingEC2ServiceCount", "1"),
            statistic("drainingFargateServiceCount", "2"),
            statistic("drainingExternalServiceCount", "many"),
        ];
        assert_eq!(draining(&statistics), 3);
    }

    #[test]
    fn a_cluster_of_nothing_but_an_arn_keeps_its_name() {
        let bare = types::Cluster::builder()
            .cluster_arn("arn:aws:ecs:eu-west-1:1:cluster/web")
            .build();
        assert_eq!(cluster(&bare).name, "web");
    }
}
