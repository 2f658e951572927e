//! The files that snapshots are kept in: which one is whose, reading it at the start, writing it on a thread of its own.
//! What is in them is known in `store`.

use std::{
    fs, io,
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::Duration,
};

use crate::{
    aws,
    config::{Config, Origin, Setting},
    model::{Arn, Destination, Now, sorted_regions},
    store::{
        Store,
        snapshot::{self, Kept, Key, Snapshot},
    },
};

/// What the names of the files end in.
const EXTENSION: &str = "snapshot";
/// A file that was not written for so long is thrown away: nobody looks at that account any more.
const STALE: Duration = Duration::from_hours(30 * 24);
/// A file that is not finished after so long never will be: whoever wrote it was killed.
const ABANDONED: Duration = Duration::from_hours(1);
/// How long leaving waits for the last snapshot to be on the disk.
const PATIENCE: Duration = Duration::from_secs(2);

/// Where the snapshots of a session are, if it has any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cache {
    folder: PathBuf,
    key: Key,
    /// Whether what an endpoint on this machine simulates is kept too.
    simulated: bool,
}

impl Cache {
    /// The cache by the settings; `variable` looks an environment variable up. None if it is switched off, and none for
    /// an endpoint on this machine unless the setting says otherwise: what answers there is new each time.
    #[must_use]
    pub fn of(config: &Config, variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let text = |setting: &Setting<Option<String>>| (**setting).clone().unwrap_or_default();
        let cache = Self {
            folder: config.paths.cache.join("snapshots"),
            key: Key {
                profile: text(&config.profile),
                region: sorted_regions(&text(&config.region)),
                endpoint: text(&config.endpoint_url),
                credentials: credentials(variable),
            },
            simulated: *config.cache.origin() != Origin::Default,
        };
        (*config.cache && cache.takes(Some(&cache.key.endpoint))).then_some(cache)
    }

    /// The cache of another context of this session.
    #[must_use]
    pub(super) fn at(&self, to: &Destination) -> Self {
        let of = |given: &Option<String>, own: &String| given.as_ref().unwrap_or(own).clone();
        let key = Key {
            profile: of(&to.profile, &self.key.profile),
            region: sorted_regions(&of(&to.region, &self.key.region)),
            ..self.key.clone()
        };
        Self {
            key,
            ..self.clone()
        }
    }

    /// Whether what an endpoint answers is kept.
    fn takes(&self, endpoint: Option<&str>) -> bool {
        self.simulated || !endpoint.is_some_and(aws::is_loopback)
    }

    /// The file: readable names, and a number that tells apart what they leave out.
    fn file(&self) -> PathBuf {
        let Key {
            profile,
            region,
            endpoint,
            credentials,
        } = &self.key;
        let whole = [profile, region, endpoint, credentials].map(String::as_str);
        let number = crc32fast::hash(whole.join("\0").as_bytes());
        let name = format!("{}-{}-{number:08x}", plain(profile), plain(region));
        self.folder.join(name).with_extension(EXTENSION)
    }

    /// What the last session kept. A file that cannot be used is as good as none, but for a line in the log.
    pub(super) fn read(&self) -> Option<(Kept, Snapshot)> {
        let path = self.file();
        let read = || -> io::Result<Option<Vec<u8>>> {
            let file = match fs::File::open(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                file => file?,
            };
            let size = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
            if size > snapshot::MOST {
                return Err(io::Error::other("it is larger than any that is written"));
            }
            let mut bytes = Vec::with_capacity(size);
            file.take(wide(snapshot::MOST)).read_to_end(&mut bytes)?;
            Ok(Some(bytes))
        };
        let used = match read() {
            Ok(None) => return None,
            Ok(Some(bytes)) => Kept::open(bytes, &self.key)
                .and_then(|kept| {
                    let front = kept.front()?;
                    Ok((kept, front))
                })
                .map_err(|why| why.to_string()),
            Err(error) => Err(error.to_string()),
        };
        used.inspect_err(|why| {
            tracing::warn!(path = %path.display(), "the snapshot of the last session is not used: {why}");
        })
        .ok()
    }

    /// The names of the clusters that the last session kept, each with those of its services.
    #[must_use]
    pub fn names(&self) -> Vec<(String, Vec<String>)> {
        let Some((_, front)) = self.read() else {
            return Vec::new();
        };
        let mut store = Store::new();
        store.look_at(&front.origin.region);
        store.restore(front, Now::default());
        let services = |cluster: &Arn| {
            let services = store.services_of(cluster).into_iter();
            services.map(|service| service.name.clone()).collect()
        };
        let clusters = store.clusters();
        clusters
            .map(|cluster| (cluster.name.clone(), services(&cluster.arn)))
            .collect()
    }

    /// Writes a snapshot in the place of the one before; whoever reads meanwhile gets one or the other, whole.
    fn write(&self, snapshot: Snapshot) -> Result<(), Box<dyn std::error::Error>> {
        let bytes = snapshot::encode(snapshot, &self.key, snapshot::MOST)?;
        private_folder(&self.folder)?;
        // It is readable by the user alone, and deleted if it does not become the snapshot.
        let mut file = tempfile::Builder::new()
            .prefix(".")
            .suffix(&format!(".{EXTENSION}"))
            .tempfile_in(&self.folder)?;
        file.write_all(&bytes)?;
        file.as_file().sync_all()?;
        file.persist(self.file())?;
        // The new name is on the disk only when the folder is. Not every system lets a folder be opened for that.
        if let Ok(folder) = fs::File::open(&self.folder) {
            let _ = folder.sync_all();
        }
        sweep(&self.folder);
        Ok(())
    }
}

/// Makes a folder that nobody else can look into.
fn private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
        builder.mode(0o700).create(folder)?;
        // It may have been there before.
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
    }
    #[cfg(not(unix))]
    builder.create(folder)
}

/// Throws files away that were not written for long: of accounts that nobody looks at, and, sooner, of a session that was
/// killed while it wrote. What cannot be thrown away stays.
fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_ours = path.extension().is_some_and(|end| end == EXTENSION);
        let is_unfinished = entry.file_name().as_encoded_bytes().starts_with(b".");
        let most = if is_unfinished { ABANDONED } else { STALE };
        let written = entry.metadata().and_then(|metadata| metadata.modified());
        let is_stale = written.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > most));
        if is_ours && is_stale {
            let _ = fs::remove_file(path);
        }
    }
}

/// A text as a part of a file's name.
fn plain(text: &str) -> String {
    let plain = text.chars().take(40).map(|letter| match letter {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '_' => letter,
        _ => '_',
    });
    let plain: String = plain.collect();
    let plain = plain.trim_start_matches('.');
    if plain.is_empty() { "default" } else { plain }.to_owned()
}

/// What of the environment decides whose credentials are used, besides the profile: the account of keys, the role of a
/// web identity, and other files of profiles. Of a key only what it says of its account.
fn credentials(variable: impl Fn(&str) -> Option<String>) -> String {
    let account = variable("AWS_ACCESS_KEY_ID").and_then(|id| account_of(&id));
    let others = [
        "AWS_ROLE_ARN",
        "AWS_CONFIG_FILE",
        "AWS_SHARED_CREDENTIALS_FILE",
    ];
    let others = others.into_iter().map(variable);
    [account]
        .into_iter()
        .chain(others)
        .map(Option::unwrap_or_default)
        .collect::<Vec<_>>()
        .join("\n")
}

/// The account that an access key id is of. The ids are not documented to tell, but those made since 2019 do: after four
/// letters comes, in base 32, a bit and then the forty of the account (Tal Be'ery, "A short note on AWS key ID", 2023).
/// Nothing depends on it but which snapshot is looked at before the account is known for sure.
fn account_of(id: &str) -> Option<String> {
    let digits = id.get(4..14)?.bytes().map(|letter| match letter {
        b'A'..=b'Z' => Some(u64::from(letter - b'A')),
        b'2'..=b'7' => Some(u64::from(letter - b'2' + 26)),
        _ => None,
    });
    // Ten letters are fifty bits: one that means nothing, forty of the account, nine of what follows.
    let bits = digits
        .into_iter()
        .try_fold(0, |bits, digit| Some(bits << 5 | digit?))?;
    Some(format!("{:012}", bits >> 9 & ((1 << 40) - 1)))
}

fn wide(size: usize) -> u64 {
    u64::try_from(size).unwrap_or(u64::MAX)
}

/// Takes snapshots, each with where it is to be written.
type Inbox = mpsc::Sender<(Cache, Snapshot)>;

/// The thread that writes snapshots; a slow disk holds nobody up.
#[derive(Debug)]
pub(super) struct Writer {
    cache: Cache,
    thread: Option<(Inbox, mpsc::Receiver<()>)>,
}

impl Writer {
    pub(super) fn new(cache: Cache) -> Self {
        Self {
            cache,
            thread: None,
        }
    }

    /// Writes to another cache from now on. What was given before still goes to the one it was given for.
    pub(super) fn turn_to(&mut self, cache: Cache) {
        self.cache = cache;
    }

    /// Writes a snapshot, unless a newer one comes before it was begun with.
    pub(super) fn write(&mut self, snapshot: Snapshot) {
        if !self.cache.takes(snapshot.origin.endpoint.as_deref()) {
            return;
        }
        let (snapshots, _) = self.thread.get_or_insert_with(start);
        // The thread ends by itself only where it could not be started, which is in the log.
        let _ = snapshots.send((self.cache.clone(), snapshot));
    }

    /// Waits until the last snapshot is written, but not for ever: a disk that hangs must not keep anybody from leaving.
    pub(super) fn finish(self) {
        if let Some((snapshots, ended)) = self.thread {
            drop(snapshots);
            if ended.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
                tracing::warn!("the last snapshot is not written: the disk is too slow");
            }
        }
    }
}

/// Starts the thread. It hangs up when it has ended.
fn start() -> (Inbox, mpsc::Receiver<()>) {
    let (snapshots, waiting) = mpsc::channel::<(Cache, Snapshot)>();
    let (end, ended) = mpsc::channel();
    let started = thread::Builder::new()
        .name("snapshots".to_owned())
        .spawn(move || {
            let _end = end;
            while let Ok(first) = waiting.recv() {
                let mut newest: Vec<(Cache, Snapshot)> = Vec::new();
                for (cache, snapshot) in std::iter::once(first).chain(waiting.try_iter()) {
                    match newest.iter_mut().find(|(known, _)| *known == cache) {
                        Some((_, older)) => *older = snapshot,
                        None => newest.push((cache, snapshot)),
                    }
                }
                for (cache, snapshot) in newest {
                    if let Err(why) = cache.write(snapshot) {
                        tracing::warn!(folder = %cache.folder.display(), "no snapshot is kept: {why}");
                    }
                }
            }
        });
    if let Err(why) = started {
        tracing::warn!("no snapshot is kept: {why}");
    }
    (snapshots, ended)
}

#[cfg(test)]
mod tests;
