//! How much memory the machine lends us: what the store's cache is sized by.

/// Smallest and largest cache that is chosen without being told, mebibytes.
const CACHE_MEBIBYTES: std::ops::RangeInclusive<u64> = 32..=512;
/// The part of the memory that the cache may take.
const CACHE_PART: u64 = 16;

/// Mebibytes of the store's tables to keep in memory: a sixteenth of what there is, within bounds.
pub(crate) fn cache_mebibytes() -> u64 {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let bytes = available(&read("/proc/meminfo"), &read("/sys/fs/cgroup/memory.max"));
    cache_within(bytes)
}

fn cache_within(bytes: u64) -> u64 {
    (bytes / CACHE_PART / (1 << 20)).clamp(*CACHE_MEBIBYTES.start(), *CACHE_MEBIBYTES.end())
}

/// Bytes of the machine, or of the container when it may have less; 0 when neither is known.
/// Source: <https://docs.kernel.org/admin-guide/cgroup-v2.html>, `memory.max`
fn available(meminfo: &str, cgroup: &str) -> u64 {
    let total = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kibibytes = total.and_then(|t| t.trim().trim_end_matches(" kB").trim().parse::<u64>().ok());
    let machine = kibibytes.map(|k| k.saturating_mul(1024));
    let container = cgroup.trim().parse::<u64>().ok();
    machine.into_iter().chain(container).min().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smaller_of_machine_and_container_counts_and_the_bounds_hold() {
        let machine = "MemTotal:        8388608 kB\nMemFree: 1 kB\n";
        for (meminfo, cgroup, expected) in [
            (machine, "max\n", 512),
            (machine, "4294967296\n", 256),
            (machine, "1000\n", 32),
            ("MemTotal: 1048576 kB\n", "", 64),
            ("", "", 32),
            ("MemTotal: 99999999999 kB\n", "", 512),
        ] {
            assert_eq!(cache_within(available(meminfo, cgroup)), expected, "{meminfo} {cgroup}");
        }
    }
}
