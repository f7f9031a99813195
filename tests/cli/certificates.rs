//! `portcullis check --domain`: the certificates of a domain, with TLS and an authority on loopback.

use std::{
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::PrivatePkcs8KeyDer;

use crate::{
    domain::{kinds, with, zone},
    name_server::{Has, NameServer},
    support::{Folder, READY, Run},
};

const DAY: i64 = 24 * 60 * 60;
const THIS_MACHINE: Has = Has::Address([127, 0, 0, 1]);

/// A certificate authority that nobody knows, but for whoever names it in `SSL_CERT_FILE`.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn pem(&self) -> String {
        let body = STANDARD.encode(self.0.der());
        format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")
    }

    /// A server on loopback whose certificate is for these names, and good from and to so many days from now.
    #[allow(clippy::disallowed_methods)] // a handshake goes by this machine's time
    fn serve(&self, names: &[&str], days: std::ops::Range<i64>) -> Tls {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap();
        let today = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        // Half a day more, so that no run is so slow that the day is another.
        let moment = |days: i64| {
            let seconds = i64::try_from(today).unwrap() + days * DAY + DAY / 2;
            date_time_ymd(1970, 1, 1) + Duration::from_secs(seconds.unsigned_abs())
        };
        (params.not_before, params.not_after) = (moment(days.start), moment(days.end));
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        let config = config.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key.into()).unwrap();
        Tls::start(Arc::new(config))
    }

    /// Looks at `example.com`, which is this server; with `is_known` the authority is in `SSL_CERT_FILE`.
    fn check(&self, name: &str, server: &Tls, is_known: bool) -> Run {
        let folder = Folder::tracked(name, READY, &[]);
        folder.write("roots.pem", &self.pem());
        let variables = [("SSL_CERT_FILE", "roots.pem")];
        let variables = if is_known { &variables[..] } else { &[] };
        check(&folder, with(&[("example.com", THIS_MACHINE)]), server.port, variables)
    }
}

fn check(folder: &Folder, zone: Vec<(&'static str, Has)>, port: u16, variables: &[(&str, &str)]) -> Run {
    let names = NameServer::start(zone);
    let port = port.to_string();
    let arguments =
        ["check", "--only", "domain", "--domain", "example.com", "--name-server", &names.address, "--tls-port", &port];
    folder.run_with(&[&arguments[..], &["--json"]].concat(), variables, "")
}

/// A TLS server that says nothing behind its handshake.
struct Tls {
    port: u16,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Tls {
    fn start(config: Arc<rustls::ServerConfig>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = std::thread::spawn(move || {
            while let Ok((mut socket, _)) = listener.accept() {
                if stopped.load(Ordering::Relaxed) {
                    break;
                }
                let mut connection = rustls::ServerConnection::new(config.clone()).unwrap();
                // The client may hang up on what it is shown.
                while connection.is_handshaking() && connection.complete_io(&mut socket).is_ok() {}
            }
        });
        Self { port, stop, thread: Some(thread) }
    }
}

impl Drop for Tls {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What was said about the certificates: the name asked, what it proves, and whether that is good.
fn evidence(run: &Run) -> Vec<(String, String, bool)> {
    let all = run.json()["evidence"].as_array().unwrap().clone();
    let of_tls = all.into_iter().filter(|one| one["asked"].as_str().unwrap().starts_with("TLS "));
    let host = |one: &serde_json::Value| one["asked"].as_str().unwrap()[4..].split(':').next().unwrap().to_owned();
    of_tls.map(|one| (host(&one), one["proves"].as_str().unwrap().to_owned(), one["good"] == true)).collect()
}

#[test]
fn good_certificates_of_all_three_names_leave_nothing_to_do() {
    let authority = Authority::new("Test Authority");
    let server = authority.serve(&["example.com", "clerk.example.com", "accounts.example.com"], -2..60);
    let folder = Folder::tracked("certificates-good", READY, &[]);
    folder.write("roots.pem", &authority.pem());
    let here = with(&[
        ("example.com", THIS_MACHINE),
        ("frontend-api.clerk.services", THIS_MACHINE),
        ("accounts.clerk.services", THIS_MACHINE),
    ]);
    let run = check(&folder, here, server.port, &[("SSL_CERT_FILE", "roots.pem")]);
    run.exits(0).says("by CN=Test Authority");
    assert_eq!(kinds(&run), [""; 0]);
    let good = "the certificate is good for whoever trusts the roots of SSL_CERT_FILE";
    let expected = ["clerk.example.com", "accounts.example.com", "example.com"].map(|host| (host.into(), good.into(), true));
    assert_eq!(evidence(&run), expected);
}

#[test]
fn a_certificate_within_two_weeks_of_its_end_was_not_renewed() {
    let authority = Authority::new("Test Authority");
    let names = &["example.com"];
    let run = authority.check("certificate-13", &authority.serve(names, -77..13), true);
    run.exits(1).says("the certificate of `example.com` ends ").says("Z, in 13days 1");
    assert_eq!(kinds(&run), ["warning certificate-expires-soon"]);
    assert_eq!(evidence(&run), [("example.com".into(), "the certificate is good, and not for long".into(), false)]);
    let run = authority.check("certificate-15", &authority.serve(names, -75..15), true);
    assert_eq!(kinds(run.exits(0)), [""; 0]);
}

#[test]
fn what_is_wrong_with_a_certificate_is_said_in_words() {
    let authority = Authority::new("Test Authority");
    let name = "example.com";
    for (test, server, is_known, what) in [
        ("certificate-expired", authority.serve(&[name], -90..-2), true, "it has expired"),
        ("certificate-early", authority.serve(&[name], 1..90), true, "it is not valid yet"),
        (
            "certificate-name",
            authority.serve(&["www.example.com", "example.com.evil.example"], -2..60),
            true,
            "it is for another name",
        ),
        ("certificate-unknown", authority.serve(&[name], -2..60), false, "nobody knows its issuer"),
        ("certificate-other", Authority::new("Other Authority").serve(&[name], -2..60), true, "nobody knows its issuer"),
    ] {
        let run = authority.check(test, &server, is_known);
        assert_eq!(kinds(run.exits(1)), ["error certificate-bad"], "{test}");
        run.says(what);
        assert_eq!(evidence(&run), [(name.into(), "the certificate is not good".into(), false)], "{test}");
    }
}

#[test]
fn nobody_there_and_no_address_are_told_apart() {
    let folder = Folder::tracked("certificate-none", READY, &[]);
    // A port that was somebody's, and is not any more.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let run = check(&folder, with(&[("example.com", THIS_MACHINE)]), port, &[]);
    assert_eq!(kinds(run.exits(1)), ["warning certificate-unseen"]);
    let run = check(&folder, zone(), port, &[]);
    assert_eq!(kinds(run.exits(0)), [""; 0], "the app may live on another name below the domain");
    assert_eq!(evidence(&run), [("example.com".into(), "nothing: there is nobody to ask".into(), true)]);
    let run = check(&folder, with(&[("example.com", Has::Failure)]), port, &[]);
    assert_eq!(kinds(run.exits(1)), ["warning certificate-unseen"]);
}

#[test]
fn roots_that_cannot_be_read_are_refused() {
    let folder = Folder::tracked("certificate-roots", READY, &[]);
    let run = check(&folder, zone(), 1, &[("SSL_CERT_FILE", "absent.pem")]);
    run.exits(2).complains("cannot read `absent.pem`").complains("SSL_CERT_FILE names it");
    for text in
        ["", "no PEM\n", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----\n"]
    {
        folder.write("roots.pem", text);
        check(&folder, zone(), 1, &[("SSL_CERT_FILE", "roots.pem")]).exits(2).complains("cannot read `roots.pem`");
    }
}
