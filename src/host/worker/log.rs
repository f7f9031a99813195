//! Lines for the operator's log: JSON, one a line, never a token, a key or a cookie.

use crate::gate::Decision;

/// Something is wrong that the operator should mend.
pub(super) fn error(event: &str, message: &str) {
    worker::console_error!("{}", line(&[("event", event), ("message", message)]));
}

/// A request that was not let in, where the reason is worth a line: it could not be judged or not be checked.
pub(super) fn decision(request: &web_sys::Request, decision: &Decision) {
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
    let fields: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{}:{}", serde_json::Value::from(*name), serde_json::Value::from(*value)))
        .collect();
    format!("{{{}}}", fields.join(","))
}
