//! The audit file: one line of JSON for each deed when it is sent, and one when it is known what came of it. Lines are
//! only ever added.

use std::{
    fs,
    io::{self, BufRead as _, BufReader, Seek as _, SeekFrom, Write as _},
    path::Path,
};

use serde::{Deserialize, Serialize};

use crate::model::{Arn, Record, Timestamp, Verdict};

/// The most that is read of the end of the file.
const MOST: u64 = 4 * 1024 * 1024;

/// A line of the file.
#[derive(Serialize, Deserialize)]
struct Entry {
    /// The time in UTC, to the millisecond: `2026-03-01T12:00:04.120Z`.
    time: jiff::Timestamp,
    id: String,
    deed: String,
    target: String,
    name: String,
    before: String,
    after: String,
    outcome: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    reason: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    request_ids: Vec<String>,
    account: String,
    region: String,
    profile: String,
    principal: String,
}

impl Entry {
    fn of(record: &Record) -> Self {
        Self {
            time: jiff::Timestamp::from_millisecond(record.at.0).unwrap_or_default(),
            id: record.id.clone(),
            deed: record.deed.clone(),
            target: record.target.to_string(),
            name: record.name.clone(),
            before: record.before.clone(),
            after: record.after.clone(),
            outcome: record.verdict.word().to_owned(),
            reason: record.verdict.reason().to_owned(),
            request_ids: record.requests.clone(),
            account: record.account.clone(),
            region: record.region.clone(),
            profile: record.profile.clone(),
            principal: record.principal.clone(),
        }
    }

    fn into_record(self) -> Record {
        let verdict = match self.outcome.as_str() {
            "done" => Verdict::Done,
            "changed" => Verdict::Changed,
            "failed" => Verdict::Failed(self.reason),
            // Whoever sent it did not live to see what came of it.
            "under way" => Verdict::Unsure("the session ended before an answer came".to_owned()),
            _ => Verdict::Unsure(self.reason),
        };
        Record {
            id: self.id,
            at: Timestamp(self.time.as_millisecond()),
            deed: self.deed,
            target: Arn::new(&self.target),
            name: self.name,
            account: self.account,
            region: self.region,
            profile: self.profile,
            principal: self.principal,
            before: self.before,
            after: self.after,
            requests: self.request_ids,
            verdict,
            undo: None,
        }
    }
}

/// Adds a line.
///
/// # Errors
/// Says that the file cannot be written, and why.
pub(super) async fn note(path: &Path, record: &Record) -> Result<(), String> {
    let (path, entry) = (path.to_owned(), Entry::of(record));
    let wrote =
        tokio::task::spawn_blocking(move || append(&path, &entry).map_err(|error| (path, error)));
    match wrote.await {
        Ok(Ok(())) => Ok(()),
        Ok(Err((path, error))) => {
            tracing::error!(path = %path.display(), %error, "the audit file cannot be written");
            Err(format!(
                "the audit file {} cannot be written: {error}",
                path.display()
            ))
        }
        Err(error) => Err(format!("the audit file was not written: {error}")),
    }
}

fn append(path: &Path, entry: &Entry) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut line = serde_json::to_string(entry)?;
    line.push('\n');
    let mut file = super::save::private()
        .append(true)
        .create(true)
        .open(path)?;
    // One write, so that lines of two sessions do not mix.
    file.write_all(line.as_bytes())?;
    file.sync_data()
}

/// The newest records of the file, each as its last line has it. What cannot be read is left out, with a line in the log.
pub(super) fn read(path: &Path) -> Vec<Record> {
    match read_end(path) {
        Ok(entries) => {
            let mut records: Vec<Record> = Vec::new();
            for entry in entries {
                let record = entry.into_record();
                match records.iter_mut().rev().find(|known| known.id == record.id) {
                    Some(known) => *known = record,
                    None => records.push(record),
                }
            }
            records
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "the audit file cannot be read");
            Vec::new()
        }
    }
}

fn read_end(path: &Path) -> io::Result<Vec<Entry>> {
    let mut file = fs::File::open(path)?;
    let length = file.metadata()?.len();
    let start = length.saturating_sub(MOST);
    file.seek(SeekFrom::Start(start))?;
    let mut lines = BufReader::new(file).split(b'\n');
    if start > 0 {
        lines.next();
    }
    let mut entries = Vec::new();
    for line in lines {
        match serde_json::from_slice(&line?) {
            Ok(entry) => entries.push(entry),
            Err(error) => tracing::warn!(%error, "a line of the audit file cannot be read"),
        }
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn record(id: &str, verdict: Verdict) -> Record {
        Record {
            id: id.to_owned(),
            at: Timestamp(1_767_000_000_120),
            deed: "scale".to_owned(),
            target: Arn::new("arn:aws:ecs:eu-west-1:123456789012:service/web/api"),
            name: "web/api".to_owned(),
            account: "123456789012".to_owned(),
            region: "eu-west-1".to_owned(),
            profile: "shop".to_owned(),
            principal: "arn:aws:sts::123456789012:assumed-role/ops/mia".to_owned(),
            before: "desired count 2".to_owned(),
            after: "desired count 4".to_owned(),
            requests: Vec::new(),
            verdict,
            undo: None,
        }
    }

    #[tokio::test]
    async fn a_deed_is_two_lines_and_one_record() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state").join("audit.jsonl");
        let sent = record("1", Verdict::UnderWay);
        note(&path, &sent).await.unwrap();
        assert!(matches!(read(&path)[0].verdict, Verdict::Unsure(_)));
        let done = Record {
            requests: vec!["r-1".to_owned()],
            ..record("1", Verdict::Done)
        };
        note(&path, &done).await.unwrap();
        note(
            &path,
            &record("2", Verdict::Failed("denied ecs:UpdateService".to_owned())),
        )
        .await
        .unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 3);
        assert!(
            text.contains("\"time\":\"2025-12-29T09:20:00.12Z\""),
            "{text}"
        );
        assert_eq!(
            read(&path),
            [
                done,
                record("2", Verdict::Failed("denied ecs:UpdateService".to_owned()))
            ]
        );
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn the_file_is_the_users_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        note(&path, &record("1", Verdict::Done)).await.unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[tokio::test]
    async fn lines_that_make_no_sense_are_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        fs::write(&path, "nonsense\n{\"time\":1}\n").unwrap();
        note(&path, &record("1", Verdict::Done)).await.unwrap();
        assert_eq!(read(&path), [record("1", Verdict::Done)]);
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_written_is_told_of() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let why = note(&file.join("audit.jsonl"), &record("1", Verdict::Done))
            .await
            .unwrap_err();
        assert!(why.contains("cannot be written"), "{why}");
    }
}
