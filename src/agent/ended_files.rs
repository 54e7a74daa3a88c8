//! What ended runs leave that had a user of their own: it becomes the keeper's, as which nothing runs.

use std::ffi::OsStr;
use std::ops::Range;

use rustix::fs::{OFlags, ResolveFlags, fstat};

use super::files::NodeFiles;
use super::hand_over::{self, Gift};
use super::process::use_files_as;
use super::run_folder::depth_of_owned;
use super::task_view::View;
use crate::api::agent::{Ids, OwnUsers};

impl NodeFiles {
    /// Gives the folder of a run, and what it left for others in temporary folders, to the keeper. What it left in `shared` stays,
    /// for it was meant for all.
    pub fn give_to_keeper(&self, directory: &str, user: u32, keeper: u32, view: Option<&View>) {
        use_files_as(None);
        let gift = Gift::of(Ids { uid: user, gid: user }, Ids { uid: keeper, gid: keeper });
        self.give(directory, &gift);
        give_temporary(&gift, view);
    }

    /// The same of all that an earlier agent had begun.
    pub fn give_all_to_keeper(&self, own: OwnUsers, view: Option<&View>) {
        use_files_as(None);
        let ids = own.first..own.first + own.count;
        let gift = Gift::of_all(ids.clone(), Ids { uid: own.keeper, gid: own.keeper });
        for directory in self.owned_folders().into_iter().filter(|directory| self.belongs_to(directory, &ids)) {
            self.give(&directory, &gift);
        }
        give_temporary(&gift, view);
    }

    fn give(&self, directory: &str, gift: &Gift) {
        let parts: Vec<&str> = directory.split('/').collect();
        let depth = depth_of_owned(parts[0]).clamp(1, parts.len());
        let (above, name) = (parts[..depth - 1].join("/"), parts[depth - 1]);
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let parent = self.open_beneath(&above, flags, ResolveFlags::NO_SYMLINKS);
        let given = parent.map_err(Into::into).and_then(|parent| hand_over::entry(parent, OsStr::new(name), gift));
        if let Err(error) = given {
            tracing::warn!(directory, %error, "files of an ended task are still those of a user that others will be");
        }
    }

    fn belongs_to(&self, directory: &str, ids: &Range<u32>) -> bool {
        let folder = self.open_beneath(directory, OFlags::PATH, ResolveFlags::NO_SYMLINKS);
        folder.and_then(fstat).is_ok_and(|stat| ids.contains(&stat.st_uid))
    }

    /// Folders of runs.
    fn owned_folders(&self) -> Vec<String> {
        let mut folders = vec!["workitems".to_owned()];
        for _ in 1..depth_of_owned("workitems") {
            let below = |folder: &String| self.folders_in(folder);
            folders = folders.iter().flat_map(below).collect();
        }
        folders.push("startup".to_owned());
        folders
    }
}

fn give_temporary(gift: &Gift, view: Option<&View>) {
    for folder in view.into_iter().flat_map(|view| &view.folders) {
        if let Err(error) = hand_over::entries(folder, gift) {
            tracing::warn!(%error, "temporary files of an ended task are still those of a user that others will be");
        }
    }
}
