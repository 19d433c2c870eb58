//! The dashboard as it is served: what a browser may keep, what it must not run, how much it has to load.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, header};
use http_body_util::BodyExt as _;
use tacit_server::web;
use tower::ServiceExt as _;

/// Bytes of the first load at most, as they travel.
const FIRST_LOAD: usize = 100_000;

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

async fn ask(path: &str, head: &[(header::HeaderName, &str)]) -> Answer {
    let mut request = Request::get(path);
    for (name, value) in head {
        request = request.header(name, *value);
    }
    let router: Router = web::routes();
    let response = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = response.into_body().collect().await.unwrap().to_bytes().to_vec();
    Answer { status, headers, body }
}

impl Answer {
    fn head(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// Scripts, styles and pictures that the page names; none if the dashboard was not built.
fn assets(page: &str) -> Vec<String> {
    let after_quote = page.split('"').filter(|part| part.starts_with("/assets/"));
    after_quote.map(str::to_owned).collect()
}

#[tokio::test]
async fn the_page_runs_nothing_but_its_own_files_and_stands_in_no_frame() {
    let page = ask("/", &[]).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.head(header::CONTENT_TYPE), "text/html; charset=utf-8");
    let policy = page.head(header::CONTENT_SECURITY_POLICY);
    for wanted in ["default-src 'none'", "script-src 'self';", "frame-ancestors 'none'", "base-uri 'none'"] {
        assert!(policy.contains(wanted), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(page.head(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
    assert_eq!(page.head(header::REFERRER_POLICY), "no-referrer");
    let text = String::from_utf8(page.body).unwrap();
    assert!(!text.contains("<style") && !text.contains(" style=") && !text.contains("http://"), "{text}");
    for script in text.split("<script").skip(1) {
        assert!(script.contains("src=\"/assets/"), "{script}");
    }
    if assets(&text).is_empty() {
        assert!(text.contains("make web"), "says how to build what is missing: {text}");
    }
}

#[tokio::test]
async fn files_are_kept_by_their_hashed_names_and_the_page_is_asked_for_again() {
    let page = ask("/", &[]).await;
    let text = String::from_utf8(page.body.clone()).unwrap();
    let named = assets(&text);
    assert_eq!(ask("/assets/nothing.js", &[]).await.status, 404);
    if named.is_empty() {
        return;
    }
    let gzip = (header::ACCEPT_ENCODING, "br, gzip;q=0.8");
    assert_eq!(page.head(header::CACHE_CONTROL), "no-cache");
    let again = ask("/", &[(header::IF_NONE_MATCH, page.head(header::ETAG))]).await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    // Another representation is another entity.
    assert_eq!(ask("/", &[gzip.clone(), (header::IF_NONE_MATCH, page.head(header::ETAG))]).await.status, 200);

    let mut loaded = ask("/", std::slice::from_ref(&gzip)).await.body.len();
    for path in &named {
        let plain = ask(path, &[]).await;
        let packed = ask(path, std::slice::from_ref(&gzip)).await;
        assert_eq!((plain.status, packed.status), (200, 200), "{path}");
        assert_eq!(plain.head(header::CACHE_CONTROL), "public, max-age=31536000, immutable");
        assert_eq!(packed.head(header::CONTENT_ENCODING), "gzip");
        assert_eq!(packed.head(header::CONTENT_TYPE), plain.head(header::CONTENT_TYPE));
        let kind = plain.head(header::CONTENT_TYPE);
        assert!(
            ["text/javascript", "text/css", "image/svg+xml"].iter().any(|k| kind.starts_with(k)),
            "{kind}"
        );
        loaded += packed.body.len();
    }
    assert!(loaded <= FIRST_LOAD, "the first load takes {loaded} bytes");
}
