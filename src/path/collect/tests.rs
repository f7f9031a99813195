//! What is found, and what it costs.

use std::fs;

use super::{
    super::{ReadingKinds, canonical::canonicalize, encoding::push_escaped, target::canonicalize_query},
    *,
};

fn collected(path: &str, search: &str, settings: &PathSettings) -> Vec<(String, &'static str, bool)> {
    let readings = collect(path, None, search, settings).unwrap();
    readings.into_iter().map(|reading| (reading.path, reading.kind.as_str(), reading.firm)).collect()
}

#[test]
fn the_canonical_reading_cannot_be_switched_off() {
    let none = ReadingKind::ALL.iter().fold(ReadingKinds::ALL, |kinds, kind| kinds.without(*kind));
    assert!(none.contains(ReadingKind::Canonical));
    let settings = PathSettings { readings: none, ..PathSettings::default() };
    assert_eq!(collected("/a%2F..;x.json", "", &settings), [("/a%2F..;x.json".into(), "canonical", true)]);
    assert!(none.with(ReadingKind::Decoded).contains(ReadingKind::Decoded));
}

#[test]
fn rewrites_follow_one_another_in_any_order() {
    let readings = collected("/x;a/%252e%252e;b%2Fadmin", "", &PathSettings::default());
    assert!(readings.iter().any(|(path, _, firm)| path == "/admin" && *firm), "{readings:?}");
}

#[test]
fn what_vike_gives_of_a_page_is_that_page() {
    let readings = collected("/admin/index.pageContext.json", "", &PathSettings::default());
    assert!(readings.iter().any(|(path, ..)| path == "/admin/"), "{readings:?}");
}

#[test]
fn the_firmest_way_to_a_reading_counts() {
    let readings = collected("/assets/a.css", "", &PathSettings::default());
    assert_eq!(readings, [("/assets/a.css".into(), "canonical", true), ("/assets/a".into(), "format-suffix", false)]);
    // `/x` can be had by a convention (`.json`, then `;`) and without (`;` alone).
    let readings = collected("/x;y.json", "", &PathSettings::default());
    assert!(readings.iter().any(|(path, _, firm)| path == "/x" && *firm));
    // Neither `．．` nor `+` leads anywhere until the space is trimmed and the dots are resolved.
    let readings = collected("/x/%EF%BC%8E%EF%BC%8E+/y", "", &PathSettings::default());
    assert!(readings.iter().any(|(path, _, firm)| path == "/y" && *firm), "{readings:?}");
}

#[test]
fn locales_are_stripped_from_every_reading() {
    let settings = PathSettings { locales: vec!["en".into(), "pt-BR".into()], ..PathSettings::default() };
    for (path, behind) in
        [("/en/admin", "/admin"), ("/PT-br", "/"), ("/en%2Fadmin", "/admin"), ("//en/admin", "/admin"), ("/en/en/x", "/x")]
    {
        let readings = collected(path, "", &settings);
        assert!(readings.iter().any(|(path, ..)| path == behind), "{path}: {readings:?}");
    }
    assert_eq!(collected("/english/admin", "", &settings).len(), 1);
    // Behind the directory of an application, and behind its data; which directory that is, nobody says.
    for (path, behind) in [
        ("/docs/en/admin", "/docs/admin"),
        ("/a/b/PT-br", "/a/b"),
        ("/docs/_next/data/b/en/admin.json", "/docs/admin"),
        ("/docs/_next/data/b/en.json", "/docs"),
        ("/docs%2Fen/admin", "/docs/admin"),
        ("/en/docs/en/x", "/docs/x"),
    ] {
        let readings = collected(path, "", &settings);
        assert!(readings.iter().any(|(path, _, firm)| path == behind && !firm), "{path}: {readings:?}");
    }
    assert_eq!(collected("/docs/english/en-GB", "", &settings).len(), 1);
    assert_eq!(collected("/_next/data/b/en/admin.json", "", &settings).iter().filter(|(path, ..)| path == "/admin").count(), 1);
}

#[test]
fn routes_in_a_query_count_at_front_controllers_only() {
    let routes = |path, search| {
        let readings = collected(path, search, &PathSettings::default());
        readings.into_iter().filter(|(_, kind, _)| *kind == "query-route").map(|(path, ..)| path).collect::<Vec<_>>()
    };
    assert_eq!(routes("/", "?_url=/admin%2Fusers&next=/x"), ["/admin/users"]);
    assert_eq!(routes("/", "?q=admin"), [""; 0]);
    assert_eq!(routes("/index.php", "?q=admin"), ["/admin"]);
    assert_eq!(routes("/index.php", "?/admin"), ["/admin"]);
    assert_eq!(routes("/about", "?q=/admin"), [""; 0]);
    for query in ["?q=admin/users", "?r=admin%2Fusers", "?admin/users", "?.url=/admin/users", "?+%20_url%00x=admin/users"] {
        assert_eq!(routes("/", query), ["/admin/users"], "{query}");
    }
    assert_eq!(routes("/", "?/admin=1&x"), ["/admin=1&x"]);
    assert_eq!(routes("/", "?%2Fadmin=1?x"), ["/admin=1"]);
    assert_eq!(routes("/shop/", "?q=/admin"), ["/admin", "/shop/admin"]);
    assert_eq!(routes("/shop/index.php", "?_url=/admin"), ["/admin", "/shop/admin"]);
    assert_eq!(routes("//index.php", "?_url=/admin"), ["/admin"]);
    assert_eq!(routes("/shop/index.php/x", "?_url=/admin"), ["/admin", "/shop/admin"]);
    assert_eq!(routes("/", ""), [""; 0]);
}

#[test]
fn wordpress_reads_a_route_of_its_interface_on_any_path() {
    let routes = |path, search| {
        let readings = collected(path, search, &PathSettings::default());
        readings.into_iter().filter(|(_, kind, _)| *kind == "query-route").map(|(path, ..)| path).collect::<Vec<_>>()
    };
    for query in ["?rest_route=/wp/v2/users", "?rest.route=wp/v2/users", "?x&rest%20route=%2Fwp%2Fv2%2Fusers"] {
        assert_eq!(routes("/hello-world", query), ["/wp-json/wp/v2/users"], "{query}");
    }
    assert_eq!(routes("/blog/", "?rest_route=/wp/v2"), ["/wp-json/wp/v2", "/blog/wp-json/wp/v2"]);
    assert_eq!(routes("/hello-world", "?route=/wp/v2"), [""; 0]);
}

#[test]
fn adapters_put_another_path_in_the_place_of_any() {
    for query in [
        "?__pathname=/admin/users",
        "?a=1&x_astro_path=%2Fadmin%2Fusers%3Fpage=2",
        "?__isr_route=admin/users",
        "?%5F_pathname=/admin/users",
    ] {
        for path in ["/about", "/", "/_isr", "/blog/x/__data.json"] {
            let readings = collected(path, query, &PathSettings::default());
            assert!(readings.contains(&("/admin/users".into(), "query-route", true)), "{path}{query}: {readings:?}");
        }
    }
    assert_eq!(collected("/about", "?pathname=/admin&astro_path=/admin", &PathSettings::default()).len(), 1);
}

/// What `httpBatchLink` of tRPC sends, and what its adapters make of that: 11.25 for fetch takes what follows the endpoint and cuts it at
/// commas, whatever slashes are in it.
#[test]
fn each_procedure_of_a_batch_is_a_reading() {
    let firm = |path, search, wanted: &str| {
        let readings = collected(path, search, &PathSettings::default());
        readings.iter().find(|(of, ..)| of == wanted).map(|(.., firm)| *firm)
    };
    for (path, search) in [
        ("/api/trpc/post.list,admin.secret", "?batch=1"),
        ("/api/trpc/post.list%2Cadmin.secret", "?input={}&batch=1"),
        ("/api/trpc/post.list%252Cadmin.secret", "?batch=1"),
        ("/api/trpc/admin.secret,post.list", "?%62atch=true"),
        ("/api/trpc/,admin.secret,", "?batch=1"),
        ("/api/trpc/a,b,c,admin.secret,d", "?batch=1"),
        // Behind more slashes, and where the endpoint has another name, below it.
        ("/api/trpc/post/x,admin.secret", "?batch=1"),
        ("/api/trpc/a/b/c,d/e,admin.secret", "?batch=1"),
    ] {
        assert_eq!(firm(path, search, "/api/trpc/admin.secret"), Some(true), "{path}{search}");
    }
    assert_eq!(firm("/rpc/post.list,admin.secret", "?batch=1", "/rpc/admin.secret"), Some(true));
    assert_eq!(firm("/rpc/post/x,admin.secret", "?batch=1", "/rpc/admin.secret"), Some(false));
    assert_eq!(firm("/api/trpc/v1/a,admin.secret", "?batch=1", "/api/trpc/v1/admin.secret"), Some(true));
    assert_eq!(firm("/api/trpc/a,b", "?batch=1", "/api/b"), None);
    // Without the word it is no batch, and without a comma none either.
    for (path, search) in
        [("/shop/hats,7", ""), ("/shop/hats,7", "?batches=1"), ("/shop/hats", "?batch=1"), ("/api/trpc/", "?batch")]
    {
        assert_eq!(collected(path, search, &PathSettings::default()).len(), 1, "{path}{search}");
    }
}

/// In Express every procedure goes by what follows the last slash, those at the root of the router, too.
#[test]
fn a_procedure_without_a_dot_is_a_reading_behind_another() {
    for (path, search) in [
        ("/api/trpc/hello/secret", ""),
        ("/api/TRPC/a/b/secret", ""),
        ("/api/trpc/hello/secret,x", "?batch=1"),
        ("/api/trpc/x,hello/secret", "?batch=1"),
    ] {
        let readings = collected(path, search, &PathSettings::default());
        assert!(readings.iter().any(|(path, ..)| path.eq_ignore_ascii_case("/api/trpc/secret")), "{path}: {readings:?}");
    }
    for path in ["/api/trpc/hello", "/api/trpc/hello/", "/api/trpc/", "/api/trpcs/a/b"] {
        assert_eq!(collected(path, "", &PathSettings::default()).len(), 1, "{path}");
    }
}

/// A path is cut at its commas once, however often a query says that it is a batch.
#[test]
fn a_query_that_says_batch_again_and_again_costs_no_more() {
    struct Work(usize);
    impl Take for Work {
        fn works(&mut self, bytes: usize) -> bool {
            self.0 += bytes;
            true
        }

        fn take(&mut self, path: &str, _kind: ReadingKind, _step: Step<'_>) {
            self.0 += path.len();
        }
    }
    let work = |search: &str| {
        let mut work = Work(0);
        Query::of(search).routes_at("/api/trpc/a,,,,b", &mut work);
        work.0
    };
    assert!(work("?batch=1") >= "/api/trpc/a,,,,b".len(), "what is looked through counts");
    assert_eq!(work("?batch=1&batch=1;batch&batch=&%62atch=1"), work("?batch=1"));
}

/// A page whose tables and charts ask for everything at once.
#[test]
fn a_batch_of_seventy_procedures_is_judged() {
    let batch = |count| {
        let names: Vec<_> = (0..count).map(|n| format!("router{}.procedure{n}", n % 7)).collect();
        collect(&format!("/api/trpc/{}", names.join(",")), None, "?batch=1", &PathSettings::default())
    };
    assert!(batch(70).is_ok());
    assert_eq!(batch(limits::READINGS), Err(Ambiguity::TooManyReadings));
}

/// Astro and SvelteKit run the action of that name before they render whatever page is asked for.
#[test]
fn an_action_in_the_query_is_a_reading() {
    let routes = |path, search| {
        let readings = collected(path, search, &PathSettings::default());
        readings.into_iter().filter(|(_, kind, _)| *kind == "query-route").map(|(path, _, firm)| (path, firm)).collect::<Vec<_>>()
    };
    for query in ["?_action=admin.remove", "?x&%5Faction=admin%2Eremove"] {
        assert_eq!(routes("/about", query), [("/_actions/admin.remove".into(), false)], "{query}");
        let below = ["/docs/_actions/admin.remove", "/_actions/admin.remove"].map(|path| (path.into(), false));
        assert_eq!(routes("/docs/about", query), below, "{query}");
    }
    // Its name is decoded once more than the query.
    let readings = collected("/about", "?_action=%2561dmin.remove", &PathSettings::default());
    assert!(readings.iter().any(|(path, ..)| path == "/_actions/admin.remove"), "{readings:?}");
    for query in ["?/remote=1w7w0bh/remove", "?x=1&%2Fremote=1w7w0bh%2Fremove"] {
        let found = routes("/docs/about", query);
        for path in ["/docs/_app/remote/1w7w0bh/remove", "/_app/remote/1w7w0bh/remove"] {
            assert!(found.contains(&(path.into(), false)), "{query}: {found:?}");
        }
    }
    assert_eq!(routes("/about", "?_actions=x&action=y&remote=z"), []);
}

#[test]
fn a_query_that_names_the_path_itself_adds_nothing() {
    for (path, query) in [("/_next/image", "?url=/_next/image?url=x"), ("/about", "?__pathname=/about")] {
        let readings = collected(path, query, &PathSettings::default());
        assert_eq!(readings.iter().filter(|(reading, ..)| *reading == path).count(), 1, "{path}{query}: {readings:?}");
    }
}

#[test]
fn a_url_is_no_route_of_a_front_controller() {
    for query in ["?url=https://example.com/admin", "?q=http%3A%2F%2Fexample.com%2Fadmin", "?s=HTTPS://h/admin"] {
        assert_eq!(collected("/", query, &PathSettings::default()).len(), 1, "{query}");
    }
    assert!(collected("/", "?url=/https://h/admin", &PathSettings::default()).len() > 1);
}

#[test]
fn what_an_image_is_made_of_is_a_reading() {
    let routes = |path, search| {
        let readings = collected(path, search, &PathSettings::default());
        readings.into_iter().filter(|(_, kind, _)| *kind == "query-route").map(|(path, ..)| path).collect::<Vec<_>>()
    };
    for path in [
        "/_next/image",
        "/_next/image/",
        "/docs/_next/image",
        "//_NEXT/image",
        "/_next%2Fimage",
        "/x/..%2F_next/image",
        "/_vercel/image",
        "/.netlify/images",
    ] {
        assert_eq!(routes(path, "?url=%2Fadmin%2Flogo.png&w=64"), ["/admin/logo.png"], "{path}");
        assert_eq!(routes(path, "?w=64&URL=/admin/logo"), ["/admin/logo"], "{path}");
        assert_eq!(routes(path, "?url=https://cdn.example/admin/logo.png"), [""; 0], "{path}");
    }
    assert_eq!(routes("/_image", "?href=/admin/logo&f=webp&url=/x"), ["/admin/logo"]);
    assert_eq!(routes("/_next/imagery", "?url=/admin"), [""; 0]);
    // Next.js cuts pairs at `&` only.
    assert_eq!(routes("/_next/image", "?url=/api/x;/../admin/chart&w=640"), ["/api/x;/../admin/chart", "/api/x"]);
    assert_eq!(routes("/_next/image", "?url=admin/logo"), ["/admin/logo"]);
    assert_eq!(routes("/_next/image", "?url="), [""; 0]);
    // It is fetched for certain, with a query of its own; what else a server may make of that query is a guess.
    let is_firm = |search, path: &str| {
        let readings = collected("/_next/image", search, &PathSettings::default());
        readings.iter().find(|(of, ..)| of == path).map(|(.., firm)| *firm)
    };
    assert_eq!(is_firm("?url=/uploads/secret&w=64", "/uploads/secret"), Some(true));
    assert_eq!(is_firm("?url=/api/chart%3Fof%3D/x&w=64", "/api/chart"), Some(true));
    assert_eq!(is_firm("?url=/api/chart%3Fof%3D/x&w=64", "/api/chart?of=/x"), Some(false));
    assert_eq!(is_firm("?url=%2Fapi%2F..%252Fadmin", "/admin"), Some(true));
}

#[test]
fn no_flood_of_routes_hides_one() {
    let flood = |count, last: &str| format!("?{}{last}", (0..count).fold(String::new(), |flood, n| format!("{flood}URL=/{n}&")));
    let readings = collected("/_next/image", &flood(50, "url=/admin"), &PathSettings::default());
    assert!(readings.iter().any(|(path, ..)| path == "/admin"));
    let readings = collected("/", &flood(50, "_url=/admin"), &PathSettings::default());
    assert!(readings.iter().any(|(path, ..)| path == "/admin"));
    for path in ["/", "/index.php", "/_next/image"] {
        let found = collect(path, None, &flood(limits::READINGS, "url=/admin"), &PathSettings::default());
        assert_eq!(found, Err(Ambiguity::TooManyReadings), "{path}");
    }
}

#[test]
fn both_bounds_make_a_path_ambiguous() {
    let is_ambiguous = |path: &str| match collect(path, None, "", &PathSettings::default()) {
        Err(ambiguity) => ambiguity == Ambiguity::TooManyReadings,
        Ok(_) => false,
    };
    assert!(is_ambiguous(&format!("/{}", "a.".repeat(limits::READINGS + 1))));
    assert!(!is_ambiguous(&format!("/{}", "a.".repeat(limits::READINGS / 2))));
    // As long as a path may be, and different when decoded: a few such readings are too many bytes.
    assert!(is_ambiguous(&format!("/{}", "+//%2525252541".repeat(500))));
}

#[test]
fn every_reading_is_rewritten_once_however_many_ways_lead_to_it() {
    /// Counts what one rewriting of a path takes.
    #[derive(Default)]
    struct Cost(usize);
    impl Take for Cost {
        fn works(&mut self, bytes: usize) -> bool {
            self.0 += BEGIN + bytes;
            true
        }

        fn take(&mut self, path: &str, _kind: ReadingKind, _step: Step<'_>) {
            self.works(path.len());
        }
    }
    for target in ["/x;y.json", "/a/%252e%252e;b//%2561dmin.json", "/x/%EF%BC%8E%EF%BC%8E+/y", "/%C3%89+;x//index.php/a.json"] {
        let found = found(target, &[]);
        let mut once = Cost::default();
        for reading in &found.list {
            rewrites::rewrite(&reading.path, ReadingKinds::ALL, &mut once);
        }
        assert!(!found.is_too_much, "{target} has {} readings", found.list.len());
        assert_eq!(found.work, once.0, "{target} has {} readings", found.list.len());
    }
}

#[test]
fn no_path_costs_more_than_the_bounds_allow() {
    let mut refused = 0;
    for target in hostile() {
        let found = found(&target, &["en", "fr"]);
        // What is over is the last step of one rewrite: at most five paths, none more than three times as long as its reading.
        assert!(found.work <= limits::READING_WORK + 16 * (target.len() + BEGIN), "{} for {target}", found.work);
        assert!(found.list.len() <= limits::READINGS);
        assert!(found.list.iter().map(|reading| reading.path.len()).sum::<usize>() <= limits::READING_BYTES, "{target}");
        // Guesses that wait are made of bytes that were counted.
        assert!(found.guesses.iter().map(|(path, ..)| path.len()).sum::<usize>() <= found.work);
        refused += usize::from(found.is_too_much);
    }
    assert!(refused > 20, "{refused} of the worst paths are refused");
}

#[test]
fn each_bound_alone_refuses_some_path() {
    let beyond = |is: fn(&Found) -> bool| hostile().iter().any(|target| is(&found(target, &["en", "fr"])));
    assert!(beyond(|found| found.is_too_much && found.list.len() == limits::READINGS && found.work < limits::READING_WORK));
    assert!(beyond(|found| found.is_too_much && found.bytes > limits::READING_BYTES && found.work < limits::READING_WORK));
    assert!(beyond(|found| found.work > limits::READING_WORK && found.bytes < limits::READING_BYTES));
}

#[test]
fn ordinary_paths_need_a_twentieth_of_the_bounds() {
    let file = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/paths/ordinary.json")).unwrap();
    let urls: Vec<serde_json::Value> = serde_json::from_str(&file).unwrap();
    let urls = urls.iter().map(|case| case["url"].as_str().unwrap().to_owned());
    assert_margin(20, "ordinary.json", urls);
}

/// Texts of a search, a heading or a file, percent-encoded up to 2 KB, and what else makes long or strange URLs without any ill will.
#[test]
fn long_paths_in_any_script_need_a_third_of_the_bounds() {
    let long =
        SCRIPTS.iter().flat_map(|text| [format!("/wiki/{}", escaped(text, 2000)), format!("/fr/{}.html", escaped(text, 500))]);
    assert_margin(3, "texts of 2 KB", long);
    assert_margin(3, "strange but honest", STRANGE.iter().map(|path| (*path).to_owned()));
    // Everything at once is still judged.
    assert_margin(
        1,
        "texts of 2 KB under a locale, with a suffix",
        SCRIPTS.iter().map(|text| format!("/fr/wiki/{}.html", escaped(text, 2000))),
    );
}

/// Says what a group of targets needs at most, and checks that so many times as much would do.
#[track_caller]
fn assert_margin(times: usize, group: &str, targets: impl Iterator<Item = String>) {
    let (mut readings, mut bytes, mut work) = (0, 0, 0);
    for target in targets {
        let found = found(&target, &["en", "fr"]);
        let is_within = found.list.len() * times <= limits::READINGS
            && found.bytes * times <= limits::READING_BYTES
            && found.work * times <= limits::READING_WORK;
        assert!(
            is_within && !found.is_too_much,
            "{} readings, {} bytes, {} work: {target}",
            found.list.len(),
            found.bytes,
            found.work
        );
        readings = readings.max(found.list.len());
        bytes = bytes.max(found.bytes);
        work = work.max(found.work);
    }
    println!("{group}: at most {readings} readings, {bytes} bytes, {work} of work");
}

fn found(target: &str, locales: &[&str]) -> Found {
    let settings =
        PathSettings { locales: locales.iter().map(|locale| (*locale).to_owned()).collect(), ..PathSettings::default() };
    let target = target.split_once('#').map_or(target, |(target, _)| target);
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    let canonical = canonicalize(path).unwrap();
    find(&canonical.path, canonical.as_written, &Query::of(&canonicalize_query(query)), &settings)
}

/// The most expensive paths that were found; `bench/hostile_paths.rs` looks for more.
fn hostile() -> Vec<String> {
    let file = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/paths/hostile.txt")).unwrap();
    file.lines().map(str::to_owned).collect()
}

/// As much of a text, repeated, as has so many bytes when it is escaped; without a blank at the end.
fn escaped(text: &str, bytes: usize) -> String {
    let mut out = String::new();
    for character in text.chars().chain([' ']).cycle() {
        let mut one = String::new();
        push_escaped(&mut one, character.encode_utf8(&mut [0; 4]).as_bytes(), |byte| !byte.is_ascii_alphanumeric());
        if out.len() + one.len() > bytes {
            return out.trim_end_matches("%20").to_owned();
        }
        out.push_str(&one);
    }
    out
}

const SCRIPTS: &[&str] = &[
    "Как настроить защиту маршрутов на границе сети и не сломать остальное",
    "東京特許許可局で働く人々の物語とその背景にある歴史について詳しく解説します",
    "كيفية حماية المسارات على حافة الشبكة دون كسر أي شيء آخر",
    "Πώς να προστατεύσετε τις διαδρομές στην άκρη του δικτύου",
    "네트워크 경계에서 경로를 보호하는 방법과 나머지를 망가뜨리지 않는 방법",
    "วิธีป้องกันเส้นทางที่ขอบเครือข่ายโดยไม่ทำให้สิ่งอื่นเสียหาย",
    "नेटवर्क की सीमा पर मार्गों की रक्षा कैसे करें",
    "כיצד להגן על נתיבים בקצה הרשת",
    "Làm thế nào để bảo vệ các tuyến đường ở biên mạng",
    "Größenänderung für Überläufer und straßenweise Maßnahmen",
];

const STRANGE: &[&str] = &[
    "/s3/bucket/year=2024/month=06/day=01/part-00000-tid-123.c000.snappy.parquet+meta.v1.2.3.json.gz",
    "/files/My+Documents/Report+v1.2.3+(final)+copy.2.docx.bak",
    "/files/a%2Fb%2Fc%2Fd.e.f+g%2Bh.tar.gz",
    "/files/C%3A%5CUsers%5Cme%5CDesktop%5Ca.b.c.txt",
    "/npm/@scope%2Fpkg@1.2.3-beta.1+build.5/dist/index.min.js",
    "/t/zJ0+/q8L1A==/b+7dX/0uQm8F3a/9kQ+T1s2V/4w5x6y7z8A9B+c0D1e2F3g4H5/i6J7k8L9m0N1o2P3q4R5s6T7u8V9==",
    "/t/zJ0%2B%2Fq8L1A%3D%3Db%2B7dX%2F0uQm8F3a%2F9kQ%2BT1s2V%2F4w5x6y7z8A9B%2Bc0D1e2F3g4H5%2Fi6J7k8L9m0N1o2%3D",
    "/img/https%3A%2F%2Fcdn.example.com%2Fa%20b%2Fc.d.png%3Fx%3D1%26y%3D2",
    "/proxy/https://cdn.example.com/a//b.c.png",
    "/cars;color=red;make=vw/models;year=2020;sort=asc/page;n=2;size=50.json",
    "/app/a;jsessionid=1A2B3C.node1/b;v=1.2/c;x",
    "/odata/Orders(1)/Items(2)/$value",
    "/odata/Users(%27a.b%40c.de%27)/Groups%28%27x%2Fy%27%29",
    "/search/c%2B%2B%20%22vector%3CT%3E%22%20%26%20templates%3B%20100%25%20sure%3F",
    "/search/c%2B%2B+%22vector%3CT%3E%22+%26+templates",
    "/_next/data/AbC123/en/products/%E6%9D%B1%E4%BA%AC.json?slug=%E6%9D%B1%E4%BA%AC",
    "/_next/image?url=%2F_next%2Fstatic%2Fmedia%2Fhero.1a2b3c4d.jpg&w=3840&q=75",
    "/index.php/katalog/gr%C3%B6%C3%9Fe.html;jsessionid=ab",
    "/maps/@48.8566,2.3522,15z/data=!3m1!4b1!4m6!3m5!1s0x47e66e1f06e2b70f:0x40b82c3688c9460!8m2!3d48.85",
    "/wiki/.hack//Sign",
    "/releases/1.0.0-rc.1+20240601.sha.1a2b3c4d/file.name.with.many.dots.v2.1.0.en-us.x64.msi.zip.sig",
    "/calendar/2024-06-01T10:00:00+02:00/2024-06-02T10:00:00+02:00",
    "/e/j%C3%BCrgen.m%C3%BCller%2Btest%40ex%C3%A4mple.de/verify",
    "/emoji/%F0%9F%91%A9%E2%80%8D%F0%9F%91%A7%20family%20%E2%9D%A4%EF%B8%8F.png",
    "/latin1/caf%E9/%FCber/na%EFve.html",
    "/shop/100%-cotton/50%25-off.html",
    "/mail/%3CCAF%2Babc.def%3D1.2.3%40mail.gmail.com%3E",
    "/doi/10.1002/(SICI)1097-4571(199806)49:8%3C693::AID-ASI4%3E3.0.CO;2-O",
    "/arn:aws:s3:::bucket/key",
];

#[test]
fn every_reading_says_where_it_came_from() {
    let readings = collect("/%2561%2F..%2Fadmin.json", None, "", &PathSettings::default()).unwrap();
    for (index, reading) in readings.iter().enumerate().skip(1) {
        assert!(reading.from < index, "{reading:?}");
    }
}
