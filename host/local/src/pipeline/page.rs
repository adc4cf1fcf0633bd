//! Lists in pages. A token is opaque to the caller: the offset of the next item.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::error::ApiError;

/// Items per page where the caller does not say.
const DEFAULT: usize = 100;

pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    pub(super) next: Option<String>,
}

/// The page of `all` that `token` continues at.
///
/// # Errors
/// `InvalidNextTokenException` for a token that this service did not make.
pub(super) fn cut<T>(
    all: Vec<T>,
    token: Option<&str>,
    size: Option<usize>,
) -> Result<Page<T>, ApiError> {
    let start = token.map_or(Ok(0), parse)?;
    let end = start.saturating_add(size.unwrap_or(DEFAULT));
    let next = (end < all.len()).then(|| URL_SAFE_NO_PAD.encode(format!("next:{end}")));
    let items = all.into_iter().skip(start).take(end - start).collect();
    Ok(Page { items, next })
}

fn parse(token: &str) -> Result<usize, ApiError> {
    URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| text.strip_prefix("next:")?.parse().ok())
        .ok_or_else(|| {
            ApiError::new(
                "InvalidNextTokenException",
                "The next token is not one of this service",
            )
        })
}

/// An answer with `items` under `name`, and the token where there is more.
pub(super) fn answer(name: &str, items: Value, next: Option<String>) -> Value {
    let mut answer = json!({ name: items });
    if let Some(next) = next {
        answer["nextToken"] = json!(next);
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn pages_give_every_item_once_and_in_order(count in 0_usize..300, size in 1_usize..120) {
            let all: Vec<usize> = (0..count).collect();
            let (mut seen, mut token) = (Vec::new(), None);
            loop {
                let page = cut(all.clone(), token.as_deref(), Some(size)).unwrap();
                prop_assert!(page.items.len() <= size);
                seen.extend(page.items);
                token = page.next;
                if token.is_none() {
                    break;
                }
            }
            prop_assert_eq!(seen, all);
        }

        #[test]
        fn a_token_of_somebody_else_is_refused(token in "[a-zA-Z0-9/+=]{1,40}") {
            prop_assume!(!token.starts_with("bmV4dDo"));
            prop_assert!(cut(vec![1], Some(&token), None).is_err());
        }
    }
}
