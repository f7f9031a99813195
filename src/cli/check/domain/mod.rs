//! `--domain`: what a production instance of Clerk needs in the DNS of its domain, and the certificates that come of it.

mod caa;
mod certificate;
mod cloudflare;
mod dns;

use std::net::{IpAddr, SocketAddr};

use hickory_resolver::proto::rr::{RData, RecordType};

use self::{
    certificate::{ROOTS_VARIABLE, Roots, State},
    dns::{Dns, Unanswered},
};
use super::{
    evidence::Evidence,
    finding::{Finding, finding},
    kind::Kind,
};
use crate::{
    cli::{deployment::Deployment, moment, source::Fault},
    policy::lint::Severity,
    settings::Settings,
};

/// A certificate is renewed about a month before its end; one that is this near to it was not.
const EXPIRES_SOON_SECS: u64 = 14 * 24 * 60 * 60;

/// A name below the domain, what it has to point to, and what it is for.
struct Wanted {
    label: &'static str,
    /// The first label of the target, of which Clerk numbers some.
    target: &'static str,
    purpose: &'static str,
    /// Whether browsers need it; mail can wait.
    is_for_browsers: bool,
}

/// Source: Clerk's dashboard, "Domains"; all targets are below `clerk.services`.
const WANTED: [Wanted; 5] = [
    Wanted { label: "clerk", target: "frontend-api", purpose: "the Frontend API", is_for_browsers: true },
    Wanted { label: "accounts", target: "accounts", purpose: "the account portal", is_for_browsers: true },
    Wanted { label: "clkmail", target: "mail", purpose: "mail from Clerk", is_for_browsers: false },
    Wanted { label: "clk._domainkey", target: "dkim1", purpose: "signatures of mail", is_for_browsers: false },
    Wanted { label: "clk2._domainkey", target: "dkim2", purpose: "signatures of mail", is_for_browsers: false },
];

/// What is asked, and whom.
pub(super) struct Question<'q> {
    pub domain: &'q str,
    pub name_server: Option<SocketAddr>,
    /// Where TLS is looked at.
    pub tls_port: u16,
}

pub(super) fn check(
    deployment: &Deployment,
    settings: Option<&Settings>,
    question: &Question<'_>,
    evidence: &mut Vec<Evidence>,
    findings: &mut Vec<Finding>,
) -> Result<(), Fault> {
    let domain = question.domain.trim_end_matches('.').to_ascii_lowercase();
    let is_label = |label: &str| {
        (1..=63).contains(&label.len()) && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    if !domain.contains('.') || domain.len() > 200 || !domain.split('.').all(is_label) {
        let fault = Fault::new(format!("`{}` is no domain name", question.domain));
        return Err(fault.help("as `example.com`; other letters than ASCII in Punycode (`xn--…`)"));
    }
    let (dns, roots) = (Dns::new(question.name_server)?, Roots::read()?);
    let mut asking = Asking { domain, dns, roots, tls_port: question.tls_port, evidence, findings };
    if let Some(settings) = settings {
        asking.compare_with_key(deployment, settings);
        asking.compare_with_parties(deployment, settings);
    }
    let is_proxied = settings.is_some_and(|settings| settings.instance.proxy_url.is_some());
    for wanted in &WANTED {
        // A Frontend API behind a proxy needs no name of its own.
        if !(is_proxied && wanted.label == "clerk") {
            asking.name(wanted);
        }
    }
    asking.authorities();
    let clerk = (!is_proxied).then(|| format!("clerk.{}", asking.domain));
    for host in clerk.into_iter().chain([format!("accounts.{}", asking.domain), asking.domain.clone()]) {
        asking.certificate(&host);
    }
    Ok(())
}

struct Asking<'a> {
    domain: String,
    dns: Dns,
    roots: Roots,
    tls_port: u16,
    evidence: &'a mut Vec<Evidence>,
    findings: &'a mut Vec<Finding>,
}

impl Asking<'_> {
    fn find(&mut self, kind: Kind, severity: Severity, words: [&str; 3]) {
        self.findings.push(finding(kind, severity, None, words));
    }

    fn compare_with_key(&mut self, deployment: &Deployment, settings: &Settings) {
        let (expected, found) = (format!("clerk.{}", self.domain), &settings.instance.frontend_api);
        if settings.instance.is_production && *found != expected {
            self.findings.push(finding(
                Kind::DomainOfAnotherInstance,
                Severity::Warning,
                Some(deployment.place_of("CLERK_PUBLISHABLE_KEY")),
                [
                    &format!("the publishable key is of `{found}`, and `{}` would be `{expected}`", self.domain),
                    "browsers ask the host in the key, whatever this domain's DNS says",
                    "check the domain of the instance; a satellite domain has its own records, and the primary's key",
                ],
            ));
        }
    }

    /// Pages of the domain have to be among those whose tokens are accepted.
    fn compare_with_parties(&mut self, deployment: &Deployment, settings: &Settings) {
        let parties = &settings.authorized_parties;
        let below = format!(".{}", self.domain);
        let is_here = |party: &String| {
            let host = party.split("://").nth(1).and_then(|authority| authority.split(':').next()).unwrap_or_default();
            host == self.domain || host.ends_with(&below)
        };
        if !parties.is_empty() && !parties.iter().any(is_here) {
            self.findings.push(finding(
                Kind::DomainWithoutParty,
                Severity::Warning,
                Some(deployment.place_of("authorized_parties")),
                [
                    &format!("none of the authorized parties is on `{}`", self.domain),
                    "every token that a page of this domain sends is refused",
                    "add the origins of its pages, as `https://` and the host, or check the domain that you mean",
                ],
            ));
        }
    }

    fn name(&mut self, wanted: &Wanted) {
        let Wanted { label, target, purpose, is_for_browsers } = wanted;
        let name = format!("{label}.{}", self.domain);
        let severity = if *is_for_browsers { Severity::Error } else { Severity::Warning };
        let asked = format!("CNAME {name}");
        let should = format!("a CNAME to `{target}….clerk.services`, \"DNS only\"");
        let fix = format!("set it as Clerk's dashboard says (\"Domains\"): {should}; a new record can take 48 hours to be seen");
        let why = format!("it is {purpose}");
        match self.pointed_to(&name) {
            Err(Unanswered(error)) => {
                self.find(
                    Kind::DnsUnanswered,
                    Severity::Warning,
                    [
                        &format!("nobody answers for `{name}` ({error})"),
                        &why,
                        "try again, or another name server by `--name-server`",
                    ],
                );
                self.evidence.push(Evidence::new(false, asked, error, "nothing: there was no answer"));
            }
            Ok(Pointed::Name(found)) => {
                let is_right = found.starts_with(target) && found.ends_with(".clerk.services");
                if !is_right {
                    self.find(
                        Kind::DnsWrongTarget,
                        severity,
                        [&format!("`{name}` points to `{found}`, which is not Clerk's"), &why, &fix],
                    );
                }
                let proves =
                    if is_right { format!("leads to Clerk: {purpose}") } else { format!("leads to somebody else: {purpose}") };
                self.evidence.push(Evidence::new(is_right, asked, found, proves));
            }
            Ok(Pointed::Address(address)) if cloudflare::is_proxy(address) => {
                let what = format!("`{name}` is proxied by Cloudflare (`{address}`)");
                let why = format!("{why}, and Clerk cannot verify it or get a certificate for it behind another proxy");
                self.find(Kind::DnsProxied, severity, [&what, &why, "set the record to \"DNS only\" (the grey cloud)"]);
                self.evidence.push(Evidence::new(false, asked, address.to_string(), "the record is behind the orange cloud"));
            }
            Ok(Pointed::Address(address)) => {
                self.find(
                    Kind::DnsWrongTarget,
                    severity,
                    [&format!("`{name}` has the address `{address}` and is no CNAME"), &why, &fix],
                );
                self.evidence.push(Evidence::new(false, asked, address.to_string(), format!("leads somewhere else: {purpose}")));
            }
            Ok(Pointed::Nowhere) => {
                self.find(Kind::DnsMissing, severity, [&format!("there is no `{name}`"), &why, &fix]);
                self.evidence.push(Evidence::new(false, asked, "no record", format!("leads nowhere: {purpose}")));
            }
        }
    }

    fn pointed_to(&self, name: &str) -> Result<Pointed, Unanswered> {
        let names = self.dns.look_up(name, RecordType::CNAME)?;
        if let Some(RData::CNAME(target)) = names.first() {
            return Ok(Pointed::Name(target.0.to_ascii().trim_end_matches('.').to_ascii_lowercase()));
        }
        Ok(self.addresses(name)?.first().map_or(Pointed::Nowhere, |address| Pointed::Address(*address)))
    }

    fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, Unanswered> {
        let mut records = self.dns.look_up(name, RecordType::A)?;
        records.extend(self.dns.look_up(name, RecordType::AAAA)?);
        let address = |record: &RData| match record {
            RData::A(address) => Some(IpAddr::V4(address.0)),
            RData::AAAA(address) => Some(IpAddr::V6(address.0)),
            _ => None,
        };
        Ok(records.iter().filter_map(address).collect())
    }

    fn authorities(&mut self) {
        let name = format!("clerk.{}", self.domain);
        let asked = format!("CAA {name}, and above");
        match caa::look_up(&self.dns, &name) {
            Err(Unanswered(error)) => {
                let what = format!("nobody answers for the CAA records of `{name}` ({error})");
                let why = "a certificate authority that gets no answer issues nothing";
                self.find(
                    Kind::DnsUnanswered,
                    Severity::Warning,
                    [&what, why, "ask whoever runs the name servers of the domain"],
                );
                self.evidence.push(Evidence::new(false, asked, error, "nothing: there was no answer"));
            }
            Ok(verdict) => {
                let is_good = verdict.refused.is_empty();
                if !is_good {
                    let at = verdict.at.as_deref().unwrap_or_default();
                    let who = verdict.refused.join(" and ");
                    // One of the two is left, and Clerk chooses which it takes.
                    let severity = if verdict.refused.len() == 2 { Severity::Error } else { Severity::Warning };
                    self.find(
                        Kind::CaaForbids,
                        severity,
                        [
                            &format!("the CAA records of `{at}` keep {who} from issuing certificates"),
                            "Clerk's hosts below the domain get their certificates from Let's Encrypt or Google Trust Services",
                            "add `0 issue \"letsencrypt.org\"` and `0 issue \"pki.goog\"`",
                        ],
                    );
                }
                let at = verdict.at.map_or_else(|| "none".to_owned(), |at| format!("at {at}"));
                let proves =
                    if is_good { "certificates can be issued" } else { "certificates cannot be issued by all that may have to" };
                self.evidence.push(Evidence::new(is_good, asked, at, proves));
            }
        }
    }

    fn certificate(&mut self, host: &str) {
        let asked = format!("TLS {host}:{}", self.tls_port);
        let address = match self.addresses(host).map(|addresses| addresses.first().copied()) {
            Ok(Some(address)) => address,
            // Of Clerk's names that was a finding above.
            Ok(None) | Err(_) if host != self.domain => return,
            // The app itself may live on another name below the domain.
            Ok(None) => return self.evidence.push(Evidence::new(true, asked, "no address", "nothing: there is nobody to ask")),
            Err(Unanswered(error)) => {
                let what = format!("nobody answers for `{host}` ({error}), so its certificate was not seen");
                let help = "try again, or another name server by `--name-server`";
                self.find(Kind::CertificateUnseen, Severity::Warning, [&what, "whether browsers go there is not known", help]);
                return self.evidence.push(Evidence::new(false, asked, error, "nothing: there was no answer"));
            }
        };
        let now = u64::try_from(moment::now().as_secs()).unwrap_or(0);
        let why = "browsers refuse to go there";
        match certificate::look(host, SocketAddr::new(address, self.tls_port), &self.roots) {
            State::Good { until, issuer, is_public } => {
                let is_soon = until < now.saturating_add(EXPIRES_SOON_SECS);
                #[allow(clippy::cast_precision_loss)] // a moment within some centuries
                let end = moment::in_words(until as f64, moment::now());
                if is_soon {
                    let what = format!("the certificate of `{host}` ends {end}");
                    self.find(
                        Kind::CertificateExpiresSoon,
                        Severity::Warning,
                        [&what, "from then on browsers refuse to go there", "find out why it was not renewed: CAA and DNS above"],
                    );
                }
                let proves = match (is_soon, is_public) {
                    (true, _) => "the certificate is good, and not for long".to_owned(),
                    (false, true) => "the certificate is good".to_owned(),
                    (false, false) => format!("the certificate is good for whoever trusts the roots of {ROOTS_VARIABLE}"),
                };
                self.evidence.push(Evidence::new(!is_soon, asked, format!("until {end}, by {issuer}"), proves));
            }
            State::Bad(error) => {
                let help = "for Clerk's hosts: \"Deploy certificates\" in the dashboard, once the DNS records are right";
                self.find(
                    Kind::CertificateBad,
                    Severity::Error,
                    [&format!("the certificate of `{host}` is not good: {error}"), why, help],
                );
                self.evidence.push(Evidence::new(false, asked, error, "the certificate is not good"));
            }
            State::Unseen(error) => {
                let what = format!("`{host}` shows no certificate ({error})");
                let help = "a certificate is issued some minutes after the DNS records are right";
                self.find(Kind::CertificateUnseen, Severity::Warning, [&what, why, help]);
                self.evidence.push(Evidence::new(false, asked, error, "nothing: there was no certificate"));
            }
        }
    }
}

/// What a name leads to.
enum Pointed {
    Name(String),
    Address(IpAddr),
    Nowhere,
}
