//! Deliveries that no webhook may take: without a signature, with a foreign one, played back. The event is one that no app knows.

use base64::{Engine as _, engine::general_purpose::STANDARD, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, crypto};

use super::{Kind, Live, Probe};
use crate::{
    cli::{moment, source::Fault},
    webhook::HEADER_FAMILIES,
};

const BODY: &str = r#"{"type":"portcullis.probe","object":"event","data":{}}"#;
/// Twice what the standard tolerates.
const LATE_SECS: i64 = 600;

pub(super) fn probe(live: &mut Live<'_>) -> Result<(), Fault> {
    let Some(webhook) = live.settings.webhook.clone() else { return Ok(()) };
    let now = moment::now().as_secs();
    let why = "whoever knows the address can create, change and delete users in your database";
    let help = "check signatures before anything is read: `webhook_path` has the gate do so";
    // Where the secret is not known here there is a stand-in, with which a delivery is signed by somebody else.
    let names = ["CLERK_WEBHOOK_SIGNING_SECRET", "CLERK_WEBHOOK_SECRET"];
    let known = webhook.secrets.first().filter(|_| names.iter().any(|name| live.deployment.text(name).is_some()));
    let mut refuse = |what: &str, headers: Vec<(&'static str, String)>| {
        let headers = [headers, vec![("content-type", "application/json".to_owned())]].concat();
        let probe = Probe { method: Some("POST"), headers, body: Some(BODY.to_owned()) };
        live.expect_refusal(Kind::LiveWebhookAccepted, &webhook.path, &probe, what, [why, help]);
    };
    refuse("a delivery without a signature", Vec::new());
    refuse("a delivery that somebody else has signed", sign(b"portcullis-probe-has-no-such-key", now)?);
    if let Some(secret) = known {
        refuse("a delivery that is played back after ten minutes", sign(secret.key(), now - LATE_SECS)?);
    }
    Ok(())
}

/// The header fields of a delivery.
///
/// Source: Standard Webhooks, "Signature scheme".
fn sign(key: &[u8], timestamp_secs: i64) -> Result<Vec<(&'static str, String)>, Fault> {
    let id = "msg_portcullis_probe";
    let signed = format!("{id}.{timestamp_secs}.{BODY}");
    let fault = |_| Fault::new("the delivery of the probe could not be signed");
    let mac = crypto::sign(signed.as_bytes(), &EncodingKey::from_secret(key), Algorithm::HS256).map_err(fault)?;
    let mac = URL_SAFE_NO_PAD.decode(mac).map_err(|_| Fault::new("the signature of the probe cannot be read"))?;
    let [id_name, timestamp_name, signature_name] = HEADER_FAMILIES[0];
    Ok(vec![
        (id_name, id.to_owned()),
        (timestamp_name, timestamp_secs.to_string()),
        (signature_name, format!("v1,{}", STANDARD.encode(mac))),
    ])
}
