//! `portcullis init --from middleware.ts`: what a Next.js middleware says becomes a policy that opens no more than it did.

use crate::support::{Folder, Run};

const IMPORTS: &str =
    "import { clerkMiddleware, createRouteMatcher } from '@clerk/nextjs/server'\nimport { NextResponse } from 'next/server'\n";

fn import(name: &str, middleware: &str) -> (Folder, Run) {
    import_file(name, &format!("{IMPORTS}{middleware}"))
}

fn import_file(name: &str, middleware: &str) -> (Folder, Run) {
    let folder = Folder::new(name, "");
    folder.write("middleware.ts", middleware);
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
fn clerks_own_example_is_ready_as_it_is_written() {
    let (folder, run) = import(
        "import-quickstart",
        "const isPublicRoute = createRouteMatcher(['/', '/sign-in(.*)', '/sign-up(.*)'])
export default clerkMiddleware(async (auth, req) => {
  if (!isPublicRoute(req)) {
    await auth.protect()
  }
})
",
    );
    run.exits(0)
        .says("`/sign-up(.*)` is `/sign-up/:path*` here: the middleware opens `/sign-upx` too")
        .says("portcullis check --config new.toml\n");
    let written = folder.read("new.toml");
    assert!(written.contains("public = [\"/sign-in/:path*\", \"/\", \"/sign-up/:path*\"]"), "{written}");
    let checked = folder.run(&["check", "--config", "new.toml", "--offline", "--json"]).exits(0).json();
    let found = checked["findings"].as_array().unwrap();
    assert!(!found.iter().any(|finding| finding["line"].as_u64().is_some_and(|line| line > 1)), "{checked:#}");
    let paths = ["/", "/sign-in", "/sign-in/sso-callback", "/sign-up/verify", "/sign-upx", "/dashboard"];
    assert_eq!(accesses(&folder, &paths), ["public", "public", "public", "public", "protected", "protected"]);

    // A development key is no production, and the next step says so.
    let more = ["--force", "--from", "middleware.ts", "--publishable-key", "pk_test_Y2xlcmsuZXhhbXBsZS5jb20k"];
    let run = folder.run(&[&["init", "--output", "new.toml", "--authorized-party", "https://example.com"], &more[..]].concat());
    run.exits(0).says("portcullis check --config new.toml --local\n");
    folder.run(&["check", "--config", "new.toml", "--local", "--offline"]).exits(0);
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

/// `isPublic` and the middleware, with Clerk's functions called as given.
fn calling(matcher: &str, middleware: &str) -> String {
    format!(
        "const isPublic = {matcher}(['/', `/docs/:path*`] as const)
export default {middleware}(async (auth, req) => {{
  if (!isPublic(req)) await auth.protect()
}})
"
    )
}

#[test]
fn clerks_functions_are_known_by_whatever_name_they_were_imported() {
    for (index, (imports, matcher, middleware)) in [
        ("import { createRouteMatcher as crm, clerkMiddleware as cm } from '@clerk/nextjs/server'", "crm", "cm"),
        ("import { 'createRouteMatcher' as crm, clerkMiddleware } from \"@clerk/nextjs/server\"", "crm", "clerkMiddleware"),
        ("import * as clerk from '@clerk/nextjs/server'", "clerk.createRouteMatcher", "clerk.clerkMiddleware"),
        ("import clerk from '@clerk/nextjs/server'", "clerk.createRouteMatcher", "(clerk.clerkMiddleware)"),
        ("const { createRouteMatcher: crm, clerkMiddleware: cm } = require('@clerk/nextjs/server')", "crm", "cm"),
        ("const clerk = require('@clerk/nextjs/server')", "clerk.createRouteMatcher", "clerk.clerkMiddleware"),
    ]
    .iter()
    .enumerate()
    {
        let (folder, run) =
            import_file(&format!("import-alias-{index}"), &format!("{imports}\n{}", calling(matcher, middleware)));
        run.exits(0).says("carried over: 2 public patterns");
        assert_eq!(accesses(&folder, &["/", "/docs/a", "/x"]), ["public", "public", "protected"], "{imports}");
    }
}

#[test]
fn what_is_not_clerks_opens_nothing_whatever_its_name() {
    for (index, (file, what, place)) in [
        (
            "import { createRouteMatcher } from './matchers'\nimport { clerkMiddleware } from '@clerk/nextjs/server'\n"
                .to_owned()
                + &calling("createRouteMatcher", "clerkMiddleware"),
            "this `createRouteMatcher` is not imported from Clerk",
            "middleware.ts:3:7",
        ),
        (
            "import { createRouteMatcher } from '@clerk/nextjs/server'\nimport { clerkMiddleware } from './mine'\n".to_owned()
                + &calling("createRouteMatcher", "clerkMiddleware"),
            "there is no `export default clerkMiddleware(…)` of Clerk's",
            "middleware.ts:1:1",
        ),
        (
            "import * as clerk from './clerk'\n".to_owned() + &calling("clerk.createRouteMatcher", "clerk.clerkMiddleware"),
            "is not imported from Clerk",
            "middleware.ts:2:7",
        ),
        (
            IMPORTS.to_owned()
                + &calling("createRouteMatcher", "clerkMiddleware").replace("(auth, req)", "(auth, req, isPublic)"),
            "this name is that of a matcher and means something else here",
            "middleware.ts:4:50",
        ),
        (
            IMPORTS.to_owned()
                + &calling("createRouteMatcher", "clerkMiddleware").replace("{\n  if", "{\n  const isPublic = (r) => r.ok\n  if"),
            "this name is that of a matcher and means something else here",
            "middleware.ts:5:9",
        ),
        (
            IMPORTS.to_owned() + &calling("createRouteMatcher", "clerkMiddleware").replace("const isPublic", "let isPublic"),
            "a matcher that is no `const`",
            "middleware.ts:3:5",
        ),
    ]
    .iter()
    .enumerate()
    {
        let (folder, run) = import_file(&format!("import-foreign-{index}"), file);
        run.exits(1).says(what).says(place);
        assert_eq!(accesses(&folder, &["/", "/docs/a", "/x"]), ["protected"; 3], "{file}");
    }
}

#[test]
fn the_middleware_is_found_however_it_is_exported() {
    let written = |export: &str| {
        calling("createRouteMatcher", "clerkMiddleware").replace("export default clerk", "const handler = clerk") + export + "\n"
    };
    for (index, file) in [
        written("export default handler"),
        written("export { handler as default }"),
        written("export { handler as proxy }"),
        calling("createRouteMatcher", "clerkMiddleware").replace("export default clerk", "export const proxy = clerk"),
        calling("createRouteMatcher", "clerkMiddleware").replace("export default clerk", "export const middleware = clerk"),
    ]
    .iter()
    .enumerate()
    {
        let (folder, run) = import(&format!("import-export-{index}"), file);
        run.exits(0).says("carried over: 2 public patterns");
        assert_eq!(accesses(&folder, &["/", "/x"]), ["public", "protected"], "{file}");
    }
    // Exported, but not to Next.js.
    let (folder, run) = import("import-export-other", &written("export { handler }\nexport default somethingElse(handler)"));
    run.exits(1).says("there is no `export default clerkMiddleware(…)` of Clerk's");
    assert_eq!(accesses(&folder, &["/"]), ["protected"]);
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
