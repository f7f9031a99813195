//! Questions to a name server, one at a time.

use std::{net::SocketAddr, time::Duration};

use hickory_resolver::{
    Resolver, TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig},
    net::runtime::TokioRuntimeProvider,
    proto::rr::{RData, RecordType},
};
use tokio::runtime::Runtime;

use crate::cli::source::Fault;

const TIME_LIMIT: Duration = Duration::from_secs(3);

/// Asks one name server, or those of this machine.
pub(super) struct Dns {
    runtime: Runtime,
    resolver: TokioResolver,
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
        Ok(Self { runtime, resolver })
    }

    /// The records of that name and type; none where there are none.
    pub(super) fn look_up(&self, name: &str, kind: RecordType) -> Result<Vec<RData>, Unanswered> {
        match self.runtime.block_on(self.resolver.lookup(format!("{name}."), kind)) {
            Ok(lookup) => {
                let records = lookup.answers().iter().map(|record| record.data.clone());
                Ok(records.filter(|data| data.record_type() == kind).collect())
            }
            Err(error) if error.is_no_records_found() => Ok(Vec::new()),
            Err(error) => Err(Unanswered(error.to_string())),
        }
    }
}
