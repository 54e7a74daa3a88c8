//! Packs the files as browsers take them, once and for all: the server embeds and sends them as they are.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

use eyre::{Result, ensure};

/// Below this, compression does not pay.
const FROM_BYTES: usize = 1024;
const INDEX: &str = "index.html";

/// Leaves `name.br` of each file of which it is smaller. The page itself stays besides: the server reads it.
pub fn pack(dist: &Path, budget_kb: usize) -> Result<()> {
    let index = fs::read_to_string(dist.join(INDEX))?;
    let mut paths = fs::read_dir(dist)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<PathBuf>>>()?;
    paths.retain(|path| path.is_file());
    // The largest first, so that all threads end at about the same time.
    paths.sort_by_key(|path| fs::metadata(path).map_or(0, |data| data.len()));
    let (left, packed) = (Mutex::new(paths), Mutex::new(Vec::new()));
    let work = || -> Result<()> {
        // The lock is held while one is taken, not while it is packed.
        let take = || left.lock().expect("no thread panics with it").pop();
        while let Some(path) = take() {
            let bytes = pack_one(&path)?;
            packed.lock().expect("no thread panics with it").push((path, bytes));
        }
        Ok(())
    };
    thread::scope(|scope| {
        let threads: Vec<_> =
            (0..thread::available_parallelism().map_or(1, |n| n.get())).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("packing does not panic"))
    })?;
    let is_first = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name == INDEX || index.contains(&format!("/{name}"))
    };
    let sum = |of_first: bool| -> usize {
        let packed = packed.lock().expect("all threads have ended");
        packed.iter().filter(|(path, _)| is_first(path) == of_first).map(|(_, bytes)| bytes).sum()
    };
    let first = sum(true);
    eprintln!("split-portal: the first load weighs {first} bytes in Brotli, what may come later {}", sum(false));
    ensure!(
        first <= budget_kb * 1000,
        "that is more than {budget_kb} kB: ARCHITECTURE.md says what to look for (the first load)"
    );
    Ok(())
}

/// How many bytes of the file are sent.
fn pack_one(path: &Path) -> Result<usize> {
    let bytes = fs::read(path)?;
    let mut out = Vec::new();
    let params = brotli::enc::BrotliEncoderParams { quality: 11, size_hint: bytes.len(), ..Default::default() };
    brotli::BrotliCompress(&mut &bytes[..], &mut out, &params)?;
    if bytes.len() < FROM_BYTES || out.len() >= bytes.len() {
        return Ok(bytes.len());
    }
    let mut name = path.as_os_str().to_owned();
    name.push(".br");
    fs::write(name, &out)?;
    if !path.ends_with(INDEX) {
        fs::remove_file(path)?;
    }
    Ok(out.len())
}
