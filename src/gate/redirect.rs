//! Where the gate sends people.

use crate::{path::JudgedTarget, settings::Settings, text::ByAny as _};

/// The page for signed-in users who may not see another; `None` where there is none, or where the request already asks for it.
pub(super) fn unauthorized(settings: &Settings, target: &JudgedTarget) -> Option<String> {
    unless_here(settings.unauthorized_url.as_deref()?, target)
}

#[inline(never)]
fn unless_here(page: &str, target: &JudgedTarget) -> Option<String> {
    let page = absolute(page, target);
    let is_here = target.forward_url().pieces(b"?#").next() == page.pieces(b"?#").next();
    (!is_here).then_some(page)
}

/// A path becomes a URL of the request's own origin.
fn absolute(page: &str, target: &JudgedTarget) -> String {
    if page.starts_with('/') { format!("{}{page}", super::public_origin(target)) } else { page.to_owned() }
}
