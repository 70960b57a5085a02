//! The proxy variables of the environment: `HTTPS_PROXY`, `ALL_PROXY`, `HTTP_PROXY`, `NO_PROXY`.
//!
//! Pure: the variables are handed in. The rules are those of curl where curl and others differ.

use std::ffi::OsString;
use std::net::IpAddr;

use super::{EXPECTED_PROXY, ProxyUrl, port_of};
use crate::error::Error;

/// The most specific variable first: all requests that take a proxy are https.
const PROXY_VARIABLES: [&str; 6] =
    ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy"];
/// A CGI host sets it for each request, and a request's header `Proxy` as `HTTP_PROXY`.
const CGI_VARIABLE: &str = "REQUEST_METHOD";
const EXCEPTIONS: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// The proxy to a host, if the environment names one. An empty variable counts as not set. One
/// that cannot be used is passed over if another one can. `HTTP_PROXY` does not count in a CGI
/// host, where a stranger sets it.
///
/// # Errors
/// The first variable that cannot be used, if none can, and what is wrong with it.
pub(crate) fn proxy_of_environment(
    variable: impl Fn(&str) -> Option<OsString>,
    host: &str,
    port: u16,
) -> Result<Option<ProxyUrl>, Error> {
    let is_set = |name: &&str| variable(name).is_some_and(|value| !value.is_empty());
    let exceptions = EXCEPTIONS.iter().copied().find(is_set).and_then(&variable);
    if exceptions.is_some_and(|list| is_excepted(&list.to_string_lossy(), host, port)) {
        return Ok(None);
    }
    let is_trusted = |name: &&str| *name != "HTTP_PROXY" || !is_set(&CGI_VARIABLE);
    let mut problem = None;
    for name in PROXY_VARIABLES.into_iter().filter(is_set).filter(is_trusted) {
        let value = variable(name).unwrap_or_default();
        let parsed = value.to_str().ok_or("found no UTF-8").and_then(parse);
        match parsed {
            Ok(url) => return Ok(Some(url)),
            Err(why) => problem = problem.or(Some((name, why))),
        }
    }
    let Some((name, why)) = problem else { return Ok(None) };
    Err(Error::argument("proxy", format!("expected in {name}: {EXPECTED_PROXY}; {why}")))
}

/// In a variable the scheme may be left out.
fn parse(text: &str) -> Result<ProxyUrl, &'static str> {
    let text = text.trim();
    if text.contains("://") { ProxyUrl::parse(text) } else { ProxyUrl::parse_authority(text) }
}

/// True if an entry of `NO_PROXY` names the host.
fn is_excepted(list: &str, host: &str, port: u16) -> bool {
    let mut entries = list.split([',', ' ', '\t', '\r', '\n']).filter(|entry| !entry.is_empty());
    entries.any(|entry| entry == "*" || matches(entry, host, port))
}

/// An entry is an address, a network (`10.0.0.0/8`) or a domain, which covers the names below it.
/// A leading dot or `*.` changes nothing. `:PORT` limits it to that port. IPv6 may have brackets.
fn matches(entry: &str, host: &str, port: u16) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    let Ok(address) = host.parse::<IpAddr>() else {
        let Some(domain) = of_port(entry, port) else { return false };
        let domain = domain.strip_prefix('*').unwrap_or(domain);
        let domain = domain.strip_prefix('.').unwrap_or(domain);
        return is_within(host, domain.strip_suffix('.').unwrap_or(domain));
    };
    // A bare IPv6 address has colons and no port.
    if let Some(network) = network(entry) {
        return contains(network, address);
    }
    of_port(entry, port).and_then(network).is_some_and(|network| contains(network, address))
}

/// The entry without its port; `None` if it is for another port.
fn of_port(entry: &str, port: u16) -> Option<&str> {
    match entry.rsplit_once(':') {
        Some((rest, digits)) if port_of(digits).is_some() => {
            (port_of(digits) == Some(port)).then_some(rest)
        }
        _ => Some(entry),
    }
}

fn is_within(host: &str, domain: &str) -> bool {
    let Some(start) = host.len().checked_sub(domain.len()) else { return false };
    let (before, end) = (host.as_bytes().get(..start), host.as_bytes().get(start..));
    !domain.is_empty()
        && end.is_some_and(|end| end.eq_ignore_ascii_case(domain.as_bytes()))
        && before.is_some_and(|before| before.is_empty() || before.ends_with(b"."))
}

/// An address and how many of its first bits count.
fn network(text: &str) -> Option<(IpAddr, u32)> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) if bits.bytes().all(|byte| byte.is_ascii_digit()) => {
            (address, Some(bits.parse::<u32>().ok()?))
        }
        Some(_) => return None,
        None => (text, None),
    };
    let bare = address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let address: IpAddr = bare.unwrap_or(address).parse().ok()?;
    let max = if address.is_ipv4() { 32 } else { 128 };
    let bits = bits.unwrap_or(max);
    (bits <= max).then_some((address, bits))
}

fn contains((network, bits): (IpAddr, u32), address: IpAddr) -> bool {
    match (network, address.to_canonical()) {
        (IpAddr::V4(network), IpAddr::V4(address)) => {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            (network.to_bits() ^ address.to_bits()) & mask == 0
        }
        (IpAddr::V6(network), canonical) => {
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            let address = match (address, canonical) {
                (IpAddr::V6(address), _) => address,
                (IpAddr::V4(address), _) => address.to_ipv6_mapped(),
            };
            (network.to_bits() ^ address.to_bits()) & mask == 0
        }
        (IpAddr::V4(_), IpAddr::V6(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(variables: &[(&str, &str)], host: &str) -> Result<Option<(String, u16)>, String> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        };
        let url = proxy_of_environment(variable, host, 443).map_err(|error| error.to_string())?;
        Ok(url.map(|url| (url.host, url.port)))
    }

    #[test]
    fn the_specific_variable_wins_and_one_that_cannot_be_used_is_passed_over() {
        for (variables, host) in [
            (&[("ALL_PROXY", "socks5://s:1"), ("HTTPS_PROXY", "http://p:8080")][..], "p"),
            (&[("ALL_PROXY", "http://a:8080"), ("HTTPS_PROXY", "http://p:8080")], "p"),
            (&[("ALL_PROXY", "http://a:8080"), ("HTTPS_PROXY", "https://p:8080")], "a"),
            (&[("ALL_PROXY", "http://a:8080"), ("HTTP_PROXY", "http://p:8080")], "a"),
            (&[("all_proxy", "http://a:8080"), ("https_proxy", " p:8080 ")], "p"),
            (&[("https_proxy", "http://l:8080"), ("HTTPS_PROXY", "")], "l"),
            (&[("http_proxy", "http://u:p@l:8080/")], "l"),
        ] {
            let expected = Ok(Some((host.to_owned(), 8080)));
            assert_eq!(chosen(variables, "flex.test"), expected, "{variables:?}");
        }
        assert_eq!(chosen(&[], "flex.test"), Ok(None));
        assert_eq!(chosen(&[("HTTPS_PROXY", "")], "flex.test"), Ok(None));
    }

    #[test]
    fn in_a_cgi_host_a_requests_header_names_no_proxy() {
        let header = ("HTTP_PROXY", "http://stranger:8080");
        let cgi = ("REQUEST_METHOD", "GET");
        assert_eq!(chosen(&[header, cgi], "flex.test"), Ok(None));
        let own = ("http_proxy", "http://own:8080");
        assert_eq!(chosen(&[header, cgi, own], "flex.test"), Ok(Some(("own".to_owned(), 8080))));
        assert_eq!(chosen(&[header], "flex.test"), Ok(Some(("stranger".to_owned(), 8080))));
    }

    #[test]
    fn an_unusable_only_one_is_an_error_that_names_the_variable_and_no_credential() {
        for value in ["socks5://user:pw@s:1", "http://user:p#w@s:1", "user:p/w@s:1", "user:pw@"] {
            for variables in [
                &[("ALL_PROXY", value)][..],
                &[("ALL_PROXY", value), ("http_proxy", "https://s:1")],
            ] {
                let problem = chosen(variables, "flex.test").unwrap_err();
                assert!(problem.starts_with("proxy: expected in ALL_PROXY: http://"), "{problem}");
                for secret in ["user", "pw", "p#w", "p/w"] {
                    assert!(!problem.contains(secret), "{problem}");
                }
            }
        }
        let variables = [("ALL_PROXY", "socks5://s:1"), ("NO_PROXY", "flex.test")];
        assert_eq!(chosen(&variables, "flex.test"), Ok(None), "no proxy is needed");
    }

    #[test]
    fn no_proxy_has_domains_addresses_networks_and_ports() {
        for (list, host, expected) in [
            ("*", "flex.test", true),
            ("other.test, flex.test ,x", "flex.test", true),
            ("other.test flex.test", "flex.test", true),
            ("flex.test", "api.flex.test", true),
            (".flex.test", "api.flex.test", true),
            (".flex.test", "flex.test", true),
            ("*.flex.test", "api.flex.test", true),
            ("FLEX.test.", "flex.TEST", true),
            ("flex.test", "flex.test.", true),
            ("flex.test", "notflex.test", false),
            ("api.flex.test", "flex.test", false),
            ("flex.test:443", "flex.test", true),
            ("flex.test:8443", "flex.test", false),
            ("*:443", "flex.test", false),
            (".", "flex.test", false),
            (",, ,", "flex.test", false),
            ("", "flex.test", false),
            ("10.0.0.0/8", "10.9.8.7", true),
            ("10.1.2.3/8", "10.9.8.7", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.0.0.0/8", "10.test", false),
            ("0.0.0.0/0", "192.0.2.1", true),
            ("192.0.2.1/32", "192.0.2.1", true),
            ("192.0.2.1/33", "192.0.2.1", false),
            ("192.0.2.1/+8", "192.0.2.1", false),
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1:443", "192.0.2.1", true),
            ("192.0.2.1:444", "192.0.2.1", false),
            ("2.1", "192.0.2.1", false),
            ("fd00::/8", "fd12::1", true),
            ("[fd00::]/8", "fd12::1", true),
            ("fd00::/8", "fe80::1", false),
            ("::/0", "fe80::1", true),
            ("::1", "::1", true),
            ("[::1]", "::1", true),
            ("[0:0::1]:443", "::1", true),
            ("[::1]:444", "::1", false),
            ("192.0.2.0/24", "::ffff:192.0.2.1", true),
            ("::ffff:192.0.2.0/120", "192.0.2.1", true),
            ("::/0", "192.0.2.1", true),
        ] {
            assert_eq!(is_excepted(list, host, 443), expected, "{list} {host}");
        }
    }
}
