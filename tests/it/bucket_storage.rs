//! A storage account whose blobs are in a bucket. The bucket is a container of another server's storage, which speaks as Azure
//! does; between the two is a line that breaks. Real services are in `tests/sdk/storage`.
//! The line lives in the test's own threads, of which one waits for `fournil admin`.

use std::path::PathBuf;

use tokio::net::TcpListener;

use crate::storage::{BLOB, Reply, Storage};
use crate::support::fault_proxy::{Fault, FaultProxy};

struct Linked {
    /// Behind it.
    bucket: Storage,
    line: FaultProxy,
    near: Storage,
}

impl Linked {
    async fn start() -> Linked {
        // The bucket's server answers under names that it knows.
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let bucket = Storage::start_with(&["--allowed-host", &listener.local_addr().unwrap().to_string()]).await;
        let url = bucket.server.batch.url();
        let line = FaultProxy::at(listener, url.rsplit(':').next().unwrap().parse().unwrap());
        let mut near = Storage::without_container().await;
        let keys = bucket.server.admin(&["storage", "key"]);
        let file = near.server.data_dir().join("secret");
        std::fs::write(&file, format!("{}\n", keys["primary"].as_str().unwrap())).unwrap();
        let linked = near.server.admin(&words(&line, "far", &file.display().to_string()));
        assert_eq!(linked["bucket"]["kind"], "azure", "{linked}");
        near.account = "far".into();
        let linked = Linked { bucket, line, near };
        let made = linked.near.by_key("PUT", "/input?restype=container", &[], "").await;
        assert_eq!(made.status, 201, "{}", made.body);
        linked
    }

    async fn put(&self, name: &str, text: &str) -> Reply {
        self.near.by_key("PUT", &format!("/input/{name}"), &[BLOB], text).await
    }

    async fn get(&self, name: &str) -> Reply {
        self.near.by_key("GET", &format!("/input/{name}"), &[], "").await
    }

    /// What there is of it, seen from behind.
    async fn behind(&self, name: &str) -> Reply {
        self.bucket.by_key("GET", &format!("/con/kept/input/{name}"), &[], "").await
    }
}

fn words<'w>(line: &FaultProxy, name: &'w str, file: &'w str) -> Vec<&'w str> {
    let endpoint: &'static str = format!("http://127.0.0.1:{}/fournil", line.port).leak();
    vec![
        "storage", "link", "azure", name, "--account", "fournil", "--container", "con", "--prefix", "kept",
        "--endpoint", endpoint, "--secret-file", file,
    ]
}

fn drafts_and_files(storage: &Storage) -> usize {
    let files = |folder: PathBuf| std::fs::read_dir(folder).unwrap().flatten();
    let root = storage.server.data_dir().join("storage");
    files(root.join("files")).map(|folder| files(folder.path()).count()).sum::<usize>()
        + files(root.join("drafts")).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn blobs_are_in_the_bucket_and_nothing_of_them_stays_here() {
    let linked = Linked::start().await;
    let headers = [BLOB, ("x-ms-meta-kind", "x"), ("content-type", "text/plain")];
    assert_eq!(linked.near.by_key("PUT", "/input/a/b.txt", &headers, "0123456789").await.status, 201);
    let behind = linked.behind("a/b.txt").await;
    assert_eq!((behind.body.as_str(), &behind.headers["x-ms-meta-kind"]), ("0123456789", &"x".parse().unwrap()));
    let part = linked.near.by_key("GET", "/input/a/b.txt", &[("range", "bytes=3-5")], "").await;
    assert_eq!((part.status.as_u16(), part.body.as_str()), (206, "345"));
    assert_eq!(part.headers["content-type"], "text/plain");
    assert_eq!(part.headers["x-ms-blob-content-md5"], "eB5eJF1ptWaXm4bijSPyxw==");
    for (id, text) in [("YQ%3D%3D", "one "), ("Yg%3D%3D", "two")] {
        let put = linked.near.by_key("PUT", &format!("/input/c?comp=block&blockid={id}"), &[], text).await;
        assert_eq!(put.status, 201, "{}", put.body);
    }
    let list = "<BlockList><Latest>YQ==</Latest><Latest>Yg==</Latest></BlockList>";
    assert_eq!(linked.near.by_key("PUT", "/input/c?comp=blocklist", &[], list).await.status, 201);
    assert_eq!(linked.behind("c").await.body, "one two");
    let found = linked.near.by_key("GET", "/input?restype=container&comp=list&delimiter=%2F", &[], "").await.body;
    assert!(found.contains("<Name>a/</Name>") && found.contains("<Name>c</Name>"), "{found}");
    assert_eq!(drafts_and_files(&linked.near), 0);
    let again = linked.near.by_key("PUT", "/input/c", &[BLOB, ("if-none-match", "*")], "x").await;
    assert_eq!((again.status.as_u16(), again.error()), (409, "BlobAlreadyExists"));
    assert_eq!(linked.get("nothing").await.error(), "BlobNotFound");
    let elsewhere = linked.near.by_key("GET", "/elsewhere/a", &[], "").await;
    assert_eq!(elsewhere.error(), "ContainerNotFound");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_breaks_costs_time_and_no_bytes() {
    let linked = Linked::start().await;
    // More than goes up at once; the line breaks within its first part.
    let text = "0123456789abcdef".repeat((9 << 20) / 16);
    linked.line.then_afresh(&[Fault::Status(503), Fault::CutAfter(3_000_000)]);
    let put = linked.put("large", &text).await;
    assert_eq!(put.status, 201, "{}", put.body);
    linked.line.all_happened();
    // `behind` reads a MiB at most.
    let length = linked.bucket.by_key("HEAD", "/con/kept/input/large", &[], "").await;
    assert_eq!(length.headers["content-length"], text.len().to_string().as_str());
    linked.put("small", "0123456789").await;
    linked.line.then_afresh(&[Fault::Closed, Fault::Status(500)]);
    assert_eq!(linked.get("small").await.body, "0123456789");
    linked.line.all_happened();
    // The answer is cut in the middle of the body, after its head: what is missing is fetched.
    let middle = "x".repeat(500_000);
    linked.put("middle", &middle).await;
    linked.line.then_afresh(&[Fault::AnswerCut(200_000)]);
    assert_eq!(linked.get("middle").await.body, middle);
    linked.line.all_happened();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_that_fails_is_said_to_and_nothing_is_said_to_be_saved() {
    let linked = Linked::start().await;
    linked.put("a", "old").await;
    linked.line.then_afresh(&[Fault::Status(503); 40]);
    let refused = linked.put("a", "new").await;
    assert_eq!((refused.status.as_u16(), refused.error()), (503, "ServerBusy"), "{}", refused.body);
    assert!(refused.headers.contains_key("retry-after"));
    assert!(refused.body.contains("The bucket behind this storage account"), "{}", refused.body);
    assert_eq!(linked.get("a").await.status, 503);
    let state = |state: &str| assert_eq!(linked.near.server.admin(&["storage", "check", "far"])["state"], state);
    state("unavailable");
    assert_eq!(drafts_and_files(&linked.near), 0, "what was not saved is not kept");
    // The faults that are left are none of the next ones'.
    linked.line.forget();
    state("reachable");
    assert_eq!(linked.get("a").await.body, "old");
    linked.line.then_afresh(&[Fault::Status(403), Fault::Status(403)]);
    let refused = linked.get("a").await;
    assert_eq!((refused.status.as_u16(), refused.error()), (403, "AuthorizationFailure"), "{}", refused.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_has_to_answer_when_it_is_linked_and_its_secret_is_given_back_by_nothing() {
    let linked = Linked::start().await;
    let near = &linked.near.server;
    let file = near.data_dir().join("wrong");
    std::fs::write(&file, "d3Jvbmc=").unwrap();
    let refused = near.refused_admin(&words(&linked.line, "other", &file.display().to_string()));
    assert!(refused.contains("refuses the credentials"), "{refused}");
    let secret = std::fs::read_to_string(near.data_dir().join("secret")).unwrap();
    let listed = near.admin(&["storage", "list"]).to_string();
    assert!(listed.contains("\"far\"") && !listed.contains(secret.trim()), "{listed}");
    assert!(!near.log().contains(secret.trim()));
    linked.put("kept.txt", "what was there stays").await;
    near.admin(&["account", "create", "user", "--storage-account", "far"]);
    let refused = near.refused_admin(&["storage", "unlink", "far"]);
    assert!(refused.contains("user"), "{refused}");
    assert!(near.refused_admin(&["storage", "unlink", "fournil"]).contains("built in"));
    near.admin(&["account", "delete", "user", "--yes"]);
    near.admin(&["storage", "unlink", "far"]);
    assert_eq!(near.admin(&["storage", "list"]).as_array().unwrap().len(), 1);
    assert_eq!(linked.behind("kept.txt").await.body, "what was there stays");
}
