//! What the machine gives: files and who may write them, the folder, the disk, the clock.

use std::fs::Metadata;
use std::path::{Path, PathBuf};

use broker_api::Time;
use chrono::Datelike as _;
use chrono_tz::America::New_York;

use super::Report;
use crate::failure::{Exit, Failure};
use crate::figures;
use crate::place::Place;

/// No clock that is right shows an earlier year than that in which this was written.
const WRITTEN_IN: i32 = 2026;
/// Below this many bytes free a pass may not be able to write.
const FREE_LEAST: u64 = 64 << 20;
/// Below this many bytes free somebody should look.
const FREE_LOW: u64 = 1 << 30;
/// Below this many files more that the disk can hold somebody should look.
const FILES_LOW: u64 = 1_000;

#[cfg(unix)]
fn mode(about: &Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    about.permissions().mode() & 0o777
}

/// Where modes are not known, nobody else may write.
#[cfg(not(unix))]
fn mode(_: &Metadata) -> u32 {
    0o600
}

/// Whether others may write our files, and whether others may read credentials.
pub fn files(report: &mut Report, place: &Place) {
    let ours = &place.files;
    let named = [&ours.state, &ours.previous, &ours.journal, &ours.lock, &ours.halt, &place.venue];
    let all = named.into_iter().chain(&place.loaded.file);
    let there: Vec<(&PathBuf, u32)> =
        all.filter_map(|file| std::fs::metadata(file).ok().map(|about| (file, mode(&about)))).collect();
    let loose: Vec<&(&PathBuf, u32)> = there.iter().filter(|(_, mode)| mode & 0o022 != 0).collect();
    if loose.is_empty() {
        report.ok(
            "permissions",
            format!("{}, none may be written by others", figures::counted(there.len(), "file")),
        );
    } else {
        let shown: Vec<String> =
            loose.iter().map(|(file, mode)| format!("{} ({mode:04o})", file.display())).collect();
        let names: Vec<String> = loose.iter().map(|(file, _)| file.display().to_string()).collect();
        report.warn(
            "permissions",
            format!("others may write {}", shown.join(", ")),
            format!("chmod go-w {}", names.join(" ")),
        );
    }
    credentials(report, place);
}

/// Files that look like credentials, beside the state and the configuration.
fn credentials(report: &mut Report, place: &Place) {
    let base = if place.loaded.base.as_os_str().is_empty() { Path::new(".") } else { &place.loaded.base };
    let mut folders = vec![place.files.folder(), base];
    folders.dedup();
    let mut found: Vec<(PathBuf, u32)> = Vec::new();
    for entry in folders.into_iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten() {
        let name = entry.file_name().to_string_lossy().to_lowercase();
        let is_named = Path::new(&name).extension().is_some_and(|end| end == "env")
            || name == ".env"
            || name.starts_with("credentials");
        if let (true, Ok(about)) = (is_named, std::fs::metadata(entry.path()))
            && about.is_file()
        {
            found.push((entry.path(), mode(&about)));
        }
    }
    let loose: Vec<&(PathBuf, u32)> = found.iter().filter(|(_, mode)| mode & 0o077 != 0).collect();
    match (found.len(), loose.as_slice()) {
        (0, _) if place.is_paper() => {
            report.skip("credentials", "no file of credentials here; the paper account needs none");
        }
        (0, _) => report.skip("credentials", "no file of credentials here"),
        (count, []) => {
            report.ok("credentials", format!("{}, for their owner alone", figures::counted(count, "file")));
        }
        (_, loose) => {
            let shown: Vec<String> =
                loose.iter().map(|(file, mode)| format!("{} ({mode:04o})", file.display())).collect();
            let names: Vec<String> = loose.iter().map(|(file, _)| file.display().to_string()).collect();
            let what = format!("others may read {}", shown.join(", "));
            report.fail(
                "credentials",
                Failure::usage("loose_credentials", what).fix(format!("chmod 600 {}", names.join(" "))),
            );
        }
    }
}

/// Whether the folder can be written to, and what room its disk has.
pub fn folder(report: &mut Report, place: &Place) {
    let folder = place.files.folder();
    let refused = |what: String, fix: &str| Failure::usage("folder_not_writable", what).fix(fix);
    if !folder.is_dir() {
        let what = format!("{} is no folder that is there", folder.display());
        report.fail("folder", refused(what, "make it, or name another state with --state"));
        report.skip("disk", "its folder is not there");
        return;
    }
    // A file without a name: it is gone with the process that has it open.
    match tempfile::tempfile_in(folder) {
        Ok(_) => report.ok("folder", format!("{} can be written to", folder.display())),
        Err(error) => {
            let failure = refused(
                format!("{} cannot be written to", folder.display()),
                "give this user the right to write there, or name another state with --state",
            );
            report.fail("folder", failure.because(&error));
        }
    }
    disk(report, folder);
}

#[cfg(unix)]
fn disk(report: &mut Report, folder: &Path) {
    match rustix::fs::statvfs(folder) {
        Ok(about) => {
            let files = (about.f_files > 0).then_some(about.f_favail);
            judge(report, about.f_bavail.saturating_mul(about.f_frsize), files);
        }
        Err(error) => report.skip("disk", format!("the system does not tell its room: {error}")),
    }
}

#[cfg(not(unix))]
fn disk(report: &mut Report, _: &Path) {
    report.skip("disk", "the room is not known on this system");
}

/// Judges free bytes, and how many more files there may be where the disk counts them.
fn judge(report: &mut Report, free: u64, files: Option<u64>) {
    let mib = free >> 20;
    let room = if mib >= 10_240 { format!("{} GiB", mib >> 10) } else { format!("{mib} MiB") };
    let counted = files.map_or_else(String::new, |files| format!(", {} more files", figures::count(files)));
    let seen = format!("{room} free{counted}");
    if free < FREE_LEAST || files == Some(0) {
        let what = format!("{seen}: a pass may not be able to write its journal");
        report.fail(
            "disk",
            Failure::new(Exit::Unexpected, "disk_full", what).fix("make room before the next pass"),
        );
    } else if free < FREE_LOW || files.is_some_and(|files| files < FILES_LOW) {
        report.warn("disk", seen, "make room");
    } else {
        report.ok("disk", seen);
    }
}

/// Whether the clock can be right, and whose time cron goes by.
pub fn clock(report: &mut Report, last_record: Option<Time>, now: Time) {
    let wrong =
        |what: String| Failure::usage("clock_wrong", what).fix("set the clock: timedatectl set-ntp true");
    let shown = figures::time(now);
    if now.year() < WRITTEN_IN {
        report.fail("clock", wrong(format!("{shown}: before the year of this program, {WRITTEN_IN}")));
    } else if let Some(last) = last_record.filter(|last| *last > now) {
        report.fail(
            "clock",
            wrong(format!("{shown}: before the journal's last record of {}", figures::time(last))),
        );
    } else {
        report.ok("clock", format!("{shown}, after everything in the journal"));
    }
    let new_york = now.with_timezone(&New_York).format("%H:%M %Z");
    report.ok(
        "zone",
        format!(
            "this machine's is {}; cron goes by it, unless the crontab says CRON_TZ=America/New_York as `init` writes it; in New York it is {new_york}",
            zone()
        ),
    );
}

/// The time zone of the machine, as it is set.
fn zone() -> String {
    if let Some(zone) = std::env::var("TZ").ok().filter(|zone| !zone.is_empty()) {
        return zone;
    }
    let link = std::fs::read_link("/etc/localtime").ok();
    let named = link.and_then(|link| link.to_str()?.split_once("zoneinfo/").map(|(_, zone)| zone.to_owned()));
    let written = || std::fs::read_to_string("/etc/timezone").ok().map(|zone| zone.trim().to_owned());
    named.or_else(written).filter(|zone| !zone.is_empty()).unwrap_or_else(|| "UTC (none is set)".to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    #[test]
    fn room_and_clock_are_judged_at_their_bounds() {
        let mut report = Report::default();
        for (free, files) in [
            (FREE_LEAST - 1, None),
            (FREE_LEAST, None),
            (FREE_LOW, None),
            (FREE_LOW, Some(0)),
            (FREE_LOW, Some(FILES_LOW - 1)),
            (FREE_LOW, Some(FILES_LOW)),
        ] {
            judge(&mut report, free, files);
        }
        let verdicts: Vec<Verdict> = report.checks.iter().map(|check| check.verdict).collect();
        let (ok, warn, fail) = (Verdict::Ok, Verdict::Warn, Verdict::Fail);
        assert_eq!(verdicts, [fail, warn, ok, fail, warn, ok]);
        let mut report = Report::default();
        let at = |text: &str| text.parse::<Time>().unwrap();
        clock(&mut report, None, at("2025-12-31T23:59:59Z"));
        clock(&mut report, Some(at("2026-11-25T15:00:01Z")), at("2026-11-25T15:00:00Z"));
        clock(&mut report, Some(at("2026-11-25T15:00:00Z")), at("2026-11-25T15:00:00Z"));
        let clocks: Vec<Verdict> =
            report.checks.iter().filter(|check| check.name == "clock").map(|check| check.verdict).collect();
        assert_eq!(clocks, [fail, fail, ok]);
        assert!(report.text().contains("in New York it is 10:00 EST"), "{}", report.text());
    }
}
