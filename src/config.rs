//! The configuration of a client, read from JSON.

mod proxy;

use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ureq::http::Uri;
use zeroize::Zeroizing;

pub(crate) use self::proxy::{ProxyUrl, proxy_of_environment};
use crate::error::Error;
use crate::files;
use crate::json_object::JsonObject;
use crate::outcome::Code;
use crate::secret::Secret;

/// Every key that a configuration may have.
pub const CONFIG_KEYS: &[&str] = &[
    "api_key",
    "api_key_env",
    "api_key_file",
    "base_url",
    "ca_file",
    "connect_attempts",
    "connect_timeout_ms",
    "dns_ttl_ms",
    "max_attempts",
    "max_idle_ms",
    "mode",
    "proxy",
    "rate_per_second",
    "timeout_ms",
    "trust",
    "user_agent",
    "verify",
];

/// The service, unless `base_url` says otherwise.
pub(crate) const DEFAULT_BASE_URL: &str = "https://api.withflex.com";
/// `timeout_ms` unless given: the deadline of a whole call.
pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_millis(15_000);
/// `connect_attempts` unless given: about four seconds where connections are refused.
pub(crate) const DEFAULT_CONNECT_ATTEMPTS: u32 = 8;
/// `connect_timeout_ms` unless given: name, TCP, proxy and TLS together.
pub(crate) const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_millis(5_000);
/// `max_attempts` unless given: the most times that one cancel is sent.
pub(crate) const DEFAULT_MAX_ATTEMPTS: u32 = 4;
/// `max_idle_ms` unless given: how long an unused connection may be used again.
pub(crate) const DEFAULT_MAX_IDLE: Duration = Duration::from_millis(5_000);
/// `dns_ttl_ms` unless given: how long resolved addresses are used without asking again.
pub(crate) const DEFAULT_DNS_TTL: Duration = Duration::from_millis(30_000);

/// The longest `timeout_ms` and `connect_timeout_ms`: ten minutes.
pub(crate) const MAX_TIMEOUT_MS: u64 = 600_000;
/// The longest `max_idle_ms`: ten minutes.
pub(crate) const MAX_IDLE_MS: u64 = 600_000;
/// The longest `dns_ttl_ms`: one hour.
pub(crate) const MAX_DNS_TTL_MS: u64 = 3_600_000;
/// The largest `max_attempts`.
pub(crate) const MAX_ATTEMPTS: u64 = 10;
/// The largest `connect_attempts`.
pub(crate) const MAX_CONNECT_ATTEMPTS: u64 = 100;
/// The largest `rate_per_second`.
pub(crate) const MAX_RATE_PER_SECOND: u64 = 10_000;
/// The longest API key, in bytes.
pub(crate) const MAX_API_KEY_BYTES: usize = 512;
/// The longest `base_url`, `proxy`, `user_agent` and `ca_file`, in bytes.
pub(crate) const MAX_TEXT_BYTES: usize = 2_048;

/// What a client needs to know. Made by [`Config::from_json`].
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) api_key: Secret,
    pub(crate) base_url: BaseUrl,
    pub(crate) mode: Option<Mode>,
    pub(crate) timeout: Duration,
    pub(crate) connect_attempts: u32,
    pub(crate) connect_timeout: Duration,
    pub(crate) max_attempts: u32,
    pub(crate) max_idle: Duration,
    pub(crate) dns_ttl: Duration,
    pub(crate) trust: Trust,
    pub(crate) proxy: Proxy,
    pub(crate) rate_per_second: Option<u32>,
    pub(crate) user_agent: Option<String>,
    pub(crate) verify: bool,
}

/// Whether money is real.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Test,
    Live,
}

/// Whom TLS trusts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    /// The operating system's store, read when the first TLS connection is made.
    System,
    /// Mozilla's roots, as compiled in.
    Bundled,
    /// The certificates of this PEM file and no others.
    File(PathBuf),
}

/// The way to the service.
#[derive(Clone, Debug)]
pub(crate) enum Proxy {
    None,
    Url(ProxyUrl),
    /// As the environment's proxy variables say when the client is made.
    Env,
}

impl Config {
    /// Reads a configuration from a JSON object with the keys of [`CONFIG_KEYS`].
    ///
    /// Reads the file that `api_key_file` names and the variable that `api_key_env` names, and
    /// no other file or variable. docs/CONFIGURATION.md has every key, its default and its bounds.
    ///
    /// # Errors
    /// An [`Error`] that names the field and what was expected.
    ///
    /// ```
    /// use flexcancel::Config;
    ///
    /// let error = Config::from_json(r#"{"api_key":"fsk_test_1","timeout_ms":-5}"#).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "timeout_ms: expected a whole number from 1 to 600000, found -5"
    /// );
    /// ```
    pub fn from_json(json: &str) -> Result<Self, Error> {
        Self::read(json).map_err(|error| error.with_code(Code::InvalidConfig))
    }

    /// What is shown or sent may not repeat the key, which somebody has put there by mistake.
    fn without_stray_key(self) -> Result<Self, Error> {
        let ca_file = if let Trust::File(path) = &self.trust { path.to_str() } else { None };
        let proxy = if let Proxy::Url(url) = &self.proxy { Some(url.host.as_str()) } else { None };
        for (field, text) in [
            ("base_url", Some(self.base_url.prefix.as_str())),
            ("ca_file", ca_file),
            ("proxy", proxy),
            ("user_agent", self.user_agent.as_deref()),
        ] {
            if text.is_some_and(|text| self.api_key.is_in(text)) {
                return Err(Error::argument(field, "expected a text without the API key"));
            }
        }
        Ok(self)
    }

    fn read(json: &str) -> Result<Self, Error> {
        let mut fields = JsonObject::parse(json, CONFIG_KEYS)?;
        let api_key = api_key(&mut fields)?;
        let mode = fields.enumeration("mode", &[("test", Mode::Test), ("live", Mode::Live)])?;
        let mode = agreed_mode(mode, mode_of_key(api_key.expose()))?;
        let base_url = match bounded(&mut fields, "base_url")? {
            Some(text) => BaseUrl::parse(&text)?,
            None => BaseUrl::parse(DEFAULT_BASE_URL)?,
        };
        let timeout = fields.millis("timeout_ms", 1, MAX_TIMEOUT_MS)?;
        let connect_attempts = fields.integer("connect_attempts", 1, MAX_CONNECT_ATTEMPTS)?;
        let connect_timeout = fields.millis("connect_timeout_ms", 1, MAX_TIMEOUT_MS)?;
        let max_attempts = fields.integer("max_attempts", 1, MAX_ATTEMPTS)?;
        Self {
            api_key,
            base_url,
            mode,
            timeout: timeout.unwrap_or(DEFAULT_TIMEOUT),
            connect_attempts: connect_attempts
                .and_then(|number| u32::try_from(number).ok())
                .unwrap_or(DEFAULT_CONNECT_ATTEMPTS),
            connect_timeout: connect_timeout.unwrap_or(DEFAULT_CONNECT_TIMEOUT),
            max_attempts: max_attempts
                .and_then(|number| u32::try_from(number).ok())
                .unwrap_or(DEFAULT_MAX_ATTEMPTS),
            max_idle: fields.millis("max_idle_ms", 0, MAX_IDLE_MS)?.unwrap_or(DEFAULT_MAX_IDLE),
            dns_ttl: fields.millis("dns_ttl_ms", 0, MAX_DNS_TTL_MS)?.unwrap_or(DEFAULT_DNS_TTL),
            trust: trust(&mut fields)?,
            proxy: proxy(&mut fields)?,
            rate_per_second: fields
                .integer("rate_per_second", 1, MAX_RATE_PER_SECOND)?
                .and_then(|number| u32::try_from(number).ok()),
            user_agent: user_agent(&mut fields)?,
            verify: fields.bool("verify")?.unwrap_or(false),
        }
        .without_stray_key()
    }
}

/// Where the service is: scheme, host and port, and a path that goes before every request's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BaseUrl {
    pub(crate) https: bool,
    /// A name or an address, without the brackets of IPv6.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Scheme, authority and path, without a slash at the end.
    pub(crate) prefix: String,
}

impl BaseUrl {
    fn parse(text: &str) -> Result<Self, Error> {
        const EXPECTED: &str = "expected https://HOST[:PORT][/PATH]";
        let wrong = |why: &str| Error::argument("base_url", format!("{EXPECTED}; {why}"));
        let uri: Uri = text.parse().map_err(|_| wrong("found something else"))?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(wrong("found no scheme or no host"));
        };
        // Also in the path: a slash in an unencoded password would make its user name the host.
        if text.contains('@') {
            return Err(wrong("found a user name or password"));
        }
        if uri.query().is_some() || text.contains('#') {
            return Err(wrong("found a query or a fragment"));
        }
        let has_port = authority.as_str().len() > authority.host().len();
        if has_port && authority.port_u16().is_none_or(|port| port == 0) {
            return Err(wrong("found no usable port"));
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        if host.is_empty() {
            return Err(wrong("found no host"));
        }
        let https = match scheme {
            "https" => true,
            "http" if is_loopback(&host) => false,
            "http" => return Err(wrong("plain http is for loopback hosts only")),
            _ => return Err(wrong("found another scheme")),
        };
        let port = authority.port_u16().unwrap_or(if https { 443 } else { 80 });
        let path = uri.path().trim_end_matches('/');
        if path.ends_with("/v1") {
            return Err(wrong("found a path that ends in /v1, which the library adds itself"));
        }
        Ok(Self { https, host, port, prefix: format!("{scheme}://{authority}{path}") })
    }

    /// The authority, as a `Host` header has it, and the path; the two together are the prefix
    /// without its scheme.
    pub(crate) fn authority_and_path(&self) -> (&str, &str) {
        let rest = self.prefix.split_once("://").map_or(self.prefix.as_str(), |(_, rest)| rest);
        rest.split_at(rest.find('/').unwrap_or(rest.len()))
    }
}

/// `localhost` counts because this library never looks that name up.
fn is_loopback(host: &str) -> bool {
    loopback_addresses(host).is_some()
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The addresses of `localhost`, which are known without asking (RFC 6761).
pub(crate) fn loopback_addresses(host: &str) -> Option<[IpAddr; 2]> {
    let is_localhost = host.eq_ignore_ascii_case("localhost");
    is_localhost.then_some([IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)])
}

fn api_key(fields: &mut JsonObject) -> Result<Secret, Error> {
    const NAMES: [&str; 3] = ["api_key", "api_key_env", "api_key_file"];
    let direct = fields.string("api_key")?.map(Secret::new);
    let variable = fields.string("api_key_env")?;
    let file = fields.string("api_key_file")?;
    let (field, key) = match (direct, variable, file) {
        (Some(key), None, None) => ("api_key", key),
        (None, Some(variable), None) => ("api_key_env", key_from_env(&variable)?),
        (None, None, Some(file)) => ("api_key_file", key_from_file(Path::new(&file))?),
        _ => {
            let problem = format!("expected exactly one of {}", NAMES.join(", "));
            return Err(Error::argument("api_key", problem));
        }
    };
    let text = key.expose();
    if !text.is_empty()
        && text.len() <= MAX_API_KEY_BYTES
        && text.bytes().all(|byte| byte.is_ascii_graphic())
    {
        return Ok(key);
    }
    let what = if field == "api_key" { "" } else { "a key of " };
    Err(Error::argument(
        field,
        format!("expected {what}1 to {MAX_API_KEY_BYTES} visible ASCII characters without blanks"),
    ))
}

fn key_from_env(variable: &str) -> Result<Secret, Error> {
    let unusable = |why: &str| {
        // What is no variable's name may be the key itself, in the wrong place.
        let is_name = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
        let name = if variable.bytes().all(is_name) { variable } else { "this one" };
        let problem = format!("expected the name of a variable that is set; {name} is {why}");
        Error::argument("api_key_env", problem)
    };
    if variable.is_empty() || variable.contains(['=', '\0']) {
        return Err(Error::argument("api_key_env", "expected the name of a variable that is set"));
    }
    match std::env::var(variable) {
        Ok(key) if key.is_empty() => Err(unusable("set but empty")),
        Ok(key) => Ok(Secret::new(key)),
        Err(std::env::VarError::NotPresent) => Err(unusable("not set")),
        Err(std::env::VarError::NotUnicode(_)) => Err(unusable("not UTF-8")),
    }
}

/// A mark of UTF-8 at the begin and one line break at the end are what editors and secret stores
/// add, and are not part of the key.
fn key_from_file(path: &Path) -> Result<Secret, Error> {
    let unreadable = |why: &dyn std::fmt::Display| {
        Error::argument("api_key_file", format!("expected a readable file: {why}"))
    };
    let file = files::open_regular(path).map_err(|error| unreadable(&error))?;
    // Reserved at once, so that growing leaves no copy behind.
    const MAX_BYTES: usize = MAX_API_KEY_BYTES + 6;
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_BYTES));
    file.take(MAX_BYTES as u64).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") || bytes.contains(&0) {
        return Err(unreadable(&"it is UTF-16; save it as UTF-8"));
    }
    let text = str::from_utf8(&bytes).map_err(|_| unreadable(&"it is not UTF-8"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let line = text.strip_suffix('\n').unwrap_or(text);
    Ok(Secret::new(line.strip_suffix('\r').unwrap_or(line).to_owned()))
}

/// The longer prefix first; a key with another prefix says nothing of its mode.
fn mode_of_key(key: &str) -> Option<Mode> {
    if key.starts_with("fsk_test_") {
        Some(Mode::Test)
    } else if key.starts_with("fsk_") {
        Some(Mode::Live)
    } else {
        None
    }
}

fn agreed_mode(given: Option<Mode>, of_key: Option<Mode>) -> Result<Option<Mode>, Error> {
    match (given, of_key) {
        (Some(Mode::Live), Some(Mode::Test)) => {
            Err(Error::argument("mode", "expected \"test\", because the API key is a test key"))
        }
        (Some(Mode::Test), Some(Mode::Live)) => {
            Err(Error::argument("mode", "expected \"live\", because the API key is a live key"))
        }
        (given, of_key) => Ok(given.or(of_key)),
    }
}

fn bounded(fields: &mut JsonObject, name: &str) -> Result<Option<String>, Error> {
    match fields.string(name)? {
        Some(text) if text.is_empty() || text.len() > MAX_TEXT_BYTES => {
            let found = text.len();
            let problem = format!("expected 1 to {MAX_TEXT_BYTES} bytes, found {found}");
            Err(Error::argument(name, problem))
        }
        other => Ok(other),
    }
}

fn trust(fields: &mut JsonObject) -> Result<Trust, Error> {
    let bundled = fields.enumeration("trust", &[("system", false), ("bundled", true)])?;
    match (bundled, bounded(fields, "ca_file")?) {
        (None, Some(path)) => Ok(Trust::File(PathBuf::from(path))),
        (Some(_), Some(_)) => {
            Err(Error::argument("ca_file", "expected without trust: it replaces the trust store"))
        }
        (Some(true), None) => Ok(Trust::Bundled),
        (Some(false) | None, None) => Ok(Trust::System),
    }
}

fn proxy(fields: &mut JsonObject) -> Result<Proxy, Error> {
    let Some(text) = bounded(fields, "proxy")?.map(Zeroizing::new) else { return Ok(Proxy::None) };
    match text.as_str() {
        "none" => Ok(Proxy::None),
        "env" => Ok(Proxy::Env),
        url => ProxyUrl::parse(url).map(Proxy::Url).map_err(|why| {
            let expected = proxy::EXPECTED_PROXY;
            Error::argument("proxy", format!("expected \"none\", \"env\" or {expected}; {why}"))
        }),
    }
}

fn user_agent(fields: &mut JsonObject) -> Result<Option<String>, Error> {
    let text = bounded(fields, "user_agent")?;
    let is_visible = |text: &String| text.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
    if text.as_ref().is_some_and(|text| !is_visible(text)) {
        return Err(Error::argument("user_agent", "expected visible ASCII characters and blanks"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests;
