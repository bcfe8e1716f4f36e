//! Settings: the defaults, then the configuration file, then the command line.
//!
//! Every setting is described in `docs/operate/settings.md`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::checkpoints::CheckpointSettings;
use crate::cli::ServeArguments;
use crate::failure::Failure;
use crate::tls::TlsSettings;
use crate::wiring::Place;

mod apps;
mod downtime;
mod identity;
mod limits;
mod login;

pub(crate) use apps::AppSettings;
pub(crate) use downtime::DowntimeSettings;
pub(crate) use identity::IdentitySettings;
pub(crate) use limits::LimitSettings;
pub(crate) use login::LoginSettings;

/// What `serve` works with.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Address and port to listen on.
    pub(crate) listen: String,
    /// Folder of the record.
    pub(crate) data: PathBuf,
    /// PostgreSQL that holds the record, instead of a folder.
    pub(crate) database: Option<String>,
    /// Where callers find us, when not by the `Host` they send.
    pub(crate) base_url: Option<String>,
    /// Origins whose scripts may read FHIR answers.
    pub(crate) cors_origins: Vec<String>,
    /// Longest time one FHIR request may take.
    pub(crate) request_seconds_max: u64,
    /// Longest time that running requests get when the server is asked to stop.
    pub(crate) drain_seconds_max: u64,
    /// Most connections at once; more wait to be accepted.
    pub(crate) connections_max: usize,
    /// Blocks of the store's tables kept in memory, mebibytes; by the machine's memory when `None`.
    pub(crate) cache_mebibytes: Option<u64>,
    /// What is logged: `error`, `warn`, `info`, `debug`, or by module as in `info,akson_api=debug`.
    pub(crate) log: String,
    /// Whether log lines are JSON objects.
    pub(crate) log_json: bool,
    /// Who issues access tokens. Without it nobody can call but under `--open`.
    pub(crate) identity: Option<IdentitySettings>,
    /// Our own authorisation server for apps; none without it.
    pub(crate) apps: Option<AppSettings>,
    /// Who logs people in to the pages. Without it nobody comes in but under `--open`.
    pub(crate) login: Option<LoginSettings>,
    /// How often who may call; of no one under `--open`.
    pub(crate) limits: LimitSettings,
    /// Our own certificate; without it, plain HTTP.
    pub(crate) tls: Option<TlsSettings>,
    /// Signed checkpoints of the commit chain.
    pub(crate) checkpoints: Option<CheckpointSettings>,
    /// The copy for downtime; none without it.
    pub(crate) downtime: Option<DowntimeSettings>,
    /// File of the codes that clinicians choose from; a built-in subset without it.
    pub(crate) terminology: Option<PathBuf>,
    /// File of references of growth beside WHO's.
    pub(crate) growth: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8080".into(),
            data: "akson-data".into(),
            database: None,
            base_url: None,
            cors_origins: vec!["*".into()],
            request_seconds_max: 300,
            drain_seconds_max: 20,
            connections_max: 10_000,
            cache_mebibytes: None,
            log: "info".into(),
            log_json: false,
            identity: None,
            apps: None,
            login: None,
            limits: LimitSettings::default(),
            tls: None,
            checkpoints: None,
            downtime: None,
            terminology: None,
            growth: None,
        }
    }
}

impl Settings {
    pub(crate) fn from_arguments(arguments: &ServeArguments) -> Result<Self, Failure> {
        let mut settings = match &arguments.config {
            Some(file) => Self::from_file(file)?,
            None => Self::default(),
        };
        if let Some(data) = &arguments.data {
            settings.data.clone_from(data);
            settings.database = None;
        }
        if let Some(database) = &arguments.database {
            settings.database = Some(database.clone());
        }
        if let Some(listen) = &arguments.listen {
            settings.listen.clone_from(listen);
        }
        Ok(settings)
    }

    fn from_file(file: &Path) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(file)
            .map_err(|error| Failure::Usage(format!("cannot read {}: {error}", file.display())))?;
        toml::from_str(&text).map_err(|error| {
            let line = error.to_string().trim().replace('\n', " ");
            Failure::Usage(format!("{} is not a valid configuration: {line}", file.display()))
        })
    }

    /// Where the record is.
    pub(crate) fn place(&self) -> Place<'_> {
        match &self.database {
            Some(url) => Place::Database(url),
            None => Place::Folder(&self.data),
        }
    }

    pub(crate) fn request_time_max(&self) -> Duration {
        Duration::from_secs(self.request_seconds_max)
    }

    pub(crate) fn drain_time_max(&self) -> Duration {
        Duration::from_secs(self.drain_seconds_max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_setting_is_an_error_that_names_it() {
        let error = toml::from_str::<Settings>("lisen = \"x\"").unwrap_err().to_string();
        assert!(error.contains("lisen") && error.contains("listen"), "{error}");
    }

    #[test]
    fn every_setting_has_its_row_in_the_manual() {
        let manual = include_str!("../../../docs/operate/settings.md");
        for name in [
            "listen",
            "data",
            "database",
            "base_url",
            "cors_origins",
            "request_seconds_max",
            "drain_seconds_max",
            "connections_max",
            "cache_mebibytes",
            "log",
            "log_json",
            "terminology",
            "growth",
            "identity.issuer",
            "identity.audience",
            "identity.algorithms",
            "identity.skew_seconds",
            "identity.dpop",
            "identity.dpop_nonce",
            "identity.proof_seconds_max",
            "identity.scopes_required",
            "identity.security_level_min",
            "identity.timeout_seconds",
            "identity.authorities",
            "identity.keys_seconds_max",
            "identity.keys_pause_seconds",
            "apps.key_file",
            "apps.access_token_seconds",
            "apps.refresh_token_days",
            "apps.skew_seconds",
            "apps.proof_seconds_max",
            "apps.dpop_nonce",
            "apps.private_addresses",
            "apps.timeout_seconds",
            "login.writes_security_level_min",
            "login.idle_seconds_max",
            "login.absolute_seconds_max",
            "….issuer",
            "….client_id",
            "….key_file",
            "….key_id",
            "….key_algorithm",
            "….scopes",
            "….dpop",
            "….security_level_min",
            "….skew_seconds",
            "….timeout_seconds",
            "….authorities",
            "….keys_seconds_max",
            "….keys_pause_seconds",
            "limits.client_requests_per_second",
            "limits.client_requests_burst",
            "limits.person_requests_per_second",
            "limits.person_requests_burst",
            "limits.login_attempts_per_minute",
            "limits.login_attempts_burst",
            "limits.token_requests_per_second",
            "limits.token_requests_burst",
            "limits.proxies",
            "tls.certificate_file",
            "tls.key_file",
            "downtime.directory",
            "downtime.every_seconds",
            "downtime.passphrase_file",
            "downtime.encrypt",
        ] {
            assert!(manual.contains(&format!("| `{name}` |")), "{name}");
        }
    }
}
