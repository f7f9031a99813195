//! The exports for `organizationSyncOptions`: patterns, and which organization a path wants to be active.

use std::cell::RefCell;

use wasm_bindgen::prelude::wasm_bindgen;

use super::{Slots, take_scratch, tell};
use crate::{
    json::{Document, Raw},
    session::{OrganizationSync, Wanted},
};

thread_local! {
    static ORGANIZATIONS: RefCell<Slots<OrganizationSync>> = const { RefCell::new(Slots::new()) };
}

/// Compiles the options in the buffer, as JSON. A handle, or 0 where they are wrong.
#[wasm_bindgen]
#[must_use]
pub fn make_organizations(bytes: usize) -> u32 {
    match read(&take_scratch(bytes)) {
        Ok(made) => ORGANIZATIONS.with_borrow_mut(|all| all.put(made)),
        Err(message) => tell(message, 0),
    }
}

/// Forgets them.
#[wasm_bindgen]
pub fn free_organizations(handle: u32) {
    ORGANIZATIONS.with_borrow_mut(|all| all.take(handle));
}

/// What the path in the buffer wants to be active. 1: the text is `i` and an id, `s` and a slug, or `p` for the personal account; 0:
/// nothing.
#[wasm_bindgen]
#[must_use]
pub fn wanted_organization(handle: u32, bytes: usize) -> u32 {
    let path = take_scratch(bytes);
    match ORGANIZATIONS.with_borrow(|all| all.get(handle).wanted(&path)) {
        Some(Wanted::Id(id)) => tell(["i", &id].concat(), 1),
        Some(Wanted::Slug(slug)) => tell(["s", &slug].concat(), 1),
        Some(Wanted::PersonalAccount) => tell("p".to_owned(), 1),
        None => 0,
    }
}

fn read(json: &str) -> Result<OrganizationSync, String> {
    let document = Document::parse(json.into()).map_err(|_| "invalid option `organizationSyncOptions`".to_owned())?;
    let patterns = |name: &'static str| {
        let list = document.get(name).filter(|list| list.is_truthy());
        list.map(|list| texts(list).ok_or_else(|| ["invalid option `", name, "`: expected strings"].concat())).transpose()
    };
    let made = OrganizationSync::patterns(patterns("organizationPatterns")?, patterns("personalAccountPatterns")?);
    made.check().map_err(|error| error.to_string())?;
    Ok(made)
}

/// A list of strings; one string is a list of one.
fn texts(value: Raw<'_>) -> Option<Vec<String>> {
    value.as_string_or_strings()
}
