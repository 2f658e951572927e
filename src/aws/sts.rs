//! Who the credentials belong to.

use crate::{
    aws::fetch::Run,
    model::{Arn, Entity, Fault, Identity},
};

impl Run<'_> {
    /// Asks STS; needs no permission. Lists nothing: the caller is not an item.
    pub(super) async fn identity(&self) -> Result<Vec<Arn>, Fault> {
        let answer = self
            .call("GetCallerIdentity", || {
                self.clients.sts.get_caller_identity().send()
            })
            .await?;
        let identity = Identity {
            account: answer.account().unwrap_or_default().to_owned(),
            principal: answer.arn().unwrap_or_default().to_owned(),
        };
        self.emit(vec![Entity::Identity(identity)], Vec::new())
            .await;
        Ok(Vec::new())
    }
}
