//! Paging: a page size with a limit and an opaque token. The token holds the last key given out, so that nothing that
//! exists throughout is skipped or repeated while the world moves.

use std::cmp::Reverse;

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
    /// Cuts a page: `keys` come in their order, `show` makes the item of a key or passes it over.
    ///
    /// `show` is called for the keys of this page and up to the first item of the next one only.
    pub fn cut<K: Key, T>(
        &self,
        default: usize,
        keys: impl IntoIterator<Item = K>,
        show: impl FnMut(&K) -> Option<T>,
    ) -> Result<(Vec<T>, Option<String>), Fault> {
        const MOST: i64 = 100;
        self.cut_at_most(MOST, default, keys, show)
    }

    /// Cuts a page like [`cut`](Self::cut), of `most` items at the most.
    pub fn cut_at_most<K: Key, T>(
        &self,
        most: i64,
        default: usize,
        keys: impl IntoIterator<Item = K>,
        mut show: impl FnMut(&K) -> Option<T>,
    ) -> Result<(Vec<T>, Option<String>), Fault> {
        let size = match self.max_results {
            None => default,
            Some(size) if (1..=most).contains(&size) => usize::try_from(size).unwrap_or(default),
            Some(_) => {
                let message = format!("Max results should be between 1 and {most}.");
                return Err(Fault::invalid(message));
            }
        };
        let after: Option<K> = self.next_token.as_deref().map(decode).transpose()?;
        let keys = keys.into_iter();
        let rest = keys.filter(|key| after.as_ref().is_none_or(|after| key > after));
        let mut page = Vec::new();
        let mut last = None;
        for key in rest {
            let Some(item) = show(&key) else { continue };
            if page.len() == size {
                return Ok((page, last.as_ref().map(encode)));
            }
            page.push(item);
            last = Some(key);
        }
        Ok((page, None))
    }
}

/// What items are ordered by, as it is written into a token.
pub trait Key: Ord + Sized {
    /// The key as text.
    fn write(&self) -> String;
    /// The key of a text.
    fn read(text: &str) -> Option<Self>;
}

impl Key for String {
    fn write(&self) -> String {
        self.clone()
    }

    fn read(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

impl Key for u128 {
    fn write(&self) -> String {
        self.to_string()
    }

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Key for (String, u32) {
    fn write(&self) -> String {
        format!("{}:{}", self.0, self.1)
    }

    fn read(text: &str) -> Option<Self> {
        let (name, number) = text.rsplit_once(':')?;
        Some((name.to_owned(), number.parse().ok()?))
    }
}

impl<K: Key> Key for Reverse<K> {
    fn write(&self) -> String {
        self.0.write()
    }

    fn read(text: &str) -> Option<Self> {
        K::read(text).map(Reverse)
    }
}

const MARK: &str = "after:";

fn encode<K: Key>(key: &K) -> String {
    URL_SAFE_NO_PAD.encode(format!("{MARK}{}", key.write()))
}

fn decode<K: Key>(token: &str) -> Result<K, Fault> {
    URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| K::read(text.strip_prefix(MARK)?))
        .ok_or_else(|| Fault::invalid("Invalid token."))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// All pages of the even ones of `keys`, and how many there were.
    fn walk<K: Key + Clone>(keys: &[K], size: i64, even: impl Fn(&K) -> bool) -> (Vec<K>, usize) {
        let mut paging = Paging {
            max_results: Some(size),
            next_token: None,
        };
        let (mut seen, mut pages) = (Vec::new(), 0);
        loop {
            let show = |key: &K| even(key).then(|| key.clone());
            let (page, token) = paging.cut(10, keys.iter().cloned(), show).unwrap();
            assert!(page.len() <= usize::try_from(size).unwrap());
            seen.extend(page);
            pages += 1;
            paging.next_token = token;
            if paging.next_token.is_none() {
                return (seen, pages);
            }
        }
    }

    proptest! {
        #[test]
        fn pages_are_complete_and_exact(count in 0..350u128, size in 1..=100i64) {
            let keys: Vec<u128> = (0..count).collect();
            let even: Vec<u128> = (0..count).filter(|key| key % 2 == 0).collect();
            let (seen, pages) = walk(&keys, size, |key| key % 2 == 0);
            prop_assert_eq!(pages, even.len().div_ceil(usize::try_from(size).unwrap()).max(1));
            prop_assert_eq!(seen, even);
        }

        #[test]
        fn descending_pages_are_too(count in 0..350u32, size in 1..=100i64) {
            let keys: Vec<_> = (0..count).rev().map(|number| Reverse(("a:b".to_owned(), number))).collect();
            prop_assert_eq!(walk(&keys, size, |_| true).0, keys);
        }
    }

    #[test]
    fn sizes_and_tokens_are_checked() {
        let refused = |max_results, next_token: Option<&str>| {
            let paging = Paging {
                max_results,
                next_token: next_token.map(str::to_owned),
            };
            paging.cut(10, [1u128, 2], |key| Some(*key)).is_err()
        };
        assert!(refused(Some(0), None) && refused(Some(101), None) && refused(Some(-1), None));
        assert!(refused(None, Some("nonsense")) && refused(None, Some(&encode(&"x".to_owned()))));
        assert!(!refused(Some(100), Some(&encode(&1u128))));
    }
}
