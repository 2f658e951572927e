//! `ecsight sandbox`: the simulated account as an endpoint for any AWS client.

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Args;

use super::Scale;

/// The arguments of `ecsight sandbox`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Listen on this loopback address; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:4580", value_parser = loopback)]
    listen: SocketAddr,
    #[command(flatten)]
    scale: Scale,
}

/// Serves until Ctrl-C.
pub(super) fn run(arguments: &Arguments) -> color_eyre::Result<ExitCode> {
    // JOIN: crate::sandbox::start(options)
    color_eyre::eyre::bail!("the sandbox is not joined in yet: {arguments:?}")
}

/// The endpoint checks no credentials: it is for this machine alone.
fn loopback(text: &str) -> Result<SocketAddr, String> {
    match text.parse::<SocketAddr>() {
        Ok(address) if address.ip().is_loopback() => Ok(address),
        Ok(_) => Err(
            "it must be a loopback address, such as 127.0.0.1:4580, for it checks no credentials"
                .to_owned(),
        ),
        Err(_) => Err("it must be an address and a port, such as 127.0.0.1:4580".to_owned()),
    }
}
