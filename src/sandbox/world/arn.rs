//! The ARNs of the world's things. How clients name things in requests is not read here.

use super::World;
use super::definition::Definition;
use super::instance::Instance;
use super::service::Service;
use super::task::Task;

impl World {
    /// `arn:<partition>:ecs:<region>:<account>:<rest>`.
    pub fn arn(&self, rest: &str) -> String {
        format!("arn:aws:ecs:{}:{}:{rest}", self.region, self.account)
    }

    /// ARN of the cluster with this name.
    pub fn cluster_arn(&self, name: &str) -> String {
        self.arn(&format!("cluster/{name}"))
    }

    /// ARN of a service.
    pub fn service_arn(&self, service: &Service) -> String {
        self.arn(&format!(
            "service/{}/{}",
            self.cluster(service.cluster).name,
            service.name
        ))
    }

    /// ARN of a task.
    pub fn task_arn(&self, task: &Task) -> String {
        self.arn(&format!(
            "task/{}/{}",
            self.cluster(task.cluster).name,
            task.key.id()
        ))
    }

    /// ARN of a container instance.
    pub fn instance_arn(&self, instance: &Instance) -> String {
        self.arn(&format!(
            "container-instance/{}/{:032x}",
            self.cluster(instance.cluster).name,
            instance.key.0
        ))
    }

    /// ARN of a task definition revision.
    pub fn definition_arn(&self, definition: &Definition) -> String {
        self.arn(&format!("task-definition/{}", definition.label()))
    }

    /// ARN of the service revision with this id.
    pub fn revision_arn(&self, service: &Service, id: u64) -> String {
        self.arn(&format!(
            "service-revision/{}/{}/{id}",
            self.cluster(service.cluster).name,
            service.name
        ))
    }

    /// ARN of the service deployment with this id.
    pub fn record_arn(&self, service: &Service, id: &str) -> String {
        self.arn(&format!(
            "service-deployment/{}/{}/{id}",
            self.cluster(service.cluster).name,
            service.name
        ))
    }
}
