//! A file put into a repository by one commit on what is there now: never over what people wrote, and never by force.

use std::path::Path;

use super::Way;
use crate::source::digest;
use crate::sources::{Trouble, for_the_log};

const BASE: &str = "refs/convened/base";
const REVIEW: &str = "refs/convened/review/";
/// Begins the line of a commit's message that names a text nobody reviewed.
pub(super) const UNREVIEWED: &str = "Convened-Unreviewed";

/// The line that says in a commit's message that nobody reviewed the text of this digest: it is read there by who remembers nothing of it.
pub fn unreviewed(digest: &str) -> String {
    format!("{UNREVIEWED}: {digest}\n")
}

/// What is to be put, and how the commit looks.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    pub branch: &'a str,
    /// A branch of its own for people to merge; the branch itself, where `None`.
    pub review: Option<&'a str>,
    pub file: &'a str,
    pub bytes: &'a [u8],
    pub message: &'a str,
    pub author: (&'a str, &'a str),
    /// Seconds since 1970, for the commit: a second attempt makes the same one.
    pub at: i64,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Put {
    /// It stands there already.
    There,
    Pushed,
    /// People wrote something else there.
    Left,
}

/// Puts a file there. `ours` says whether we once wrote what has this digest; `before` is called just before the first byte leaves.
pub async fn put(
    way: &Way,
    entry: &Entry<'_>,
    ours: impl Fn(&str) -> bool,
    before: impl FnOnce() -> Result<(), Trouble>,
) -> Result<Put, Trouble> {
    way.make_mirror()?;
    let url = way.url();
    let base = format!("+refs/heads/{}:{BASE}", entry.branch);
    // A pattern, because the branch for review may not be there yet.
    let reviews = format!("+refs/heads/convened/*:{REVIEW}*");
    let mut fetch = vec![
        "fetch",
        "--quiet",
        "--no-tags",
        "--no-recurse-submodules",
        "--no-write-fetch-head",
        "--depth=1",
        "--prune",
        "--",
        &url,
        &base,
    ];
    if entry.review.is_some() {
        fetch.push(&reviews);
    }
    way.talk(&fetch).await?;
    let base = way.commit(BASE).ok_or_else(|| Trouble::new("source-refused", "The archive has no such branch. Check `branch`."))?;
    let review = entry.review.and_then(|branch| way.commit(&format!("{REVIEW}{}", branch.strip_prefix("convened/")?)));
    let mut parents = vec![base];
    parents.extend(review);
    for commit in &parents {
        match way.file(commit, entry.file)? {
            Some(there) if there == entry.bytes => return Ok(Put::There),
            Some(there) if !ours(&digest(&there)) => return Ok(Put::Left),
            _ => {}
        }
    }
    let Some(parent) = parents.last() else { return Ok(Put::Left) };
    let commit = way.committed(parent, entry)?;
    before()?;
    let target = entry.review.unwrap_or(entry.branch);
    let refspec = format!("{commit}:refs/heads/{target}");
    way.talk(&["push", "--quiet", "--no-verify", "--no-follow-tags", "--recurse-submodules=no", "--", &url, &refspec]).await?;
    Ok(Put::Pushed)
}

impl Way {
    /// A file's bytes in a commit.
    fn file(&self, commit: &str, file: &str) -> Result<Option<Vec<u8>>, Trouble> {
        let listed = self.git(&[], &["ls-tree", "-z", "--full-tree", commit, "--", file], None)?;
        let entry = String::from_utf8_lossy(&listed);
        let Some(about) = entry.split('\t').next().filter(|about| !about.is_empty()) else { return Ok(None) };
        let mut about = about.split(' ');
        match (about.next(), about.next(), about.next()) {
            (Some(_), Some("blob"), Some(blob)) => self.git(&[], &["cat-file", "blob", blob], None).map(Some),
            // A folder of that name is people's, too.
            _ => Ok(Some(Vec::new())),
        }
    }

    /// The name of a commit with the file on top of another, in the mirror.
    fn committed(&self, parent: &str, entry: &Entry<'_>) -> Result<String, Trouble> {
        let index = std::path::absolute(self.mirror.join("archive-index")).unwrap_or_else(|_| self.mirror.join("archive-index"));
        let _ = std::fs::remove_file(&index);
        let at = format!("{} +0000", entry.at);
        let (name, email) = entry.author;
        let environment = [
            ("GIT_INDEX_FILE", index.to_str().unwrap_or_default()),
            ("GIT_AUTHOR_NAME", name),
            ("GIT_AUTHOR_EMAIL", email),
            ("GIT_AUTHOR_DATE", &at),
            ("GIT_COMMITTER_NAME", name),
            ("GIT_COMMITTER_EMAIL", email),
            ("GIT_COMMITTER_DATE", &at),
        ];
        let word = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).trim().to_owned();
        let blob = word(self.git(&environment, &["hash-object", "-w", "--stdin"], Some(entry.bytes))?);
        self.git(&environment, &["read-tree", parent], None)?;
        let added = format!("100644,{blob},{}", entry.file);
        self.git(&environment, &["update-index", "--add", "--cacheinfo", &added], None)?;
        let tree = word(self.git(&environment, &["write-tree"], None)?);
        let commit = word(self.git(&environment, &["commit-tree", &tree, "-p", parent, "-F", "-"], Some(entry.message.as_bytes()))?);
        let _ = std::fs::remove_file(Path::new(&index));
        Ok(commit)
    }

    /// A command on the mirror that has to succeed.
    fn git(&self, environment: &[(&str, &str)], arguments: &[&str], input: Option<&[u8]>) -> Result<Vec<u8>, Trouble> {
        let failed = |details: String| {
            let what = arguments.first().copied().unwrap_or_default();
            Trouble { details, ..Trouble::new("source-failed", format!("The note could not be made ready for the archive (git {what}).")) }
        };
        let output = self.local_with(environment, arguments, input).map_err(|error| failed(error.to_string()))?;
        if output.status.success() { Ok(output.stdout) } else { Err(failed(for_the_log(&String::from_utf8_lossy(&output.stderr)))) }
    }
}
