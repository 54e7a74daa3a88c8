//! The network of a cloud's machines: stored and given back. Nodes have the machine's own network.

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
            subnet_id: String,
            #[serde(rename = "dynamicVNetAssignmentScope")]
            dynamic_vnet_assignment_scope: DynamicVNetScope,
            endpoint_configuration: PoolEndpointConfiguration,
            #[serde(rename = "publicIPAddressConfiguration")]
            public_ip_address_configuration: PublicIpAddressConfiguration,
            enable_accelerated_networking: bool,
            /// Of 2019-08 only; later versions say it in the configuration of addresses.
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
            backend_port: i32,
            frontend_port_range_start: i32,
            frontend_port_range_end: i32,
        }
        may { network_security_group_rules: Vec<NetworkSecurityGroupRule> }
    }
}
settings! {
    NetworkSecurityGroupRule {
        must {
            /// 150 to 4096, each once in the pool.
            priority: i32,
            access: NetworkAccess,
            source_address_prefix: String,
        }
        may { source_port_ranges: Vec<String> }
    }
}
