//! What the most expensive URLs cost: how long a decision about each takes, and a search for worse ones.
//!
//! - `hostile_paths table [FILE]`: for each line, a path with or without a query, the time of a decision (the least of several), and what
//!   became of it; without a file the worst that were found so far;
//! - `hostile_paths repeat FILE COUNT`: decides each so often, for a profiler that counts;
//! - `hostile_paths search SEED STEPS BYTES`: climbs from random paths of at most so many bytes to ones that take longer.
//!
//! A new token or none makes no difference here: a path that cannot be judged is refused before any token is looked at.

use std::{
    fs,
    rc::Rc,
    time::{Duration, Instant},
};

use portcullis::{
    gate::{Action, Gate},
    machine::Step,
    path::{PathSettings, judge},
    request::{HeaderList, RequestView},
    settings::Environment,
    table::Node,
    time::UnixMillis,
};

const WORST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/paths/hostile.txt");

const NOW: UnixMillis = UnixMillis(1_700_000_000_000);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let gate = gate();
    match arguments.as_slice() {
        [] | ["table"] => table(&gate, WORST),
        ["table", file] => table(&gate, file),
        ["repeat", file, count] => {
            let paths = lines(file);
            for _ in 0..count.parse::<usize>().expect("a number") {
                paths.iter().for_each(|path| drop(decide(&gate, path)));
            }
        }
        ["search", seed, steps, bytes] => {
            let number = |text: &str| text.parse::<usize>().expect("a number");
            search(&gate, number(seed) as u64, number(steps), number(bytes));
        }
        _ => panic!("expected `table [FILE]`, `repeat FILE COUNT` or `search SEED STEPS BYTES`"),
    }
}

fn table(gate: &Gate, file: &str) {
    for path in lines(file) {
        let (micros, outcome) = (time(gate, &path, 9).as_nanos() as f64 / 1000.0, decide(gate, &path));
        let readings = judge(&format!("https://h{path}"), &PathSettings::default()).map_or(0, |judged| judged.readings().len());
        println!("{micros:9.1} µs  {:5} bytes  {outcome:<8} {readings:4} readings  {}", path.len(), shown(&path));
    }
}

fn lines(file: &str) -> Vec<String> {
    let text = fs::read_to_string(file).expect("a file of paths");
    text.lines().filter(|line| line.starts_with('/')).map(str::to_owned).collect()
}

fn shown(path: &str) -> String {
    if path.chars().count() <= 100 { path.to_owned() } else { path.chars().take(99).chain(['…']).collect() }
}

fn gate() -> Gate {
    let policy = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/bench/decide_many.json")).expect("the policy");
    let mut policy: serde_json::Value = serde_json::from_str(&policy).expect("JSON");
    policy["locales"] = serde_json::json!(["en", "fr"]);
    Gate::new(Environment {
        publishable_key: Some("pk_live_Y2xlcmsuZXhhbXBsZS5jb20k".into()),
        secret_key: Some(["sk", "live", "0123456789"].join("_")),
        portcullis: Some(Node::parse_json(&policy.to_string()).expect("JSON")),
        ..Environment::default()
    })
    .expect("good settings")
}

#[inline(never)]
fn decide(gate: &Gate, path: &str) -> String {
    let url = format!("https://app.example.com{path}");
    let request = RequestView { method: "GET".into(), url: url.into(), headers: Rc::new(HeaderList::default()) };
    match gate.begin(request, "id".into(), NOW) {
        Step::Need(..) => "asks".into(),
        Step::Done(decision) => match decision.action {
            Action::Answer(answer) => answer.status.to_string(),
            _ => "forwards".into(),
        },
    }
}

/// The least of several: what the machine does beside only ever adds.
#[allow(clippy::disallowed_methods)] // a benchmark has a clock
fn time(gate: &Gate, path: &str, times: usize) -> Duration {
    let once = || {
        let start = Instant::now();
        drop(std::hint::black_box(decide(gate, path)));
        start.elapsed()
    };
    (0..times).map(|_| once()).min().unwrap_or_default()
}

/// Pieces that mean something to some server.
const PIECES: &[&str] = &[
    "/",
    "//",
    "..",
    "/..",
    "/../",
    "...",
    ".",
    "./",
    "%2e",
    "%252e",
    "%25252e",
    "%2f",
    "%252f",
    "%25252f",
    "\\",
    "%5c",
    "%255c",
    ";",
    ";x",
    ";x/",
    "/..;/",
    "%3b",
    "%253b",
    "%3f",
    "%253f",
    "%23",
    "%2523",
    "%26",
    "%2526",
    "&",
    "+",
    "%2b",
    "%252b",
    "%20",
    "%2520",
    "%09",
    "%0a",
    "%250a",
    "%u0061",
    "%u002f",
    "%u002e",
    "%",
    "%%",
    "%zz",
    "%25",
    "%2525",
    "%61",
    "%2561",
    "%C0%AF",
    "%25c0%25af",
    "%C0%AE",
    "%FF",
    "%EF%BC%8E",
    "%EF%BC%8F",
    "%EF%BC%85",
    "%EF%BC%85%EF%BC%92%EF%BC%85",
    "%EF%BD%81",
    "%C3%A9",
    "%C3%89",
    "e%CC%81",
    "%C5%BF",
    "%C4%B0",
    "%E2%80%8B",
    "%C2%AD",
    "%C2%A0",
    "a.",
    "a",
    "x",
    ".json",
    ".html",
    "/index",
    "/index.html",
    "/index.php",
    "/a.php/",
    "/en",
    "/fr/",
    "/_next/data/b/",
    "/__data.json",
    ".segments/",
    "/page-data",
    "/page-data.json",
    "(S(a))",
    "/(S(a))/",
    ":",
    "http:",
    "/http://h/",
    "::$DATA",
    ":$",
    "HTTP/",
    "/admin",
    "A",
    "__next.",
    ".txt",
    "%252525252f",
    "%2525252e",
    "%E2%80%A6",
    "%E2%84%80",
    "?q=/",
    "?/",
    "&q=/a%252f",
];

/// xorshift64*.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % bound.max(1)
    }

    fn piece(&mut self) -> &'static str {
        PIECES[self.below(PIECES.len())]
    }
}

fn search(gate: &Gate, seed: u64, steps: usize, bytes: usize) {
    let mut random = Random(seed.wrapping_mul(2).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let start: Vec<&str> = (0..12).map(|_| random.piece()).collect();
    let mut best = start;
    let mut most = Duration::ZERO;
    for _ in 0..steps {
        let mut pieces = best.clone();
        for _ in 0..=random.below(3) {
            let at = random.below(pieces.len());
            match random.below(5) {
                0 => drop(pieces.remove(at)),
                1 => pieces[at] = random.piece(),
                2 => pieces.insert(at, random.piece()),
                3 => {
                    let piece = pieces[at];
                    (0..=random.below(20)).for_each(|_| pieces.insert(at, piece));
                }
                _ => {
                    let end = at + random.below(pieces.len() - at);
                    let copied = pieces[at..end].to_vec();
                    (0..=random.below(4)).for_each(|_| pieces.extend_from_slice(&copied));
                }
            }
            if pieces.is_empty() {
                pieces.push("/");
            }
        }
        let path = format!("/{}", pieces.concat());
        if path.len() > bytes {
            continue;
        }
        // Twice, since the machine may have been busy the first time.
        if time(gate, &path, 3) > most {
            let taken = time(gate, &path, 9);
            if taken > most {
                (best, most) = (pieces, taken);
            }
        }
    }
    println!("/{}", best.concat());
    eprintln!("{:.1} µs, {} bytes", most.as_nanos() as f64 / 1000.0, best.concat().len() + 1);
}
