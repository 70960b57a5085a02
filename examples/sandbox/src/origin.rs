//! Whose page a request comes from. Programs do not say; browsers do.

use std::net::IpAddr;

use crate::http::Request;

/// Whether a browser sent the request for a page of another site. Each page in a browser can send
/// requests to this machine; only the sandbox's own may change anything.
pub(crate) fn is_foreign(request: &Request) -> bool {
    let foreign_fetch = request
        .header("sec-fetch-site")
        .is_some_and(|site| !matches!(site, "same-origin" | "none"));
    let foreign_origin = request.header("origin").is_some_and(|origin| {
        let host = request.header("host").unwrap_or_default();
        let authority = origin.strip_prefix("http://").or(origin.strip_prefix("https://"));
        authority.is_none_or(|it| !it.eq_ignore_ascii_case(host)) || !is_local(host)
    });
    foreign_fetch || foreign_origin
}

/// Whether a `Host` is an address or a name without a dot. A name of the internet may be made to
/// lead to this machine, and its pages would then pass for the sandbox's own.
fn is_local(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']');
    address.parse::<IpAddr>().is_ok() || !name.contains('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(headers: &[(&str, &str)]) -> bool {
        is_foreign(&Request {
            method: "POST".to_owned(),
            target: "/__sandbox/faults".to_owned(),
            headers: headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
            body: Vec::new(),
            keep_alive: true,
        })
    }

    #[test]
    fn programs_and_the_page_itself_are_not_foreign() {
        assert!(!from(&[]));
        assert!(!from(&[("Host", "flex.example.com")]));
        assert!(!from(&[("Sec-Fetch-Site", "none")]));
        for host in ["127.0.0.1:8080", "localhost:8080", "[::1]:8080", "[::1]", "sandbox"] {
            let origin = format!("http://{host}");
            let own = [("Host", host), ("Origin", &origin), ("Sec-Fetch-Site", "same-origin")];
            assert!(!from(&own), "{host}");
        }
        assert!(!from(&[("Host", "localhost:1"), ("Origin", "https://LOCALHOST:1")]));
    }

    #[test]
    fn pages_of_other_sites_other_ports_and_no_site_are_foreign() {
        let host = ("Host", "127.0.0.1:8080");
        for origin in [
            "https://evil.example",
            "http://127.0.0.1:3000",
            "http://127.0.0.1",
            "http://127.0.0.1:8080.evil.example",
            "null",
            "",
        ] {
            assert!(from(&[host, ("Origin", origin)]), "{origin}");
        }
        for site in ["cross-site", "same-site", "", "anything"] {
            assert!(from(&[host, ("Sec-Fetch-Site", site)]), "{site}");
        }
        assert!(from(&[("Origin", "http://127.0.0.1:8080")]), "no host");
    }

    #[test]
    fn a_name_of_the_internet_that_leads_here_is_foreign() {
        for host in ["evil.example:8080", "evil.example", "127.0.0.1.evil.example:8080"] {
            let origin = format!("http://{host}");
            assert!(from(&[("Host", host), ("Origin", &origin)]), "{host}");
        }
    }
}
