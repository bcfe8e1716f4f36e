//! Settings below `[login]`: who logs people in to the pages, how strongly, and for how long.
//!
//! What they mean: `docs/operate/login.md`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use akson_base::limits::SESSIONS_MAX;
use akson_identity::SigningKey;
use akson_identity::logins::{LoginKind, ProviderOptions};
use akson_identity::sessions::SessionLimits;
use akson_identity::tokens::Algorithm;
use serde::Deserialize;

use crate::failure::Failure;

/// Who logs people in to the pages.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LoginSettings {
    /// Personnel.
    helseid: Option<ProviderSettings>,
    /// Citizens.
    id_porten: Option<ProviderSettings>,
    /// The security level of login that it takes to change something.
    #[serde(default = "level")]
    writes_security_level_min: u8,
    /// Seconds without a request after which a login ends.
    #[serde(default = "idle_seconds_max")]
    idle_seconds_max: u32,
    /// Seconds from login after which it ends.
    #[serde(default = "absolute_seconds_max")]
    absolute_seconds_max: u32,
}

/// One provider.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProviderSettings {
    /// Its address, exactly as `iss` says it.
    issuer: String,
    /// What we are called there.
    client_id: String,
    /// File with our private key: a JWK, or PKCS#8 in PEM.
    key_file: PathBuf,
    /// Its `kid`, when the file does not say it.
    key_id: Option<String>,
    /// What it signs with, when the file does not say it.
    key_algorithm: Option<String>,
    /// What is asked for.
    scopes: Option<Vec<String>>,
    /// Whether tokens are bound to a key of ours.
    dpop: Option<bool>,
    /// Least security level of every login.
    #[serde(default = "level")]
    security_level_min: u8,
    /// How far the clocks may be apart.
    #[serde(default = "skew_seconds")]
    skew_seconds: u32,
    /// Time for one request to it.
    #[serde(default = "timeout_seconds")]
    timeout_seconds: u32,
    /// File with the certificate authorities that vouch for it, when not the machine's.
    authorities: Option<PathBuf>,
    /// Age at which its keys are fetched again.
    #[serde(default = "keys_seconds_max")]
    keys_seconds_max: u32,
    /// Shortest time between two attempts to fetch them.
    #[serde(default = "keys_pause_seconds")]
    keys_pause_seconds: u32,
}

fn level() -> u8 {
    4
}

fn idle_seconds_max() -> u32 {
    SessionLimits::default().idle_seconds_max
}

fn absolute_seconds_max() -> u32 {
    SessionLimits::default().absolute_seconds_max
}

fn skew_seconds() -> u32 {
    10
}

fn timeout_seconds() -> u32 {
    5
}

fn keys_seconds_max() -> u32 {
    600
}

fn keys_pause_seconds() -> u32 {
    10
}

/// A shorter login would end before its first page is read.
const SECONDS_LEAST: u32 = 60;

/// What HelseID is asked for: who it is, by number and in the register of health personnel.
const HELSEID_SCOPES: [&str; 5] = [
    "openid",
    "profile",
    "helseid://scopes/identity/pid",
    "helseid://scopes/identity/security_level",
    "helseid://scopes/hpr/hpr_number",
];
/// ID-porten's `pid` comes with every login.
const ID_PORTEN_SCOPES: [&str; 2] = ["openid", "profile"];

impl LoginSettings {
    /// The providers, personnel's first. Reads the keys.
    pub(crate) fn providers(&self) -> Result<Vec<ProviderOptions>, Failure> {
        let both = [(LoginKind::Helseid, &self.helseid), (LoginKind::IdPorten, &self.id_porten)];
        let named = both.into_iter().filter_map(|(kind, one)| Some((kind, one.as_ref()?)));
        let found: Vec<_> = named.map(|(kind, one)| one.options(kind)).collect::<Result<_, _>>()?;
        if found.is_empty() {
            let text = "login names neither login.helseid nor login.id_porten; nobody could log in";
            return Err(Failure::Usage(text.into()));
        }
        is_level("writes_security_level_min", self.writes_security_level_min)?;
        let least = SECONDS_LEAST;
        if self.idle_seconds_max < least || self.absolute_seconds_max < self.idle_seconds_max {
            let text = format!(
                "login.idle_seconds_max must be at least {least}, and login.absolute_seconds_max \
                 no less than it"
            );
            return Err(Failure::Usage(text));
        }
        Ok(found)
    }

    /// The security level of login that it takes to change something.
    pub(crate) fn writes_level(&self) -> u8 {
        self.writes_security_level_min
    }

    /// How long logins hold.
    pub(crate) fn sessions(&self) -> SessionLimits {
        SessionLimits {
            idle_seconds_max: self.idle_seconds_max,
            absolute_seconds_max: self.absolute_seconds_max,
            sessions_max: SESSIONS_MAX,
        }
    }
}

fn is_level(setting: &str, level: u8) -> Result<(), Failure> {
    match level {
        0 | 3 | 4 => Ok(()),
        _ => Err(Failure::Usage(format!("login.{setting} is not 4, 3 or 0"))),
    }
}

impl ProviderSettings {
    fn options(&self, kind: LoginKind) -> Result<ProviderOptions, Failure> {
        let (table, scopes, is_dpop) = match kind {
            LoginKind::Helseid => ("helseid", &HELSEID_SCOPES[..], true),
            LoginKind::IdPorten => ("id_porten", &ID_PORTEN_SCOPES[..], false),
        };
        let usage = |text: String| Failure::Usage(format!("login.{table}.{text}"));
        let read = |setting: &str, file: &PathBuf| {
            let cannot =
                |error| usage(format!("{setting}: cannot read {}: {error}", file.display()));
            std::fs::read(file).map_err(cannot)
        };
        let algorithm = self.key_algorithm.as_deref().map(|name| {
            let all = || Algorithm::ALL.map(Algorithm::name).join(", ");
            let none = || usage(format!("key_algorithm: {name:?} is none of {}", all()));
            Algorithm::of_name(name).ok_or_else(none)
        });
        let key = read("key_file", &self.key_file)?;
        let key = SigningKey::read(&key, self.key_id.as_deref(), algorithm.transpose()?);
        let key = key.map_err(|reason| {
            usage(format!("key_file: {} cannot be used: {reason}", self.key_file.display()))
        })?;
        is_level(&format!("{table}.security_level_min"), self.security_level_min)?;
        let authorities = self.authorities.as_ref().map(|file| read("authorities", file));
        let usual = || scopes.iter().map(ToString::to_string).collect();
        Ok(ProviderOptions {
            kind,
            issuer: self.issuer.clone(),
            client_id: self.client_id.clone(),
            key: Arc::new(key),
            scopes: self.scopes.clone().unwrap_or_else(usual),
            is_dpop: self.dpop.unwrap_or(is_dpop),
            security_level_min: self.security_level_min,
            skew_seconds: self.skew_seconds,
            timeout: Duration::from_secs(self.timeout_seconds.into()),
            authorities: authorities.transpose()?,
            keys_seconds_max: self.keys_seconds_max,
            keys_pause_seconds: self.keys_pause_seconds,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn of(text: &str) -> Result<Vec<ProviderOptions>, String> {
        let settings: LoginSettings = toml::from_str(text).map_err(|error| error.to_string())?;
        settings.providers().map_err(|failure| failure.line())
    }

    /// A private key, and the settings of a provider with it.
    fn provider(table: &str, more: &str) -> (tempfile::NamedTempFile, String) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let pair = rcgen::KeyPair::generate().unwrap();
        file.write_all(pair.serialize_pem().as_bytes()).unwrap();
        let text = format!(
            "[{table}]\nissuer = \"https://id.example\"\nclient_id = \"akson\"\n\
             key_file = {:?}\n{more}\n",
            file.path()
        );
        (file, text)
    }

    #[test]
    fn a_key_and_a_name_are_enough_and_the_rest_is_strict() {
        let (_one, helseid) = provider("helseid", "");
        let (_two, id_porten) = provider("id_porten", "");
        let found = of(&format!("{helseid}{id_porten}")).unwrap();
        assert_eq!(found.len(), 2);
        assert!(found[0].is_dpop && !found[1].is_dpop);
        assert!(found.iter().all(|one| one.security_level_min == 4));
        assert!(found[0].scopes.iter().any(|scope| scope == "helseid://scopes/identity/pid"));
        let settings: LoginSettings = toml::from_str(&helseid).unwrap();
        assert_eq!(settings.sessions(), SessionLimits::default());
        assert_eq!(settings.writes_level(), 4);
        assert!(!format!("{found:?}").contains("PRIVATE"));
    }

    #[test]
    fn what_cannot_be_is_named() {
        for (more, named) in [
            ("security_level_min = 5", "login.helseid.security_level_min"),
            ("key_algorithm = \"HS256\"", "login.helseid.key_algorithm: \"HS256\""),
            ("key_algorithm = \"PS256\"", "cannot be used"),
            ("authorities = \"no such file\"", "login.helseid.authorities: cannot read"),
            ("isuer = \"x\"", "isuer"),
            ("client_secret = \"x\"", "client_secret"),
        ] {
            let (_file, text) = provider("helseid", more);
            let error = of(&text).unwrap_err();
            assert!(error.contains(named), "{error}");
        }
        assert!(of("").unwrap_err().contains("login.helseid"));
        let (_file, text) = provider("helseid", "");
        let error = of(&format!("writes_security_level_min = 2\n{text}")).unwrap_err();
        assert!(error.contains("login.writes_security_level_min"), "{error}");
        for limits in ["idle_seconds_max = 59", "absolute_seconds_max = 1799"] {
            let error = of(&format!("{limits}\n{text}")).unwrap_err();
            assert!(error.contains("login.idle_seconds_max"), "{error}");
        }
        let missing = text.lines().filter(|line| !line.starts_with("key_file"));
        let missing = missing.collect::<Vec<_>>().join("\n");
        assert!(of(&missing).unwrap_err().contains("key_file"));
    }
}
