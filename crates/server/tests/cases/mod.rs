//! One file per family of cases.

mod attacks;
mod backing_up;
mod browser;
mod bundle;
mod checkpoints;
mod clients;
mod command_line;
mod conditional;
mod crash;
mod demo;
mod errors;
mod everything;
mod formats;
mod large_transaction;
mod loading;
mod metadata;
mod quiet;
mod rate_limits;
mod read;
mod register;
mod scopes;
mod search;
mod serving;
mod tls;
mod tokens;
mod write;
