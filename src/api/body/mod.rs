//! JSON that people and programs write: exactly what the shape knows, or an error that names the property.

mod decode;
mod strict;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Code;
use crate::api;

/// Reads a shape from the bytes of a body.
///
/// # Errors
/// `InvalidRequestBody` when it is no JSON object, `UnsupportedProperty`, `MissingRequiredProperty` and
/// `InvalidPropertyValue` with the property's path.
pub fn from_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, api::Error> {
    from_json(&json(bytes)?)
}

/// The JSON object that a body is.
///
/// # Errors
/// `InvalidRequestBody` when it is none.
pub fn json(bytes: &[u8]) -> Result<Value, api::Error> {
    let no_object = |reason: String| api::Error::new(Code::InvalidRequestBody).with("Reason", reason);
    let json = strict::parse(bytes).map_err(no_object)?;
    if json.is_object() { Ok(json) } else { Err(no_object("the body is no JSON object".to_owned())) }
}

/// As [`from_bytes`], of an object that was read.
///
/// # Errors
/// Those about properties.
pub fn from_json<T: DeserializeOwned>(json: &Value) -> Result<T, api::Error> {
    decode::from_value(json).map_err(api::Error::from)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Default, serde::Deserialize)]
    struct Nothing {}

    fn refused<T: DeserializeOwned>(body: &str) -> (Code, String, String) {
        let Err(error) = from_bytes::<T>(body.as_bytes()) else { panic!("{body} was read") };
        let value = |key| error.value(key).unwrap_or_default().to_owned();
        (error.code, value("PropertyName"), value("Reason"))
    }

    #[test]
    fn what_clients_send_is_read() {
        let pool: api::PoolCreate = from_bytes(
            br#"{"id":"p","vmSize":"a","targetDedicatedNodes":"2","displayName":null,"odata.type":"x","maxTasksPerNode":4,
                "resizeTimeout":"PT15M","virtualMachineConfiguration":{"nodeAgentSKUId":"n","imageReference":{},
                "extensions":[{"name":"e","publisher":"p","type":"t","settings":{"any":[1,"1",null]}}]}}"#,
        )
        .unwrap();
        assert_eq!(pool.target_dedicated_nodes, Some(2));
        assert_eq!((pool.display_name.as_deref(), pool.task_slots_per_node), (None, Some(4)));
        let extensions = pool.virtual_machine_configuration.unwrap().extensions.unwrap();
        assert_eq!(extensions[0].settings, Some(serde_json::json!({"any": [1, "1", null]})), "kept as it came");
    }

    #[test]
    fn an_unknown_property_is_named_with_its_path() {
        let check = |body, path: &str| {
            let (code, name, _) = refused::<api::PoolCreate>(body);
            assert_eq!((code, name.as_str()), (Code::UnsupportedProperty, path), "{body}");
        };
        check(r#"{"id":"p","vmSize":"a","vmsize":"b"}"#, "vmsize");
        check(r#"{"id":"p","vmSize":"a","startTask":{"commandLine":"x","env":[]}}"#, "startTask.env");
        check(
            r#"{"id":"p","vmSize":"a","startTask":{"commandLine":"x","environmentSettings":[{"name":"a"},{"name":"b","val":1}]}}"#,
            "startTask.environmentSettings[1].val",
        );
        check(
            r#"{"id":"p","vmSize":"a","virtualMachineConfiguration":{"nodeAgentSKUId":"n","imageReference":{},"osDisk":{"sizeGB":1}}}"#,
            "virtualMachineConfiguration.osDisk.sizeGB",
        );
        assert_eq!(refused::<Nothing>(r#"{"a":1}"#).1, "a");
    }

    #[test]
    fn a_missing_property_is_named_with_its_path() {
        let check = |body, path: &str| {
            let (code, name, _) = refused::<api::PoolCreate>(body);
            assert_eq!((code, name.as_str()), (Code::MissingRequiredProperty, path), "{body}");
        };
        check(r#"{"id":"p"}"#, "vmSize");
        check(r#"{"id":"p","vmSize":null}"#, "vmSize");
        check(r#"{"id":"p","vmSize":"a","startTask":{}}"#, "startTask.commandLine");
    }

    #[test]
    fn a_value_that_does_not_fit_is_named_with_its_path_and_why() {
        let check = |body, path: &str, why: &str| {
            let (code, name, reason) = refused::<api::PoolCreate>(body);
            assert_eq!((code, name.as_str()), (Code::InvalidPropertyValue, path), "{body}");
            assert!(reason.contains(why), "{body}: {reason}");
        };
        check(r#"{"id":7,"vmSize":"a"}"#, "id", "expected a string");
        check(r#"{"id":"p","vmSize":"a","targetDedicatedNodes":"two"}"#, "targetDedicatedNodes", "whole number");
        check(r#"{"id":"p","vmSize":"a","targetDedicatedNodes":1.5}"#, "targetDedicatedNodes", "i32");
        check(r#"{"id":"p","vmSize":"a","targetDedicatedNodes":3000000000}"#, "targetDedicatedNodes", "i32");
        check(r#"{"id":"p","vmSize":"a","resizeTimeout":"soon"}"#, "resizeTimeout", "ISO 8601");
        check(
            r#"{"id":"p","vmSize":"a","taskSchedulingPolicy":{"nodeFillType":"heap"}}"#,
            "taskSchedulingPolicy.nodeFillType",
            "spread, pack",
        );
    }

    #[test]
    fn what_is_no_sound_json_object_is_refused() {
        let check = |body: &[u8], why: &str| {
            let error = from_bytes::<api::PoolCreate>(body).expect_err(why);
            assert_eq!(error.code, Code::InvalidRequestBody, "{why}");
            assert!(error.value("Reason").unwrap().contains(why), "{why}: {error:?}");
        };
        check(b"", "EOF");
        check(b"[]", "no JSON object");
        check(b"\"x\"", "no JSON object");
        check(b"\xef\xbb\xbf{}", "byte order mark");
        check(b"{\"id\":\"\xff\"}", "UTF-8");
        check(br#"{"id":"a","id":"b"}"#, "`id` twice");
        check(br#"{"startTask":{"x":1,"x":2}}"#, "`x` twice");
        check(br#"{"id":NaN}"#, "line 1");
        check(br#"{"id":1e999}"#, "number");
        check(br#"{"id":"a"} {}"#, "trailing");
        check(format!("{{\"a\":{}{}}}", "[".repeat(500), "]".repeat(500)).as_bytes(), "recursion");
    }

    /// JSON of any shape, with names that shapes know.
    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "\\PC{0,8}".prop_map(Value::from),
            "P(T[0-9]{1,3}[HMS])?".prop_map(Value::from),
        ];
        let name = || {
            prop::sample::select(&["id", "vmSize", "startTask", "commandLine", "metadata", "name", "value", "x"][..])
        };
        leaf.prop_recursive(4, 24, 4, move |inner| {
            let object = prop::collection::btree_map(name().prop_map(str::to_owned), inner.clone(), 0..5);
            prop_oneof![
                prop::collection::vec(inner, 0..4).prop_map(Value::from),
                object.prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_body_makes_the_decoder_panic(json in any_json(), cut in 0usize..64) {
            let text = json.to_string();
            let _ = from_bytes::<api::PoolCreate>(text.as_bytes());
            let _ = from_bytes::<api::TaskAddCollection>(text.as_bytes());
            let _ = from_bytes::<api::JobUpdate>(text.as_bytes().get(cut..).unwrap_or_default());
        }

        #[test]
        fn what_is_read_is_what_serde_reads(id in "[a-z]{1,8}", size in "[a-z]{1,8}", nodes in any::<i32>(), name in "\\PC{0,8}") {
            let pool = api::PoolCreate {
                id,
                vm_size: size,
                target_dedicated_nodes: Some(nodes),
                metadata: Some(vec![api::MetadataItem { name, value: String::new() }]),
                ..Default::default()
            };
            prop_assert_eq!(from_bytes(&serde_json::to_vec(&pool).unwrap()), Ok(pool));
        }
    }
}
