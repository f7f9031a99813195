//! Compares the redirects to the pages for signing in and up with `createRedirect` of `@clerk/backend`.

use portcullis::{
    session::{InstanceType, PublishableKey, Redirects},
    web_url::WebUrl,
};
use serde_json::Value;

#[test]
fn redirects_lead_where_clerks_lead() {
    let file: Value = serde_json::from_str(include_str!("../vectors/clerk/redirects.json")).unwrap();
    let cases = file["cases"].as_array().unwrap();
    assert!(cases.len() > 400);
    let mut failures = Vec::new();
    for case in cases {
        let text = |name: &str| case[name].as_str().map(str::to_owned);
        let key = PublishableKey::parse(&text("publishableKey").unwrap()).unwrap();
        let is_development = key.instance_type == InstanceType::Development;
        let redirects = Redirects {
            base_url: WebUrl::parse(&text("baseUrl").unwrap()).unwrap(),
            frontend_api: key.frontend_api,
            sign_in_url: text("signInUrl"),
            sign_up_url: text("signUpUrl"),
            dev_browser: text("devBrowser").filter(|_| is_development),
            is_pending: case["isPending"] == true,
            is_satellite: case["isSatellite"] == true,
        };
        let back = text("returnBackUrl");
        for (name, ours) in
            [("toSignIn", redirects.to_sign_in(back.as_deref())), ("toSignUp", redirects.to_sign_up(back.as_deref()))]
        {
            if ours != text(name) {
                failures.push(format!("{case}\n  {name}: ours is {ours:?}"));
            }
        }
    }
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), cases.len(), failures.join("\n"));
}
