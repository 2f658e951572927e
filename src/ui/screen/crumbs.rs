//! The line of crumbs: the way from the root, the counts, and the filter.

use ratatui::{buffer::Buffer, layout::Rect};

use super::put_pieces;
use crate::{
    resource::{self, Place},
    theme::Role,
    ui::{Cx, Layer, text},
};

pub(super) fn draw(layers: &[Box<dyn Layer>], line: Rect, buffer: &mut Buffer, cx: &Cx) {
    let Some(top) = layers.iter().rev().find(|layer| !layer.is_overlay()) else {
        return;
    };
    let mut pieces = Vec::new();
    if let Some(filter) = top.filter() {
        let style = cx.theme.style(Role::PromptFilter);
        let mut shown = format!("/{}", filter.text);
        if filter.cursor.is_some() {
            shown.push(' ');
        }
        pieces.push((shown, style));
        if let Some(complaint) = filter.complaint {
            pieces.push((format!("  {complaint}"), cx.theme.style(Role::StatusError)));
        }
    }
    let filter_cells: usize = pieces
        .iter()
        .map(|(piece, _)| text::width(&text::clean(piece)))
        .sum();
    let status = top.status();
    let crumbs = crumb_texts(layers, cx);
    let room = usize::from(line.width).saturating_sub(filter_cells + text::width(&status) + 6);
    let x = put_crumbs(
        &crumbs,
        Rect {
            width: u16::try_from(room.max(12))
                .unwrap_or(u16::MAX)
                .min(line.width),
            ..line
        },
        buffer,
        cx,
    );
    let mut rest = Rect {
        x: x + 2,
        width: line.right().saturating_sub(x + 2),
        ..line
    };
    let counter = cx.theme.style(Role::Counter);
    let used = text::put(
        buffer,
        (rest.x, rest.y),
        &status,
        rest.width,
        counter,
        cx.glyphs.ellipsis(),
    );
    rest = Rect {
        x: rest.x + used + 2,
        width: rest.width.saturating_sub(used + 2),
        ..rest
    };
    let start = rest.x;
    let end = put_pieces(buffer, rest, &pieces, cx.glyphs.ellipsis());
    if let Some(at) = top.filter().and_then(|filter| filter.cursor) {
        let at = u16::try_from(at + 1).unwrap_or(u16::MAX);
        text::cursor(buffer, (start.saturating_add(at), line.y), cx);
    }
    let rule = cx.theme.style(Role::Border);
    for x in (end + 1)..line.right() {
        text::put(buffer, (x, line.y), cx.glyphs.rule(), 1, rule, "");
    }
}

/// The crumbs: the things looked at and the views over them, `prod-web > services > api > tasks`.
fn crumb_texts(layers: &[Box<dyn Layer>], cx: &Cx) -> Vec<String> {
    let mut crumbs: Vec<String> = Vec::new();
    let mut layers_of_a_thing = 0;
    for layer in layers.iter().filter(|layer| !layer.is_overlay()) {
        let of = layer.place().and_then(|place| place.scope.of.as_ref());
        if let Some(of) = of {
            let name = resource::called(of, cx.store);
            // What lies in it is in the same region.
            crumbs.push(if layers_of_a_thing > 0 {
                name.to_owned()
            } else {
                resource::placed(name, &of.arn, cx.store)
            });
            layers_of_a_thing += 1;
        } else if layer.place().is_some_and(can_look_closer) {
            crumbs.push("all".to_owned());
        }
        let crumb = layer.crumb(cx.store);
        crumbs.push(match layer.subject() {
            Some(of) if layer.place().is_none() && layers_of_a_thing == 0 => {
                resource::placed(&crumb, &of.arn, cx.store)
            }
            _ => crumb,
        });
    }
    crumbs
}

/// Whether a view lists the whole account here, but could list the parts of one thing.
fn can_look_closer(place: &Place) -> bool {
    resource::find(place.view).is_some_and(|view| !view.under().is_empty())
}

/// Writes crumbs; where they do not fit, those at the front give way.
fn put_crumbs(crumbs: &[String], line: Rect, buffer: &mut Buffer, cx: &Cx) -> u16 {
    let cells = |crumbs: &[String]| {
        crumbs
            .iter()
            .map(|crumb| text::width(crumb) + 3)
            .sum::<usize>()
    };
    let mut first = 0;
    while first + 1 < crumbs.len()
        && cells(&crumbs[first..]) + if first > 0 { 4 } else { 0 } > usize::from(line.width)
    {
        first += 1;
    }
    let plain = cx.theme.style(Role::Crumb);
    let mut pieces = vec![(" ".to_owned(), plain)];
    if first > 0 {
        pieces.push((format!("{} > ", cx.glyphs.ellipsis()), plain));
    }
    let last = crumbs.len().saturating_sub(1);
    for (index, crumb) in crumbs.iter().enumerate().skip(first) {
        if index == last {
            pieces.push((crumb.clone(), cx.theme.style(Role::CrumbActive)));
        } else {
            pieces.push((format!("{crumb} > "), plain));
        }
    }
    put_pieces(buffer, line, &pieces, cx.glyphs.ellipsis())
}
