//! `portcullis init --from middleware.ts`: what a Next.js middleware says becomes a policy that opens no more than it did.

use crate::support::{Folder, Run};

const IMPORTS: &str =
    "import { clerkMiddleware, createRouteMatcher } from '@clerk/nextjs/server'\nimport { NextResponse } from 'next/server'\n";

fn import(name: &str, middleware: &str) -> (Folder, Run) {
    let folder = Folder::new(name, "");
    folder.write("middleware.ts", &format!("{IMPORTS}{middleware}"));
    let arguments = [
        "init",
        "--output",
        "new.toml",
        "--from",
        "middleware.ts",
        "--publishable-key",
        "pk_live_Y2xlcmsuZXhhbXBsZS5jb20k",
        "--authorized-party",
        "https://example.com",
    ];
    let run = folder.run(&arguments);
    (folder, run)
}

/// The access that the written policy gives to a path, and the name of what says so.
fn access(folder: &Folder, path: &str) -> (String, String) {
    let report = folder.run(&["explain", "GET", path, "--offline", "--config", "new.toml", "--json"]).exits(0).json();
    let text = |name: &str| report["decision"][name].as_str().unwrap().to_owned();
    (text("access"), text("rule"))
}

fn accesses(folder: &Folder, paths: &[&str]) -> Vec<String> {
    paths.iter().map(|path| access(folder, path).0).collect()
}

#[test]
fn the_usual_middleware_is_carried_over_whole() {
    let (folder, run) = import(
        "import-usual",
        "const isPublicRoute = createRouteMatcher(['/', '/sign-in(.*)', '/api/webhooks(.*)'])
const isAdminRoute = createRouteMatcher(['/admin(.*)'])
const isTeamRoute = createRouteMatcher('/team(.*)')

export default clerkMiddleware(async (auth, req) => {
  const { userId } = await auth()
  if (!isPublicRoute(req)) {
    await auth.protect()
  }
  if (isAdminRoute(req) && (await auth()).sessionClaims?.metadata?.role !== 'admin') {
    return NextResponse.redirect(new URL('/', req.url))
  }
}, { signInUrl: '/sign-in' })

export const config = { matcher: ['/((?!_next|.*\\\\.css).*)', '/(api|trpc)(.*)'] }
",
    );
    run.exits(1).is_golden("init-import.txt");
    let paths = ["/", "/sign-in/sso", "/api/webhooks", "/admin/users", "/anything"];
    assert_eq!(accesses(&folder, &paths), ["public", "public", "public", "protected", "protected"]);
    let written = folder.read("new.toml");
    assert!(written.contains("require = { claim = \"metadata.role\", equals = \"admin\" }"), "{written}");
    // Nobody said that people may sign up.
    assert_eq!(access(&folder, "/sign-up").0, "protected");
}

#[test]
fn the_other_ways_to_say_it_are_read_too() {
    let (folder, run) = import(
        "import-ways",
        "const isPublic = createRouteMatcher(['/', '/docs/:path*'])
const isOpenApi = createRouteMatcher(['/api/open/:path*'])
const isBilling = createRouteMatcher(['/billing(.*)'])
export default clerkMiddleware(async (auth, req) => {
  if (!isPublic(req) && !isOpenApi(req)) await auth.protect()
  isBilling(req) && (await auth.protect({ permission: 'org:billing:manage', unauthorizedUrl: '/no' }))
})
",
    );
    run.exits(0).says("carried over: 3 public patterns, 0 protected patterns, 1 rule with requirements");
    assert_eq!(accesses(&folder, &["/docs/a", "/api/open/x", "/billing", "/x"]), ["public", "public", "protected", "protected"]);
    assert!(folder.read("new.toml").contains("require = { permission = \"org:billing:manage\" }"));

    let (folder, run) = import(
        "import-early-return",
        "const isPublic = createRouteMatcher(['/', '/docs/:path*'])
export default clerkMiddleware(async (auth, req) => {
  if (isPublic(req)) return NextResponse.next()
  await auth.protect()
})
",
    );
    run.exits(0);
    assert_eq!(accesses(&folder, &["/", "/docs/a", "/x"]), ["public", "public", "protected"]);
}

#[test]
fn a_path_that_two_matchers_name_stays_protected() {
    let (folder, run) = import(
        "import-overlap",
        "const isPublic = createRouteMatcher(['/blog(.*)'])
const isPrivate = createRouteMatcher(['/blog/drafts(.*)'])
export default clerkMiddleware(async (auth, req) => {
  if (isPrivate(req)) await auth.protect()
  if (!isPublic(req)) await auth.protect()
})
",
    );
    run.exits(0);
    assert_eq!(accesses(&folder, &["/blog/1", "/blog/drafts/1"]), ["public", "protected"]);
    // What passes after everything was protected is not public.
    let (folder, run) = import(
        "import-late-pass",
        "const isPublic = createRouteMatcher(['/blog(.*)'])
export default clerkMiddleware(async (auth, req) => {
  await auth.protect()
  if (isPublic(req)) return
})
",
    );
    run.exits(0);
    assert_eq!(accesses(&folder, &["/blog/1"]), ["protected"]);
}

#[test]
fn what_is_not_understood_opens_nothing_and_is_named_with_its_place() {
    for (index, (body, what)) in [
        (
            "if (isA(req) || (await auth()).sessionClaims?.role !== 'x') return NextResponse.redirect('/')",
            "condition is not understood",
        ),
        ("if (isA(req) && isB(req)) return", "condition is not understood"),
        ("if (!isA(req) || !isB(req)) await auth.protect()", "condition is not understood"),
        ("if (isA(req)) { return } else { await auth.protect() }", "condition is not understood"),
        ("if (req.nextUrl.pathname.startsWith('/a')) return", "condition is not understood"),
        ("if (isA(req)) await auth.protect((has) => has({ role: 'x' }))", "what happens here is not understood"),
        ("if (isA(req)) return NextResponse.rewrite(new URL('/b', req.url))", "what happens here is not understood"),
        ("if (!isA(req)) await auth.protect({ role: 'org:x' })", "what happens here is not understood"),
        ("await auth.protect({ role: 'org:x' })", "what is asked of every path"),
        ("switch (1) { default: await auth.protect() }", "this statement is not understood"),
        ("return intl(req)", "an answer that the middleware makes itself"),
    ]
    .iter()
    .enumerate()
    {
        let matchers = "const isA = createRouteMatcher(['/a(.*)'])\nconst isB = createRouteMatcher(['/b(.*)'])\n";
        let middleware = format!("{matchers}export default clerkMiddleware(async (auth, req) => {{\n  {body}\n}})\n");
        let (folder, run) = import(&format!("import-left-{index}"), &middleware);
        run.exits(1).says(what).says("--> middleware.ts:6:3");
        assert_eq!(accesses(&folder, &["/a/1", "/b/1", "/c"]), ["protected"; 3], "{body}");
    }
}

#[test]
fn patterns_that_are_not_written_out_are_named() {
    let (_, run) = import(
        "import-patterns",
        "const list = ['/x']
const isA = createRouteMatcher(list)
const isB = createRouteMatcher(['/ok', /^\\/regular/, `/${list}`, ...list])
export default clerkMiddleware(async (auth, req) => { if (!isA(req) && !isB(req)) await auth.protect() })
",
    );
    run.exits(1)
        .says("a matcher that is no list of patterns")
        .says("middleware.ts:5:40")
        .says("middleware.ts:5:54")
        .says("carried over: 1 public");
}

#[test]
fn a_middleware_that_cannot_be_read_is_refused_with_line_and_column() {
    let (folder, run) = import("import-broken", "const isA = createRouteMatcher(['/a'\nexport default 1\n");
    run.exits(2).complains("`middleware.ts` cannot be parsed").complains("middleware.ts:4:1");
    assert!(!folder.path("new.toml").exists());
    folder.write("middleware.txt", "");
    let init =
        ["init", "--output", "new.toml", "--publishable-key", "pk_live_x", "--authorized-party", "https://a.example", "--from"];
    folder.run(&[&init[..], &["middleware.txt"]].concat()).exits(2).complains("is no JavaScript or TypeScript");
    folder.run(&[&init[..], &["absent.ts"]].concat()).exits(2).complains("cannot read `absent.ts`");
    let (_, run) = import("import-without", "export function middleware() {}\n");
    run.exits(1).says("there is no `export default clerkMiddleware");
}
