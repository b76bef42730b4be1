//! A call to the system that a process is about to make, as far as it changes a file or goes over a line.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use nix::libc;
use nix::libc::user_regs_struct;
use nix::unistd::Pid;

/// See the module.
#[derive(Debug)]
pub enum Call {
    /// Bytes into an open file, from here on.
    Write {
        fd: u64,
        at: Option<u64>,
    },
    /// Another length of an open file.
    Truncate {
        fd: u64,
    },
    /// A file that is emptied as it is opened.
    Empty {
        path: PathBuf,
    },
    /// A flush of an open file or folder.
    Sync {
        fd: u64,
    },
    /// A new file, as it is opened.
    Create {
        path: PathBuf,
    },
    /// A new folder.
    MakeFolder {
        path: PathBuf,
    },
    Rename {
        from: PathBuf,
        to: PathBuf,
    },
    Link {
        to: PathBuf,
    },
    Remove {
        path: PathBuf,
    },
    /// A line to the network.
    Connect {
        fd: u64,
    },
    Send {
        fd: u64,
    },
    Receive {
        fd: u64,
    },
}

impl Call {
    /// Whether a disk that is full refuses it.
    pub const fn needs_room(&self) -> bool {
        matches!(
            self,
            Self::Write { .. }
                | Self::Create { .. }
                | Self::MakeFolder { .. }
                | Self::Link { .. }
                | Self::Rename { .. }
        )
    }
}

/// One process, seen from its tracer.
pub struct Process {
    pid: Pid,
    memory: File,
}

impl Process {
    pub fn new(pid: Pid) -> Self {
        Self { pid, memory: File::open(format!("/proc/{pid}/mem")).unwrap() }
    }

    /// The memory of the program that this process runs by now.
    pub fn runs_anew(&mut self) {
        *self = Self::new(self.pid);
    }

    /// Where an open file leads to.
    pub fn leads_to(&self, fd: u64) -> Option<PathBuf> {
        std::fs::read_link(self.opened(fd)).ok()
    }

    /// An open file by another name, which leads to it even when its own was taken away.
    pub fn opened(&self, fd: u64) -> PathBuf {
        format!("/proc/{}/fd/{fd}", self.pid).into()
    }

    /// Where in an open file the next bytes go.
    pub fn place_in(&self, fd: u64) -> u64 {
        let told = std::fs::read_to_string(format!("/proc/{}/fdinfo/{fd}", self.pid)).unwrap();
        let number = |name: &str, radix| {
            let line = told.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            u64::from_str_radix(line.trim(), radix).unwrap()
        };
        let appends = number("flags:", 8) & u64::try_from(libc::O_APPEND).unwrap() != 0;
        if appends { std::fs::metadata(self.opened(fd)).unwrap().len() } else { number("pos:", 10) }
    }

    fn text(&self, at: u64) -> Option<PathBuf> {
        let mut text = Vec::new();
        let mut part = [0; 64];
        while text.len() < 4_096 {
            let read = self.memory.read_at(&mut part, at + u64::try_from(text.len()).unwrap()).ok()?;
            match part[..read].iter().position(|byte| *byte == 0) {
                Some(end) => {
                    text.extend(&part[..end]);
                    return String::from_utf8(text).ok().map(PathBuf::from);
                }
                None if read == 0 => return None,
                None => text.extend(&part[..read]),
            }
        }
        None
    }

    /// A path of a call, from a folder that is open or the one the process is in.
    fn path(&self, folder: u64, at: u64) -> Option<PathBuf> {
        let path = self.text(at)?;
        if path.is_absolute() {
            return Some(path);
        }
        let is_here = i32::try_from(folder.cast_signed()).is_ok_and(|fd| fd == libc::AT_FDCWD)
            || folder & 0xffff_ffff == u64::from(libc::AT_FDCWD.cast_unsigned());
        let base = if is_here {
            std::fs::read_link(format!("/proc/{}/cwd", self.pid)).ok()?
        } else {
            self.leads_to(folder)?
        };
        Some(base.join(path))
    }

    /// The call that these registers make; nothing for one that only looks.
    pub fn call(&self, registers: &user_regs_struct) -> Option<Call> {
        let here = u64::from(libc::AT_FDCWD.cast_unsigned());
        let [a, b, c, d] = [registers.rdi, registers.rsi, registers.rdx, registers.r10];
        let number = i64::try_from(registers.orig_rax).unwrap_or(-1);
        Some(match number {
            libc::SYS_open => opens(&self.path(here, a)?, b)?,
            libc::SYS_creat => opens(&self.path(here, a)?, OPENS_NEW)?,
            libc::SYS_openat => opens(&self.path(a, b)?, c)?,
            libc::SYS_write | libc::SYS_writev if self.is_line(a) => Call::Send { fd: a },
            libc::SYS_sendto | libc::SYS_sendmsg | libc::SYS_sendmmsg => Call::Send { fd: a },
            libc::SYS_read | libc::SYS_readv if self.is_line(a) => Call::Receive { fd: a },
            libc::SYS_recvfrom | libc::SYS_recvmsg | libc::SYS_recvmmsg => Call::Receive { fd: a },
            libc::SYS_connect => Call::Connect { fd: a },
            libc::SYS_write | libc::SYS_writev => Call::Write { fd: a, at: None },
            libc::SYS_pwrite64 | libc::SYS_pwritev | libc::SYS_pwritev2 => Call::Write { fd: a, at: Some(d) },
            libc::SYS_ftruncate => Call::Truncate { fd: a },
            libc::SYS_fsync | libc::SYS_fdatasync => Call::Sync { fd: a },
            libc::SYS_mkdir => Call::MakeFolder { path: self.path(here, a)? },
            libc::SYS_mkdirat => Call::MakeFolder { path: self.path(a, b)? },
            libc::SYS_rename => Call::Rename { from: self.path(here, a)?, to: self.path(here, b)? },
            libc::SYS_renameat | libc::SYS_renameat2 => {
                Call::Rename { from: self.path(a, b)?, to: self.path(c, d)? }
            }
            libc::SYS_link => Call::Link { to: self.path(here, b)? },
            libc::SYS_linkat => Call::Link { to: self.path(c, d)? },
            libc::SYS_unlink => Call::Remove { path: self.path(here, a)? },
            libc::SYS_unlinkat => Call::Remove { path: self.path(a, b)? },
            // What would change a file in a way that is not followed here.
            libc::SYS_truncate
            | libc::SYS_fallocate
            | libc::SYS_copy_file_range
            | libc::SYS_sendfile
            | libc::SYS_symlink
            | libc::SYS_symlinkat
            | libc::SYS_rmdir
            | libc::SYS_openat2
            | libc::SYS_io_uring_enter => panic!("the call {number} is not followed"),
            _ => return None,
        })
    }

    fn is_line(&self, fd: u64) -> bool {
        self.leads_to(fd).is_some_and(|path| path.to_string_lossy().starts_with("socket:"))
    }
}

/// What opening a file does, with these flags.
fn opens(path: &Path, flags: u64) -> Option<Call> {
    let has = |flag: i32| flags & u64::from(flag.cast_unsigned()) != 0;
    let path = path.to_owned();
    match path.symlink_metadata() {
        Err(_) if has(libc::O_CREAT) => Some(Call::Create { path }),
        Ok(file) if file.len() > 0 && has(libc::O_TRUNC) && file.is_file() => Some(Call::Empty { path }),
        _ => None,
    }
}

const OPENS_NEW: u64 = (libc::O_CREAT | libc::O_WRONLY | libc::O_TRUNC).cast_unsigned() as u64;
