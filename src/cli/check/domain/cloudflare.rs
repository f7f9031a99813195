//! The addresses that Cloudflare's proxy answers at.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Source: <https://www.cloudflare.com/ips/>.
const IPV4: [(Ipv4Addr, u32); 15] = [
    (Ipv4Addr::new(173, 245, 48, 0), 20),
    (Ipv4Addr::new(103, 21, 244, 0), 22),
    (Ipv4Addr::new(103, 22, 200, 0), 22),
    (Ipv4Addr::new(103, 31, 4, 0), 22),
    (Ipv4Addr::new(141, 101, 64, 0), 18),
    (Ipv4Addr::new(108, 162, 192, 0), 18),
    (Ipv4Addr::new(190, 93, 240, 0), 20),
    (Ipv4Addr::new(188, 114, 96, 0), 20),
    (Ipv4Addr::new(197, 234, 240, 0), 22),
    (Ipv4Addr::new(198, 41, 128, 0), 17),
    (Ipv4Addr::new(162, 158, 0, 0), 15),
    (Ipv4Addr::new(104, 16, 0, 0), 13),
    (Ipv4Addr::new(104, 24, 0, 0), 14),
    (Ipv4Addr::new(172, 64, 0, 0), 13),
    (Ipv4Addr::new(131, 0, 72, 0), 22),
];

const IPV6: [(Ipv6Addr, u32); 7] = [
    (Ipv6Addr::new(0x2400, 0xcb00, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2606, 0x4700, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2803, 0xf800, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2405, 0xb500, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2405, 0x8100, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2a06, 0x98c0, 0, 0, 0, 0, 0, 0), 29),
    (Ipv6Addr::new(0x2c0f, 0xf248, 0, 0, 0, 0, 0, 0), 32),
];

/// Whether the address is one of the proxy's.
pub(super) fn is_proxy(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => IPV4.iter().any(|(net, bits)| (u32::from(address) ^ u32::from(*net)) >> (32 - bits) == 0),
        IpAddr::V6(address) => IPV6.iter().any(|(net, bits)| (u128::from(address) ^ u128::from(*net)) >> (128 - bits) == 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_edges_of_a_range_are_in_it_and_their_neighbours_are_not() {
        for inside in ["104.16.0.0", "104.27.255.255", "172.64.0.1", "172.71.255.255", "2606:4700::1", "2a06:98c7:ffff::"] {
            assert!(is_proxy(inside.parse().unwrap()), "{inside}");
        }
        for outside in ["104.15.255.255", "104.28.0.0", "172.72.0.0", "127.0.0.1", "2606:4701::", "2a06:98c8::"] {
            assert!(!is_proxy(outside.parse().unwrap()), "{outside}");
        }
    }
}
