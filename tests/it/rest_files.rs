//! Files of tasks and nodes through REST. The node's files are the test's.

use fournil::api::TaskState;
use serde_json::json;

use crate::support::rest::{Answer, Rest};

/// Task `t` of job `j` has run on a node; `stdout.txt` has what `0123456789` says.
async fn with_files() -> (Rest, String) {
    let rest = Rest::new().await;
    rest.world.pool("p", 1, 1).await;
    rest.world.job("j", "p").await;
    rest.world.tasks("j", &["t"]).await;
    let mut node = rest.world.node().await;
    let run = node.runs().await;
    node.ended(&run[0], 0);
    rest.world.until_task("j", "t", |t| t.state == TaskState::Completed).await;
    for (name, content) in [("stdout.txt", "0123456789"), ("stderr.txt", ""), ("wd/é a#b.txt", "x")] {
        rest.files.put(&format!("workitems/j/job-1/t/{name}"), content.as_bytes());
    }
    (rest, node.id)
}

const STDOUT: &str = "/jobs/j/tasks/t/files/stdout.txt";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_read_whole_or_in_part_and_always_with_200() {
    let (rest, _) = with_files().await;
    let whole = rest.get(STDOUT).await.is(200);
    assert_eq!((whole.bytes.as_slice(), whole.header("content-length")), (&b"0123456789"[..], "10"));
    assert_eq!(whole.header("ocp-batch-file-isdirectory"), "false");
    assert_eq!(whole.header("ocp-batch-file-mode"), "0o100644");
    assert_eq!(whole.header("content-type"), "text/plain");
    assert!(whole.header("ocp-batch-file-url").ends_with("%2Fstdout.txt"), "{}", whole.header("ocp-batch-file-url"));
    let part = async |range: &str| rest.send(rest.ask("GET", STDOUT).header("ocp-range", range)).await;
    for (range, expected) in [
        ("bytes=2-4", "234"),
        ("bytes=7-", "789"),
        ("bytes=-2", "89"),
        ("bytes=9-10", "9"),
        ("bytes=0-99", "0123456789"),
    ] {
        let answer = part(range).await.is(200);
        assert_eq!(String::from_utf8(answer.bytes.clone()).unwrap(), expected, "{range}");
        assert_eq!(answer.header("content-length"), expected.len().to_string(), "{range}");
    }
    part("bytes=10-").await.is_error(416, "InvalidRange");
    part("lines=1-2").await.is_error(400, "InvalidHeaderValue");
    let empty = rest.ask("GET", "/jobs/j/tasks/t/files/stderr.txt").header("ocp-range", "bytes=0-99");
    assert!(rest.send(empty).await.is(200).bytes.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn head_says_how_long_a_file_is() {
    let (rest, _) = with_files().await;
    let head = rest.send(rest.ask("HEAD", STDOUT)).await.is(200);
    assert_eq!((head.header("content-length"), head.bytes.len()), ("10", 0));
    assert_eq!(head.header("last-modified"), "Fri, 15 Jan 2027 07:43:20 GMT");
    assert_eq!(rest.send(rest.ask("HEAD", "/jobs/j/tasks/t/files/none")).await.status, 404);
    let new = rest.ask("GET", STDOUT).header("if-modified-since", "Fri, 15 Jan 2027 07:43:20 GMT");
    rest.send(new).await.is(304);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_file_comes_whole_piece_by_piece() {
    let (rest, _) = with_files().await;
    let long: Vec<u8> = (0..3_000_001u32).map(|n| (n % 251) as u8).collect();
    rest.files.put("workitems/j/job-1/t/wd/long.bin", &long);
    let whole = rest.get("/jobs/j/tasks/t/files/wd/long.bin").await.is(200);
    assert!(whole.bytes == long);
    let ask = rest.ask("GET", "/jobs/j/tasks/t/files/wd/long.bin").header("ocp-range", "bytes=1000000-2500000");
    let part: Answer = rest.send(ask).await.is(200);
    assert!(part.bytes == long[1_000_000..=2_500_000]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_are_listed_with_their_urls_and_names_go_there_and_back() {
    let (rest, node) = with_files().await;
    let list = rest.get("/jobs/j/tasks/t/files?recursive=true").await.is(200);
    assert_eq!(list.each("name"), ["stderr.txt", "stdout.txt", "wd/é a#b.txt"]);
    let url = list.each("url")[2].clone();
    assert_eq!(url, "http://batch.example:8080/jobs/j/tasks/t/files/wd/%C3%A9%20a%23b.txt");
    let odd = rest.get(url.strip_prefix("http://batch.example:8080").unwrap()).await.is(200);
    assert_eq!(odd.bytes, b"x");
    let filtered =
        rest.get("/jobs/j/tasks/t/files?recursive=true&$filter=startswith(name,%27std%27)&maxresults=1").await;
    assert_eq!(filtered.each("name"), ["stderr.txt"]);
    let link = filtered.json()["odata.nextLink"].as_str().unwrap().to_owned();
    assert!(link.contains("recursive=true"), "{link}");
    let next = rest.get(link.strip_prefix("http://batch.example:8080").unwrap()).await.is(200);
    assert_eq!((next.each("name"), next.json().get("odata.nextLink")), (vec!["stdout.txt".to_owned()], None));

    // Clients encode the whole path of a node's file as one part.
    let path = format!("/pools/p/nodes/{node}/files/workitems%2Fj%2Fjob-1%2Ft%2Fstdout.txt");
    assert_eq!(rest.get(&path).await.is(200).bytes, b"0123456789");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_deleted_once() {
    let (rest, _) = with_files().await;
    rest.delete(STDOUT).await.is(200);
    rest.delete(STDOUT).await.is_error(404, "FileNotFound");
    rest.get(STDOUT).await.is_error(404, "FileNotFound");
    assert_eq!(rest.files.paths().len(), 2);
}

#[tokio::test]
async fn a_task_that_has_not_run_has_no_files_yet() {
    let rest = Rest::new().await;
    rest.world.job("j", "p").await;
    rest.post("/jobs/j/tasks", json!({ "id": "t", "commandLine": "x" })).await.is(201);
    rest.get("/jobs/j/tasks/t/files").await.is_error(409, "OperationInvalidForCurrentState");
    rest.get(STDOUT).await.is_error(409, "OperationInvalidForCurrentState");
    rest.get("/jobs/j/tasks/x/files").await.is_error(404, "TaskNotFound");
}
