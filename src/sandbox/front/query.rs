//! The query protocol, which STS speaks: a form in, XML out.

use super::{Account, Body, Reply};
use crate::sandbox::operation;

impl Account {
    pub(super) fn query(&mut self, body: &[u8], id: String) -> Reply {
        let form = String::from_utf8_lossy(body);
        let action = form
            .split('&')
            .find_map(|pair| pair.strip_prefix("Action="))
            .unwrap_or_default();
        let (status, error, body) = if action == "GetCallerIdentity" {
            *self.calls.entry(action.to_owned()).or_default() += 1;
            (200, None, operation::caller(&self.world, &id))
        } else {
            let text = format!(
                "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
                 <Code>InvalidAction</Code><Message>The sandbox answers GetCallerIdentity only in this protocol.</Message>\
                 </Error><RequestId>{id}</RequestId></ErrorResponse>"
            );
            (400, Some("InvalidAction"), text)
        };
        Reply {
            status,
            content: "text/xml",
            error,
            id,
            body: Body::Whole(body.into_bytes()),
        }
    }
}
