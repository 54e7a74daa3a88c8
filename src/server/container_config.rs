//! Containers, as the operator decides.

use anyhow::{bail, ensure};

use crate::domain::container::{Allowed, Containers};

#[derive(clap::Args, Clone, Debug, Default)]
pub struct ContainerArgs {
    /// The program that runs the containers of tasks: Podman, by its name or its path [default: podman]
    #[arg(long, env = "FOURNIL_CONTAINER_RUNTIME", value_name = "PROGRAM")]
    pub container_runtime: Option<String>,
    /// Which run options tasks may give their containers: safe, those that give them no more than tasks without containers have; or
    /// any, with which whoever may add tasks has this machine [default: safe]
    #[arg(long, env = "FOURNIL_CONTAINER_OPTIONS", value_name = "WHICH")]
    pub container_options: Option<String>,
}

/// # Errors
/// When a value is not valid.
pub fn load(args: ContainerArgs) -> anyhow::Result<Containers> {
    let allowed = match args.container_options.as_deref() {
        None | Some("safe") => Allowed::Safe,
        Some("any") => Allowed::Any,
        Some(other) => bail!("container-options is safe or any, not {other:?}"),
    };
    let program = args.container_runtime.unwrap_or_else(|| Containers::default().program);
    // Agents have another working directory.
    let is_name_or_path = !program.contains('/') || program.starts_with('/');
    ensure!(
        !program.is_empty() && !program.starts_with('-') && is_name_or_path && !program.contains('\0'),
        "{program:?} is neither a program's name nor a path from the root on (container-runtime)"
    );
    Ok(Containers { program, allowed })
}

pub fn name(allowed: Allowed) -> &'static str {
    match allowed {
        Allowed::Safe => "safe",
        Allowed::Any => "any",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(runtime: Option<&str>, options: Option<&str>) -> anyhow::Result<Containers> {
        load(ContainerArgs { container_runtime: runtime.map(Into::into), container_options: options.map(Into::into) })
    }

    #[test]
    fn containers_are_safe_unless_the_operator_says_otherwise() {
        assert_eq!(of(None, None).unwrap(), Containers::default());
        assert_eq!(of(Some("/opt/podman"), Some("any")).unwrap().allowed, Allowed::Any);
        for (runtime, options) in
            [(Some("bin/podman"), None), (Some("--x"), None), (Some(""), None), (None, Some("all"))]
        {
            assert!(of(runtime, options).is_err(), "{runtime:?} {options:?}");
        }
    }
}
