//! The server's disk fills up and is freed again.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use crate::agent_support::is_root;
use crate::support::real_server::RealServer;

/// A file system of this size at a folder, until it is dropped.
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    pub fn mount(folder: &Path, mib: u32) -> SmallDisk {
        std::fs::create_dir_all(folder).unwrap();
        run("mount", &["-t", "tmpfs", "-o", &format!("size={mib}m,mode=700"), "tmpfs"], folder);
        SmallDisk(folder.to_owned())
    }

    /// Writes until there is no room for one byte more.
    fn fill(&self) {
        let mut file = std::fs::File::create(self.0.join("filler")).unwrap();
        for length in [1 << 16, 1] {
            while file.write_all(&vec![0; length]).is_ok() {}
        }
    }

    fn free(&self) {
        std::fs::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        run("umount", &["--lazy"], &self.0);
    }
}

fn run(program: &str, args: &[&str], folder: &Path) {
    #[expect(clippy::disallowed_methods, reason = "mounting takes the system's own programs")]
    let status = Command::new(program).args(args).arg(folder).status().unwrap();
    assert!(status.success(), "{program} ended with {status}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_full_disk_changes_are_refused_reads_go_on_and_it_recovers_by_itself() {
    if !is_root() {
        return;
    }
    let mut disk = None;
    let mut server = RealServer::start_on(|folder| disk = Some(SmallDisk::mount(folder, 24)), &[], None).await;
    let disk = disk.unwrap();
    let pool = |id: String| json!({ "id": id, "vmSize": "local_1", "targetDedicatedNodes": 0 });
    server.batch.post("/pools", pool("before".into())).await.is(201);

    disk.fill();
    // What is written ahead may still have a little room.
    let mut refused = None;
    for n in 0..200 {
        let answer = server.batch.ask("POST", "/pools", Some(&pool(format!("full-{n}")))).await.unwrap();
        if answer.status != 201 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("a full disk takes no more");
    refused.header("retry-after").parse::<u32>().unwrap();
    refused.is_error(503, "ServerBusy");
    server.batch.get("/pools/before").await.is(200);
    assert!(!server.batch.all("/pools").await.is_empty());

    disk.free();
    server.batch.post("/pools", pool("after".into())).await.is(201);
    server.is_sound();
    // What was answered is there after a kill, too.
    server.kill9();
    server.restart();
    server.batch.get("/pools/after").await.is(200);
}
