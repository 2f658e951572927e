//! Rows as a table of text: aligned, with a header, without colours; everything from outside made safe.

use unicode_width::UnicodeWidthStr as _;

use super::{
    Request,
    rows::{Row, Sheet},
};
use crate::{
    resource::{Align, Cut, Cx, Head, Presence},
    ui::{clean, fit, shorten},
};

/// Cells between columns.
const GAP: usize = 2;
/// Columns of a higher rank stand in wide tables only.
const MATTERS: u8 = 2;
/// The column that tells where figures of use come from, which are not asked for.
const SOURCE: &str = "SOURCE";

/// Whether a column can say something without figures of what is used now.
pub(super) fn is_told(head: &Head) -> bool {
    head.presence != Presence::WhereUsed && head.title != SOURCE
}

/// A column as it is written.
struct Column {
    head: Head,
    /// Its index in the view; none for what rows are parts of.
    index: Option<usize>,
    cells: Vec<String>,
    width: usize,
}

/// All columns, nothing cut.
pub(super) fn wide(sheet: &Sheet, cx: &Cx) -> String {
    write(&columns(sheet, cx, |_, _| true), "")
}

/// The columns that fit into the width; without one those that matter, nothing cut.
pub(super) fn narrow(
    sheet: &Sheet,
    request: &Request,
    width: Option<u16>,
    ascii: bool,
    cx: &Cx,
) -> String {
    let sorted = request.sort.map(|sort| sort.column);
    let Some(width) = width else {
        let matters = |index: Option<usize>, head: &Head| {
            head.rank <= MATTERS || index == sorted && index.is_some()
        };
        return write(&columns(sheet, cx, matters), "");
    };
    let mut columns = columns(sheet, cx, |_, _| true);
    for column in &mut columns {
        if column.index.is_some() && column.index == sorted {
            column.head.rank = 0;
        }
    }
    let heads: Vec<Head> = columns.iter().map(|column| column.head).collect();
    let measured: Vec<u16> = columns
        .iter()
        .map(|column| u16::try_from(column.width).unwrap_or(u16::MAX))
        .collect();
    let mut fitted = Vec::new();
    let widths = fit(&heads, &measured, width);
    for (at, column) in columns.into_iter().enumerate() {
        if let Some((_, width)) = widths.iter().find(|(fits, _)| *fits == at) {
            fitted.push(Column {
                width: usize::from(*width).min(column.width),
                ..column
            });
        }
    }
    write(&fitted, if ascii { "~" } else { "…" })
}

/// The columns with their content, as wide as it is.
fn columns(sheet: &Sheet, cx: &Cx, takes: impl Fn(Option<usize>, &Head) -> bool) -> Vec<Column> {
    let whole = sheet.whole_title().map(|title| Head {
        title,
        align: Align::Left,
        width: 10,
        grow: 60,
        rank: 0,
        find: true,
        presence: Presence::Always,
        facet: None,
        same_under: None,
        cut: Cut::Middle,
    });
    let heads = sheet.heads.iter().enumerate();
    let heads = heads.filter(|(_, head)| is_told(head) && head.belongs(&sheet.scope));
    let heads =
        heads.filter(|(_, head)| head.presence != Presence::AmongRegions || cx.store.has_regions());
    let heads = heads.map(|(index, head)| (Some(index), *head));
    let all = whole.map(|head| (None, head)).into_iter().chain(heads);
    all.filter(|(index, head)| takes(*index, head))
        .map(|(index, head)| {
            let cell = |row: &Row| match index {
                Some(column) => clean(&sheet.cell(row, column, cx).text).into_owned(),
                None => clean(&sheet.whole(row, cx.store).unwrap_or_default()).into_owned(),
            };
            let cells: Vec<String> = sheet.rows.iter().map(cell).collect();
            let widest = cells.iter().map(|cell| cell.width()).max().unwrap_or(0);
            Column {
                width: widest.max(head.title.width()),
                head,
                index,
                cells,
            }
        })
        .collect()
}

/// Writes the lines; nothing at all where there are no rows.
fn write(columns: &[Column], ellipsis: &str) -> String {
    let rows = columns.first().map_or(0, |column| column.cells.len());
    if rows == 0 {
        return String::new();
    }
    let mut text = line(
        columns.iter().map(|column| (column, column.head.title)),
        ellipsis,
    );
    for row in 0..rows {
        let cells = columns
            .iter()
            .map(|column| (column, column.cells[row].as_str()));
        text.push_str(&line(cells, ellipsis));
    }
    text
}

fn line<'a>(cells: impl Iterator<Item = (&'a Column, &'a str)>, ellipsis: &str) -> String {
    let mut line = String::new();
    let mut pending = 0;
    for (column, cell) in cells {
        let cell = shorten(cell, column.width, column.head.cut, ellipsis);
        let spare = column.width.saturating_sub(cell.width());
        let (before, after) = match column.head.align {
            Align::Left => (0, spare),
            Align::Right => (spare, 0),
        };
        line.push_str(&" ".repeat(pending + before));
        line.push_str(&cell);
        pending = after + GAP;
    }
    line.push('\n');
    line
}
