//! Commands that run in containers: their images, and what is known of a container when it is over.

use std::fs::File;

use super::super::container::{InContainer, sweep};
use super::super::failure;
use super::super::groups::Group;
use super::super::launcher::Launch;
use super::super::node_core::Fate;
use super::super::run_id::RunId;
use super::super::runs::Over;
use super::Node;
use super::stages::{Stage, Stages};
use crate::agent::transfer::Work;
use crate::api::{ContainerRegistry, ContainerSettings, TaskContainerExecutionInformation, TaskFailureInformation};
use crate::domain::container::mismatch;

/// What became of a container.
pub(super) enum Outcome {
    /// It was made, and is over.
    Ran,
    /// The program could not make it.
    NotMade(TaskFailureInformation),
}

impl Node {
    /// The container of a run. The server has looked at it with the pool that the job had then.
    pub(super) fn in_container(
        &self,
        settings: Option<ContainerSettings>,
        is_optional: bool,
    ) -> Result<Option<Box<InContainer>>, TaskFailureInformation> {
        let node = self.core.welcome().and_then(|welcome| welcome.containers.clone());
        if let Some(mismatch) = mismatch(node.is_some(), settings.as_ref(), is_optional) {
            return Err(failure::of_container(&mismatch.to_string()));
        }
        let Some((settings, node)) = settings.zip(node) else { return Ok(None) };
        sweep::remember(&self.dir, &node.program)
            .map_err(|error| failure::launch_failed(&format!("making the folder of containers: {error}")))?;
        Ok(Some(Box::new(InContainer { settings, node })))
    }

    /// The images that must be on the node before anything runs there; absent where nothing runs in containers.
    pub(super) fn images_of_pool(&self) -> Option<Vec<String>> {
        self.core.welcome()?.containers.as_ref().map(|containers| containers.images.clone())
    }

    /// The image of a run that may not be on the node.
    pub(super) fn unknown_image(&self, launch: &Launch) -> Option<String> {
        let image = &launch.container.as_ref()?.settings.image_name;
        (!self.images.contains(image)).then(|| image.clone())
    }

    /// The process that brings images to the node.
    pub(super) fn begin_images(
        &mut self,
        launch: &Launch,
        group: Option<&Group>,
        images: &[String],
        limit_mark: u64,
    ) -> Result<(i32, File), TaskFailureInformation> {
        let containers = self.core.welcome().and_then(|welcome| welcome.containers.clone()).unwrap_or_default();
        sweep::remember(&self.dir, &containers.program)
            .map_err(|error| failure::launch_failed(&format!("making the folder of containers: {error}")))?;
        // The task's own registry goes before the pool's of the same server.
        let own = launch.container.as_ref().and_then(|container| container.settings.registry.clone());
        let registries: Vec<ContainerRegistry> = own.into_iter().chain(containers.registries).collect();
        let work = Work::Images { program: containers.program, images: images.to_vec(), registries };
        let sheet = self.to_sheet(work)?;
        Ok((self.launcher.launch_images(launch, group, &sheet, limit_mark)?, sheet))
    }

    /// Takes down what there was of a run's container.
    pub(super) fn container_is_over(&mut self, stages: &Stages, over: &Over) -> Option<Outcome> {
        let container = stages.launch.container.as_ref().filter(|_| matches!(stages.now, Stage::Command))?;
        let program = container.node.program.clone();
        let Some(id) = self.launcher.take_container_id(over.id) else {
            let failure = failure::no_container(over.exit);
            let information =
                TaskContainerExecutionInformation { error: failure.message.clone(), ..Default::default() };
            self.container_infos.insert(over.id, information);
            return Some(Outcome::NotMade(failure));
        };
        // A program that was killed could not remove it.
        if over.run.fate != Fate::Report || over.exit > 128 {
            let limit_mark = self.runs.next_limit_mark();
            self.launcher.remove_container(&program, &self.mark, over.id, &id, limit_mark);
        }
        let information =
            TaskContainerExecutionInformation { container_id: Some(id), state: Some("exited".to_owned()), error: None };
        self.container_infos.insert(over.id, information);
        Some(Outcome::Ran)
    }

    pub(super) fn take_container_info(&mut self, id: RunId) -> Option<TaskContainerExecutionInformation> {
        self.container_infos.remove(&id)
    }
}
