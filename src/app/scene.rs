//! What layers read: the cached model, the keys, the colours, and where they are.

use ratatui::layout::Rect;

use crate::{
    keymap::Keymap,
    model::{Arn, Identity, Now, Subject, regions},
    store::Store,
    theme::Theme,
    ui::{Context, Cx, Freshness, Glyphs},
};

/// Everything that layers read, apart from the layers, so that both can be borrowed at once.
pub(super) struct Scene {
    pub(super) store: Store,
    pub(super) keymap: Keymap,
    pub(super) theme: Theme,
    pub(super) freshness: Freshness,
    /// The room of the layer in the middle.
    pub(super) body: Rect,
    pub(super) around: Vec<Subject>,
    pub(super) under_cursor: Option<Subject>,
    pub(super) context: Context,
    glyphs: Glyphs,
}

impl Scene {
    pub(super) fn new(keymap: Keymap, theme: Theme, glyphs: Glyphs, context: Context) -> Self {
        let mut store = Store::new();
        store.look_at(&context.region);
        Self {
            store,
            keymap,
            theme,
            freshness: Freshness::Loading,
            body: Rect::new(0, 2, 80, 21),
            around: Vec::new(),
            under_cursor: None,
            context,
            glyphs,
        }
    }

    /// Notes which region is looked at, or which regions.
    pub(super) fn look_at(&mut self, region: String) {
        self.store.look_at(&region);
        self.context.region = region;
    }

    /// The region that a thing is asked for and changed in: its own if that is looked at, else the first, as an endpoint
    /// that is not AWS's may have it.
    pub(super) fn region_of(&self, thing: &Arn) -> &str {
        let looked_at = || regions(&self.context.region);
        let own = looked_at().find(|name| *name == thing.region());
        own.or_else(|| looked_at().next()).unwrap_or_default()
    }

    /// Whose account is shown, by the credentials or, before these are known, by what an earlier run kept.
    pub(super) fn identity(&self) -> Option<&Identity> {
        let restored = || self.store.restored().map(|origin| &origin.identity);
        self.store.identity().or_else(restored)
    }

    pub(super) fn cx(&self, now: Now) -> Cx<'_> {
        Cx {
            store: &self.store,
            now,
            keymap: &self.keymap,
            theme: &self.theme,
            glyphs: self.glyphs,
            room: (self.body.width, self.body.height),
            freshness: &self.freshness,
            around: &self.around,
            under_cursor: self.under_cursor.as_ref(),
            context: &self.context,
        }
    }
}
