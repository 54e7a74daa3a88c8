//! The reference of the data plane says what the program does.

use std::collections::BTreeSet;
use std::fs;

use fournil::service::reference::reference;

/// `GET /pools` for each route that the sources declare.
fn routes() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir("src/rest").unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "rs") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for part in text.split(".route(").skip(1) {
            let Some((route, rest)) = part.trim_start().strip_prefix('"').and_then(|p| p.split_once('"')) else {
                continue;
            };
            // Up to the next route or the end of the chain.
            let handlers = rest.split(".route(").next().unwrap().split([';', '}']).next().unwrap();
            for method in ["get", "post", "put", "patch", "delete", "head"] {
                let is_named = |before: &str| handlers.contains(&format!("{before}{method}("));
                if is_named(" ") || is_named(".") {
                    found.insert(format!("{} {route}", method.to_uppercase()));
                }
            }
        }
    }
    found
}

#[test]
fn every_route_is_in_the_reference_and_nothing_else() {
    let listed: BTreeSet<String> = reference().operations.iter().map(|o| format!("{} {}", o.method, o.path)).collect();
    // A HEAD of a GET's route is told apart by the handler or not at all.
    let without_heads = |all: &BTreeSet<String>| -> BTreeSet<String> {
        all.iter().filter(|line| !line.starts_with("HEAD ")).cloned().collect()
    };
    assert_eq!(without_heads(&listed), without_heads(&routes()));
}

#[test]
fn every_shape_that_is_named_is_there_with_its_words() {
    let reference = reference();
    let names: BTreeSet<&str> = reference.shapes.iter().map(|s| s.name.as_str()).collect();
    for operation in &reference.operations {
        for name in [&operation.takes, &operation.gives].into_iter().flatten() {
            assert!(names.contains(name.as_str()), "{}: {name}", operation.name);
        }
    }
    for shape in &reference.shapes {
        for property in &shape.properties {
            let named = property.shape.as_deref();
            assert!(named.is_none_or(|name| names.contains(name)), "{}.{}", shape.name, property.name);
        }
    }
    let shape = |name: &str| reference.shapes.iter().find(|s| s.name == name).unwrap();
    let create = shape("PoolCreate");
    let property = |name: &str| create.properties.iter().find(|p| p.name == name).unwrap();
    assert!(property("id").is_required && !property("displayName").is_required);
    assert_eq!(
        (property("resizeTimeout").kind.as_str(), property("metadata").kind.as_str()),
        ("duration", "MetadataItem[]")
    );
    assert!(property("virtualMachineConfiguration").is_echo_only && !property("taskSlotsPerNode").is_echo_only);
    assert!(property("taskSlotsPerNode").about.contains("slots"));
    assert!(shape("Pool").properties.iter().any(|p| p.name == "vmSize"), "settings are part of what GET returns");
    assert_eq!(shape("PoolState").values, ["active", "deleting"]);
}
