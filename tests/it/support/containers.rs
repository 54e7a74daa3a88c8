//! A container program for tests: Podman with a store of its own and an image of one file, busybox, where the system lets
//! containers be run; else, or where `FOURNIL_TEST_CONTAINERS=played` asks for it, a script that plays Podman with ordinary
//! processes.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// The image that there is, whose own command says where it comes from.
pub const IMAGE: &str = "localhost/busybox:1";

pub struct ContainerProgram {
    folder: TempDir,
    is_real: bool,
}

impl ContainerProgram {
    pub fn make() -> ContainerProgram {
        let folder = tempfile::Builder::new().prefix("ctr").tempdir().unwrap();
        let mut program = ContainerProgram { folder, is_real: true };
        let wants_played = std::env::var("FOURNIL_TEST_CONTAINERS").is_ok_and(|value| value == "played");
        // The second hides the newer hierarchy of control groups where both are there, which crun does not take.
        for hides in [false, true].into_iter().filter(|_| !wants_played) {
            program.write(&podman(program.folder.path(), hides));
            match program.try_podman() {
                Ok(()) => return program,
                Err(reason) => eprintln!("containers cannot be run here (hides: {hides}): {reason}"),
            }
        }
        eprintln!("a script plays Podman in this test");
        program.is_real = false;
        program.write(FAKE);
        program
    }

    pub fn path(&self) -> String {
        self.folder.path().join("podman").display().to_string()
    }

    /// The containers that there are.
    pub fn containers(&self) -> Vec<String> {
        let output = self.run(&["ps", "--all", "--quiet", "--no-trunc"]);
        String::from_utf8(output.stdout).unwrap().split_whitespace().map(str::to_owned).collect()
    }

    fn write(&self, text: &str) {
        let path = self.folder.path().join("podman");
        fs::write(&path, text).unwrap();
        fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
    }

    fn try_podman(&self) -> Result<(), String> {
        let root = self.folder.path().join("image");
        fs::create_dir_all(root.join("bin")).map_err(|e| e.to_string())?;
        fs::copy("/bin/busybox", root.join("bin/busybox")).map_err(|e| format!("/bin/busybox: {e}"))?;
        for name in ["sh", "cat", "echo", "sleep", "id", "env", "pwd", "true", "touch"] {
            let _ = std::os::unix::fs::symlink("busybox", root.join("bin").join(name));
        }
        let tar = self.folder.path().join("image.tar");
        succeed(&output("tar", &["-C", &root.display().to_string(), "-cf", &tar.display().to_string(), "."]))?;
        let command = r#"CMD ["/bin/echo","the image's own"]"#;
        succeed(&self.run(&["import", "--change", command, &tar.display().to_string(), IMAGE]))?;
        let limits = ["--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024"];
        let options = ["run", "--rm", "--network=host", "--cgroups=disabled", "--log-driver=passthrough"];
        succeed(&self.run(&[&options[..], &limits, &[IMAGE, "true"]].concat()))
    }

    fn run(&self, arguments: &[&str]) -> Output {
        // A system that lets no containers be run may also let the program wait for ever.
        let path = self.path();
        output("timeout", &[&["--kill-after=5", "60", path.as_str()], arguments].concat())
    }
}

impl Drop for ContainerProgram {
    fn drop(&mut self) {
        if self.is_real {
            self.run(&["rm", "--all", "--force", "--time=0"]);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the program that is tested with")]
fn output(program: &str, arguments: &[&str]) -> Output {
    let made = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    made.unwrap_or_else(|error| panic!("{program}: {error}"))
}

fn succeed(output: &Output) -> Result<(), String> {
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
    }
}

fn podman(folder: &Path, hides: bool) -> String {
    let folder = folder.display();
    let podman = format!("exec podman --root {folder}/store --runroot {folder}/run --storage-driver vfs");
    if hides {
        format!(
            "#!/bin/sh\nexec unshare -m --propagation slave sh -c 'umount /sys/fs/cgroup/unified 2>/dev/null; {podman} \"$@\"' podman \"$@\"\n"
        )
    } else {
        format!("#!/bin/sh\n{podman} \"$@\"\n")
    }
}

/// Plays what the agent uses of Podman. A container is a file in the script's folder.
const FAKE: &str = r#"#!/bin/sh
folder=$(dirname "$0")
mkdir -p "$folder/made"
case $1 in
  --version) echo 'podman version 4.0 (played)'; exit 0 ;;
  image) [ "$2" = inspect ] && echo null && exit 0; [ "$3" = localhost/busybox:1 ]; exit $? ;;
  pull) echo "Error: initializing source: connection refused" >&2; exit 125 ;;
  ps) ls "$folder/made"; exit 0 ;;
  rm) shift; for word; do case $word in -*) ;; *) rm -f "$folder/made/$word" ;; esac; done; exit 0 ;;
esac
shift
directory=/ user= groups= variables= id_file=
while [ $# -gt 0 ]; do
  case $1 in
    --cidfile=*) id_file=${1#*=} ;;
    --env-file=*) variables=${1#*=} ;;
    --env=*) extra=${1#*=} ;;
    --workdir=*) directory=${1#*=} ;;
    --user=*) user=${1#*=} ;;
    --group-add=*) groups=$groups,${1#*=} ;;
    -*) ;;
    *) break ;;
  esac
  shift
done
image=$1; shift
[ "$image" = localhost/busybox:1 ] || { echo "Error: $image: image not known" >&2; exit 125; }
id=$(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n')
: >"$folder/made/$id"
printf %s "$id" >"$id_file"
[ $# -gt 0 ] || set -- /bin/echo "the image's own"
set -f
IFS='
'
set -- env -i PATH=/usr/bin:/bin $(cat "$variables") ${extra:-} "$@"
unset IFS
cd "$directory" || exit 126
case $groups in "") groups=--clear-groups ;; *) groups=--groups=${groups#,} ;; esac
setpriv --reuid "${user%:*}" --regid "${user#*:}" $groups --no-new-privs "$@" &
child=$!
trap 'kill $child' TERM
wait $child
code=$?
rm -f "$folder/made/$id"
exit $code
"#;
