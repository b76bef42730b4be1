//! Runs a program and stops it at each of its calls.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::mpsc::Sender;

use nix::errno::Errno;
use nix::libc;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::call::{Call, Process};
use super::disk::{Disk, Power};
use super::role::role;

/// On which side of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum When {
    Before,
    After,
}

/// Where a process is cut off.
#[derive(Clone, Debug)]
pub struct Cut {
    /// The operation, as `write state file`; or [`END`], after the last of them.
    pub what: String,
    /// Which of that name, from 1.
    pub nth: usize,
    pub when: When,
    pub how: How,
}

/// The end of a process that was not cut off.
pub const END: &str = "end";

/// What happens there.
#[derive(Clone, Copy, Debug)]
pub enum How {
    /// The process is killed.
    Killed,
    /// So is the machine.
    Power(Power),
    /// The process goes on, and from here on the disk takes nothing more.
    Full,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Where it was to be cut off.
    Cut,
    /// By itself, before it came there, or at the [`END`].
    With(ExitStatus),
    /// By itself, on a disk that was full.
    Full(ExitStatus),
}

/// What a process did.
#[derive(Debug)]
pub struct Traced {
    pub ended: Ended,
    /// How often it did each operation.
    pub counts: BTreeMap<String, usize>,
}

/// Runs a command, whose folder is that of a book, up to the cut or its end. Its number is told as soon as it runs.
#[expect(clippy::zombie_processes, reason = "it is waited for by its number, with its threads")]
pub fn traced(command: &Command, folder: &Path, cut: Option<&Cut>, tells: Option<&Sender<Pid>>) -> Traced {
    // Stopped at first, so that nothing is missed.
    let mut waits = Command::new("/bin/sh");
    waits
        .args(["-c", "kill -STOP $$; exec \"$0\" \"$@\""])
        .arg(command.get_program())
        .args(command.get_args());
    waits.current_dir(folder).stdin(std::process::Stdio::null());
    waits.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => waits.env(name, value),
            None => waits.env_remove(name),
        };
    }
    let child = waits.spawn().unwrap();
    let pid = Pid::from_raw(child.id().cast_signed());
    assert!(matches!(waitpid(pid, Some(WaitPidFlag::WUNTRACED)).unwrap(), WaitStatus::Stopped(..)));
    let options = Options::PTRACE_O_TRACESYSGOOD
        | Options::PTRACE_O_TRACECLONE
        | Options::PTRACE_O_TRACEEXEC
        | Options::PTRACE_O_EXITKILL;
    ptrace::seize(pid, options).unwrap();
    kill(pid, Signal::SIGCONT).unwrap();
    if let Some(tells) = tells {
        tells.send(pid).unwrap();
    }
    let folder = std::fs::canonicalize(folder).unwrap();
    let tracer = Tracer {
        pid,
        process: Process::new(pid),
        is_ours: false,
        disk: Disk::beside(&folder),
        folder,
        cut,
        counts: BTreeMap::new(),
        pending: BTreeMap::new(),
        lines: BTreeSet::new(),
        is_full: false,
    };
    tracer.run()
}

struct Tracer<'a> {
    pid: Pid,
    process: Process,
    /// Whether it is the program by now, and not what started it.
    is_ours: bool,
    folder: PathBuf,
    disk: Disk,
    cut: Option<&'a Cut>,
    counts: BTreeMap<String, usize>,
    /// What threads are in the middle of.
    pending: BTreeMap<Pid, Pending>,
    /// Lines to the network.
    lines: BTreeSet<u64>,
    is_full: bool,
}

/// A call that was begun.
struct Pending {
    call: Call,
    is_the_cut: bool,
    /// The disk does not take it.
    is_refused: bool,
    /// The file it changes, and where.
    file: Option<((u64, u64), u64)>,
}

impl Tracer<'_> {
    fn run(mut self) -> Traced {
        let mut is_cut = false;
        loop {
            // Only the children of this thread, among them those that it traces.
            let flags = WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD;
            let status = waitpid(Pid::from_raw(-1), Some(flags)).unwrap();
            match status {
                WaitStatus::PtraceSyscall(thread) if !is_cut && self.stops(thread) => {
                    kill(self.pid, Signal::SIGKILL).unwrap();
                    is_cut = true;
                }
                WaitStatus::PtraceSyscall(thread) => go(thread, None),
                WaitStatus::PtraceEvent(thread, _, event) => {
                    if event == libc::PTRACE_EVENT_EXEC {
                        self.process.runs_anew();
                        self.is_ours = true;
                        self.pending.clear();
                    }
                    go(thread, None);
                }
                WaitStatus::Stopped(thread, signal) => {
                    go(thread, (signal != Signal::SIGCONT && signal != Signal::SIGSTOP).then_some(signal));
                }
                WaitStatus::Exited(pid, code) if pid == self.pid => {
                    return self.ended(ExitStatus::from_raw(code << 8), false);
                }
                WaitStatus::Signaled(pid, signal, _) if pid == self.pid => {
                    return self.ended(ExitStatus::from_raw(signal as i32), is_cut);
                }
                _ => {}
            }
        }
    }

    fn ended(self, status: ExitStatus, is_cut: bool) -> Traced {
        let goes = self.cut.filter(|cut| is_cut || cut.what == END).map(|cut| cut.how);
        if let Some(How::Power(power)) = goes {
            self.disk.loses(power, &self.folder);
        }
        let ended = match (is_cut, self.is_full) {
            (true, _) => Ended::Cut,
            (false, true) => Ended::Full(status),
            (false, false) => Ended::With(status),
        };
        Traced { ended, counts: self.counts }
    }

    /// A thread stands before or after a call; whether the process is cut off here.
    fn stops(&mut self, thread: Pid) -> bool {
        if !self.is_ours {
            return false;
        }
        let (Ok(info), Ok(registers)) = (ptrace::syscall_info(thread), ptrace::getregs(thread)) else {
            return false;
        };
        if info.op == libc::PTRACE_SYSCALL_INFO_ENTRY {
            let Some(call) = self.process.call(&registers) else { return false };
            return self.begins(thread, call, registers);
        }
        let done = registers.rax.cast_signed();
        let Some(pending) = self.pending.remove(&thread) else { return false };
        if pending.is_refused {
            let told = i64::from(libc::ENOSPC).wrapping_neg().cast_unsigned();
            ptrace::setregs(thread, libc::user_regs_struct { rax: told, ..registers }).unwrap();
            return false;
        }
        self.comes_back(&pending, done)
    }

    fn begins(&mut self, thread: Pid, call: Call, registers: libc::user_regs_struct) -> bool {
        let Some(what) = self.named(&call) else { return false };
        let nth = self.counts.entry(what.clone()).or_default();
        *nth += 1;
        let is_it = self.cut.filter(|cut| cut.what == what && cut.nth == *nth);
        self.is_full |= is_it.is_some_and(|cut| matches!(cut.how, How::Full));
        if self.is_full {
            let is_refused = call.needs_room();
            if is_refused {
                // No call has this number.
                let none = libc::user_regs_struct { orig_rax: u64::MAX, ..registers };
                ptrace::setregs(thread, none).unwrap();
            }
            self.pending.insert(thread, Pending { call, is_the_cut: false, is_refused, file: None });
            return false;
        }
        if is_it.is_some_and(|cut| cut.when == When::Before) {
            return true;
        }
        let mut file = None;
        match &call {
            Call::Write { fd, at } => {
                let at = at.unwrap_or_else(|| self.process.place_in(*fd));
                file = Some((self.disk.changes(&self.process.opened(*fd)), at));
            }
            Call::Truncate { fd } => file = Some((self.disk.changes(&self.process.opened(*fd)), 0)),
            Call::Empty { path } => file = Some((self.disk.changes(path), 0)),
            Call::Create { path } | Call::Link { to: path } => self.disk.creates(path),
            Call::MakeFolder { path } => self.disk.makes_folder(path),
            Call::Remove { path } => self.disk.removes(path),
            Call::Rename { from, to } => self.disk.renames(from, to),
            Call::Sync { .. } | Call::Connect { .. } | Call::Send { .. } | Call::Receive { .. } => {}
        }
        self.pending.insert(thread, Pending { call, is_the_cut: is_it.is_some(), is_refused: false, file });
        false
    }

    fn comes_back(&mut self, pending: &Pending, done: i64) -> bool {
        match (&pending.call, pending.file, usize::try_from(done)) {
            (Call::Write { .. }, Some((id, at)), Ok(count)) => self.disk.wrote(id, at, count),
            (Call::Truncate { .. } | Call::Empty { .. }, Some((id, _)), Ok(_)) => self.disk.cut(id),
            (Call::Sync { fd }, _, Ok(_)) => self.disk.flushed(&self.process.opened(*fd)),
            _ => {}
        }
        pending.is_the_cut
    }

    /// What a call is called; nothing for one that has to do neither with the folder nor with the network.
    fn named(&mut self, call: &Call) -> Option<String> {
        let of = |path: &Path| {
            let folder = path.parent().and_then(|folder| std::fs::canonicalize(folder).ok())?;
            let path =
                if path.starts_with(&self.folder) { path.to_owned() } else { folder.join(path.file_name()?) };
            let inside = path.strip_prefix(&self.folder).ok()?.to_owned();
            Some(role(&inside).unwrap_or_else(|| panic!("nobody knows what {} is for", inside.display())))
        };
        let open = |fd: &u64| {
            let path = self.process.leads_to(*fd)?;
            if path.to_string_lossy().ends_with(" (deleted)") {
                return Some("file without a name");
            }
            of(&path)
        };
        let told = |verb: &str, role: &str| Some(format!("{verb} {role}"));
        match call {
            Call::Write { fd, .. } => told("write", open(fd)?),
            Call::Truncate { fd } => told("cut", open(fd)?),
            Call::Empty { path } => told("empty", of(path)?),
            Call::Sync { fd } => told("flush", open(fd)?),
            Call::Create { path } => told("create", of(path)?),
            Call::MakeFolder { path } => told("create", of(path).filter(|_| !path.exists())?),
            Call::Rename { to, .. } => told("rename to", of(to)?),
            Call::Link { to } => told("link to", of(to)?),
            Call::Remove { path } => told("remove", of(path).filter(|_| path.symlink_metadata().is_ok())?),
            Call::Connect { fd } => {
                self.lines.insert(*fd);
                told("open", "a line")
            }
            Call::Send { fd } => told("write to", "a line").filter(|_| self.lines.contains(fd)),
            Call::Receive { fd } => told("read from", "a line").filter(|_| self.lines.contains(fd)),
        }
    }
}

/// A thread goes on to its next call; one that was killed meanwhile does not.
fn go(thread: Pid, signal: Option<Signal>) {
    match ptrace::syscall(thread, signal) {
        Ok(()) | Err(Errno::ESRCH) => {}
        Err(error) => panic!("{thread}: {error}"),
    }
}
