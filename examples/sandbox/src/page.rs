//! The page at `/`, for people. Its files are part of the program.

use crate::api::ApiResponse;

/// Nothing but the page's own files and its own requests, and no text that becomes code.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'; require-trusted-types-for 'script'; \
                      trusted-types 'none'";

/// The methods that ask for a page.
pub(crate) const METHODS: [&str; 2] = ["GET", "HEAD"];

/// Each file's path, type and content.
const FILES: [(&str, &str, &str); 7] = [
    ("/", "text/html", include_str!("page/page.html")),
    ("/__sandbox/page.css", "text/css", include_str!("page/page.css")),
    ("/__sandbox/tables.css", "text/css", include_str!("page/tables.css")),
    ("/__sandbox/page.js", "text/javascript", include_str!("page/page.js")),
    ("/__sandbox/rows.js", "text/javascript", include_str!("page/rows.js")),
    ("/__sandbox/faults.js", "text/javascript", include_str!("page/faults.js")),
    ("/__sandbox/page.svg", "image/svg+xml", include_str!("page/page.svg")),
];

/// The file that a request asks for; none if it asks for none of them.
pub(crate) fn find(method: &str, path: &str) -> Option<ApiResponse> {
    if !METHODS.contains(&method) {
        return None;
    }
    let (_, content_type, content) = FILES.into_iter().find(|(it, ..)| *it == path)?;
    let headers = [
        ("Cache-Control", "no-store"),
        ("Content-Security-Policy", POLICY),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Referrer-Policy", "no-referrer"),
        ("X-Content-Type-Options", "nosniff"),
    ];
    let headers = headers.map(|(name, value)| (name, value.to_owned())).to_vec();
    Some(ApiResponse::new(200, content_type, content.into()).with_headers(headers))
}
