//! Charts of the size of a cell, in blocks or in ASCII.

use crate::resource::Trend;

/// Heights from low to high.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// The same by how much ink they have.
const ASCII: [char; 8] = ['_', '.', ':', '-', '=', '+', '*', '#'];

/// Writes a trend, a character for each value; a space where there was none.
pub(super) fn write(trend: &Trend, ascii: bool) -> String {
    let signs = if ascii { ASCII } else { BLOCKS };
    let sign = |height: &Option<u8>| height.map_or(' ', |height| signs[usize::from(height / 32)]);
    trend.heights().iter().map(sign).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_heights_and_silence_is_a_gap() {
        let values = [Some(0.0), None, Some(0.05), Some(0.1), Some(0.2)];
        let trend = Trend::new(&values, 0.1);
        assert_eq!(write(&trend, false), "▁ ▃▅█");
        assert_eq!(write(&trend, true), "_ :=#");
    }

    #[test]
    fn noise_stays_low() {
        let trend = Trend::new(&[Some(0.001), Some(0.002)], 0.1);
        assert_eq!(write(&trend, true), "__");
    }
}
