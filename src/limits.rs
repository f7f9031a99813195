//! Every cap of the gate, each with the reason for its size.

use core::time::Duration;

/// Bytes of a token that is looked at. Browsers cap a cookie at 4 KB; a header token may be longer, but Node and
/// Cloudflare refuse header blocks past 16 to 32 KB anyway. What is longer is rejected before any decoding.
pub const TOKEN_BYTES: usize = 32 * 1024;

/// Bytes of a `Cookie` header that is looked at; Cloudflare's own limit for all request headers is 128 KB.
pub const COOKIE_HEADER_BYTES: usize = 128 * 1024;

/// Bytes of a request URL; Cloudflare accepts 16 KB.
pub const URL_BYTES: usize = 16 * 1024;

/// Bytes of a Backend API answer that is read. A key set is 1 KB, a handshake payload some 10 KB.
pub const BACKEND_BODY_BYTES: usize = 1024 * 1024;

/// Keys that one key set may hold; Clerk serves one or two.
pub const KEYS_PER_SET: usize = 64;

/// Smallest RSA modulus that is accepted, in bits (RFC 7518 section 3.3 asks for 2048).
pub const RSA_MIN_BITS: usize = 2048;

/// How long a fetched key set is fresh; Clerk's own cache lives as long.
pub const KEY_SET_FRESH: Duration = Duration::from_secs(5 * 60);

/// How long a key set may serve on while the Backend API gives none: a bounded outage, not a key kept for ever.
pub const KEY_SET_STALE: Duration = Duration::from_secs(24 * 60 * 60);

/// At most one fetch for unknown `kid`s in this time, so that made-up tokens cannot make traffic.
pub const UNKNOWN_KID_COOLDOWN: Duration = Duration::from_secs(60);

/// After a failed fetch no other is tried for this long.
pub const FAILED_FETCH_COOLDOWN: Duration = Duration::from_secs(5);

/// Time limit of one Backend API call; a document that waits longer feels broken.
pub const BACKEND_TIME_LIMIT: Duration = Duration::from_secs(5);

/// How long a fetch may give no sign of life before another request takes its place: longer than a call and the wait before the
/// next together, or those who wait take over just before the fetcher can tell them that it failed, each for another call's time.
pub const FETCH_SILENCE: Duration = Duration::from_secs(7);

/// How long a request waits between looks at a fetch that another request began.
pub const WAIT_FOR_OTHER_FETCH: Duration = Duration::from_millis(5);

/// Clock skew that is forgiven, as in Clerk.
pub const CLOCK_SKEW: Duration = Duration::from_secs(5);

/// What `Retry-After` says when a check could not be made, in seconds.
pub const RETRY_AFTER_SECS: u32 = 5;

/// How long an assertion is good, in seconds: the origin gets it at once, and its clock may be off by some.
pub const ASSERTION_SECS: i64 = 60;

/// How long the gate's own key set may be kept, in seconds: so long before a key signs it has to be published.
pub const ASSERTION_KEYS_FRESH_SECS: u32 = 300;

/// Characters of foreign input that an error message quotes.
pub const QUOTED_CHARS: usize = 64;

/// Bytes of a request path, canonical or as one reading. Web servers take 8 KB for the whole request line by default.
pub const PATH_BYTES: usize = 8 * 1024;

/// Ways to read one path. Ordinary paths have one to twelve, two tricks at once some forty; past this somebody is probing.
pub const READINGS: usize = 256;

/// Bytes of all readings of one path together: what the policy matches. A text of 2 KB in escapes has some 12 KB.
pub const READING_BYTES: usize = 64 * 1024;

/// Bytes that rewrites may look through and make in search of the readings of one path, with 128 more for each time that one begins
/// or is done: about a millisecond, native. Ordinary paths take at most 14 KB, a text of 2 KB in escapes some 180.
pub const READING_WORK: usize = 608 * 1024;

/// URLs whose judgement a gate keeps: an app's paths, in some hundred kilobytes at most.
pub const JUDGED_URLS: usize = 128;

/// Bytes of a URL and its method that are kept so.
pub const JUDGED_URL_BYTES: usize = 256;

/// Readings of a path that is kept so; nearly all have one.
pub const JUDGED_READINGS: usize = 4;

/// Bytes of all tokens together that an isolate remembers as good. A token takes some three times its length in memory, and an isolate
/// has 128 MB for everything.
pub const SEEN_TOKEN_BYTES: usize = 6 * 1024 * 1024;

/// Tokens that a gate remembers as good, where the settings do not say otherwise; one of Clerk's has 700 to 1500 bytes.
pub const SEEN_TOKENS: usize = 4096;

/// Nesting of a JSON text. Clerk's tokens have three levels; what is far deeper is refused, so that no reader of the claims can
/// run out of stack.
pub const JSON_DEPTH: usize = 512;

/// How often the gate asks for the key set before it calls it an outage: a request that waits longer than one short retry is
/// better answered 503. The drop-ins ask as often as Clerk does.
pub const GATE_KEY_SET_ATTEMPTS: u32 = 2;

/// Largest RSA modulus that is accepted, in bits; Web Crypto stops there.
pub const RSA_MAX_BITS: usize = 16384;

/// How often the key set is asked for before giving up, the first time included. As in Clerk.
pub const KEY_SET_ATTEMPTS: u32 = 5;

/// The wait before the second attempt; each further wait is twice the last. As in Clerk, without its random share.
pub const KEY_SET_RETRY_DELAY: Duration = Duration::from_millis(125);

/// Latest and earliest moment that a JavaScript date can hold, in seconds: a NumericDate beyond it is no time.
pub const NUMERIC_DATE_MAX_SECS: f64 = 8.64e12;

/// Redirects of a handshake in a row after which it is given up. As in Clerk.
pub const HANDSHAKE_REDIRECTS: f64 = 3.0;

/// Redirects to the sign-in page in a row, for one reason, after which the cause is told: nobody comes back from signing in so often
/// within [`SIGN_IN_REDIRECTS_SECS`] of the last time.
pub const SIGN_IN_REDIRECTS: u32 = 5;

/// See [`SIGN_IN_REDIRECTS`]; in seconds.
pub const SIGN_IN_REDIRECTS_SECS: u32 = 10;

/// Bytes of a cookie's name and value that browsers keep (RFC 6265bis section 5.6).
pub const COOKIE_BYTES: usize = 4096;

/// How long it is remembered that a session cookie was longer, in seconds: for as long as the loop lasts that comes of it.
pub const SESSION_BYTES_SECS: u32 = 60;

/// Clock skew that a development instance forgives a handshake, as in Clerk: one day.
pub const HANDSHAKE_DEVELOPMENT_CLOCK_SKEW: Duration = Duration::from_secs(24 * 60 * 60);

/// Key-set caches that one process keeps for different instances before it forgets the oldest.
pub const INSTANCES: usize = 64;

/// Bytes of a route pattern. A hand-written pattern is 10 to 100 bytes, a list of locales or slugs in one group some hundred.
pub const PATTERN_BYTES: usize = 2048;

/// States of one compiled pattern, lookarounds included. `[a-z0-9-]{1,63}` takes 125; matching costs at most this many steps per
/// character of the path, so the cap is what keeps the longest path affordable whatever the pattern.
pub const PATTERN_STATES: usize = 1024;

/// Groups within groups in a pattern. Hand-written ones have two or three; the parser calls itself once per level.
pub const PATTERN_NESTING: usize = 32;

/// Plain forms that one pattern is spelled out in: every optional part doubles them, and three are already unusual.
pub const PATTERN_SHAPES: usize = 8;

/// Nodes of one comparison of patterns by the lints. Everyday ones take about as many as the patterns have characters.
pub const LINT_NODES: usize = 4096;

/// Steps that all comparisons of one policy may take together: less than a second, native. A thousand everyday patterns take a tenth.
pub const LINT_STEPS: u64 = 10_000_000;

/// How far a webhook's timestamp may be from now, either way; as in Svix and Standard Webhooks.
pub const WEBHOOK_TOLERANCE: Duration = Duration::from_secs(5 * 60);

/// Signatures of one delivery that are looked at: one for each secret of the sender while it rotates, two as a rule. Each costs
/// an HMAC over the body for each secret here.
pub const WEBHOOK_SIGNATURES: usize = 8;

/// Secrets that a receiver may have at once; two while they are rotated.
pub const WEBHOOK_SECRETS: usize = 4;

/// Bytes of a signing secret that the gate takes; senders make 24, and what is shorter by much can be guessed.
pub const WEBHOOK_SECRET_BYTES: usize = 16;

/// Bytes of a webhook's body. Clerk's largest events, users with all their metadata, have some 50 KB.
pub const WEBHOOK_BODY_BYTES: usize = 1024 * 1024;

/// Bytes of a delivery's id; Svix's have 31.
pub const WEBHOOK_ID_BYTES: usize = 256;

/// How long the origin may take over a delivery. Senders give up after 15 seconds: an answer after that would go to nobody.
pub const WEBHOOK_ORIGIN_TIME_LIMIT: Duration = Duration::from_secs(12);

/// How long a delivery is one request's alone: longer than the origin's time and both statements of the database together.
pub const WEBHOOK_LEASE: Duration = Duration::from_secs(30);

/// How long a handled delivery is remembered. Senders try again for a day and some hours.
pub const WEBHOOK_MEMORY: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Time limit of one batch in the database.
pub const STORE_TIME_LIMIT: Duration = Duration::from_secs(3);

/// Time limit of all counts of a request towards rate limits. The platform counts in memory beside the Worker; what takes longer is
/// broken, and must not hold up what it was to keep available.
pub const RATE_LIMIT_TIME_LIMIT: Duration = Duration::from_millis(500);

/// What counters of clients may take of it. The rest is left for those of users: a counter that hangs must not switch others off.
pub const RATE_LIMIT_CLIENT_TIME_LIMIT: Duration = Duration::from_millis(400);

/// How long the Backend API's word on a session, a user or a membership is taken for a rule with `fresh`.
pub const FRESH_FOR: Duration = Duration::from_secs(5);

/// Time limit of all calls for one check of freshness together. Less than [`FETCH_SILENCE`], which those wait who wait for it.
pub const FRESH_TIME_LIMIT: Duration = Duration::from_secs(5);

/// Subjects about which the Backend API's word is kept; at some 300 bytes each.
pub const FRESH_SUBJECTS: usize = 1024;

/// How long a row of the mirror affirms after it was so for sure: what a lost webhook costs at most.
pub const MIRROR_FOR: Duration = Duration::from_secs(5 * 60);
