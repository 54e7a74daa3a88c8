//! Brings container images to the node, with the container program and the agent's rights.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Command, Output, Stdio};

use super::failure::{self, Result};
use crate::agent::container::authentication;
use crate::api::ContainerRegistry;

/// The error of a node, or of a task, for which an image is not there. Source: Batch's error codes as users quote them.
pub const INVALID_IMAGE: &str = "ContainerInvalidImage";

/// Chosen here: Azure's images of virtual machines have a container program or are refused with the pool.
pub const NO_PROGRAM: &str = "ContainerRuntimeUnavailable";

/// What of the program's complaint is said.
const LONGEST_COMPLAINT: usize = 2000;

/// What is on the node already is not asked for again.
pub fn all(program: &str, images: &[String], registries: &[ContainerRegistry]) -> Result<()> {
    let version = run(program, &["--version"]).map_err(|error| no_program(program, &error))?;
    if !version.status.success() {
        return Err(no_program(program, &complaint(&version)));
    }
    let papers = Papers::write(registries).map_err(|error| no_program(program, &error.to_string()))?;
    images.iter().try_for_each(|image| one(program, image, &papers))
}

fn one(program: &str, image: &str, papers: &Papers) -> Result<()> {
    let of = |reason: &str| {
        failure::failure(
            INVALID_IMAGE,
            format!("The container image {image} could not be brought to the node: {reason}"),
            &[("Image", image)],
        )
    };
    let is_there = run(program, &["image", "exists", image]).map_err(|error| of(&error))?;
    match is_there.status.code() {
        Some(0) => {}
        Some(1) => {
            let authentication = format!("--authfile={}", papers.path);
            let pulled = run(program, &["pull", "--quiet", &authentication, image]).map_err(|error| of(&error))?;
            if !pulled.status.success() {
                return Err(of(&complaint(&pulled)));
            }
        }
        _ => return Err(of(&complaint(&is_there))),
    }
    let asked = ["image", "inspect", "--format={{json .Annotations}}", image];
    let inspected = run(program, &asked).map_err(|error| of(&error))?;
    if !inspected.status.success() {
        return Err(of(&complaint(&inspected)));
    }
    match order(&String::from_utf8_lossy(&inspected.stdout)) {
        Ok(None) => Ok(()),
        Ok(Some(name)) => Err(of(&format!("its annotation {name} is an order to the container program."))),
        Err(error) => Err(of(&format!("its annotations cannot be read: {error}."))),
    }
}

/// The annotation of an image by which the programs that run containers take orders, if it has one. They follow it with the
/// agent's rights: by `run.oci.keep_original_groups`, say, a container is in the agent's groups.
fn order(annotations: &str) -> serde_json::Result<Option<String>> {
    const ORDERS: [&str; 7] =
        ["run.oci.", "io.podman.", "io.containers.", "io.katacontainers.", "org.systemd.", "org.criu.", "module.wasm."];
    let all: Option<BTreeMap<String, String>> = serde_json::from_str(annotations)?;
    let is_order = |name: &String| ORDERS.iter().any(|prefix| name.starts_with(prefix));
    Ok(all.unwrap_or_default().into_keys().find(is_order))
}

/// Passwords of registries, in a file of the agent's folder for as long as this process needs it.
struct Papers {
    path: String,
}

impl Papers {
    fn write(registries: &[ContainerRegistry]) -> std::io::Result<Papers> {
        let folder = std::env::current_dir()?;
        let path = folder.join(format!("{}.auth", std::process::id())).display().to_string();
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
        let papers = Papers { path };
        let known: Vec<&ContainerRegistry> = registries.iter().collect();
        file.write_all(authentication(&known).as_bytes())?;
        Ok(papers)
    }
}

impl Drop for Papers {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

#[expect(clippy::disallowed_methods, reason = "this process is no agent: nobody else waits for its children")]
fn run(program: &str, arguments: &[&str]) -> std::result::Result<Output, String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    output.map_err(|error| format!("{program} could not be run: {error}"))
}

fn no_program(program: &str, reason: &str) -> crate::api::TaskFailureInformation {
    let message = format!(
        "The pool's tasks run in containers, and the container program {program} does not work on this node: {reason} \
         Install Podman on the machine, or say --container-runtime."
    );
    failure::failure(NO_PROGRAM, message, &[])
}

fn complaint(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let text = text.trim();
    let start = text.len().saturating_sub(LONGEST_COMPLAINT);
    let start = (start..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    format!("{}.", text[start..].trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_gives_the_container_program_no_orders() {
        let of = |text: &str| order(text).unwrap();
        assert_eq!(of("null\n"), None);
        assert_eq!(of(r#"{"org.opencontainers.image.base.name":"x"}"#), None);
        assert_eq!(
            of(r#"{"a":"b","run.oci.keep_original_groups":"1"}"#),
            Some("run.oci.keep_original_groups".to_owned())
        );
        assert!(order("").is_err());
    }
}
