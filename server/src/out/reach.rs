//! Which addresses the server calls: public ones, and the private networks that its settings name. Who may set a destination
//! cannot make the server knock at what only the server can reach.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::{Error, Result};

/// Networks that may be called besides public addresses.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    networks: Arc<[IpNet]>,
}

/// An address that the settings do not open.
#[derive(Debug, thiserror::Error)]
#[error(
    "{0} leads to addresses in private networks alone: the server calls those that its setting `out.networks` names"
)]
pub struct OutOfReach(String);

impl Reach {
    /// Public addresses and these networks.
    #[must_use]
    pub fn new(networks: &[IpNet]) -> Self {
        Self { networks: networks.into() }
    }

    /// Whether an address may be called.
    #[must_use]
    pub fn permits(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        self.networks.iter().any(|network| network.contains(&ip)) || is_public(ip)
    }

    /// Refuses a host that is written as an address out of reach; names are resolved when they are called.
    ///
    /// # Errors
    /// Invalid argument.
    pub fn check(&self, host: &str) -> Result<()> {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        match bare.parse::<IpAddr>() {
            Ok(ip) if !self.permits(ip) => {
                Err(Error::of_field("target", OutOfReach(bare.to_owned()).to_string()))
            }
            _ => Ok(()),
        }
    }

    /// The addresses of a host that may be called.
    ///
    /// # Errors
    /// When the name does not resolve, or to nothing that may be called.
    pub async fn resolve(&self, host: &str, port: u16) -> std::io::Result<Vec<SocketAddr>> {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let found = tokio::net::lookup_host((bare, port)).await?;
        let permitted: Vec<_> = found.filter(|at| self.permits(at.ip())).collect();
        if permitted.is_empty() {
            return Err(std::io::Error::new(
                std::io::ErrorKind::PermissionDenied,
                OutOfReach(host.to_owned()),
            ));
        }
        Ok(permitted)
    }
}

impl Resolve for Reach {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.clone();
        Box::pin(async move {
            // Port 0 stands for the URL's own.
            let found = Self::resolve(&reach, name.as_str(), 0).await?;
            Ok::<Addrs, Box<dyn std::error::Error + Send + Sync>>(Box::new(found.into_iter()))
        })
    }
}

/// Whether an address is of the public internet: neither of this machine or network, nor of any other special use that leads
/// there (IANA special-purpose address registries).
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_multicast()
        || ip.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19));
    !special
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [a, b, ..] = ip.segments();
    // What carries another address inside is as public as nothing: 6to4, Teredo and NAT64 lie outside of 2000::/3 or here.
    let special = a == 0x2002 || (a == 0x2001 && b < 0x0200) || (a == 0x2001 && b == 0x0db8) || a == 0x3fff;
    (0x2000..0x4000).contains(&a) && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_and_named_networks_are_called() {
        let closed = Reach::default();
        for ip in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::1",
            "2001:db8::1",
        ] {
            assert!(!closed.permits(ip.parse().unwrap()), "{ip}");
            assert!(closed.check(ip).is_err(), "{ip}");
        }
        for ip in ["1.1.1.1", "172.32.0.1", "2606:4700::1111", "::ffff:1.1.1.1"] {
            assert!(closed.permits(ip.parse().unwrap()), "{ip}");
        }
        let open = Reach::new(&["10.1.0.0/16".parse().unwrap()]);
        assert!(
            open.permits("10.1.2.3".parse().unwrap()) && open.permits("::ffff:10.1.2.3".parse().unwrap())
        );
        assert!(!open.permits("10.2.0.1".parse().unwrap()));
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_does_not_resolve() {
        let refused = Reach::default().resolve("localhost", 80).await.unwrap_err();
        assert!(refused.to_string().contains("out.networks"), "{refused}");
    }
}
