//! Divides the program that Trunk has built: `split-portal PROGRAM DIST BUDGET_KB`.
//!
//! PROGRAM is what cargo built, with symbols and relocations; DIST is the folder that Trunk has filled. There, Trunk's two
//! files of the program give way to the first file, the glue code of both and a file an area, and the style sheets to one;
//! all of them are named after what is in them, so that browsers keep them for ever. Then all files are packed; it is an error
//! when the first load weighs more than BUDGET_KB thousand bytes. 0 is for development: nothing is packed or limited.

mod compact;
mod loader;
mod names;
mod pack;
mod style;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use eyre::{Result, WrapErr, bail, ensure};

/// What the files are called before they are named after what is in them.
const PROGRAM: &str = "portal";
const LOADER: &str = "areas";

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [program, dist, budget] = arguments.as_slice() else { bail!("split-portal PROGRAM DIST BUDGET_KB") };
    let budget_kb: usize = budget.parse().wrap_err("the budget is a number of kB")?;
    let (program, dist) = (Path::new(program), Path::new(dist));
    let work = program.with_file_name("split-portal");
    if work.exists() {
        fs::remove_dir_all(&work)?;
    }
    let parts = split(program, &work)?;
    let glue = bind(&work)?;
    names::place(dist, &glue, parts)?;
    fs::remove_dir_all(&work)?;
    if budget_kb == 0 { Ok(()) } else { pack::pack(dist, budget_kb) }
}

/// The files that were split off, and in `work` the program without them.
fn split(program: &Path, work: &Path) -> Result<Vec<PathBuf>> {
    let input = fs::read(program).wrap_err_with(|| format!("{}", program.display()))?;
    let main = work.join("main.wasm");
    let (link_name, main_module) = (format!("./{LOADER}.js"), format!("./{PROGRAM}.js"));
    let mut options = wasm_split_cli_support::Options::new(&input);
    options.output_dir = work;
    options.main_out_path = &main;
    options.link_name = &link_name;
    options.main_module = &main_module;
    options.emit_dwarf = false;
    let split = wasm_split_cli_support::transform(options)?;
    Ok(split.split_modules)
}

/// Runs wasm-bindgen on the program. What the parts share with it has to stay as it is.
fn bind(work: &Path) -> Result<PathBuf> {
    let glue = work.join("glue");
    let status = Command::new("wasm-bindgen")
        .args(["--target", "web", "--no-typescript", "--keep-lld-exports", "--no-demangle"])
        .args(["--remove-name-section", "--remove-producers-section", "--out-name", PROGRAM, "--out-dir"])
        .arg(&glue)
        .arg(work.join("main.wasm"))
        .status()
        .wrap_err("wasm-bindgen")?;
    ensure!(status.success(), "wasm-bindgen failed");
    ensure!(!glue.join("snippets").exists(), "scripts of crates (snippets) would have to be placed, too");
    fs::rename(work.join(format!("{LOADER}.js")), glue.join(format!("{LOADER}.js")))?;
    Ok(glue)
}
