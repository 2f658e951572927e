//! An engine on a socket of its own that is told what it holds, and tells which connections are open.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;

use super::{DEADLINE, task};

/// What it holds and answers.
#[derive(Default)]
pub struct State {
    pub api: String,
    /// An answer to everything instead: status and body.
    pub refusal: Option<(u16, String)>,
    /// Containers by id.
    pub containers: BTreeMap<String, Container>,
    /// All paths that were asked for.
    pub asked: Vec<String>,
}

#[derive(Clone)]
pub struct Container {
    pub task: String,
    pub name: String,
    pub state: String,
    pub restarts: u32,
    pub oom_killed: bool,
    pub exit_code: i64,
    /// Frames of stats, all sent at once; then the stream stays open.
    pub frames: Vec<Value>,
    /// The log as the engine sends it, and whether it stays open then.
    pub log: Vec<u8>,
    pub log_stays: bool,
}

impl Container {
    pub fn running(task: &str, name: &str) -> Self {
        Self {
            task: task.to_owned(),
            name: name.to_owned(),
            state: "running".to_owned(),
            restarts: 0,
            oom_killed: false,
            exit_code: 0,
            frames: Vec::new(),
            log: Vec::new(),
            log_stays: true,
        }
    }
}

/// The engine. It ends with this.
pub struct Fake {
    pub folder: TempDir,
    pub state: Arc<Mutex<State>>,
    /// Open connections by the last word of their paths.
    open: watch::Sender<BTreeMap<String, usize>>,
    /// Lines of events, all ever told.
    events: watch::Sender<Vec<String>>,
    server: Option<tokio::task::JoinHandle<()>>,
}

impl Fake {
    pub fn start() -> Self {
        let mut fake = Self {
            folder: TempDir::new().unwrap(),
            state: Arc::default(),
            open: watch::Sender::default(),
            events: watch::Sender::default(),
            server: None,
        };
        fake.state.lock().unwrap().api = "1.41".to_owned();
        fake.listen();
        fake
    }

    /// Listens anew, after [`Fake::stop`].
    pub fn listen(&mut self) {
        let listener = UnixListener::bind(self.path()).unwrap();
        let (state, open, events) = (
            Arc::clone(&self.state),
            self.open.clone(),
            self.events.clone(),
        );
        self.server = Some(tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (state, open) = (Arc::clone(&state), open.clone());
                connections.spawn(serve(stream, state, open, events.subscribe()));
            }
        }));
    }

    /// Closes all connections and the socket, as an engine does that is stopped.
    pub async fn stop(&mut self) {
        let server = self.server.take().unwrap();
        server.abort();
        assert!(server.await.unwrap_err().is_cancelled());
        std::fs::remove_file(self.path()).unwrap();
        self.open.send_replace(BTreeMap::new());
    }

    fn path(&self) -> std::path::PathBuf {
        Path::new(self.folder.path()).join("docker.sock")
    }

    pub fn address(&self) -> String {
        format!("unix://{}", self.path().display())
    }

    /// Changes what it holds, without an event.
    pub fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap());
    }

    /// Puts a container there, or changes it, and tells of it.
    pub fn put(&self, id: &str, action: &str, container: Container) {
        self.change(|state| {
            state.containers.insert(id.to_owned(), container);
        });
        let event = json!({"Type": "container", "Action": action, "Actor": {"ID": id}});
        self.events
            .send_modify(|events| events.push(event.to_string()));
    }

    /// Waits until so many connections are open that end in a word.
    pub async fn connections(&self, word: &str, count: usize) {
        let mut open = self.open.subscribe();
        let wait = open.wait_for(|open| open.get(word).copied().unwrap_or(0) == count);
        tokio::time::timeout(DEADLINE, wait).await.unwrap().unwrap();
    }

    /// Waits until none is open.
    pub async fn no_connections(&self) {
        let mut open = self.open.subscribe();
        let wait = open.wait_for(|open| open.values().all(|count| *count == 0));
        tokio::time::timeout(DEADLINE, wait).await.unwrap().unwrap();
    }

    /// How often a path with this in it was asked for.
    pub fn asked(&self, part: &str) -> usize {
        let state = self.state.lock().unwrap();
        state
            .asked
            .iter()
            .filter(|path| path.contains(part))
            .count()
    }
}

/// A connection that is counted for as long as this lives.
struct Counted {
    open: watch::Sender<BTreeMap<String, usize>>,
    word: String,
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.open.send_modify(|open| {
            if let Some(count) = open.get_mut(&self.word) {
                *count = count.saturating_sub(1);
            }
        });
    }
}

async fn serve(
    mut stream: UnixStream,
    state: Arc<Mutex<State>>,
    open: watch::Sender<BTreeMap<String, usize>>,
    mut events: watch::Receiver<Vec<String>>,
) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = stream.read_u8().await else {
            return;
        };
        head.push(byte);
    }
    let head = String::from_utf8(head).unwrap();
    let target = head.split(' ').nth(1).unwrap().to_owned();
    // The client may name a version first: an engine refuses those that it is too old for.
    assert!(
        !target.starts_with("/v1"),
        "{target} is of a version that nobody agreed on"
    );
    let path = target.split('?').next().unwrap().to_owned();
    let word = path.rsplit('/').next().unwrap().to_owned();
    open.send_modify(|open| *open.entry(word.clone()).or_default() += 1);
    let _counted = Counted {
        open,
        word: word.clone(),
    };
    let (answer, stays) = answer(&state, &target, &path, &word);
    if stream.write_all(&answer).await.is_err() {
        return;
    }
    if word == "events" {
        let mut told = 0;
        loop {
            let new: String =
                events.borrow_and_update()[told..]
                    .iter()
                    .fold(String::new(), |mut text, event| {
                        writeln!(text, "{event}").unwrap();
                        text
                    });
            told = events.borrow().len();
            if stream.write_all(new.as_bytes()).await.is_err() {
                return;
            }
            tokio::select! {
                _ = events.changed() => {}
                // The client has gone.
                _ = stream.read_u8() => return,
            }
        }
    }
    if stays {
        let _ = stream.read_u8().await;
    }
}

/// The bytes of an answer, and whether the connection stays open after them.
fn answer(state: &Mutex<State>, target: &str, path: &str, word: &str) -> (Vec<u8>, bool) {
    let mut state = state.lock().unwrap();
    state.asked.push(target.to_owned());
    let whole = |status: u16, body: String| {
        let head = format!(
            "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        ((head + &body).into_bytes(), false)
    };
    if let Some((status, body)) = &state.refusal {
        return whole(*status, body.clone());
    }
    let stream =
        b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nConnection: close\r\n\r\n"
            .to_vec();
    let id = path.split('/').nth(2).unwrap_or_default().to_owned();
    let container = state.containers.get(&id).cloned();
    match (word, container) {
        ("version", _) => whole(
            200,
            json!({"Version": "17.3.0", "ApiVersion": state.api}).to_string(),
        ),
        ("info", _) => whole(
            200,
            json!({"MemTotal": 8_u64 << 30, "SystemTime": "2026-11-22T08:00:00.5Z"}).to_string(),
        ),
        ("events", _) => (stream, true),
        ("json", None) if path == "/containers/json" => {
            let list: Vec<_> = state
                .containers
                .iter()
                .map(|(id, one)| summary(id, one))
                .collect();
            whole(200, Value::from(list).to_string())
        }
        ("json", Some(one)) => whole(200, inspection(&id, &one).to_string()),
        ("stats", Some(one)) => {
            let frames: String = one
                .frames
                .iter()
                .map(|frame| format!("{frame}\n"))
                .collect();
            ([stream, frames.into_bytes()].concat(), true)
        }
        ("logs", Some(one)) => ([stream, one.log].concat(), one.log_stays),
        _ => whole(
            404,
            json!({"message": format!("No such container: {id}")}).to_string(),
        ),
    }
}

fn summary(id: &str, one: &Container) -> Value {
    json!({
        "Id": id,
        "Names": [format!("/ecs-{}", one.name)],
        "Created": 1,
        "State": one.state,
        "Status": if one.state == "exited" { format!("Exited ({}) 1 second ago", one.exit_code) } else { "Up 1 second".to_owned() },
        "Labels": {
            "com.amazonaws.ecs.task-arn": task(&one.task).as_str(),
            "com.amazonaws.ecs.container-name": one.name,
            "com.amazonaws.ecs.cluster": "prod",
        },
    })
}

fn inspection(id: &str, one: &Container) -> Value {
    json!({
        "Id": id,
        "RestartCount": one.restarts,
        "State": {
            "Status": one.state,
            "Running": one.state == "running",
            "OOMKilled": one.oom_killed,
            "ExitCode": one.exit_code,
            "StartedAt": "2026-11-22T08:00:00.123456789Z",
        },
    })
}

/// A frame of stats with so much CPU time, at a second of a minute.
pub fn frame(second: u32, cpu: u64) -> Value {
    json!({
        "read": format!("2026-11-22T08:00:{second:02}.5Z"),
        "cpu_stats": {"cpu_usage": {"total_usage": cpu}, "system_cpu_usage": 9_000, "online_cpus": 4},
        "memory_stats": {"usage": 1_000, "stats": {"inactive_file": 100}, "limit": 64_u64 << 20},
    })
}

/// A frame of output: 1 is standard output, 2 standard error.
pub fn output(stream: u8, text: &str) -> Vec<u8> {
    let length = u32::try_from(text.len()).unwrap();
    let mut frame = vec![stream, 0, 0, 0];
    frame.extend(length.to_be_bytes());
    frame.extend(text.as_bytes());
    frame
}
