//! Storage that breaks off, lies, loses answers and is busy: what arrives is whole or is not there, and the task says why.

use fournil::api::agent::Package;
use fournil::api::{OutputFileUploadCondition, Secret};

use crate::agent_support::{World, sh, welcome};
use crate::agent_transfers::{Web, code, end_of, file, output};
use crate::support::fault_proxy::{Fault, FaultProxy};

#[tokio::test]
async fn a_download_is_whole_however_often_it_breaks() {
    let (_web, port) = Web::start().await;
    let proxy = FaultProxy::before(port).await;
    let mut world = World::start(welcome()).await;
    // Each of the three files meets two of them; the answers' heads are longer than 60 bytes.
    proxy.then(&[Fault::Closed, Fault::AnswerCut(60)]);
    proxy.then(&[Fault::Slow]);
    proxy.then(&[Fault::AnswerChanged, Fault::Status(503)]);
    let files = ["a", "b", "c"].map(|name| file(proxy.port, "/summed", name)).to_vec();
    let (a, ended) = end_of(&mut world, &sh("cat a b c; ls"), |task| task.resource_files = files).await;
    assert_eq!((ended.exit, ended.failure), (Some(0), None));
    let whole = "bread and butter\n".repeat(3);
    assert_eq!(world.output(a, "stdout.txt"), format!("{whole}a\nb\nc\n"), "and no draft is left");
    proxy.all_happened();
}

#[tokio::test]
async fn an_upload_is_whole_however_often_it_breaks() {
    let (web, port) = Web::start().await;
    let proxy = FaultProxy::before(port).await;
    let mut world = World::start(welcome()).await;
    // Half a body, an answer that is lost after the deed, and a server that has no time.
    proxy.then(&[Fault::RequestCut(40_000), Fault::AnswerLost, Fault::Status(500)]);
    let rule = output(proxy.port, "out", "big.txt", OutputFileUploadCondition::TaskCompletion);
    let (_, ended) = end_of(&mut world, &sh("seq 1 20000 >big.txt"), |task| task.output_files = vec![rule]).await;
    assert_eq!((ended.exit, ended.failure), (Some(0), None));
    let expected: String = (1..=20_000).map(|n| format!("{n}\n")).collect();
    let stored = web.stored.lock().unwrap();
    assert_eq!(stored.keys().collect::<Vec<_>>(), ["/out/run"]);
    assert!(stored["/out/run"] == expected.as_bytes(), "what is stored is not what was sent");
    proxy.all_happened();
}

#[tokio::test]
async fn what_no_second_try_mends_is_said_at_once() {
    let (web, port) = Web::start().await;
    let proxy = FaultProxy::before(port).await;
    let mut world = World::start(welcome()).await;
    for (status, expected) in [(404, "BlobNotFound"), (403, "BlobAccessDenied"), (400, "BlobDownloadMiscError")] {
        proxy.then(&[Fault::Status(status)]);
        let files = vec![file(proxy.port, "/input", "f")];
        let (a, ended) = end_of(&mut world, &sh("echo ran"), |task| task.resource_files = files).await;
        assert_eq!((code(&ended), ended.exit), (expected, None), "{status}");
        assert_eq!(world.output(a, "stdout.txt"), "");
    }
    for (status, expected) in
        [(404, "FileUploadContainerNotFound"), (403, "FileUploadAccessDenied"), (400, "FileUploadMiscError")]
    {
        proxy.then(&[Fault::Status(status)]);
        let rule = output(proxy.port, "out", "../stdout.txt", OutputFileUploadCondition::TaskCompletion);
        let (_, ended) = end_of(&mut world, "/bin/true", |task| task.output_files = vec![rule]).await;
        assert_eq!((code(&ended), ended.exit), (expected, Some(0)), "{status}");
    }
    proxy.all_happened();
    assert_eq!(web.asked(), [""; 0], "nothing came to the server");
}

#[tokio::test]
async fn a_package_that_is_not_there_any_more_fails_its_task() {
    let (_web, port) = Web::start().await;
    let proxy = FaultProxy::before(port).await;
    let mut world = World::start(welcome()).await;
    let package = |path: &str| Package {
        application: "tool".into(),
        version: "1".into(),
        directory: "applications/tool/1/x".into(),
        url: Secret(format!("http://127.0.0.1:{}{path}", proxy.port)),
        ..Package::default()
    };
    for (fault, path) in [(Fault::Status(404), "/input"), (Fault::Slow, "/input")] {
        proxy.then(&[fault]);
        let packages = vec![package(path)];
        let (_, ended) = end_of(&mut world, "/bin/true", |task| task.packages = packages).await;
        // What comes slowly is no zip file.
        let failure = ended.failure.expect("nothing was deployed");
        assert_eq!((failure.code.as_str(), ended.exit), ("ApplicationPackageError", None), "{fault:?}");
    }
    proxy.all_happened();
}
