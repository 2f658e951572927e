//! Engines behind SSH: each HTTP connection is an `ssh` of the system that runs `docker system dial-stdio` on the host,
//! as Docker's own client does it. What is asked and answered is not known here.

use std::io;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use bollard::BollardRequest;
use bollard::errors::Error;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{HOST, HeaderValue};
use hyper::{Request, Response, Uri};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, join, sink};
use tokio::process::{Child, ChildStderr, Command};
use tokio::sync::{Semaphore, mpsc, oneshot};

/// How many connections may be on their way at a time: an SSH server turns away some of those that have not logged in
/// yet when there are more than ten (`MaxStartups`).
const AT_ONCE: usize = 8;

/// How long to wait for the words of an `ssh` whose connection broke.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// The body of a request of the client, which has no name of its own.
trait OfBody {
    type Body;
}

impl<B> OfBody for Request<B> {
    type Body = B;
}

/// An HTTP connection through an `ssh` of its own.
struct Connection {
    sender: SendRequest<<BollardRequest as OfBody>::Body>,
    /// What `ssh` had to complain of, once it has ended.
    complaint: oneshot::Receiver<String>,
}

/// What is asked of the keeper of connections.
enum Ask {
    /// One that waits for a request, if there is one.
    Take(oneshot::Sender<Option<Connection>>),
    /// One whose answer is still being read.
    Keep(Connection),
}

/// The program, as the system finds it.
pub(super) const PROGRAM: &str = "ssh";

/// The arguments of `ssh`. It asks nothing of a person: whatever it would ask fails instead.
fn arguments(user: Option<&str>, host: &str, port: Option<u16>) -> Vec<String> {
    let mut arguments: Vec<String> = [
        "-T",
        "-oBatchMode=yes",
        "-oConnectTimeout=10",
        "-oServerAliveInterval=15",
        "-oServerAliveCountMax=2",
    ]
    .map(str::to_owned)
    .into();
    if let Some(user) = user {
        arguments.extend(["-l".to_owned(), user.to_owned()]);
    }
    if let Some(port) = port {
        arguments.extend(["-p".to_owned(), port.to_string()]);
    }
    arguments.extend(["--", host, "docker", "system", "dial-stdio"].map(str::to_owned));
    arguments
}

/// The way to the engine of a host, for the client. The user's own configuration of SSH holds (keys, jump hosts,
/// `ProxyCommand` through AWS Systems Manager, shared connections).
///
/// `ssh` never gets at the terminal: its input is the connection, its complaints are read, and with `BatchMode` it
/// fails where it would ask for a password or whether a host's key is right. It runs in a process group of its own,
/// so that a `ProxyJump` that would read a password from the terminal is stopped by the system, and runs into the time
/// limit.
pub(super) fn transport(
    program: &str,
    user: Option<&str>,
    host: &str,
    port: Option<u16>,
) -> impl Fn(BollardRequest) -> BoxFuture<'static, Result<Response<Incoming>, Error>> + Send + Sync + use<>
{
    let mut words = vec![program.to_owned()];
    words.extend(arguments(user, host, port));
    let (asks, receiver) = mpsc::unbounded_channel();
    tokio::spawn(keep(receiver));
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    move |request| send(asks.clone(), words.clone(), Arc::clone(&turns), request).boxed()
}

/// Keeps connections between requests, so that only streams that last need more than one.
async fn keep(mut asks: mpsc::UnboundedReceiver<Ask>) {
    let mut kept: Vec<Connection> = Vec::new();
    while let Some(ask) = asks.recv().await {
        kept.retain(|connection| !connection.sender.is_closed());
        match ask {
            Ask::Keep(connection) => kept.push(connection),
            Ask::Take(answer) => {
                let ready = kept
                    .iter()
                    .position(|connection| connection.sender.is_ready());
                // A receiver that is gone closes the connection with it.
                let _ = answer.send(ready.map(|at| kept.swap_remove(at)));
            }
        }
    }
}

async fn send(
    asks: mpsc::UnboundedSender<Ask>,
    words: Vec<String>,
    turns: Arc<Semaphore>,
    mut request: BollardRequest,
) -> Result<Response<Incoming>, Error> {
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", |path| path.as_str());
    let path: Uri = path.parse()?;
    *request.uri_mut() = path;
    request
        .headers_mut()
        .insert(HOST, HeaderValue::from_static("docker"));
    let (answer, kept) = oneshot::channel();
    let taken = asks.send(Ask::Take(answer)).is_ok();
    let kept = if taken {
        kept.await.ok().flatten()
    } else {
        None
    };
    // Given back when the answer begins: `ssh` has logged in then. Nobody closes the semaphore.
    let mut turn = None;
    let mut connection = if let Some(connection) = kept {
        connection
    } else {
        turn = turns.acquire().await.ok();
        connect(&words).await?
    };
    let answer = connection.sender.send_request(request).await;
    drop(turn);
    match answer {
        Ok(response) => {
            // Kept by nobody, it would end; the client is gone then too.
            let _ = asks.send(Ask::Keep(connection));
            Ok(response)
        }
        Err(error) => {
            drop(connection.sender);
            let complaint = tokio::time::timeout(LAST_WORDS, connection.complaint).await;
            match complaint {
                Ok(Ok(complaint)) if !complaint.trim().is_empty() => {
                    Err(io::Error::other(complaint).into())
                }
                _ => Err(error.into()),
            }
        }
    }
}

async fn connect(words: &[String]) -> Result<Connection, Error> {
    let mut command = Command::new(&words[0]);
    command
        .args(&words[1..])
        .env("SSH_ASKPASS_REQUIRE", "never")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    #[cfg(unix)]
    command.process_group(0);
    let mut child = command.spawn()?;
    let (Some(input), Some(output), Some(errors)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(io::Error::other("ssh has no input or output").into());
    };
    let (sender, connection) = handshake(TokioIo::new(join(output, input))).await?;
    let (tell, complaint) = oneshot::channel();
    tokio::spawn(async move {
        let complaint = tokio::spawn(read_complaint(errors));
        // How it ended is told to who waits for the answer.
        let _ = connection.await;
        end(child).await;
        // Nobody asks, mostly.
        let _ = tell.send(complaint.await.unwrap_or_default());
    });
    Ok(Connection { sender, complaint })
}

/// Lets an `ssh` whose connection ended say why, then ends it.
async fn end(mut child: Child) {
    if tokio::time::timeout(LAST_WORDS / 2, child.wait())
        .await
        .is_err()
    {
        // It may just have ended by itself.
        let _ = child.kill().await;
    }
}

/// The first words of what `ssh` complains of. The rest is read too, lest it be held up.
async fn read_complaint(mut errors: ChildStderr) -> String {
    let mut words = Vec::new();
    let _ = (&mut errors).take(4_096).read_to_end(&mut words).await;
    let _ = tokio::io::copy(&mut errors, &mut sink()).await;
    String::from_utf8_lossy(&words).into_owned()
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use bollard::{API_DEFAULT_VERSION, Docker};
    use tempfile::TempDir;

    use super::*;
    use crate::docker::fault;

    /// A client whose `ssh` is this script, in a folder of its own.
    fn client(script: &str) -> (Docker, TempDir) {
        let folder = TempDir::new().unwrap();
        let program = folder.path().join("ssh");
        let script = format!("#!/bin/sh\ncd '{}'\n{script}", folder.path().display());
        // Written by another process: what this one has open for writing cannot be run by those it forks.
        let write = "printf %s \"$1\" >\"$0\" && chmod 755 \"$0\"";
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", write]).arg(&program).arg(script);
        assert!(shell.status().unwrap().success());
        let way = transport(program.to_str().unwrap(), Some("me"), "i-0abc", Some(2222));
        let docker = Docker::connect_with_custom_transport(
            way,
            Some("http://docker"),
            60,
            API_DEFAULT_VERSION,
        );
        (docker.unwrap(), folder)
    }

    /// Answers each request with a version, and notes its words and that it was started.
    const ANSWERS: &str = r#"
        echo "$*" >>started
        while read -r line; do
            case $line in
            GET*) echo "$line" >>asked ;;
            ?) printf 'HTTP/1.1 200 OK\r\nContent-Length: 38\r\n\r\n{"Version":"25.0","ApiVersion":"1.44"}' ;;
            esac
        done
    "#;

    #[test]
    fn it_never_asks_a_person() {
        let words = arguments(Some("me"), "h", Some(22)).join(" ");
        assert!(words.contains("-oBatchMode=yes"), "{words}");
        assert!(
            words.ends_with("-l me -p 22 -- h docker system dial-stdio"),
            "{words}"
        );
        assert!(
            !words.contains("StrictHostKeyChecking"),
            "whom to trust is the user's decision"
        );
    }

    #[tokio::test]
    async fn requests_follow_each_other_through_one_ssh() {
        let (docker, folder) = client(ANSWERS);
        for _ in 0..3 {
            assert_eq!(docker.version().await.unwrap().version.unwrap(), "25.0");
        }
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(read("asked").lines().count(), 3);
        let started = read("started");
        assert_eq!(started.lines().count(), 1);
        assert!(
            started.contains("-l me -p 2222 -- i-0abc docker system dial-stdio"),
            "{started}"
        );
    }

    #[tokio::test]
    async fn what_ssh_complains_of_is_the_fault() {
        let (docker, _folder) = client("echo 'Host key verification failed.' >&2\nexit 255\n");
        let error = docker.version().await.unwrap_err();
        let fault = fault::of("ssh://me@i-0abc:2222", &error);
        assert_eq!(fault.message, "Host key verification failed.");
        assert!(fault.hint.contains("-p 2222 me@i-0abc"), "{fault}");
    }
}
