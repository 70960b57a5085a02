//! The address of an HTTP proxy, and which proxy the environment names.

mod environment;

use std::net::Ipv6Addr;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::percent_decode_str;
use zeroize::Zeroizing;

pub(crate) use self::environment::proxy_of_environment;
use crate::secret::Secret;

/// The port of a proxy that states none.
const DEFAULT_PORT: u16 = 80;

/// What a proxy's URL is expected to look like.
pub(crate) const EXPECTED_PROXY: &str = "http://[USER:PASSWORD@]HOST[:PORT]";

/// An HTTP proxy.
#[derive(Clone, Debug)]
pub(crate) struct ProxyUrl {
    /// A name or an address, without the brackets of IPv6.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// User name and password as `Proxy-Authorization: Basic` has them.
    pub(crate) credentials: Option<Secret>,
}

impl ProxyUrl {
    /// Reads `http://[USER:PASSWORD@]HOST[:PORT]`. A reserved character of the credentials must be
    /// percent-encoded: read as a delimiter it would make part of the password the host, and a
    /// name that is looked up.
    ///
    /// # Errors
    /// What is wrong, without any part of the text.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let (scheme, rest) = text.split_once("://").ok_or("found no scheme")?;
        if !scheme.eq_ignore_ascii_case("http") {
            return Err("found another scheme");
        }
        Self::parse_authority(rest)
    }

    /// Reads `[USER:PASSWORD@]HOST[:PORT]`, with or without a slash at the end.
    fn parse_authority(text: &str) -> Result<Self, &'static str> {
        const RESERVED: &str = "found a path, query or fragment; in USER and PASSWORD write / ? # \
                                and @ as %2F %3F %23 and %40";
        let text = text.strip_suffix('/').unwrap_or(text);
        if text.contains(['/', '?', '#', '\\']) {
            return Err(RESERVED);
        }
        if text.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
            return Err("found a blank or a control character");
        }
        let (credentials, address) = match text.split_once('@') {
            Some((_, rest)) if rest.contains('@') => return Err(RESERVED),
            Some((user_info, rest)) => (credentials(user_info)?, rest),
            None => (None, text),
        };
        let (host, port) = host_and_port(address)?;
        Ok(Self { host, port, credentials })
    }
}

fn host_and_port(text: &str) -> Result<(String, u16), &'static str> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']').ok_or("found no host")?;
            host.parse::<Ipv6Addr>().map_err(|_| "found no IPv6 address in the brackets")?;
            (host, port)
        }
        None => {
            let (host, port) = text.split_at(text.find(':').unwrap_or(text.len()));
            let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            if host.is_empty() || !host.bytes().all(is_name) {
                return Err("found no host");
            }
            (host, port)
        }
    };
    let port = match port.strip_prefix(':') {
        None if port.is_empty() => DEFAULT_PORT,
        None => return Err("found no host"),
        Some(digits) => port_of(digits).ok_or("found no port from 1 to 65535")?,
    };
    Ok((host.to_owned(), port))
}

/// A port in digits only: `parse` alone would take `+80`.
fn port_of(digits: &str) -> Option<u16> {
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|port| is_number && *port > 0)
}

/// The credentials of `USER:PASSWORD`, percent-decoded and in base64.
fn credentials(user_info: &str) -> Result<Option<Secret>, &'static str> {
    if user_info.is_empty() {
        return Ok(None);
    }
    let (user, password) = user_info.split_once(':').unwrap_or((user_info, ""));
    if [user, password].into_iter().any(|text| !is_percent_encoded(text)) {
        return Err("found a % in USER or PASSWORD that no two hexadecimal digits follow");
    }
    let both = percent_decode_str(user).chain([b':']).chain(percent_decode_str(password));
    // Reserved at once, so that growing leaves no copy behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(user_info.len() + 1));
    bytes.extend(both);
    if percent_decode_str(user).any(|byte| byte == b':') {
        return Err("found a colon in USER, which HTTP cannot carry");
    }
    Ok(Some(Secret::new(BASE64_STANDARD.encode(&*bytes))))
}

fn is_percent_encoded(text: &str) -> bool {
    text.split('%')
        .skip(1)
        .all(|rest| rest.len() >= 2 && rest.bytes().take(2).all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<(String, u16, Option<String>), &'static str> {
        let url = ProxyUrl::parse(text)?;
        let decoded = url.credentials.map(|secret| {
            String::from_utf8(BASE64_STANDARD.decode(secret.expose()).unwrap()).unwrap()
        });
        Ok((url.host, url.port, decoded))
    }

    #[test]
    fn host_port_and_credentials_are_read() {
        for (text, host, port, credentials) in [
            ("http://proxy", "proxy", 80, None),
            ("HTTP://proxy:3128/", "proxy", 3128, None),
            ("http://10.0.0.1:65535", "10.0.0.1", 65535, None),
            ("http://[fd00::1]:3128", "fd00::1", 3128, None),
            ("http://[::1]", "::1", 80, None),
            ("http://proxy_1.corp.:1", "proxy_1.corp.", 1, None),
            ("http://@proxy:1", "proxy", 1, None),
            ("http://till@proxy:1", "proxy", 1, Some("till:")),
            ("http://till:pass%20word@proxy", "proxy", 80, Some("till:pass word")),
            ("http://a%40b:p%23%3a%2F+%25:x@proxy", "proxy", 80, Some("a@b:p#:/+%:x")),
            ("http://till:caffè@proxy", "proxy", 80, Some("till:caffè")),
            ("http://:p@proxy", "proxy", 80, Some(":p")),
        ] {
            let expected = (host.to_owned(), port, credentials.map(str::to_owned));
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_could_make_a_password_the_host_is_refused() {
        for text in [
            "http://user:p#w@host:1",
            "http://user:p?w@host:1",
            "http://user:p/w@host:1",
            "http://user:p\\w@host:1",
            "http://user:p@w@host:1",
            "http://user:8080#w@host:1",
            "http://user:8080/w@host:1",
            "http://user:p%w@host:1",
            "http://user:p%2@host:1",
            "http://user:p%+1@host:1",
            "http://us%3Aer:pw@host:1",
            "http://user:p w@host:1",
            "http://user:p\rw@host:1",
            "http://user:pw@",
            "http://user:pw@:1",
            "http://user:pw@host:65536",
            "http://user:pw@host:0",
            "http://user:pw@host:",
            "http://user:pw@host:+80",
            "http://user:pw@host:1:2",
            "http://user:pw@[::1",
            "http://user:pw@[::g]:1",
            "http://user:pw@[::1]1",
            "http://user:pw@::1",
            "http://user:pw@höst:1",
            "http://user:pw@ho%73t:1",
            "http://",
            "http:///",
            "http:user:pw@host",
            "user:pw@host:1",
            "https://user:pw@host:1",
            "socks5://user:pw@host:1",
            " http://user:pw@host:1",
            "",
        ] {
            assert!(parse(text).is_err(), "{text}: {:?}", parse(text));
        }
    }
}
