//! Which host a live tail is asked of.

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        endpoint::EndpointPrefix,
        interceptors::{Intercept, context::BeforeSerializationInterceptorContextMut},
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::ConfigBag;
use aws_types::endpoint_config::EndpointUrl;

/// Leaves an endpoint of one's own as it is. The SDK asks `stream-` and the host for a live tail, whatever the host is;
/// that is right for AWS's own hosts, but no emulator, proxy or VPC endpoint has a second name like that, and before
/// `127.0.0.1` it is no name at all.
#[derive(Debug)]
pub(in crate::aws) struct OneHost;

impl Intercept for OneHost {
    fn name(&self) -> &'static str {
        "OneHost"
    }

    // The prefix is put down just before this hook, and applied before the request is signed.
    fn modify_before_serialization(
        &self,
        _context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let own = config
            .load::<EndpointUrl>()
            .is_some_and(|endpoint| !is_of_aws(&endpoint.0));
        if own {
            config.interceptor_state().unset::<EndpointPrefix>();
        }
        Ok(())
    }
}

/// Whether a URL leads to a regional host of CloudWatch Logs, which has a twin for live tails.
fn is_of_aws(url: &str) -> bool {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    ["logs.", "logs-fips."]
        .iter()
        .any(|name| host.starts_with(name))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("https://logs.eu-west-1.amazonaws.com", true)]
    #[case("https://logs-fips.us-gov-west-1.amazonaws.com", true)]
    #[case("http://127.0.0.1:4566", false)]
    #[case("http://localhost:5000/path", false)]
    #[case("https://vpce-0abc-1.logs.eu-west-1.vpce.amazonaws.com", false)]
    fn only_the_hosts_of_the_service_have_a_twin(#[case] url: &str, #[case] expected: bool) {
        assert_eq!(is_of_aws(url), expected);
    }
}
