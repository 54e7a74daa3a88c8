//! Ranges of network addresses, in the usual notation `169.254.0.0/16`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// All addresses that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressRange {
    first: IpAddr,
    n_bits: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an address, nor an address, a slash and a number of bits, such as 169.254.0.0/16")]
pub struct NotARange;

impl AddressRange {
    /// IPv4 addresses inside of IPv6 ones (mapped, or for a translator) count as themselves.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.first, plain(address)) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                let mask = u32::MAX.checked_shl(32 - self.n_bits).unwrap_or(0);
                first.to_bits() & mask == address.to_bits() & mask
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => {
                let mask = u128::MAX.checked_shl(128 - self.n_bits).unwrap_or(0);
                first.to_bits() & mask == address.to_bits() & mask
            }
            _ => false,
        }
    }
}

/// `::ffff:a.b.c.d` and `64:ff9b::a.b.c.d` lead to the IPv4 address in them.
fn plain(address: IpAddr) -> IpAddr {
    const TRANSLATED: u128 = 0x0064_ff9b << 96;
    match address.to_canonical() {
        IpAddr::V6(v6) if v6.to_bits() & (u128::MAX << 32) == TRANSLATED => {
            IpAddr::V4(Ipv4Addr::from_bits((v6.to_bits() & u128::from(u32::MAX)) as u32))
        }
        other => other,
    }
}

impl FromStr for AddressRange {
    type Err = NotARange;

    fn from_str(text: &str) -> Result<Self, NotARange> {
        let (address, n_bits) = match text.split_once('/') {
            Some((address, n_bits)) => (address, Some(n_bits.parse::<u32>().map_err(|_| NotARange)?)),
            None => (text, None),
        };
        let first: IpAddr = address.parse().map_err(|_| NotARange)?;
        let most = if first.is_ipv4() { Ipv4Addr::BITS } else { Ipv6Addr::BITS };
        let n_bits = n_bits.unwrap_or(most);
        if n_bits <= most { Ok(AddressRange { first, n_bits }) } else { Err(NotARange) }
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.n_bits)
    }
}

impl serde::Serialize for AddressRange {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for AddressRange {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(range: &str, address: &str, expected: bool) {
        let range: AddressRange = range.parse().unwrap();
        assert_eq!(range.contains(address.parse().unwrap()), expected, "{address} in {range}");
    }

    #[test]
    fn a_range_holds_what_begins_with_its_bits() {
        check("169.254.0.0/16", "169.254.169.254", true);
        check("169.254.0.0/16", "169.255.0.1", false);
        check("10.1.2.3", "10.1.2.3", true);
        check("10.1.2.3", "10.1.2.4", false);
        check("0.0.0.0/0", "8.8.8.8", true);
        check("::/0", "8.8.8.8", false);
        check("fe80::/10", "febf::1", true);
        check("fe80::/10", "fec0::1", false);
    }

    #[test]
    fn no_spelling_of_an_address_gets_around_its_range() {
        for disguised in ["::ffff:169.254.169.254", "64:ff9b::169.254.169.254", "::ffff:a9fe:a9fe"] {
            check("169.254.0.0/16", disguised, true);
        }
        check("127.0.0.0/8", "::1", false);
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for bad in ["", "a", "1.2.3.4/33", "::/129", "1.2.3.4/", "1.2.3/8", "1.2.3.4/-1"] {
            assert_eq!(bad.parse::<AddressRange>(), Err(NotARange), "{bad}");
        }
    }
}
