//! What a log costs: reading it from an engine, taking lines in, looking for something in all that are held, painting.
//! With as many lines as are held at most; the engine sends from memory, and the program reads with one thread.
//!
//! `cargo bench --bench logs`
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a measurement that cannot be made fails by a panic"
)]

use std::{
    collections::BTreeMap,
    hint::black_box,
    io::{self, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    thread,
    time::Duration,
};

use criterion::{BatchSize, Criterion, Throughput};
use ecsight::{
    docker::{Engines, Settings},
    keymap::{Code, Command, Key, Keymap},
    model::{Arn, LogLine, LogPlace, LogReport, LogStream, Now, Subject, Tail, Timestamp},
    store::Store,
    theme::{Depth, Theme},
    ui::{Context, Cx, Freshness, Glyphs, Layer, LogsLayer},
};
use ratatui::{buffer::Buffer, layout::Rect};
use serde_json::json;
use tokio::sync::{mpsc, watch};

const SCREEN: Rect = Rect::new(0, 0, 140, 40);
/// Lines of a report.
const BATCH: i64 = 1_000;
/// Lines that are read from the engine at a time.
const READ: usize = 100_000;
/// The container that the engine has, and its task.
const CONTAINER: &str = "flood";
const TASK: &str = "arn:aws:ecs:eu-west-1:123456789012:task/shop/0123456789abcdef";

/// What a layer reads.
struct Room {
    store: Store,
    keymap: Keymap,
    theme: Theme,
    freshness: Freshness,
    context: Context,
}

impl Room {
    fn new() -> Self {
        Self {
            store: Store::new(),
            keymap: Keymap::new(&BTreeMap::new()).0,
            theme: Theme::builtin("ansi", Depth::Indexed256).unwrap(),
            freshness: Freshness::Live,
            context: Context::default(),
        }
    }

    fn cx(&self) -> Cx<'_> {
        Cx {
            store: &self.store,
            now: Now {
                wall: Timestamp(1_760_000_000_000),
                mono: Duration::from_secs(1),
            },
            keymap: &self.keymap,
            theme: &self.theme,
            glyphs: Glyphs { ascii: false },
            room: (SCREEN.width, SCREEN.height),
            freshness: &self.freshness,
            around: &[],
            under_cursor: None,
            context: &self.context,
        }
    }

    /// A log with as many lines as it holds, and the time of the last.
    fn full(&self) -> (LogsLayer, i64) {
        let service = Arn::new("arn:aws:ecs:eu-west-1:123456789012:service/shop/api");
        let mut layer = LogsLayer::follow(Subject::whole(&service));
        let mut at = 0;
        for _ in 0..200 {
            layer.on_log(report(at));
            layer.settle(&self.cx());
            at += BATCH;
        }
        (layer, at)
    }
}

/// Lines of one stream, a millisecond apart.
fn report(from: i64) -> LogReport {
    let task = Arn::new("arn:aws:ecs:eu-west-1:123456789012:task/shop/0123456789abcdef");
    let line = |at: i64| {
        LogLine {
        at: Timestamp(at),
        error: false,
        text: format!(
            r#"{{"level":"info","msg":"served request {at}","path":"/cart/{at}","status":200,"ms":12}}"#
        )
        .into(),
    }
    };
    LogReport::Lines {
        container: Subject::part(&task, "app"),
        lines: (from..from + BATCH).map(line).collect(),
    }
}

fn taking_in(criterion: &mut Criterion) {
    let room = Room::new();
    let (mut layer, mut at) = room.full();
    let mut group = criterion.benchmark_group("a full log");
    group.throughput(Throughput::Elements(BATCH.unsigned_abs()));
    group.bench_function("1,000 lines more", |bencher| {
        bencher.iter_batched(
            || {
                at += BATCH;
                report(at)
            },
            |report| {
                layer.on_log(report);
                layer.settle(&room.cx());
            },
            BatchSize::PerIteration,
        );
    });
    // As when the lines of another stream come after those of the first.
    let (mut layer, end) = room.full();
    group.bench_function("1,000 lines that are late by half", |bencher| {
        bencher.iter_batched(
            || report(end - 40_000),
            |report| {
                layer.on_log(report);
                layer.settle(&room.cx());
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

/// An engine with one container that writes as fast as it is read; its address.
fn engine() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("tcp://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // Whoever is served ends the connection.
            thread::spawn(move || serve(stream));
        }
    });
    address
}

fn serve(mut stream: TcpStream) -> io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.extend(byte);
    }
    let head = String::from_utf8_lossy(&head);
    let path = head.split([' ', '?']).nth(1).unwrap_or_default();
    let answer = match path.rsplit('/').next().unwrap_or_default() {
        "version" => json!({"Version": "20.10.24", "ApiVersion": "1.41"}),
        "info" => json!({"MemTotal": 8_u64 << 30}),
        "events" | "logs" => {
            let kind = "Content-Type: application/octet-stream";
            write!(
                stream,
                "HTTP/1.1 200 OK\r\n{kind}\r\nConnection: close\r\n\r\n"
            )?;
            if path.ends_with("events") {
                // Nothing ever happens; the client goes.
                return stream.read_exact(&mut byte);
            }
            let lines = written();
            loop {
                stream.write_all(&lines)?;
            }
        }
        _ => json!([{
            "Id": CONTAINER,
            "Names": ["/ecs-flood"],
            "Created": 1,
            "State": "running",
            "Status": "Up 1 second",
            "Labels": {
                "com.amazonaws.ecs.task-arn": TASK,
                "com.amazonaws.ecs.container-name": CONTAINER,
                "com.amazonaws.ecs.cluster": "shop",
            },
        }]),
    };
    let body = answer.to_string();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// Lines in frames of their own, as an engine sends them: about 10 microseconds apart.
fn written() -> Vec<u8> {
    let mut all = Vec::new();
    for number in 0..READ {
        let line = format!(
            "2026-11-22T08:56:05.{:09}Z number {number} of a container that writes as fast as it can\n",
            number * 9_973
        );
        all.extend([1, 0, 0, 0]);
        all.extend(u32::try_from(line.len()).unwrap().to_be_bytes());
        all.extend(line.bytes());
    }
    all
}

fn reading(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let settings = Settings {
        local: Some(engine()),
        rules: Vec::new(),
    };
    let stream = LogStream {
        container: Subject::part(&Arn::new(TASK), CONTAINER),
        place: LogPlace::Engine { host: None },
    };
    let (_tail, wanted) = watch::channel(Tail {
        streams: vec![stream],
        since: None,
        newest: None,
        follow: true,
    });
    let (sender, _engine_reports) = mpsc::channel(64);
    let (reports, mut arrived) = mpsc::channel(4);
    runtime.block_on(async {
        let engines = Engines::start(settings, sender);
        tokio::spawn(async move { engines.tail(wanted, reports).await });
    });
    let mut group = criterion.benchmark_group("an engine that writes as fast as it is read");
    group.throughput(Throughput::Elements(u64::try_from(READ).unwrap()));
    group.sample_size(20);
    group.bench_function("100,000 lines", |bencher| {
        bencher.iter(|| {
            runtime.block_on(async {
                let mut read = 0;
                while read < READ {
                    if let LogReport::Lines { lines, .. } = arrived.recv().await.unwrap() {
                        read += lines.len();
                    }
                }
            });
        });
    });
    group.finish();
}

fn looking(criterion: &mut Criterion) {
    let room = Room::new();
    let (mut layer, _) = room.full();
    let key = |code| Key {
        code,
        ..Key::char('x')
    };
    layer.on_command(Command::Filter, &room.cx());
    criterion.bench_function(
        "a full log: a letter more in the filter, and one less",
        |bencher| {
            bencher.iter(|| {
                layer.on_text(Key::char('7'), &room.cx());
                layer.settle(&room.cx());
                layer.on_text(key(Code::Backspace), &room.cx());
                layer.settle(&room.cx());
            });
        },
    );
    layer.on_text(key(Code::Esc), &room.cx());
    layer.on_command(Command::Wrap, &room.cx());
    layer.on_command(Command::Fold, &room.cx());
    let mut buffer = Buffer::empty(SCREEN);
    criterion.bench_function(
        "a full log: a page up and down, folded and wrapped",
        |bencher| {
            bencher.iter(|| {
                for command in [Command::PageUp, Command::PageDown] {
                    layer.on_command(command, &room.cx());
                    layer.settle(&room.cx());
                    layer.draw(SCREEN, &mut buffer, &room.cx());
                }
                black_box(&buffer);
            });
        },
    );
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    reading(&mut criterion);
    taking_in(&mut criterion);
    looking(&mut criterion);
    criterion.final_summary();
}
