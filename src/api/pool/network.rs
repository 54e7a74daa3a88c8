//! The network of nodes. They have the machine's own; what is more than stored are the ports by which they are reached.

use super::super::shared::{settings, wire_enum};

wire_enum! { DynamicVNetScope { None = "none", Job = "job" } }
wire_enum! {
    IpProvisioning {
        BatchManaged = "batchmanaged",
        UserManaged = "usermanaged",
        NoPublicIpAddresses = "nopublicipaddresses",
    }
}
wire_enum! { IpFamily { V4 = "IPv4", V6 = "IPv6" } }
wire_enum! { InboundProtocol { Tcp = "tcp", Udp = "udp" } }
wire_enum! { NetworkAccess { Allow = "allow", Deny = "deny" } }

settings! {
    NetworkConfiguration {
        must {}
        may {
            /// Stored and given back: nodes are on the network of their machine.
            subnet_id: String,
            /// Stored and given back, as the subnet.
            #[serde(rename = "dynamicVNetAssignmentScope")]
            dynamic_vnet_assignment_scope: DynamicVNetScope,
            /// Ports by which nodes are reached from outside.
            endpoint_configuration: PoolEndpointConfiguration,
            /// `nopublicipaddresses` keeps nodes from being reached at all; the rest is stored and given back.
            #[serde(rename = "publicIPAddressConfiguration")]
            public_ip_address_configuration: PublicIpAddressConfiguration,
            /// Stored and given back: nothing is faster by it.
            enable_accelerated_networking: bool,
            /// Stored and given back. Of 2019-08 only; later versions say it in the configuration of addresses.
            #[serde(rename = "publicIPs")]
            public_ips: Vec<String>,
        }
    }
}
settings! {
    PublicIpAddressConfiguration {
        must {}
        may {
            provision: IpProvisioning,
            ip_address_ids: Vec<String>,
            ip_families: Vec<IpFamily>,
            ip_tags: Vec<IpTag>,
        }
    }
}
settings! { IpTag { must {} may { ip_tag_type: String, tag: String } } }
settings! {
    PoolEndpointConfiguration {
        must {
            /// At most five.
            #[serde(rename = "inboundNATPools")]
            inbound_nat_pools: Vec<InboundNatPool>,
        }
        may {}
    }
}
settings! {
    InboundNatPool {
        must {
            name: String,
            protocol: InboundProtocol,
            /// Of the node; 22 is its SSH server.
            backend_port: i32,
            /// The server's ports from here to the end, both included, of which each node gets one: at least 40, none from
            /// 50000 to 55000.
            frontend_port_range_start: i32,
            frontend_port_range_end: i32,
        }
        may {
            /// At most 25 in the pool, the lowest priority first. Whoever no rule fits is kept out; without rules everybody is let in.
            network_security_group_rules: Vec<NetworkSecurityGroupRule>,
        }
    }
}
settings! {
    NetworkSecurityGroupRule {
        must {
            /// 150 to 4096, each once in the pool.
            priority: i32,
            access: NetworkAccess,
            /// `*`, an address, a range such as 192.0.2.0/24, `Internet` or `VirtualNetwork` (private addresses).
            source_address_prefix: String,
        }
        may { source_port_ranges: Vec<String> }
    }
}
