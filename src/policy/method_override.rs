//! The method that a query names: `?_method=DELETE`.
//!
//! Symfony, Laravel and Express with `method-override` run the handler of the method that `_method` names. So a request has to meet
//! what that method asks, too. Names are compared in upper case, as those frameworks do. In a body nobody sees it here: bodies
//! stream.

use crate::{
    text::ByAny as _,
    web_url::{form_decode, percent_decode, php_name},
};

/// Methods that are looked at one by one; one is usual. With more of them it is anybody's guess which one an origin takes.
const METHODS: usize = 4;

/// Any method: it takes the strictest rule of all, as every word does that nobody knows. No setting can name it, and no request have it.
pub(crate) const ANY_METHOD: &str = "any method";

/// The other methods that a query names, in upper case.
pub(crate) fn overriding(method: &str, search: &str) -> Vec<String> {
    let mut methods = Vec::new();
    // Nearly no query has a parameter of that name, however it is escaped. PHP takes `.method` for it, too.
    let letters = NAME.trim_start_any(b"_").as_bytes();
    if !percent_decode(search).windows(letters.len()).any(|part| part == letters) {
        return methods;
    }
    for pair in search.trim_start_any(b"?").pieces(b"&;") {
        let (name, value) = pair.cut(b"=").unwrap_or((pair, ""));
        let value = form_decode(value).trim().to_ascii_uppercase();
        if php_name(name) != NAME || value.is_empty() || value == method || methods.contains(&value) {
            continue;
        }
        if methods.len() == METHODS {
            methods.push(ANY_METHOD.to_owned());
            break;
        }
        methods.push(value);
    }
    methods
}

const NAME: &str = "_method";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_names_methods_in_any_spelling() {
        for search in ["?.method=DELETE", "?+_method=DELETE", "?%20.method=DELETE", "?_method%00x=DELETE"] {
            assert_eq!(overriding("POST", search), ["DELETE"], "{search}");
        }
        for search in
            ["?_method=DELETE", "?a=1&_method=delete", "?%5Fmethod=%44ELETE", "?_method=DELETE;x", "?_method=POST&_method=DELETE"]
        {
            assert_eq!(overriding("POST", search), ["DELETE"], "{search}");
        }
    }

    #[test]
    fn other_queries_name_none() {
        for search in ["", "?", "?method=DELETE", "?x_method=DELETE", "?_method=", "?_method=POST", "?a=_method"] {
            assert!(overriding("POST", search).is_empty(), "{search}");
        }
    }

    #[test]
    fn a_flood_of_them_hides_none() {
        let search = (0..100).fold("?".to_owned(), |search, n| format!("{search}&_method=M{n}"));
        assert_eq!(overriding("GET", &search), ["M0", "M1", "M2", "M3", ANY_METHOD]);
    }
}
