//! Paging: a page size with a limit and an opaque token. The token holds the last key given out, so that nothing that
//! exists throughout is skipped or repeated while the world moves.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::Fault;

/// The paging members of a List request.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Paging {
    /// Items on a page.
    pub max_results: Option<i64>,
    /// Where to go on.
    pub next_token: Option<String>,
}

impl Paging {
    /// Cuts a page of `(key, item)` pairs that come in the order of their keys.
    pub fn cut<T>(
        &self,
        default: usize,
        items: impl IntoIterator<Item = (String, T)>,
    ) -> Result<(Vec<T>, Option<String>), Fault> {
        const MOST: i64 = 100;
        let size = match self.max_results {
            None => default,
            Some(size @ 1..=MOST) => usize::try_from(size).unwrap_or(default),
            Some(_) => {
                return Err(Fault::invalid(format!(
                    "Max results should be between 1 and {MOST}."
                )));
            }
        };
        let after = self.next_token.as_deref().map(read).transpose()?;
        let mut rest = items
            .into_iter()
            .filter(|(key, _)| after.as_ref().is_none_or(|after| key > after));
        let mut page = Vec::new();
        let mut last = None;
        for (key, item) in rest.by_ref().take(size) {
            page.push(item);
            last = Some(key);
        }
        let token = rest
            .next()
            .and(last)
            .map(|key| URL_SAFE_NO_PAD.encode(format!("{MARK}{key}")));
        Ok((page, token))
    }
}

const MARK: &str = "after:";

fn read(token: &str) -> Result<String, Fault> {
    URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| text.strip_prefix(MARK).map(str::to_owned))
        .ok_or_else(|| Fault::invalid("Invalid token."))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn pages_are_complete_and_exact(count in 0..350usize, size in 1..=100i64) {
            let all: Vec<(String, usize)> = (0..count).map(|number| (format!("{number:05}"), number)).collect();
            let mut paging = Paging { max_results: Some(size), next_token: None };
            let (mut seen, mut pages) = (Vec::new(), 0);
            loop {
                let (page, token) = paging.cut(10, all.clone()).unwrap();
                prop_assert!(i64::try_from(page.len()).unwrap() <= size);
                seen.extend(page);
                pages += 1;
                paging.next_token = token;
                if paging.next_token.is_none() {
                    break;
                }
            }
            prop_assert_eq!(seen, (0..count).collect::<Vec<_>>());
            prop_assert_eq!(pages, count.div_ceil(usize::try_from(size).unwrap()).max(1));
        }
    }

    #[test]
    fn sizes_and_tokens_are_checked() {
        let none: [(String, ()); 0] = [];
        for size in [0, 101, -1] {
            assert!(
                Paging {
                    max_results: Some(size),
                    next_token: None
                }
                .cut(10, none.clone())
                .is_err()
            );
        }
        assert!(
            Paging {
                max_results: None,
                next_token: Some("nonsense".to_owned())
            }
            .cut(10, none)
            .is_err()
        );
    }
}
