//! A limit on everything, with the unit in the name. Over a limit is refused, never cut.
//!
//! Each is described in `docs/operate/limits.md`.

/// Largest single resource accepted, as JSON.
pub const RESOURCE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Largest request body (a batch or transaction bundle).
pub const REQUEST_BYTES_MAX: usize = 512 * 1024 * 1024;
/// Request bodies over 1 MiB that are in memory at once, together; more wait for their turn.
pub const REQUEST_BODIES_MEBIBYTES_MAX: u32 = 1024;
/// Requests under way in one server.
pub const REQUESTS_UNDER_WAY_MAX: usize = 1_024;
/// Deepest nesting of JSON objects and arrays.
pub const JSON_DEPTH_MAX: usize = 64;
/// Entries in one batch or transaction.
pub const BUNDLE_ENTRIES_MAX: usize = 50_000;
/// Largest page of a search or history.
pub const PAGE_ENTRIES_MAX: usize = 1_000;
/// Page of a search or history when the client does not say.
pub const PAGE_ENTRIES_DEFAULT: usize = 20;
/// Most resources that `_include` and `_revinclude` add to one page.
pub const INCLUDED_ENTRIES_MAX: usize = 1_000;
/// Candidates that one search page may examine.
pub const SEARCH_CANDIDATES_MAX: usize = 2_000_000;
/// Levels of a chain in one search parameter.
pub const CHAIN_DEPTH_MAX: usize = 8;
/// Resources that one link of a chain may stand for.
pub const CHAIN_FANOUT_MAX: usize = 100_000;
/// Values in one OR list.
pub const SEARCH_VALUES_MAX: usize = 1_000;
/// Parameters of one search.
pub const SEARCH_PARAMETERS_MAX: usize = 200;
/// Results that are sorted in memory when no index gives the order.
pub const SORT_ENTRIES_MAX: usize = 100_000;
/// Times that a lost race is tried again before the caller hears of it.
pub const CONFLICT_RETRIES_MAX: usize = 20;
/// Largest answer taken from an OpenID provider: its metadata, its keys, a token.
pub const PROVIDER_ANSWER_BYTES_MAX: usize = 256 * 1024;
/// Keys of an OpenID provider that are looked at.
pub const PROVIDER_KEYS_MAX: usize = 100;
/// Largest access token.
pub const ACCESS_TOKEN_BYTES_MAX: usize = 16 * 1024;
/// Largest DPoP proof.
pub const DPOP_PROOF_BYTES_MAX: usize = 8 * 1024;
/// Longest scope word of a token.
pub const SCOPE_BYTES_MAX: usize = 2_048;
/// Clinical scopes of one token.
pub const SCOPES_MAX: usize = 500;
/// DPoP proofs that are remembered, so that none is used twice.
pub const DPOP_PROOFS_REMEMBERED_MAX: usize = 2_000_000;
/// Access tokens whose signature need not be checked again for a minute.
pub const ACCESS_TOKENS_REMEMBERED_MAX: usize = 10_000;
/// People logged in on the pages at a time.
pub const SESSIONS_MAX: usize = 100_000;
/// Logins at an OpenID provider that are under way at a time.
pub const LOGINS_PENDING_MAX: usize = 20_000;
/// Buckets of calls for each rate limit; when more call at a time, some of them share.
pub const RATE_BUCKETS_MAX: usize = 65_536;
/// Largest form that a page takes.
pub const FORM_BYTES_MAX: usize = 256 * 1024;
/// Largest form with files that a page takes.
pub const FORM_WITH_FILES_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Largest PDF whose text is read for searching.
pub const PDF_READ_BYTES_MAX: usize = 16 * 1024 * 1024;
/// What all of such a PDF may unpack to.
pub const PDF_UNPACKED_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Tokens and the like that are remembered durably; each is gone when it is over.
pub const KEPT_ENTRIES_MAX: usize = 1_000_000;
/// Largest content of one of them.
pub const KEPT_CONTENT_BYTES_MAX: usize = 64 * 1024;
/// Apps that ask to be let in, codes and launches at a time, each for minutes.
pub const AUTHORISATIONS_PENDING_MAX: usize = 10_000;
/// Largest request of an app to be let in, as its query.
pub const AUTHORISE_REQUEST_BYTES_MAX: usize = 16 * 1024;
/// Largest body of a request to the token endpoints.
pub const TOKEN_REQUEST_BYTES_MAX: usize = 64 * 1024;
/// Largest assertion by which a client proves who it is.
pub const CLIENT_ASSERTION_BYTES_MAX: usize = 8 * 1024;
/// Rows of the tables of one document for paper.
pub const PDF_ROWS_MAX: usize = 5_000;
/// Text of one document for paper.
pub const PDF_TEXT_BYTES_MAX: usize = 2 * 1024 * 1024;
