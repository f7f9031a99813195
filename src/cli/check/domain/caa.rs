//! CAA records: whether the certificate authorities that Clerk uses may issue for the domain.

use hickory_resolver::proto::rr::{RData, RecordType};

use super::dns::{Dns, Unanswered};

/// Who issues Clerk's certificates: the name in CAA records, and the name for people.
///
/// Source: <https://clerk.com/docs/deployments/overview>, "Deploy certificates".
const ISSUERS: [(&str, &str); 2] = [("letsencrypt.org", "Let's Encrypt"), ("pki.goog", "Google Trust Services")];

/// What the CAA records in force say.
pub(super) struct Verdict {
    /// The name that has the records; `None`: there are none, so everybody may issue.
    pub at: Option<String>,
    /// Who may not issue.
    pub refused: Vec<&'static str>,
}

/// Climbs from the name up to the first that has CAA records.
///
/// Source: RFC 8659 section 3.
pub(super) fn look_up(dns: &Dns, name: &str) -> Result<Verdict, Unanswered> {
    let mut here = name;
    loop {
        let records = dns.look_up(here, RecordType::CAA)?;
        if !records.is_empty() {
            return Ok(Verdict { at: Some(here.to_owned()), refused: refused(&records) });
        }
        match here.split_once('.') {
            Some((_, above)) => here = above,
            None => return Ok(Verdict { at: None, refused: Vec::new() }),
        }
    }
}

fn refused(records: &[RData]) -> Vec<&'static str> {
    let issuers: Vec<String> = records
        .iter()
        .filter_map(|record| if let RData::CAA(caa) = record { Some(caa) } else { None })
        .filter(|caa| caa.tag.eq_ignore_ascii_case("issue"))
        .map(|caa| issuer(&caa.value))
        .collect();
    // Records of other kinds alone, as `iodef`, restrict nobody (section 4.2).
    if issuers.is_empty() {
        return Vec::new();
    }
    ISSUERS.iter().filter(|(domain, _)| !issuers.iter().any(|issuer| issuer == domain)).map(|(_, name)| *name).collect()
}

/// The issuer's domain: what stands before the parameters. Empty: nobody may issue.
fn issuer(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value).to_ascii_lowercase();
    text.split(';').next().unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use hickory_resolver::proto::rr::rdata::CAA;

    use super::*;

    fn record(tag: &str, value: &str) -> RData {
        let mut caa = CAA::new_issue(false, None, Vec::new());
        caa.tag = tag.to_owned();
        caa.value = value.as_bytes().to_vec();
        RData::CAA(caa)
    }

    #[test]
    fn whoever_is_not_named_may_not_issue() {
        let all = ["Let's Encrypt", "Google Trust Services"];
        assert_eq!(refused(&[record("issue", "LetsEncrypt.org; validationmethods=dns-01")]), ["Google Trust Services"]);
        assert_eq!(refused(&[record("issue", "letsencrypt.org"), record("ISSUE", "pki.goog")]), [""; 0]);
        assert_eq!(refused(&[record("issue", "digicert.com")]), all);
        assert_eq!(refused(&[record("issue", ";")]), all);
        assert_eq!(refused(&[record("iodef", "mailto:a@example.com"), record("issuewild", ";")]), [""; 0]);
        assert_eq!(refused(&[record("issue", "letsencrypt.org.evil.example")]), all);
    }
}
