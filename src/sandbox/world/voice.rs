//! What programs write: access logs, JSON, plain lines with levels, jobs, stack traces. When they write is in `output`.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

use super::chance;
use super::definition::{ContainerSpec, Definition, NetworkMode};
use super::moment::Moment;
use super::output::Spin;

/// What a program writes in one instant: whether to stderr, and the text.
pub(super) type Texts = Vec<(bool, String)>;

/// How a program writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voice {
    /// The access log of a web service.
    Access,
    /// An object a line.
    Json,
    /// A time, a level, a logger and a message; stack traces.
    Plain,
    /// Plain, and now and then what no terminal should be given as it is.
    Nasty,
    /// Jobs taken from a queue.
    Worker,
    /// Progress of a run-once job.
    Job,
    /// A reverse proxy.
    Proxy,
    /// A reverse proxy under load: twenty lines a second.
    Chatty,
    /// A sidecar of a mesh.
    Mesh,
    /// A line a minute.
    Idle,
}

impl Voice {
    /// The voice of a container: by its name where that says it all, else by the family.
    pub fn of(definition: &Definition, spec: &ContainerSpec) -> Self {
        let family = definition.family.as_str();
        match spec.name.as_str() {
            "nginx" if family == "storefront" => return Self::Chatty,
            "nginx" => return Self::Proxy,
            "envoy" => return Self::Mesh,
            "job" => return Self::Job,
            "agent" | "datadog-agent" | "log-router" => return Self::Idle,
            _ => {}
        }
        match family {
            "pricing-engine" => Self::Nasty,
            "orders-api" | "payments-api" => Self::Json,
            "api-gateway" | "shipping-api" => Self::Access,
            "fraud-detector" | "search" => Self::Plain,
            _ if spec.port_mappings.is_empty() && definition.network == NetworkMode::Awsvpc => {
                Self::Worker
            }
            _ => {
                let letters = family.bytes().map(usize::from).sum::<usize>();
                [Self::Access, Self::Plain, Self::Json][letters % 3]
            }
        }
    }

    /// The mean time between two utterances.
    pub fn pace(self) -> Duration {
        Duration::from_millis(match self {
            Self::Chatty => 50,
            Self::Access => 700,
            Self::Json => 900,
            Self::Proxy => 1100,
            Self::Mesh => 1300,
            Self::Job => 1500,
            Self::Plain | Self::Nasty => 2000,
            Self::Worker => 2500,
            Self::Idle => 60_000,
        })
    }

    /// What is written first.
    pub fn begins(self, at: Moment, definition: &Definition, spec: &ContainerSpec) -> Texts {
        let (family, revision) = (&definition.family, definition.revision);
        let port = spec
            .port_mappings
            .first()
            .map_or(8080, |port| port.container_port);
        let text = match self {
            Self::Access | Self::Plain | Self::Nasty => {
                let clock = clock(at);
                return vec![
                    said(format!("{clock} INFO  {family} revision {revision} starting, pid 1")),
                    said(format!("{clock} INFO  listening on 0.0.0.0:{port}")),
                ];
            }
            Self::Json => {
                json!({"time": clock(at), "level": "info", "msg": "listening", "service": family, "revision": revision, "port": port})
                    .to_string()
            }
            Self::Worker => format!("{} INFO {family}: 10 workers, queues default, mailers", clock(at)),
            Self::Job => format!("{} {family}: run begins", clock(at)),
            Self::Proxy | Self::Chatty => {
                return vec![(true, "start worker processes: 2".to_owned())];
            }
            Self::Mesh => return vec![(true, "all dependencies initialized, starting workers".to_owned())],
            Self::Idle => format!("{} up", spec.name),
        };
        vec![said(text)]
    }

    /// What is written on occasion `number`.
    pub fn says(self, at: Moment, number: u64, chance: &mut Spin) -> Texts {
        match self {
            Self::Access => access(at, chance),
            Self::Json => vec![said(object(at, chance))],
            Self::Nasty if number % 5 == 3 => vec![said(nasty(number / 5))],
            Self::Plain | Self::Nasty => plain(at, chance),
            Self::Worker => worker(at, chance),
            Self::Job => {
                let rows = (number + 1) * 250 + chance.below(200);
                vec![said(format!(
                    "{} batch {number} written, {rows} rows so far",
                    clock(at)
                ))]
            }
            Self::Proxy | Self::Chatty => proxy(at, chance),
            Self::Mesh => mesh(at, chance),
            Self::Idle => {
                let records = chance.below(40);
                vec![said(format!(
                    "{} level=info msg=\"flushed\" records={records} pending=0",
                    clock(at)
                ))]
            }
        }
    }

    /// What is written when SIGTERM comes.
    pub fn is_told_to_stop(self, at: Moment) -> Texts {
        match self {
            Self::Json => vec![said(
                json!({"time": clock(at), "level": "info", "msg": "SIGTERM received, draining"})
                    .to_string(),
            )],
            Self::Proxy | Self::Chatty => {
                vec![(true, "signal 15 (SIGTERM) received, exiting".to_owned())]
            }
            Self::Mesh => vec![(true, "caught SIGTERM, shutting down".to_owned())],
            _ => vec![said(format!(
                "{} INFO  SIGTERM received, finishing what is under way",
                clock(at)
            ))],
        }
    }

    /// The last words before the program ends with an exit code. One that is killed has none.
    pub fn ends(self, at: Moment, code: Option<i32>, chance: &mut Spin) -> Texts {
        match (self, code) {
            (_, None | Some(137)) => Vec::new(),
            (Self::Job, Some(0)) => vec![said(format!("{} run complete, exit 0", clock(at)))],
            (Self::Json, Some(0 | 143)) => {
                vec![said(
                    json!({"time": clock(at), "level": "info", "msg": "stopped"}).to_string(),
                )]
            }
            (_, Some(0 | 143)) => vec![said(format!("{} INFO  stopped", clock(at)))],
            (_, Some(code)) => {
                let cause = chance.pick(&[
                    "cannot reach index.internal:9200: connection refused",
                    "configuration key search.shards is missing",
                    "migration 0042 is not applied",
                ]);
                let mut texts = trace(&format!("{} FATAL {cause}", clock(at)), chance);
                texts.push((true, format!("exit {code}")));
                texts
            }
        }
    }
}

pub(super) fn said(text: String) -> (bool, String) {
    (false, text)
}

fn timestamp(at: Moment) -> Timestamp {
    let millis = i64::try_from(at.millis()).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// `2026-03-01T10:20:30.123Z`.
pub(super) fn clock(at: Moment) -> String {
    format!("{:.3}", timestamp(at))
}

/// `01/Mar/2026:10:20:30 +0000`, as in access logs.
pub(super) fn stamp(at: Moment) -> String {
    timestamp(at)
        .strftime("%d/%b/%Y:%H:%M:%S +0000")
        .to_string()
}

/// A path, what is asked of it, and how it went.
fn request(chance: &mut Spin) -> (&'static str, String, u16, u64) {
    let what = chance.pick(&[
        "GET /products/",
        "GET /products/",
        "GET /search?page=",
        "GET /stock/",
        "GET /prices/",
        "GET /orders/",
        "GET /images/",
        "PUT /carts/",
        "DELETE /carts/",
        "POST /orders?basket=",
    ]);
    let (method, path) = what.split_once(' ').unwrap_or(("GET", what));
    let path = format!("{path}{}", chance.below(90_000) + 10_000);
    let status = match chance.below(400) {
        0 => 500,
        1 => 502,
        2..=3 => 429,
        4..=15 => 404,
        16..=60 if method == "GET" => 304,
        _ if method == "POST" => 201,
        _ => 200,
    };
    let mut millis = 2 + chance.below(45);
    if chance.once_in(60) {
        millis += 400 + chance.below(2500);
    }
    (method, path, status, millis)
}

fn access(at: Moment, chance: &mut Spin) -> Texts {
    let (method, path, status, millis) = request(chance);
    let client = format!("10.0.{}.{}", chance.below(96), 4 + chance.below(250));
    let bytes = chance.below(20_000);
    let mut texts = vec![said(format!(
        "{client} - - [{}] \"{method} {path} HTTP/1.1\" {status} {bytes} {}.{:03}",
        stamp(at),
        millis / 1000,
        millis % 1000
    ))];
    if status == 500 {
        texts.extend(trace(
            &format!("{} ERROR {method} {path} failed", clock(at)),
            chance,
        ));
    }
    texts
}

fn object(at: Moment, chance: &mut Spin) -> String {
    let (method, path, status, millis) = request(chance);
    let id = chance::uuid_of(u128::from(chance.next()) << 64 | u128::from(chance.next()));
    let (level, message) = match status {
        500.. => ("error", "request failed"),
        429 => ("warn", "too many requests"),
        _ if millis > 400 => ("warn", "slow request"),
        _ => ("info", "request completed"),
    };
    json!({
        "time": clock(at), "level": level, "msg": message, "method": method, "path": path,
        "status": status, "duration_ms": millis, "request_id": id,
    })
    .to_string()
}

fn plain(at: Moment, chance: &mut Spin) -> Texts {
    let (clock, thread) = (clock(at), chance.below(16));
    let number = chance.below(90_000) + 10_000;
    match chance.below(60) {
        0 => trace(
            &format!("{clock} ERROR [http-{thread}] c.e.catalog.Handler - request {number} failed"),
            chance,
        ),
        1..=3 => {
            let millis = 900 + chance.below(4000);
            vec![said(format!(
                "{clock} WARN  [http-{thread}] c.e.store.Pool - waited {millis} ms for a connection"
            ))]
        }
        _ => {
            let what = chance.pick(&[
                "priced basket",
                "indexed product",
                "loaded rules for",
                "refreshed cache of",
                "wrote audit record",
            ]);
            let millis = 1 + chance.below(60);
            vec![said(format!(
                "{clock} INFO  [http-{thread}] c.e.catalog.Handler - {what} {number} in {millis} ms"
            ))]
        }
    }
}

/// A stack trace below its first line, as a runtime writes it to stderr.
fn trace(first: &str, chance: &mut Spin) -> Texts {
    let cause = chance.pick(&[
        "java.net.ConnectException: Connection refused",
        "java.lang.IllegalStateException: pool is closed",
        "java.util.concurrent.TimeoutException: 3000 ms",
    ]);
    let mut texts = vec![(true, first.to_owned()), (true, cause.to_owned())];
    for _ in 0..4 + chance.below(5) {
        let place = chance.pick(&[
            "store.Pool.take(Pool.java",
            "http.Handler.serve(Handler.java",
            "rpc.Client.call(Client.java",
            "core.Loop.run(Loop.java",
        ]);
        let number = 20 + chance.below(400);
        texts.push((true, format!("\tat c.e.{place}:{number})")));
    }
    texts.push((true, "\t... 12 more".to_owned()));
    texts
}

fn worker(at: Moment, chance: &mut Spin) -> Texts {
    let (clock, job) = (clock(at), chance.next() >> 32);
    let kind = chance.pick(&[
        "SendReceipt",
        "ResizeImage",
        "SyncStock",
        "RefreshIndex",
        "CloseInvoice",
    ]);
    if chance.once_in(40) {
        return trace(
            &format!("{clock} ERROR {kind} jid={job:08x} failed, retry 1 of 25 in 16 s"),
            chance,
        );
    }
    let (waited, millis) = (chance.below(90), 20 + chance.below(1800));
    vec![said(format!(
        "{clock} INFO {kind} jid={job:08x} done in {millis} ms, waited {waited} ms"
    ))]
}

fn proxy(at: Moment, chance: &mut Spin) -> Texts {
    let (method, path, status, millis) = request(chance);
    let client = format!("10.0.{}.{}", chance.below(96), 4 + chance.below(250));
    if status >= 500 {
        let time = timestamp(at).strftime("%Y/%m/%d %H:%M:%S");
        let number = chance.below(90_000);
        return vec![(
            true,
            format!(
                "{time} [error] 31#31: *{number} upstream timed out (110: Operation timed out) while reading response header from upstream, client: {client}, request: \"{method} {path} HTTP/1.1\""
            ),
        )];
    }
    let bytes = chance.below(30_000);
    vec![said(format!(
        "{client} - - [{}] \"{method} {path} HTTP/1.1\" {status} {bytes} \"-\" \"internal-client/2.4\" rt={}.{:03}",
        stamp(at),
        millis / 1000,
        millis % 1000
    ))]
}

fn mesh(at: Moment, chance: &mut Spin) -> Texts {
    let (method, path, status, millis) = request(chance);
    let id = chance::uuid_of(u128::from(chance.next()) << 64 | u128::from(chance.next()));
    let flags = if status >= 500 { "UF,URX" } else { "-" };
    let upstream = millis.saturating_sub(1);
    vec![said(format!(
        "[{}] \"{method} {path} HTTP/1.1\" {status} {flags} 0 {} {millis} {upstream} \"{id}\" \"127.0.0.1:8080\"",
        clock(at),
        chance.below(9000)
    ))]
}

/// Lines that must not be given to a terminal as they are, each in its turn.
fn nasty(turn: u64) -> String {
    match turn % 8 {
        0 => "\u{1b}]0;title taken over\u{7}after a title sequence".to_owned(),
        1 => "\u{1b}[31mred\u{1b}[0m and \u{1b}[1;4mbold underlined\u{1b}[0m".to_owned(),
        2 => format!("long {}", "0123456789".repeat(500)),
        3 => "prix 12 €, größe Ü, 価格 9800 円, 🚢🧭, e\u{301}, family 👩\u{200d}👩\u{200d}👧".to_owned(),
        4 => "column\tone\ttwo\t\tfour".to_owned(),
        5 => "cleared\u{1b}[2J\u{1b}[H and \u{8}\u{8}\u{8}backspaced\roverwritten".to_owned(),
        6 => "right to left \u{202e}gnp.exe\u{202c}, zero\u{200b}width, null \u{0} and C1 \u{9b}31m".to_owned(),
        _ => "\u{1b}]52;c;Y2xpcGJvYXJk\u{7}clipboard, \u{1b}]8;;http://example.com\u{1b}\\link\u{1b}]8;;\u{1b}\\".to_owned(),
    }
}
