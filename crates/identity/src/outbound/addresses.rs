//! Which machines may be asked: for an address that somebody else wrote down, only those that the
//! whole Internet can reach. The name is looked up once, and the address that was judged is the one
//! that is connected to.
//!
//! Attacks: CWE-918 (server-side request forgery), DNS rebinding. Standard: RFC 6890 (special-purpose
//! addresses)

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use tower::Service;

/// Looks names up; where only public machines may be asked, others are not found.
#[derive(Clone, Debug)]
pub(super) struct Resolver {
    pub(super) inner: GaiResolver,
    pub(super) is_public_only: bool,
}

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Service::<Name>::poll_ready(&mut self.inner, context)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let (found, is_public_only) = (self.inner.call(name), self.is_public_only);
        Box::pin(async move {
            let all = found.await?;
            let may = |address: &SocketAddr| !is_public_only || is_public(address.ip());
            let left: Vec<SocketAddr> = all.filter(may).collect();
            if left.is_empty() {
                return Err(io::Error::other("no address that may be asked"));
            }
            Ok(left.into_iter())
        })
    }
}

/// Whether an address is one that the whole Internet can reach.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || a == 0
        // Shared between a provider and its customers, protocol assignments, measuring.
        || (a == 100 && (64..128).contains(&b))
        || (a, b, c) == (192, 0, 0)
        || (a == 198 && (b == 18 || b == 19))
        // Multicast, reserved, broadcast.
        || a >= 224;
    !is_special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    // Those that lead to an IPv4 address: mapped, compatible, NAT64, 6to4.
    let [.., c, d, e, f] = address.octets();
    let tail = Ipv4Addr::new(c, d, e, f);
    if address.to_ipv4_mapped().is_some() || (first == 0x64 && second == 0xff9b) {
        return is_public_v4(tail);
    }
    if first == 0x2002 {
        let [high, low] = second.to_be_bytes();
        let [_, _, third, ..] = address.segments();
        let [c, d] = third.to_be_bytes();
        return is_public_v4(Ipv4Addr::new(high, low, c, d));
    }
    // Global unicast, without documentation and Teredo.
    (first & 0xe000) == 0x2000 && !(first == 0x2001 && (second == 0xdb8 || second == 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_everybody_can_reach_is_public() {
        for public in
            ["8.8.8.8", "193.69.1.1", "100.128.0.1", "2001:4860:4860::8888", "2a00:1450::1"]
        {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for other in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "0.1.2.3",
            "192.0.0.8",
            "192.0.2.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "2001:0:1::1",
        ] {
            assert!(!is_public(other.parse().unwrap()), "{other}");
        }
    }
}
