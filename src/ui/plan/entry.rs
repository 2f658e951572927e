//! The line that a deed asks for, with what can be picked under it.

use crate::{
    action::{Candidate, Field},
    ui::{Input, Pattern},
};

/// A line with candidates.
pub(super) struct Entry {
    pub(super) field: Field,
    pub(super) input: Input,
    /// Whether the person wrote or picked something; until then it follows what is known.
    pub(super) touched: bool,
    /// The candidates that what is typed leaves, by their index.
    shown: Vec<usize>,
    /// The candidate that was picked, by its place among them.
    picked: Option<usize>,
}

impl Entry {
    pub(super) fn new(field: Field) -> Self {
        Self {
            input: Input::new(&field.value),
            shown: (0..field.candidates.len()).collect(),
            field,
            touched: false,
            picked: None,
        }
    }

    /// Takes in what is known now; what the person wrote stays.
    pub(super) fn refresh(&mut self, field: Field) {
        if self.field == field {
            return;
        }
        let picked = self
            .picked
            .and_then(|at| self.shown.get(at))
            .map(|index| self.field.candidates[*index].clone());
        self.field = field;
        if !self.touched {
            self.input.set(&self.field.value);
        }
        if picked.is_some() || !self.touched {
            self.shown = (0..self.field.candidates.len()).collect();
            self.picked = picked.and_then(|picked| {
                self.field
                    .candidates
                    .iter()
                    .position(|one| one.value == picked.value)
            });
        } else {
            self.narrow();
        }
    }

    /// Leaves the candidates that what was typed fits.
    pub(super) fn narrow(&mut self) {
        let pattern = Pattern::parse(self.input.text()).ok().flatten();
        let fits = |candidate: &Candidate| {
            let text = format!("{}\n{}", candidate.value, candidate.detail).to_lowercase();
            pattern.as_ref().is_none_or(|pattern| pattern.takes(&text))
        };
        self.shown = (0..self.field.candidates.len())
            .filter(|index| fits(&self.field.candidates[*index]))
            .collect();
        self.picked = None;
    }

    pub(super) fn has_candidates(&self) -> bool {
        !self.shown.is_empty()
    }

    /// Writes the next candidate into the line.
    pub(super) fn pick(&mut self, by: isize) {
        let last = self.shown.len().saturating_sub(1);
        let next = match self.picked {
            None if by > 0 => 0,
            None => last,
            Some(at) => at.saturating_add_signed(by).min(last),
        };
        if let Some(index) = self.shown.get(next) {
            self.input.set(&self.field.candidates[*index].value);
            self.picked = Some(next);
            self.touched = true;
        }
    }

    /// The candidates on a screen of some lines, and whether they are the one picked.
    pub(super) fn on_screen(&self, height: usize) -> impl Iterator<Item = (&Candidate, bool)> {
        let picked = self.picked.unwrap_or(0);
        let top = (picked + 1).saturating_sub(height);
        let shown = self.shown.iter().enumerate().skip(top).take(height);
        shown.map(|(at, index)| (&self.field.candidates[*index], self.picked == Some(at)))
    }

    /// The number of candidates that are left.
    pub(super) fn count(&self) -> usize {
        self.shown.len()
    }
}
