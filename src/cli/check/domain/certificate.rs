//! The certificate that a host shows, and whether it is good.

use std::{
    io::ErrorKind,
    net::{SocketAddr, TcpStream},
    sync::Arc,
    time::Duration,
};

use rustls::{
    CertificateError, ClientConfig, ClientConnection, Error, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use x509_cert::{Certificate, der::Decode};

use crate::cli::{source::Fault, variable};

const TIME_LIMIT: Duration = Duration::from_secs(5);

/// The variable that names the operator's own roots, as other programs read it; here they are beside the public ones.
pub(super) const ROOTS_VARIABLE: &str = "SSL_CERT_FILE";

/// Whom a certificate may be signed by.
pub(super) struct Roots {
    public: Arc<RootCertStore>,
    /// With the operator's own, where there are any.
    extended: Option<Arc<RootCertStore>>,
}

impl Roots {
    /// The public roots, and those that `SSL_CERT_FILE` names.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or holds no certificate in PEM.
    pub(super) fn read() -> Result<Self, Fault> {
        let public = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let Some(file) = variable(ROOTS_VARIABLE) else { return Ok(Self { public: Arc::new(public), extended: None }) };
        let broken = |why: &dyn std::fmt::Display| Fault::of_file(file.as_str(), why).help(format!("{ROOTS_VARIABLE} names it"));
        let text = std::fs::read(&file).map_err(|error| broken(&error))?;
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
        let certificates = certificates.map_err(|error| broken(&error))?;
        let mut extended = public.clone();
        if extended.add_parsable_certificates(certificates).0 == 0 {
            return Err(broken(&"there is no certificate in it, expected PEM"));
        }
        Ok(Self { public: Arc::new(public), extended: Some(Arc::new(extended)) })
    }
}

/// What became of a handshake.
#[derive(Debug)]
pub(super) enum State {
    /// It is good; until when, in seconds since 1970, and by whom.
    Good {
        until: u64,
        issuer: String,
        /// Whether everybody knows the issuer, and not this operator alone.
        is_public: bool,
    },
    /// It is not, in words.
    Bad(String),
    /// There was none to see.
    Unseen(String),
}

/// Begins a TLS connection and looks at the certificate; nothing is sent over it. Who is known to nobody else may be known to the
/// operator.
pub(super) fn look(host: &str, address: SocketAddr, roots: &Roots) -> State {
    match (shake(host, address, &roots.public), &roots.extended) {
        (Err(Failure::Certificate(CertificateError::UnknownIssuer)), Some(extended)) => {
            state_of(shake(host, address, extended), false)
        }
        (outcome, _) => state_of(outcome, true),
    }
}

/// Why there was no connection.
enum Failure {
    Certificate(CertificateError),
    Other(String),
}

fn shake(host: &str, address: SocketAddr, roots: &Arc<RootCertStore>) -> Result<ClientConnection, Failure> {
    let other = |why: &dyn std::fmt::Display| Failure::Other(why.to_string());
    let name = ServerName::try_from(host.to_owned()).map_err(|_| other(&"no host name"))?;
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| other(&error))?
        .with_root_certificates(roots.clone())
        .with_no_client_auth();
    let connect = || -> std::io::Result<ClientConnection> {
        let mut socket = TcpStream::connect_timeout(&address, TIME_LIMIT)?;
        socket.set_read_timeout(Some(TIME_LIMIT))?;
        socket.set_write_timeout(Some(TIME_LIMIT))?;
        let mut connection = ClientConnection::new(Arc::new(config), name).map_err(std::io::Error::other)?;
        while connection.is_handshaking() {
            connection.complete_io(&mut socket)?;
        }
        Ok(connection)
    };
    connect().map_err(|error| match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(Error::InvalidCertificate(why)) => Failure::Certificate(why.clone()),
        _ if error.kind() == ErrorKind::WouldBlock => other(&"no answer in time"),
        _ => other(&error),
    })
}

fn state_of(outcome: Result<ClientConnection, Failure>, is_public: bool) -> State {
    match outcome {
        Ok(connection) => {
            let shown = connection.peer_certificates().and_then(|chain| chain.first());
            match shown.and_then(|der| Certificate::from_der(der).ok()) {
                Some(Certificate { tbs_certificate: shown, .. }) => State::Good {
                    until: shown.validity.not_after.to_unix_duration().as_secs(),
                    issuer: shown.issuer.to_string(),
                    is_public,
                },
                None => State::Unseen("it cannot be read".to_owned()),
            }
        }
        Err(Failure::Certificate(why)) => State::Bad(in_words(&why)),
        Err(Failure::Other(why)) => State::Unseen(why),
    }
}

fn in_words(error: &CertificateError) -> String {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "it has expired".to_owned(),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => "it is not valid yet".to_owned(),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "it is for another name".to_owned()
        }
        CertificateError::UnknownIssuer => "nobody knows its issuer".to_owned(),
        CertificateError::Revoked => "it is revoked".to_owned(),
        other => other.to_string(),
    }
}
