//! What a log costs: taking lines in, looking for something in all that are held, painting. In memory, with as many
//! lines as are held at most.
//!
//! `cargo bench --bench logs`
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a measurement that cannot be made fails by a panic"
)]

use std::{collections::BTreeMap, hint::black_box, time::Duration};

use criterion::{BatchSize, Criterion, Throughput};
use ecsight::{
    keymap::{Code, Command, Key, Keymap},
    model::{Arn, LogLine, LogReport, Now, Subject, Timestamp},
    store::Store,
    theme::{Depth, Theme},
    ui::{Cx, Freshness, Glyphs, Layer, LogsLayer},
};
use ratatui::{buffer::Buffer, layout::Rect};

const SCREEN: Rect = Rect::new(0, 0, 140, 40);
/// Lines of a report.
const BATCH: i64 = 1_000;

/// What a layer reads.
struct Room {
    store: Store,
    keymap: Keymap,
    theme: Theme,
    freshness: Freshness,
}

impl Room {
    fn new() -> Self {
        Self {
            store: Store::new(),
            keymap: Keymap::new(&BTreeMap::new()).0,
            theme: Theme::builtin("ansi", Depth::Indexed256).unwrap(),
            freshness: Freshness::Live,
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
    taking_in(&mut criterion);
    looking(&mut criterion);
    criterion.final_summary();
}
