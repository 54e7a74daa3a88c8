//! The reference of the data plane. Operations are a table; shapes are read off the types that REST decodes and encodes,
//! with their documentation, so that the reference cannot say anything else than the program does.

mod operations;
mod shapes;

use std::sync::LazyLock;

use schemars::JsonSchema;
use schemars::generate::{SchemaGenerator, SchemaSettings};

use super::{Caller, Context, Result, Who};
use crate::api::{Code, Reference, ReferenceOperation};

static REFERENCE: LazyLock<Reference> = LazyLock::new(|| {
    let mut table = Table { shapes: SchemaSettings::draft2020_12().into_generator(), operations: Vec::new() };
    operations::all(&mut table);
    table.operations.sort_by(|a, b| (&a.path, &a.method).cmp(&(&b.path, &b.method)));
    Reference { operations: table.operations, shapes: shapes::read(table.shapes.take_definitions(true)) }
});

/// The whole reference; it is the same for everybody who is signed in.
pub async fn reference_get(_: &Context, caller: &Caller) -> Result<Reference> {
    match caller.who {
        Who::SharedKey { .. } => Err(Code::Forbidden.into()),
        _ => Ok(reference().clone()),
    }
}

pub fn reference() -> &'static Reference {
    &REFERENCE
}

/// Operations, and the shapes that they name.
struct Table {
    shapes: SchemaGenerator,
    operations: Vec<ReferenceOperation>,
}

impl Table {
    /// `what` is method and path, such as `GET /pools`.
    fn add(&mut self, name: &str, what: &str, status: u16, about: &str) -> Entry<'_> {
        let (method, path) = what.split_once(' ').unwrap_or(("GET", what));
        let [name, method, path, about] = [name, method, path, about].map(str::to_owned);
        self.operations.push(ReferenceOperation { name, method, path, about, status, ..Default::default() });
        let operation = self.operations.last_mut().expect("one was just added");
        Entry { shapes: &mut self.shapes, operation }
    }
}

/// What is still to be said of an operation.
struct Entry<'t> {
    shapes: &'t mut SchemaGenerator,
    operation: &'t mut ReferenceOperation,
}

impl Entry<'_> {
    fn takes<T: JsonSchema>(mut self) -> Self {
        let name = self.name_of::<T>();
        self.operation.takes = Some(name);
        self
    }

    fn gives<T: JsonSchema>(mut self) -> Self {
        let name = self.name_of::<T>();
        self.operation.gives = Some(name);
        self
    }

    fn lists<T: JsonSchema>(self) -> Self {
        self.operation.is_list = true;
        self.gives::<T>()
    }

    fn query(self, names: &[&str]) -> Self {
        self.operation.query.extend(names.iter().map(|name| (*name).to_owned()));
        self
    }

    fn name_of<T: JsonSchema>(&mut self) -> String {
        self.shapes.subschema_for::<T>();
        T::schema_name().into_owned()
    }
}
