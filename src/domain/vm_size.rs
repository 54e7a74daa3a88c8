//! Sizes of nodes: those of this machine, and Azure's names, so that programs written for Azure run unchanged.
//! A size says how many cores a node counts against the quota; tasks share the machine they run on.

use crate::api::VmSize;

/// Finds a size by its name, without regard to case.
pub fn find<'a>(sizes: &'a [VmSize], name: &str) -> Option<&'a VmSize> {
    sizes.iter().find(|size| size.name.eq_ignore_ascii_case(name))
}

/// The sizes of a machine with so many cores: powers of two up to the whole machine, with memory in proportion.
pub fn of_machine(cores: i64, memory_mib: i64) -> Vec<VmSize> {
    let cores = cores.max(1);
    let doubling = std::iter::successors(Some(1), |n| Some(n * 2)).take_while(|n| *n < cores);
    doubling
        .chain([cores])
        .map(|n| VmSize { name: format!("local_{n}"), cores: n, memory_mib: memory_mib * n / cores, native: true })
        .collect()
}

/// Sizes of Azure's that pools ask for, smallest of a series first.
pub fn of_azure() -> Vec<VmSize> {
    let classic = CLASSIC.iter().map(|(name, cores, memory_mib)| VmSize {
        name: (*name).to_owned(),
        cores: *cores,
        memory_mib: *memory_mib,
        native: false,
    });
    SERIES.iter().flat_map(Series::sizes).chain(classic).collect()
}

/// A series of sizes: `#` in the pattern stands for the number in a size's name.
struct Series {
    pattern: &'static str,
    sizes: Sizes,
}

enum Sizes {
    /// The number in the name is the count of cores; so many MiB for each.
    PerCore(i64, &'static [i64]),
    /// Number in the name, cores, MiB.
    Table(&'static [(i64, i64, i64)]),
}

impl Series {
    fn sizes(&self) -> Vec<VmSize> {
        let size = |number: i64, cores: i64, memory_mib: i64| VmSize {
            name: format!("standard_{}", self.pattern.replace('#', &number.to_string())),
            cores,
            memory_mib,
            native: false,
        };
        match self.sizes {
            Sizes::PerCore(mib, counts) => counts.iter().map(|n| size(*n, *n, n * mib)).collect(),
            Sizes::Table(rows) => rows.iter().map(|(number, cores, mib)| size(*number, *cores, *mib)).collect(),
        }
    }
}

const GIB: i64 = 1024;
const D_V2: Sizes =
    Sizes::Table(&[(1, 1, 3584), (2, 2, 7 * GIB), (3, 4, 14 * GIB), (4, 8, 28 * GIB), (5, 16, 56 * GIB)]);
const D_V2_MEMORY: Sizes =
    Sizes::Table(&[(11, 2, 14 * GIB), (12, 4, 28 * GIB), (13, 8, 56 * GIB), (14, 16, 112 * GIB)]);
const GENERAL: Sizes = Sizes::PerCore(4 * GIB, &[2, 4, 8, 16, 32, 48, 64]);
const MEMORY: Sizes = Sizes::PerCore(8 * GIB, &[2, 4, 8, 16, 32, 48, 64]);
const COMPUTE: Sizes = Sizes::PerCore(2 * GIB, &[1, 2, 4, 8, 16]);

const D: Sizes = Sizes::Table(&[
    (1, 1, 3584),
    (2, 2, 7 * GIB),
    (3, 4, 14 * GIB),
    (4, 8, 28 * GIB),
    (11, 2, 14 * GIB),
    (12, 4, 28 * GIB),
    (13, 8, 56 * GIB),
    (14, 16, 112 * GIB),
]);

/// Of cloud services, whose pools older programs still ask for.
const CLASSIC: &[(&str, i64, i64)] =
    &[("small", 1, 1792), ("medium", 2, 3584), ("large", 4, 7 * GIB), ("extralarge", 8, 14 * GIB)];

/// Source: the sizes in Azure's documentation of virtual machines, retired ones among them: programs name them still.
const SERIES: &[Series] = &[
    Series {
        pattern: "a#",
        sizes: Sizes::Table(&[
            (0, 1, 768),
            (1, 1, 1792),
            (2, 2, 3584),
            (3, 4, 7 * GIB),
            (4, 8, 14 * GIB),
            (5, 2, 14 * GIB),
            (6, 4, 28 * GIB),
            (7, 8, 56 * GIB),
            (8, 8, 56 * GIB),
            (9, 16, 112 * GIB),
            (10, 8, 56 * GIB),
            (11, 16, 112 * GIB),
        ]),
    },
    Series { pattern: "a#_v2", sizes: Sizes::PerCore(2 * GIB, &[1, 2, 4, 8]) },
    Series { pattern: "a#m_v2", sizes: Sizes::PerCore(8 * GIB, &[2, 4, 8]) },
    Series { pattern: "b#s", sizes: Sizes::Table(&[(1, 1, GIB), (2, 2, 4 * GIB)]) },
    Series {
        pattern: "b#ms",
        sizes: Sizes::Table(&[
            (1, 1, 2 * GIB),
            (2, 2, 8 * GIB),
            (4, 4, 16 * GIB),
            (8, 8, 32 * GIB),
            (16, 16, 64 * GIB),
        ]),
    },
    Series { pattern: "d#", sizes: D },
    Series { pattern: "ds#", sizes: D },
    Series { pattern: "dc#s_v2", sizes: Sizes::PerCore(4 * GIB, &[1, 2, 4, 8]) },
    Series { pattern: "dc#s_v3", sizes: Sizes::PerCore(8 * GIB, &[1, 2, 4, 8, 16, 24, 32, 48]) },
    Series { pattern: "dc#ds_v3", sizes: Sizes::PerCore(8 * GIB, &[1, 2, 4, 8, 16, 24, 32, 48]) },
    Series { pattern: "dc#as_v5", sizes: GENERAL },
    Series { pattern: "dc#ads_v5", sizes: GENERAL },
    Series { pattern: "d#_v2", sizes: D_V2 },
    Series { pattern: "d#_v2", sizes: D_V2_MEMORY },
    Series { pattern: "ds#_v2", sizes: D_V2 },
    Series { pattern: "ds#_v2", sizes: D_V2_MEMORY },
    Series { pattern: "d#_v3", sizes: GENERAL },
    Series { pattern: "d#s_v3", sizes: GENERAL },
    Series { pattern: "d#_v4", sizes: GENERAL },
    Series { pattern: "d#s_v4", sizes: GENERAL },
    Series { pattern: "d#ds_v4", sizes: GENERAL },
    Series { pattern: "d#as_v4", sizes: GENERAL },
    Series { pattern: "d#_v5", sizes: GENERAL },
    Series { pattern: "d#s_v5", sizes: GENERAL },
    Series { pattern: "d#ds_v5", sizes: GENERAL },
    Series { pattern: "d#as_v5", sizes: GENERAL },
    Series { pattern: "d#ads_v5", sizes: GENERAL },
    Series { pattern: "e#_v3", sizes: MEMORY },
    Series { pattern: "e#s_v3", sizes: MEMORY },
    Series { pattern: "e#s_v4", sizes: MEMORY },
    Series { pattern: "e#ds_v4", sizes: MEMORY },
    Series { pattern: "e#s_v5", sizes: MEMORY },
    Series { pattern: "e#ds_v5", sizes: MEMORY },
    Series { pattern: "e#as_v5", sizes: MEMORY },
    Series { pattern: "f#", sizes: COMPUTE },
    Series { pattern: "f#s", sizes: COMPUTE },
    Series { pattern: "f#s_v2", sizes: Sizes::PerCore(2 * GIB, &[2, 4, 8, 16, 32, 48, 64, 72]) },
    Series { pattern: "h#", sizes: Sizes::PerCore(7 * GIB, &[8, 16]) },
    Series { pattern: "h#m", sizes: Sizes::PerCore(14 * GIB, &[8, 16]) },
    Series { pattern: "hb#rs_v3", sizes: Sizes::Table(&[(120, 120, 448 * GIB)]) },
    Series { pattern: "hc#rs", sizes: Sizes::Table(&[(44, 44, 352 * GIB)]) },
    Series { pattern: "nc#", sizes: Sizes::Table(&[(6, 6, 56 * GIB), (12, 12, 112 * GIB), (24, 24, 224 * GIB)]) },
    Series { pattern: "nv#", sizes: Sizes::Table(&[(6, 6, 56 * GIB), (12, 12, 112 * GIB), (24, 24, 224 * GIB)]) },
    Series { pattern: "nc#s_v3", sizes: Sizes::Table(&[(6, 6, 112 * GIB), (12, 12, 224 * GIB), (24, 24, 448 * GIB)]) },
    Series {
        pattern: "nc#as_t4_v3",
        sizes: Sizes::Table(&[(4, 4, 28 * GIB), (8, 8, 56 * GIB), (16, 16, 110 * GIB), (64, 64, 440 * GIB)]),
    },
    Series {
        pattern: "nc#ads_a100_v4",
        sizes: Sizes::Table(&[(24, 24, 220 * GIB), (48, 48, 440 * GIB), (96, 96, 880 * GIB)]),
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn check(name: &str, cores: i64, memory_gib: f64) {
        let sizes = of_azure();
        let size = find(&sizes, name).unwrap_or_else(|| panic!("{name} is missing"));
        assert_eq!((size.cores, size.memory_mib as f64 / 1024.0), (cores, memory_gib), "{name}");
    }

    #[test]
    fn azures_popular_sizes_are_known_in_any_case() {
        check("STANDARD_A1", 1, 1.75);
        check("Standard_DC2s_v2", 2, 8.0);
        check("Standard_D12", 4, 28.0);
        check("small", 1, 1.75);
        check("Standard_A1_v2", 1, 2.0);
        check("STANDARD_A4M_V2", 4, 32.0);
        check("standard_d1_v2", 1, 3.5);
        check("Standard_D14_v2", 16, 112.0);
        check("Standard_DS3_v2", 4, 14.0);
        check("Standard_D2s_v3", 2, 8.0);
        check("Standard_D4ds_v5", 4, 16.0);
        check("Standard_E8s_v5", 8, 64.0);
        check("Standard_F72s_v2", 72, 144.0);
        check("Standard_B2ms", 2, 8.0);
        check("Standard_NC6s_v3", 6, 112.0);
        check("Standard_NC64as_T4_v3", 64, 440.0);
    }

    #[test]
    fn no_name_stands_twice() {
        let sizes = of_azure();
        let names: BTreeSet<_> = sizes.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(names.len(), sizes.len());
        assert!(names.iter().all(|name| *name == name.to_lowercase()));
    }

    #[test]
    fn a_machine_is_offered_in_halves_and_whole() {
        let names = |cores| of_machine(cores, 16 * GIB).into_iter().map(|s| s.name).collect::<Vec<_>>();
        assert_eq!(names(1), ["local_1"]);
        assert_eq!(names(8), ["local_1", "local_2", "local_4", "local_8"]);
        assert_eq!(names(6), ["local_1", "local_2", "local_4", "local_6"]);
        assert_eq!(of_machine(8, 16 * GIB)[1].memory_mib, 4 * GIB);
    }
}
