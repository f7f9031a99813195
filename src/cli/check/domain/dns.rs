//! Questions to a name server, one at a time.

use std::{cell::Cell, io::Write as _, net::SocketAddr, pin::pin, time::Duration};

use hickory_resolver::{
    Resolver, TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig},
    net::runtime::TokioRuntimeProvider,
    proto::rr::{RData, RecordType},
};
use tokio::{
    runtime::Runtime,
    time::{Instant, timeout},
};

use crate::cli::{output::printable, source::Fault};

/// For one try.
const TIME_LIMIT: Duration = Duration::from_secs(3);
/// For all questions together that nobody answers: a server that is not there is not there for the next name either.
const PATIENCE: Duration = Duration::from_secs(10);
/// After this long it is said what is waited for.
const SILENCE: Duration = Duration::from_secs(2);

/// Asks one name server, or those of this machine.
pub(super) struct Dns {
    runtime: Runtime,
    resolver: TokioResolver,
    /// Who is asked, in words.
    server: String,
    /// What is left of it.
    patience: Cell<Duration>,
}

/// There was no answer, which is another thing than that there are no records.
#[derive(Debug)]
pub(super) struct Unanswered(pub String);

impl Dns {
    pub(super) fn new(name_server: Option<SocketAddr>) -> Result<Self, Fault> {
        let fault = |error: &dyn std::fmt::Display| Fault::new(format!("no name server can be asked: {error}"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| fault(&error))?;
        let mut builder = match name_server {
            Some(address) => {
                let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
                    connection.port = address.port();
                    connection
                });
                let server = NameServerConfig::new(address.ip(), true, connections.into());
                let config = ResolverConfig::from_name_servers(vec![server]);
                Resolver::builder_with_config(config, TokioRuntimeProvider::default())
            }
            None => Resolver::builder_tokio().map_err(|error| fault(&error))?,
        };
        let options = builder.options_mut();
        options.timeout = TIME_LIMIT;
        options.attempts = 2;
        // What a file on this machine says is not what the world sees.
        options.use_hosts_file = ResolveHosts::Never;
        let _guard = runtime.enter();
        let resolver = builder.build().map_err(|error| fault(&error))?;
        drop(_guard);
        let server = name_server.map_or_else(|| "the name server of this machine".to_owned(), |address| address.to_string());
        Ok(Self { runtime, resolver, server, patience: Cell::new(PATIENCE) })
    }

    /// The records of that name and type; none where there are none.
    pub(super) fn look_up(&self, name: &str, kind: RecordType) -> Result<Vec<RData>, Unanswered> {
        let patience = self.patience.get();
        if patience.is_zero() {
            return Err(Unanswered(format!("not asked any more: {} was silent for {} s", self.server, PATIENCE.as_secs())));
        }
        let (answer, took) = self.runtime.block_on(async {
            let began = Instant::now();
            let mut asked = pin!(self.resolver.lookup(format!("{name}."), kind));
            let answer = match timeout(SILENCE.min(patience), &mut asked).await {
                Ok(answer) => Ok(answer),
                Err(_) => {
                    let waiting = printable(&format!("waiting for {} to answer for {kind} {name} …", self.server));
                    let _ = writeln!(anstream::stderr(), "{waiting}");
                    timeout(patience.saturating_sub(SILENCE), asked).await
                }
            };
            (answer, began.elapsed())
        });
        match answer {
            Ok(Ok(lookup)) => {
                let records = lookup.answers().iter().map(|record| record.data.clone());
                Ok(records.filter(|data| data.record_type() == kind).collect())
            }
            Ok(Err(error)) if error.is_no_records_found() => Ok(Vec::new()),
            unanswered => {
                self.patience.set(patience.saturating_sub(took));
                Err(Unanswered(match unanswered {
                    Ok(Err(error)) => error.to_string(),
                    _ => "request timed out".to_owned(),
                }))
            }
        }
    }
}
