use std::io::{Cursor, Seek};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::*;

type Writer = ZipWriter<Cursor<Vec<u8>>>;

const SMALL: Limits = Limits { bytes: 1 << 20, entries: 20, depth: 4, free_bytes: 1 << 16, ..Limits::USUAL };

/// Unpacks what `fill` makes; the folder is below the one that is returned.
fn unpacked(limits: Limits, fill: impl FnOnce(&mut Writer)) -> (tempfile::TempDir, Result<(), String>) {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    fill(&mut writer);
    of_bytes(limits, &writer.finish().unwrap().into_inner())
}

fn of_bytes(limits: Limits, bytes: &[u8]) -> (tempfile::TempDir, Result<(), String>) {
    let dir = tempfile::tempdir().unwrap();
    let mut archive = tempfile::tempfile().unwrap();
    archive.write_all(bytes).unwrap();
    archive.rewind().unwrap();
    let result = unpack(archive, &dir.path().join("in"), limits);
    // Nothing is ever made beside the folder.
    let names: Vec<_> = std::fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(names.iter().all(|name| name == "in"), "{names:?}");
    (dir, result)
}

fn file(writer: &mut Writer, name: &str, text: &[u8]) {
    writer.start_file(name, SimpleFileOptions::default()).unwrap();
    writer.write_all(text).unwrap();
}

fn check_refused(what: &str, limits: Limits, fill: impl FnOnce(&mut Writer)) {
    let reason = unpacked(limits, fill).1.expect_err(what);
    assert!(reason.contains(what), "{reason}");
}

#[test]
fn files_and_folders_come_out_as_they_went_in() {
    let (dir, result) = unpacked(SMALL, |writer| {
        file(writer, "./bin/run.sh", b"#!/bin/sh\n");
        writer.add_directory("empty/", SimpleFileOptions::default()).unwrap();
        file(writer, "a/b/c/d", b"deep");
    });
    assert_eq!(result, Ok(()));
    let folder = dir.path().join("in");
    assert_eq!(std::fs::read(folder.join("bin/run.sh")).unwrap(), b"#!/bin/sh\n");
    assert_eq!(std::fs::read(folder.join("a/b/c/d")).unwrap(), b"deep");
    assert!(folder.join("empty").is_dir());
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    for name in ["../x", "a/../../x", "/etc/x", "..\\x", "a\nb"] {
        check_refused("leads elsewhere", SMALL, |writer| file(writer, name, b"x"));
    }
}

#[test]
fn links_and_special_files_are_refused() {
    check_refused("link or a special file", SMALL, |writer| {
        writer.add_symlink("link", "/etc/passwd", SimpleFileOptions::default()).unwrap();
        file(writer, "link/x", b"x");
    });
    for mode in [0o010_644, 0o020_644, 0o060_644, 0o140_644] {
        assert!(!is_plain(Some(mode)), "{mode:o}");
    }
    // Set-user-id is a right of a plain file; it is not taken over.
    assert!(is_plain(Some(0o104_755)) && is_plain(None));
}

#[test]
fn a_bomb_stops_at_the_limit_of_its_bytes() {
    let zeros = vec![0; 300 << 10];
    check_refused("becomes larger than 65536 bytes", SMALL, |writer| file(writer, "zeros", &zeros));
    check_refused("becomes larger", Limits { ratio: 10, ..SMALL }, |writer| {
        (0..10).for_each(|n| file(writer, &format!("zeros{n}"), &zeros[..8 << 10]));
    });
    // What was large before may be large afterwards.
    let noise: Vec<u8> =
        (0..300_000u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).take(300 << 10).collect();
    assert_eq!(unpacked(SMALL, |writer| file(writer, "noise", &noise)).1, Ok(()));
}

#[test]
fn many_files_and_deep_folders_are_refused() {
    check_refused("more than 20", SMALL, |writer| (0..21).for_each(|n| file(writer, &n.to_string(), b"")));
    check_refused("too deep", SMALL, |writer| file(writer, "a/b/c/d/e", b""));
}

#[test]
fn what_is_no_zip_file_or_a_broken_one_is_refused() {
    for bytes in [&b""[..], b"PK", b"no zip file at all, but some text"] {
        assert!(of_bytes(SMALL, bytes).1.unwrap_err().contains("no zip file"));
    }
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("a", SimpleFileOptions::default().compression_method(CompressionMethod::Stored)).unwrap();
    writer.write_all(b"the text of the file").unwrap();
    let mut bytes = writer.finish().unwrap().into_inner();
    let at = bytes.windows(8).position(|window| window == b"the text").unwrap();
    bytes[at] = b'T';
    // Its checksum tells.
    assert!(of_bytes(SMALL, &bytes).1.unwrap_err().contains("cannot be unpacked"));
}

#[test]
fn the_same_file_twice_and_a_file_as_folder_are_refused() {
    check_refused("could not be made", SMALL, |writer| {
        file(writer, "a", b"1");
        file(writer, "a/b", b"2");
    });
    check_refused("twice", SMALL, |writer| {
        file(writer, "a", b"1");
        file(writer, "./a", b"2");
    });
}
