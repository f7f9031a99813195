//! The certificate that a host shows, and whether it is good.

use std::{
    io::ErrorKind,
    net::{SocketAddr, TcpStream},
    sync::Arc,
    time::Duration,
};

use rustls::{CertificateError, ClientConfig, ClientConnection, Error, RootCertStore, crypto::ring, pki_types::ServerName};
use x509_cert::{Certificate, der::Decode};

const TIME_LIMIT: Duration = Duration::from_secs(5);

/// What became of a handshake.
#[derive(Debug)]
pub(super) enum State {
    /// It is good; until when, in seconds since 1970, and by whom.
    Good { until: u64, issuer: String },
    /// It is not, in words.
    Bad(String),
    /// There was none to see.
    Unseen(String),
}

/// Begins a TLS connection and looks at the certificate; nothing is sent over it.
pub(super) fn look(host: &str, address: SocketAddr) -> State {
    let unseen = |why: &dyn std::fmt::Display| State::Unseen(why.to_string());
    let Ok(name) = ServerName::try_from(host.to_owned()) else { return unseen(&"no host name") };
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let config =
        match ClientConfig::builder_with_provider(Arc::new(ring::default_provider())).with_safe_default_protocol_versions() {
            Ok(builder) => builder.with_root_certificates(roots).with_no_client_auth(),
            Err(error) => return unseen(&error),
        };
    let shake = || -> std::io::Result<ClientConnection> {
        let mut socket = TcpStream::connect_timeout(&address, TIME_LIMIT)?;
        socket.set_read_timeout(Some(TIME_LIMIT))?;
        socket.set_write_timeout(Some(TIME_LIMIT))?;
        let mut connection = ClientConnection::new(Arc::new(config), name).map_err(std::io::Error::other)?;
        while connection.is_handshaking() {
            connection.complete_io(&mut socket)?;
        }
        Ok(connection)
    };
    match shake() {
        Ok(connection) => {
            let shown = connection.peer_certificates().and_then(|chain| chain.first());
            match shown.and_then(|der| Certificate::from_der(der).ok()) {
                Some(Certificate { tbs_certificate: shown, .. }) => {
                    State::Good { until: shown.validity.not_after.to_unix_duration().as_secs(), issuer: shown.issuer.to_string() }
                }
                None => unseen(&"it cannot be read"),
            }
        }
        Err(error) => match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
            Some(Error::InvalidCertificate(why)) => State::Bad(in_words(why)),
            _ if error.kind() == ErrorKind::WouldBlock => unseen(&"no answer in time"),
            _ => unseen(&error),
        },
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
