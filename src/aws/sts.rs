//! Who the credentials belong to.

use crate::{
    aws::{Clients, fetch::Run},
    model::{Arn, Entity, Fault, Identity},
};

impl Run<'_> {
    /// Asks STS, of the next region where that of the first cannot be had; needs no permission. Lists nothing: the caller
    /// is not an item.
    pub(super) async fn identity(&self) -> Result<Vec<Arn>, Fault> {
        let ask = |clients: &Clients| {
            let sts = clients.sts.clone();
            self.call("GetCallerIdentity", move || {
                sts.get_caller_identity().send()
            })
        };
        let mut answer = ask(self.clients).await;
        for clients in self.clients.others.iter() {
            if answer.is_ok() {
                break;
            }
            answer = ask(clients).await;
        }
        let answer = answer?;
        let identity = Identity {
            account: answer.account().unwrap_or_default().to_owned(),
            principal: answer.arn().unwrap_or_default().to_owned(),
        };
        self.emit(vec![Entity::Identity(identity)], Vec::new())
            .await;
        Ok(Vec::new())
    }
}
