//! Files that an agent's tasks bring and leave, from and to a small web server.

use std::collections::HashMap;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use fournil::api::agent::{Attempt, Ended, RunTask, ToAgent, Welcome};
use fournil::api::{
    OutputFile, OutputFileContainer, OutputFileDestination, OutputFileUploadCondition, OutputFileUploadOptions,
    ResourceFile, StartTask, TaskExecutionResult,
};

use crate::agent_support::{TASK_USER, World, is_root, n_processes, sh, until, welcome};

/// What was asked for, and what was put.
#[derive(Clone, Default)]
pub struct Web {
    asked: Arc<Mutex<Vec<String>>>,
    pub stored: Arc<Mutex<HashMap<String, Vec<u8>>>>,
}

impl Web {
    /// Answers on all of loopback; says its port.
    pub async fn start() -> (Web, u16) {
        let web = Web::default();
        let listener = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let router = Router::new().fallback(answer).with_state(web.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        (web, port)
    }

    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn answer(State(web): State<Web>, request: Request) -> Response {
    let host = request.headers()[header::HOST].to_str().unwrap().to_owned();
    let port = host.rsplit(':').next().unwrap().to_owned();
    let path = request.uri().path().to_owned();
    web.asked.lock().unwrap().push(format!("{} {host}{path}", request.method()));
    let n_asked = web.asked().iter().filter(|line| line.ends_with(&path)).count();
    let redirect = |to: String| (StatusCode::FOUND, [(header::LOCATION, to)]).into_response();
    match path.as_str() {
        "/input" => "input of the task".into_response(),
        // With the checksum that Azure Storage gives of a blob.
        "/summed" => ([("content-md5", "Fd8IkFQBBfwzDTSc4O6RkQ==")], "bread and butter\n").into_response(),
        "/secret" => StatusCode::FORBIDDEN.into_response(),
        "/around" => redirect("/around".into()),
        "/to-input" => redirect("/input".into()),
        "/to-forbidden" => redirect(format!("http://127.0.0.9:{port}/input")),
        "/busy" if n_asked < 2 => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        "/busy" => "at last".into_response(),
        "/breaks" if n_asked < 2 => {
            let pieces = [Ok(Bytes::from_static(b"at la")), Err(std::io::Error::other("broken"))];
            Body::from_stream(futures_util::stream::iter(pieces)).into_response()
        }
        "/breaks" => "at last, whole".into_response(),
        "/out/run/busy.txt" if n_asked < 2 => StatusCode::TOO_MANY_REQUESTS.into_response(),
        "/slow" => {
            let forever = futures_util::stream::pending::<Result<Bytes, std::io::Error>>();
            Body::from_stream(forever).into_response()
        }
        "/container" if request.uri().query().unwrap().ends_with("marker=") => list("in/a.txt", "in/deep/b.txt", "2"),
        "/container" => list("in/c.txt", "in/folder/", ""),
        "/evil" => list("../../escape", "x", ""),
        _ if path.starts_with("/container/in/") => path.into_response(),
        _ if path.starts_with("/out/") && request.method() == "PUT" => {
            assert_eq!(request.headers()["x-ms-blob-type"], "BlockBlob");
            let body = axum::body::to_bytes(request.into_body(), 1 << 20).await.unwrap();
            web.stored.lock().unwrap().insert(path, body.to_vec());
            StatusCode::CREATED.into_response()
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

fn list(one: &str, other: &str, next: &str) -> Response {
    format!(
        "<EnumerationResults><Blobs><Blob><Name>{one}</Name></Blob><Blob><Name>{other}</Name></Blob></Blobs>\
         <NextMarker>{next}</NextMarker></EnumerationResults>"
    )
    .into_response()
}

pub fn file(port: u16, path: &str, name: &str) -> ResourceFile {
    let url = format!("http://127.0.0.1:{port}{path}");
    ResourceFile { http_url: Some(url), file_path: Some(name.into()), ..Default::default() }
}

pub fn output(port: u16, container: &str, pattern: &str, condition: OutputFileUploadCondition) -> OutputFile {
    let container = OutputFileContainer {
        container_url: format!("http://127.0.0.1:{port}/{container}?sig=x"),
        path: Some("run".into()),
        identity_reference: None,
        upload_headers: None,
    };
    OutputFile {
        file_pattern: pattern.into(),
        destination: OutputFileDestination { container: Some(container) },
        upload_options: OutputFileUploadOptions { upload_condition: condition },
    }
}

pub async fn end_of(world: &mut World, line: &str, change: impl FnOnce(&mut RunTask)) -> (Attempt, Ended) {
    let a = world.run_with(line, change).await;
    (a, world.ended(a).await)
}

pub fn code(ended: &Ended) -> &str {
    ended.failure.as_ref().map_or("", |failure| &failure.code)
}

#[tokio::test]
async fn resource_files_are_there_before_the_command_as_the_task_users() {
    let (_web, port) = Web::start().await;
    let mut world = World::start(welcome()).await;
    let files = vec![
        file(port, "/input", "in/put.txt"),
        ResourceFile { file_mode: Some("0640".into()), ..file(port, "/to-input", "plain") },
    ];
    let (a, ended) = end_of(&mut world, &sh("cat in/put.txt plain; ls"), |task| task.resource_files = files).await;
    assert_eq!(ended.exit, Some(0), "{ended:?}");
    assert!(ended.started.is_some());
    assert_eq!(world.output(a, "stdout.txt"), "input of the taskinput of the taskin\nplain\n");
    let meta = |name: &str| world.root().join(format!("workitems/j1/job-1/t{}/wd/{name}", a.task)).metadata().unwrap();
    assert_eq!(meta("in/put.txt").permissions().mode() & 0o777, 0o770);
    assert_eq!(meta("plain").permissions().mode() & 0o777, 0o640);
    if is_root() {
        assert_eq!(meta("plain").uid(), TASK_USER);
    }
}

#[tokio::test]
async fn blobs_of_a_container_keep_their_folders() {
    let (_web, port) = Web::start().await;
    let mut world = World::start(welcome()).await;
    let container = |name: &str| ResourceFile {
        storage_container_url: Some(format!("http://127.0.0.1:{port}/{name}?sig=x")),
        blob_prefix: Some("in/".into()),
        file_path: Some("data".into()),
        ..Default::default()
    };
    let (a, ended) =
        end_of(&mut world, "/usr/bin/find . -type f", |task| task.resource_files = vec![container("container")]).await;
    assert_eq!(ended.exit, Some(0), "{ended:?}");
    let mut lines: Vec<String> = world.output(a, "stdout.txt").lines().map(str::to_owned).collect();
    lines.sort();
    assert_eq!(lines, ["./data/in/a.txt", "./data/in/c.txt", "./data/in/deep/b.txt"]);
    let (_, ended) = end_of(&mut world, "/bin/true", |task| task.resource_files = vec![container("evil")]).await;
    assert_eq!((code(&ended), ended.exit), ("ResourceFileCreateFailed", None));
}

#[tokio::test]
async fn a_download_that_fails_ends_the_task_before_its_command() {
    let (_web, port) = Web::start().await;
    let mut world = World::start(welcome()).await;
    for (path, expected) in
        [("/none", "BlobNotFound"), ("/secret", "BlobAccessDenied"), ("/around", "BlobDownloadMiscError")]
    {
        let files = vec![file(port, path, "f")];
        let (a, ended) = end_of(&mut world, &sh("echo ran"), |task| task.resource_files = files).await;
        assert_eq!((code(&ended), ended.exit), (expected, None), "{path}");
        assert_eq!(world.output(a, "stdout.txt"), "");
        let source = &ended.failure.unwrap().details[1];
        assert_eq!(source.value, Some(format!("http://127.0.0.1:{port}{path}")));
    }
}

#[tokio::test]
async fn forbidden_addresses_are_not_spoken_to() {
    let (web, port) = Web::start().await;
    let forbidden_addresses = vec!["127.0.0.9/32".parse().unwrap()];
    let mut world = World::start(Welcome { forbidden_addresses, ..welcome() }).await;
    let direct =
        |host: &str| ResourceFile { http_url: Some(format!("http://{host}:{port}/input")), ..file(port, "", "f") };
    let ways = [
        direct("127.0.0.9"),
        direct("[::ffff:127.0.0.9]"),
        direct("[64:ff9b::7f00:9]"),
        // Decimal and hexadecimal spellings, where the resolver knows them.
        direct("2130706441"),
        direct("0x7f000009"),
        file(port, "/to-forbidden", "f"),
    ];
    for way in ways {
        let url = way.http_url.clone();
        let (_, ended) = end_of(&mut world, "/bin/true", |task| task.resource_files = vec![way]).await;
        assert!(code(&ended).starts_with("Blob"), "{url:?}: {ended:?}");
    }
    assert_eq!(web.asked(), [format!("GET 127.0.0.1:{port}/to-forbidden")]);
    let uploads = vec![OutputFile {
        destination: OutputFileDestination {
            container: Some(OutputFileContainer {
                container_url: format!("http://127.0.0.9:{port}/out"),
                path: None,
                identity_reference: None,
                upload_headers: None,
            }),
        },
        ..output(port, "out", "../stdout.txt", OutputFileUploadCondition::TaskCompletion)
    }];
    let (_, ended) = end_of(&mut world, "/bin/true", |task| task.output_files = uploads).await;
    assert_eq!(code(&ended), "FileUploadAccessDenied");
    assert_eq!(web.asked().len(), 1);
}

#[tokio::test]
async fn servers_that_are_busy_or_break_off_are_asked_again() {
    let (web, port) = Web::start().await;
    let mut world = World::start(welcome()).await;
    let rule = output(port, "out", "b*.txt", OutputFileUploadCondition::TaskSuccess);
    let (a, ended) = end_of(&mut world, &sh("cat one two >busy.txt; cat busy.txt; ls"), |task| {
        task.resource_files = vec![file(port, "/busy", "one"), file(port, "/breaks", "two")];
        task.output_files = vec![rule];
    })
    .await;
    assert_eq!((ended.exit, ended.failure), (Some(0), None));
    assert_eq!(world.output(a, "stdout.txt"), "at lastat last, wholebusy.txt\none\ntwo\n", "and no draft is left");
    assert_eq!(web.stored.lock().unwrap()["/out/run/busy.txt"], b"at lastat last, whole");
}

#[tokio::test]
async fn a_task_that_is_killed_downloads_no_more() {
    let (web, port) = Web::start().await;
    let mut world = World::start(welcome()).await;
    let a = world.run_with("/bin/true", |task| task.resource_files = vec![file(port, "/slow", "f")]).await;
    world.started(a).await;
    until(|| !web.asked().is_empty()).await;
    let folder = world.root().join(format!("workitems/j1/job-1/t{}/wd", a.task));
    world.say(ToAgent::Kill { attempts: vec![a] }).await;
    world.gave_back(a).await;
    assert_eq!(n_processes(&folder.display().to_string()), 0);
    assert_eq!(world.rest().await, []);
}

#[tokio::test]
async fn the_time_for_a_task_counts_from_its_downloads() {
    let (_web, port) = Web::start().await;
    let mut world = World::start(welcome()).await;
    let (_, ended) = end_of(&mut world, "/bin/true", |task| {
        task.resource_files = vec![file(port, "/slow", "f")];
        task.max_wall_clock = Some(fournil::api::Duration::from_millis(300));
    })
    .await;
    assert_eq!((code(&ended), ended.exit), ("TaskEnded", None));
}

#[tokio::test]
async fn output_files_are_uploaded_when_their_condition_holds() {
    let (web, port) = Web::start().await;
    let mut world = World::start(welcome()).await;
    use OutputFileUploadCondition::{TaskCompletion, TaskFailure, TaskSuccess};
    let rules = || {
        vec![
            output(port, "out", "../std*.txt", TaskCompletion),
            output(port, "out", "res/**/*.csv", TaskSuccess),
            output(port, "out", "core", TaskFailure),
        ]
    };
    let script = "mkdir -p res/deep; echo 1 >res/a.csv; echo 2 >res/deep/b.csv; echo 3 >core; echo said";
    let (a, ended) = end_of(&mut world, &sh(script), |task| task.output_files = rules()).await;
    assert_eq!((ended.exit, ended.failure), (Some(0), None));
    let stored = || {
        let mut stored: Vec<_> = web.stored.lock().unwrap().drain().collect();
        stored.sort();
        stored.into_iter().map(|(path, body)| (path, String::from_utf8(body).unwrap())).collect::<Vec<_>>()
    };
    let expected = [
        ("/out/run/a.csv", "1\n"),
        ("/out/run/deep/b.csv", "2\n"),
        ("/out/run/stderr.txt", ""),
        ("/out/run/stdout.txt", "said\n"),
    ];
    assert_eq!(stored(), expected.map(|(path, body)| (path.to_owned(), body.to_owned())));
    assert!(world.output(a, "fileuploadout.txt").contains("res/a.csv -> run/a.csv (2 bytes)"));
    assert_eq!(world.output(a, "fileuploaderr.txt"), "");

    let (_, ended) = end_of(&mut world, &sh("echo 3 >core; exit 4"), |task| task.output_files = rules()).await;
    assert_eq!((ended.exit, code(&ended)), (Some(4), "FailureExitCode"));
    assert!(stored().iter().any(|(path, _)| path == "/out/run"), "a pattern without wildcards names its blob");
}

#[tokio::test]
async fn an_upload_that_fails_fails_the_task_and_keeps_its_exit_code() {
    let (_web, port) = Web::start().await;
    let mut world = World::start(welcome()).await;
    for (container, expected) in [("none", "FileUploadContainerNotFound"), ("secret", "FileUploadContainerNotFound")] {
        let rule = output(port, container, "../stdout.txt", OutputFileUploadCondition::TaskSuccess);
        let (a, ended) = end_of(&mut world, "/bin/true", |task| task.output_files = vec![rule]).await;
        assert_eq!((code(&ended), ended.exit), (expected, Some(0)));
        assert!(world.output(a, "fileuploaderr.txt").contains(expected));
    }
}

#[tokio::test]
async fn a_start_task_gets_its_files_or_fails() {
    let (_web, port) = Web::start().await;
    let start = |path: &str| {
        let resource_files = Some(vec![file(port, path, "f")]);
        Welcome {
            start_task: Some(StartTask { command_line: sh("cat f"), resource_files, ..Default::default() }),
            ..welcome()
        }
    };
    for (path, result) in [("/input", TaskExecutionResult::Success), ("/none", TaskExecutionResult::Failure)] {
        let mut world = World::start(start(path)).await;
        let info = world
            .hear(|message| match message {
                fournil::api::agent::FromAgent::StartTask(report) if report.info.result.is_some() => {
                    Some(report.info.clone())
                }
                _ => None,
            })
            .await;
        assert_eq!(info.result, Some(result), "{info:?}");
        if result == TaskExecutionResult::Failure {
            assert_eq!((info.failure_info.unwrap().code.as_str(), info.exit_code), ("BlobNotFound", None));
        }
    }
}
