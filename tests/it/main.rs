//! Integration tests: one program, a file a resource.

mod rest_shared_key;
