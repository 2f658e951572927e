//! `ecsight sandbox`: the simulated account as an endpoint for any AWS client.

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Args;
use color_eyre::eyre::WrapErr as _;

use super::Scale;
use crate::sandbox;

/// The arguments of `ecsight sandbox`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Listen on this loopback address; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:4580", value_parser = loopback)]
    listen: SocketAddr,
    #[command(flatten)]
    scale: Scale,
}

/// Prints the lines that point a client at the endpoint, and serves until Ctrl-C.
pub(super) fn run(arguments: &Arguments, region: Option<&str>) -> color_eyre::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .wrap_err("no threads to serve with")?;
    runtime.block_on(serve(arguments, region))
}

async fn serve(arguments: &Arguments, region: Option<&str>) -> color_eyre::Result<ExitCode> {
    let options = arguments.scale.options(arguments.listen, region);
    let sandbox = match sandbox::start(options).await {
        Ok(sandbox) => sandbox,
        Err(error) => {
            let reason = format!("{error}; `--listen 127.0.0.1:0` takes a free port");
            return Ok(super::refuse(&reason));
        }
    };
    super::print(sandbox.exports().as_bytes())?;
    let notice = format!(
        "serving a simulated account at {} until Ctrl-C",
        sandbox.url()
    );
    super::tell(&notice);
    until_ended()
        .await
        .wrap_err("the end cannot be waited for")?;
    sandbox.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// Waits for Ctrl-C, or for the system to ask for the end: what is on the disk is cleared away in both cases.
async fn until_ended() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            ended = tokio::signal::ctrl_c() => ended,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
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
