//! The query protocol, which STS speaks: a form in, XML out.

use super::{Account, Body, Reply};
use crate::sandbox::operation::{self, Fault};

const XML: &str = "text/xml";

impl Account {
    pub(super) fn query(&mut self, body: &[u8], id: String) -> Reply {
        let form = String::from_utf8_lossy(body);
        let action = form
            .split('&')
            .find_map(|pair| pair.strip_prefix("Action="))
            .unwrap_or_default();
        if action != "GetCallerIdentity" {
            let message = "The sandbox answers GetCallerIdentity only in this protocol.";
            return refusal(id, &Fault::new("InvalidAction", message));
        }
        *self.calls.entry(action.to_owned()).or_default() += 1;
        let body = operation::caller(&self.world, &id);
        Reply {
            status: 200,
            content: XML,
            error: None,
            id,
            body: Body::Whole(body.into_bytes()),
        }
    }
}

/// The answer that tells of a fault, whose words have nothing that XML takes for more.
pub(super) fn refusal(id: String, fault: &Fault) -> Reply {
    let Fault { code, message } = fault;
    let body = format!(
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
         <Code>{code}</Code><Message>{message}</Message></Error><RequestId>{id}</RequestId></ErrorResponse>"
    );
    Reply {
        status: 400,
        content: XML,
        error: Some(fault.code),
        id,
        body: Body::Whole(body.into_bytes()),
    }
}
