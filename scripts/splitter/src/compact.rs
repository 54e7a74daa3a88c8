//! Rewrites a file that was split off: numbers without the linker's padding, nothing that browsers do not read.

use eyre::Result;
use wasm_encoder::Module;
use wasm_encoder::reencode::{self, Reencode};
use wasmparser::{CustomSectionReader, Parser};

struct Compact;

impl Reencode for Compact {
    type Error = std::convert::Infallible;

    fn parse_custom_section(
        &mut self,
        _: &mut Module,
        _: CustomSectionReader<'_>,
    ) -> Result<(), reencode::Error<Self::Error>> {
        Ok(())
    }
}

pub fn compact(wasm: &[u8]) -> Result<Vec<u8>> {
    let mut module = Module::new();
    Compact.parse_core_module(&mut module, Parser::new(0), wasm)?;
    Ok(module.finish())
}
