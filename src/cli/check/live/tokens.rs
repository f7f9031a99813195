//! Tokens that no edge may take: unsigned, stripped, signed by somebody else, of another party, expired.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{Kind, Live, Probe, caching, in_words};
use crate::{
    cli::{check::evidence::Evidence, key_pair::KeyPair, moment, source::Fault},
    policy::lint::Severity,
};

const HELP: &str = "deploy this gate before the app, or find what verifies tokens there and what it leaves out";

/// `key`: the private half of the edge's `CLERK_JWT_KEY`; without it a key that is made for the occasion.
pub(super) fn probe(live: &mut Live<'_>, key: Option<&str>) -> Result<(), Fault> {
    let signer = key.map_or_else(KeyPair::generate, KeyPair::parse_pem)?;
    let forger = if key.is_some() { Some(KeyPair::generate()?) } else { None };
    let claims = claims(live);
    let good = signer.sign("ins_portcullis_probe", &claims)?;
    let (signed, _) = good.rsplit_once('.').unwrap_or((&good, ""));
    let (_, payload) = signed.split_once('.').unwrap_or(("", signed));
    let unsigned = format!("{}.{payload}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#));
    let forged = forger.as_ref().map_or_else(|| Ok(good.clone()), |forger| forger.sign("ins_portcullis_probe", &claims))?;

    let why = "whoever writes a token of this form is anybody they like";
    refuse(live, &unsigned, "a token with `alg: none`", why);
    refuse(live, &format!("{signed}."), "a token without its signature", why);
    refuse(live, &forged, "a token that somebody else has signed", why);

    let with = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        signer.sign("ins_portcullis_probe", &claims)
    };
    let now = moment::now().as_secs();
    let foreign = with("azp", "https://portcullis-probe.invalid".into())?;
    let expired = with("exp", (now - 3600).into())?;
    // Without the edge's key these are refused by their signature, unless nobody looks at that: said as it is.
    let caveat = if key.is_some() { "" } else { ", signed by somebody else" };
    refuse(
        live,
        &foreign,
        &format!("a token of another party (`azp`){caveat}"),
        "a page of another site may use the session of its visitor",
    );
    refuse(live, &expired, &format!("an expired token{caveat}"), "a token that was stolen once is good for ever");
    if key.is_some() {
        accept(live, &good);
    }
    Ok(())
}

fn refuse(live: &mut Live<'_>, token: &str, what: &str, why: &str) {
    let target = live.closed.clone();
    live.expect_refusal(Kind::LiveTokenAccepted, &target, &bearer(token), what, [why, HELP]);
}

/// The control: unless the same token, unspoilt, is good, the refusals above prove less than they seem to.
fn accept(live: &mut Live<'_>, token: &str) {
    let target = live.closed.clone();
    let answer = live.send(&target, &bearer(token));
    let is_known = matches!(&answer, Ok(reply) if reply.status != 401 && !(300..400).contains(&reply.status));
    let proves = if is_known {
        "the probe key is the edge's: the tokens above were refused for what they are"
    } else {
        "the probe key is not the edge's"
    };
    live.evidence.push(Evidence::new(is_known, format!("GET {target} (a good token)"), in_words(&answer), proves));
    match &answer {
        Ok(reply) if is_known => caching::look_at_private_answer(live, reply),
        _ => live.find(
            Kind::LiveProbeKeyRefused,
            Severity::Warning,
            [
                "a token that is good by `--probe-key` is refused",
                "then the other tokens were refused for their key, and not for what is wrong with them",
                "give the key whose public half is the edge's CLERK_JWT_KEY",
            ],
        ),
    }
}

fn bearer(token: &str) -> Probe<'static> {
    Probe { headers: vec![("authorization", format!("Bearer {token}"))], ..Probe::default() }
}

/// Those of a session that is good in every respect, for an admin.
fn claims(live: &Live<'_>) -> Value {
    let now = moment::now().as_secs();
    let party = live.settings.authorized_parties.iter().find(|party| !party.contains('*'));
    json!({
        "azp": party.unwrap_or(&live.origin),
        "exp": now + 60,
        "fva": [0, -1],
        "iat": now - 5,
        "iss": format!("https://{}", live.settings.instance.frontend_api),
        "metadata": {"role": "admin"},
        "nbf": now - 15,
        "sid": "sess_portcullis_probe",
        "sts": "active",
        "sub": "user_portcullis_probe",
        "v": 2,
    })
}
