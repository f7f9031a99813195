//! The options that few have: tokens of machines, satellites, organizations by path. What is done about them is half as large again as
//! all the rest, and so the module that most apps have knows only that it does not know them (`npm/authenticate-request.js` loads the
//! other one then).

#[cfg(feature = "js-session-all")]
pub(super) use all::read;
#[cfg(not(feature = "js-session-all"))]
pub(super) use none::read;

#[cfg(not(feature = "js-session-all"))]
mod none {
    use crate::{
        json::{Document, Raw},
        session::AuthenticateOptions,
    };

    /// Finds that there are none.
    ///
    /// # Errors
    ///
    /// A message, where there are: nothing may be decided as if they were not there.
    pub(in super::super) fn read(document: &Document, _: &mut AuthenticateOptions) -> Result<(), String> {
        let is_satellite = document.get("isSatellite").is_some_and(Raw::is_truthy);
        let accepts = document.get("acceptsToken").filter(|kinds| !kinds.is_null());
        let has_patterns = document.get("organizationSyncOptions").is_some_and(|options| {
            ["organizationPatterns", "personalAccountPatterns"].iter().any(|name| options.get(name).is_some_and(Raw::is_truthy))
        });
        if is_satellite || has_patterns || accepts.is_some_and(|kinds| !kinds.is_str("session_token")) {
            return Err("this module does not know all of the options".to_owned());
        }
        Ok(())
    }
}

#[cfg(feature = "js-session-all")]
mod all {
    use crate::{
        json::{Document, Raw},
        session::{AcceptsToken, AuthenticateOptions, OrganizationSync, Satellite, TokenType},
        text,
    };

    /// Reads them.
    ///
    /// # Errors
    ///
    /// A message, where one is of another type than it should be.
    pub(in super::super) fn read(document: &Document, options: &mut AuthenticateOptions) -> Result<(), String> {
        if document.get("isSatellite").is_some_and(Raw::is_truthy) {
            options.satellite = Satellite::one(document.get("satelliteAutoSync").is_some_and(Raw::is_true));
        }
        options.accepts_token = accepts_token(document.get("acceptsToken"))?;
        options.organization_sync = organization_sync(document.get("organizationSyncOptions"))?;
        Ok(())
    }

    fn accepts_token(value: Option<Raw<'_>>) -> Result<AcceptsToken, String> {
        let parse = |kind: &str| TokenType::parse(kind).ok_or_else(|| "invalid option `acceptsToken`: no such kind".to_owned());
        let Some(value) = value.filter(|value| !value.is_null()) else { return Ok(AcceptsToken::default()) };
        match value.as_str() {
            Some(any) if any == "any" => Ok(AcceptsToken::any()),
            Some(kind) => Ok(AcceptsToken::one(parse(&kind)?)),
            None => {
                let names = value.as_strings().ok_or_else(|| "invalid option `acceptsToken`: expected strings".to_owned())?;
                let mut kinds = Vec::new();
                for name in names {
                    kinds.push(parse(&name)?);
                }
                Ok(AcceptsToken::list(kinds))
            }
        }
    }

    fn organization_sync(value: Option<Raw<'_>>) -> Result<OrganizationSync, String> {
        let Some(value) = value.filter(|value| value.is_truthy()) else { return Ok(OrganizationSync::default()) };
        let patterns = |name: &str| match value.get(name).filter(|list| list.is_truthy()) {
            None => Ok(None),
            Some(list) => match list.as_string_or_strings() {
                Some(list) => Ok(Some(list)),
                None => Err(text::concat(&["invalid option `", name, "`: expected strings"])),
            },
        };
        Ok(OrganizationSync::patterns(patterns("organizationPatterns")?, patterns("personalAccountPatterns")?))
    }
}
