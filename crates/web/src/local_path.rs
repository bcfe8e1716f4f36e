//! Where to go after login: an address of our own pages and nothing else.
//!
//! Not here: who asks. Attacks: CWE-601 (open redirect).

/// Longest address that is come back to.
const BYTES_MAX: usize = 2_000;
/// Pages that nobody comes back to.
const PASSING: [&str; 4] = ["/logg-inn", "/logg-ut", "/rolle", "/assets"];

/// The address to come back to, path and query; the start page for everything that is not plainly
/// one of our own.
pub(crate) fn local_path(asked: &str) -> &str {
    // A browser takes `\` for `/`, and drops tabs and line ends, before it looks for a host.
    let is_plain = |byte: u8| matches!(byte, 0x21..=0x7e) && byte != b'\\';
    let path = asked.split(['?', '#']).next().unwrap_or_default();
    let is_ours = asked.len() <= BYTES_MAX
        && asked.starts_with('/')
        && !asked.starts_with("//")
        && asked.bytes().all(is_plain)
        && !PASSING.iter().any(|page| {
            path.strip_prefix(page).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
    if is_ours { asked } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_addresses_are_come_back_to() {
        for ours in
            ["/", "/pasient/fv-00001", "/pasienter?q=kari%20nordmann", "/pasient/1#legemidler"]
        {
            assert_eq!(local_path(ours), ours);
        }
    }

    #[test]
    fn nothing_else_is() {
        let long = format!("/{}", "a".repeat(BYTES_MAX));
        for other in [
            "",
            "pasient/1",
            "//evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            " //evil.example",
            "https:evil.example",
            "https://evil.example/",
            "javascript:alert(1)",
            "/pasient/\r\nSet-Cookie: a=b",
            "/æ",
            "/logg-inn",
            "/logg-inn?til=/logg-inn",
            "/logg-ut",
            "/rolle?til=/",
            "/assets/style.css",
            &long,
        ] {
            assert_eq!(local_path(other), "/", "{other}");
        }
    }
}
