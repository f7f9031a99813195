//! Lines for the operator's log: JSON, one a line, never a token, a key or a cookie.

use crate::{gate::Decision, json::push_string};

/// Something is wrong that the operator should mend.
pub(super) fn error(event: &str, message: &str) {
    worker::console_error!("{}", line(&[("event", event), ("message", message)]));
}

/// A token without `azp` that was accepted, and a request that was not let in, where the reason is worth a line: it could not be judged or not be checked.
pub(super) fn decision(request: &web_sys::Request, decision: &Decision) {
    if decision.is_azp_missing {
        let rule = decision.rule.as_deref().unwrap_or_default();
        worker::console_warn!("{}", line(&[("event", "azp-missing"), ("reason", &decision.reason), ("rule", rule)]));
    }
    if decision.verb() == "deny" && !decision.message.is_empty() {
        let status = decision.status().to_string();
        let rule = decision.rule.as_deref().unwrap_or_default();
        let method = request.method();
        worker::console_warn!(
            "{}",
            line(&[
                ("event", "denied"),
                ("status", &status),
                ("reason", &decision.reason),
                ("message", &decision.message),
                ("rule", rule),
                ("method", &method),
            ])
        );
    }
}

fn line(fields: &[(&str, &str)]) -> String {
    let mut line = String::from("{");
    for (name, value) in fields {
        if line.len() > 1 {
            line.push(',');
        }
        push_string(&mut line, name);
        line.push(':');
        push_string(&mut line, value);
    }
    line.push('}');
    line
}
