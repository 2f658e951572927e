//! STS `GetCallerIdentity`, in the XML of the query protocol.

use crate::sandbox::world::World;

/// The answer to `GetCallerIdentity`.
pub fn caller(world: &World, request: &str) -> String {
    let account = &world.account;
    format!(
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
         <GetCallerIdentityResult>\
         <Arn>arn:aws:sts::{account}:assumed-role/ecsight-sandbox/operator</Arn>\
         <UserId>AROASANDBOXEXAMPLE001:operator</UserId>\
         <Account>{account}</Account>\
         </GetCallerIdentityResult>\
         <ResponseMetadata><RequestId>{request}</RequestId></ResponseMetadata>\
         </GetCallerIdentityResponse>"
    )
}
