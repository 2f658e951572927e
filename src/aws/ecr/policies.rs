//! The policies of a repository: `GetRepositoryPolicy` and `GetLifecyclePolicy`.

use aws_sdk_ecr::operation::{
    get_lifecycle_policy::GetLifecyclePolicyError, get_repository_policy::GetRepositoryPolicyError,
};

use super::place;
use crate::{
    aws::fetch::Run,
    model::{Arn, Entity, Fault, PolicyKind, RepositoryPolicy},
};

impl Run<'_> {
    pub(in crate::aws) async fn policy(
        &self,
        repository: &Arn,
        kind: PolicyKind,
    ) -> Result<Vec<Arn>, Fault> {
        let text = match kind {
            PolicyKind::Permission => self.permission_policy(repository).await?,
            PolicyKind::Lifecycle => self.lifecycle_policy(repository).await?,
        };
        let policy = RepositoryPolicy {
            repository: repository.clone(),
            kind,
            text,
        };
        self.emit(vec![Entity::Policy(Box::new(policy))], Vec::new())
            .await;
        Ok(vec![repository.clone()])
    }

    async fn permission_policy(&self, repository: &Arn) -> Result<Option<String>, Fault> {
        let (registry, name) = place(repository);
        self.call("GetRepositoryPolicy", || {
            let request = self
                .clients
                .ecr
                .get_repository_policy()
                .set_registry_id(registry.clone())
                .repository_name(&name);
            async {
                match request.send().await {
                    Err(error)
                        if error.as_service_error().is_some_and(
                            GetRepositoryPolicyError::is_repository_policy_not_found_exception,
                        ) =>
                    {
                        Ok(None)
                    }
                    other => other.map(|answer| answer.policy_text),
                }
            }
        })
        .await
    }

    async fn lifecycle_policy(&self, repository: &Arn) -> Result<Option<String>, Fault> {
        let (registry, name) = place(repository);
        self.call("GetLifecyclePolicy", || {
            let request = self
                .clients
                .ecr
                .get_lifecycle_policy()
                .set_registry_id(registry.clone())
                .repository_name(&name);
            async {
                match request.send().await {
                    Err(error)
                        if error.as_service_error().is_some_and(
                            GetLifecyclePolicyError::is_lifecycle_policy_not_found_exception,
                        ) =>
                    {
                        Ok(None)
                    }
                    other => other.map(|answer| answer.lifecycle_policy_text),
                }
            }
        })
        .await
    }
}
