//! What is kept of the files of finished tasks, as the operator decides.

use anyhow::{Context, ensure};

use crate::domain::kept::{Keep, KeepOf};

/// Kept logs are held in memory while they are copied.
const LARGEST_FILE: u64 = 64 << 20;

#[derive(clap::Args, Clone, Debug, Default)]
pub struct KeepArgs {
    /// Of which finished tasks logs are kept when their node goes: all, failed or nothing [default: all]
    #[arg(long, env = "FOURNIL_KEEP_FILES", value_name = "TASKS")]
    pub keep_files: Option<String>,
    /// How many bytes of the end of each log are kept [default: 1048576]
    #[arg(long, env = "FOURNIL_KEEP_FILES_BYTES", value_name = "BYTES")]
    pub keep_files_bytes: Option<u64>,
    /// How many days kept logs stay, unless their task is deleted before [default: 7]
    #[arg(long, env = "FOURNIL_KEEP_FILES_DAYS", value_name = "DAYS")]
    pub keep_files_days: Option<u32>,
    /// How many bytes all kept logs may have; the oldest go first [default: 1073741824]
    #[arg(long, env = "FOURNIL_KEEP_FILES_TOTAL_BYTES", value_name = "BYTES")]
    pub keep_files_total_bytes: Option<u64>,
}

/// The settings in force.
///
/// # Errors
/// When one is none that there is.
pub fn load(args: KeepArgs) -> anyhow::Result<Keep> {
    let usual = Keep::default();
    let keep = Keep {
        of: args.keep_files.map_or(Ok(usual.of), |text| of(&text))?,
        file_bytes: args.keep_files_bytes.unwrap_or(usual.file_bytes),
        days: args.keep_files_days.unwrap_or(usual.days),
        total_bytes: args.keep_files_total_bytes.unwrap_or(usual.total_bytes),
    };
    ensure!(
        keep.file_bytes <= LARGEST_FILE,
        "keep-files-bytes is at most {LARGEST_FILE}: larger results are for output files"
    );
    Ok(keep)
}

fn of(text: &str) -> anyhow::Result<KeepOf> {
    let all = [KeepOf::All, KeepOf::Failed, KeepOf::Nothing];
    let found = all.into_iter().find(|of| name(*of) == text);
    found.with_context(|| format!("keep-files is all, failed or nothing, not {text:?}"))
}

pub fn name(of: KeepOf) -> &'static str {
    match of {
        KeepOf::All => "all",
        KeepOf::Failed => "failed",
        KeepOf::Nothing => "nothing",
    }
}
