//! Settings that come back without the secrets they were given back without: these stay.
//!
//! A secret stays with what it was said for: the account of that name, the registry, the share at that address. Where one of
//! those is another, its secret has to be said again; otherwise a change of the address would send it to whoever asks.

use super::{
    BlobFileSystemMount, CifsMount, ContainerConfiguration, ContainerRegistry, ContainerSettings, FileShareMount,
    MountConfiguration, PoolCreate, PoolPatch, StartTask, UserAccount, VirtualMachineConfiguration, VmExtension,
};

impl PoolCreate {
    pub fn keep_secrets(&mut self, now: &PoolCreate) {
        keep_of_start_task(self.start_task.as_mut(), now.start_task.as_ref());
        keep_of_each(self.user_accounts.as_mut(), now.user_accounts.as_ref(), keep_of_user);
        keep_of_each(self.mount_configuration.as_mut(), now.mount_configuration.as_ref(), keep_of_mount);
        let machines = (self.virtual_machine_configuration.as_mut(), now.virtual_machine_configuration.as_ref());
        keep_of_machine(machines.0, machines.1);
    }
}

impl PoolPatch {
    pub fn keep_secrets(&mut self, now: &PoolCreate) {
        let mut pool = PoolCreate {
            start_task: self.start_task.take(),
            user_accounts: self.user_accounts.take(),
            mount_configuration: self.mount_configuration.take(),
            virtual_machine_configuration: self.virtual_machine_configuration.take(),
            ..PoolCreate::default()
        };
        pool.keep_secrets(now);
        self.start_task = pool.start_task;
        self.user_accounts = pool.user_accounts;
        self.mount_configuration = pool.mount_configuration;
        self.virtual_machine_configuration = pool.virtual_machine_configuration;
    }
}

/// Looks for what each of the new ones was before; `keep` leaves alone what is not the same thing.
fn keep_of_each<T>(new: Option<&mut Vec<T>>, now: Option<&Vec<T>>, keep: fn(&mut T, &T)) {
    for new in new.into_iter().flatten() {
        now.into_iter().flatten().for_each(|now| keep(new, now));
    }
}

fn keep<T: Clone>(new: &mut Option<T>, now: &Option<T>) {
    if new.is_none() {
        new.clone_from(now);
    }
}

fn keep_of_user(new: &mut UserAccount, now: &UserAccount) {
    if new.name != now.name {
        return;
    }
    keep(&mut new.password, &now.password);
    if let (Some(new), Some(now)) = (&mut new.linux_user_configuration, &now.linux_user_configuration) {
        keep(&mut new.ssh_private_key, &now.ssh_private_key);
    }
}

fn keep_of_mount(new: &mut MountConfiguration, now: &MountConfiguration) {
    if let (Some(new), Some(now)) =
        (&mut new.azure_blob_file_system_configuration, &now.azure_blob_file_system_configuration)
    {
        keep_of_blobs(new, now);
    }
    if let (Some(new), Some(now)) = (&mut new.azure_file_share_configuration, &now.azure_file_share_configuration) {
        keep_of_share(new, now);
    }
    if let (Some(new), Some(now)) = (&mut new.cifs_mount_configuration, &now.cifs_mount_configuration) {
        keep_of_cifs(new, now);
    }
}

fn keep_of_blobs(new: &mut BlobFileSystemMount, now: &BlobFileSystemMount) {
    // One of the two is enough: a new key takes the place of a signature, and of an identity as well.
    let is_said = new.account_key.is_some() || new.sas_key.is_some() || new.identity_reference.is_some();
    if !is_said && (&new.account_name, &new.container_name) == (&now.account_name, &now.container_name) {
        keep(&mut new.account_key, &now.account_key);
        keep(&mut new.sas_key, &now.sas_key);
    }
}

fn keep_of_share(new: &mut FileShareMount, now: &FileShareMount) {
    if (&new.account_name, &new.azure_file_url) == (&now.account_name, &now.azure_file_url) {
        keep(&mut new.account_key, &now.account_key);
    }
}

fn keep_of_cifs(new: &mut CifsMount, now: &CifsMount) {
    if (&new.user_name, &new.source) == (&now.user_name, &now.source) {
        keep(&mut new.password, &now.password);
    }
}

fn keep_of_start_task(new: Option<&mut StartTask>, now: Option<&StartTask>) {
    let new = new.and_then(|task| task.container_settings.as_mut());
    if let (Some(new), Some(now)) = (new, now.and_then(|task| task.container_settings.as_ref())) {
        keep_of_container(new, now);
    }
}

fn keep_of_container(new: &mut ContainerSettings, now: &ContainerSettings) {
    if let (Some(new), Some(now)) = (&mut new.registry, &now.registry) {
        keep_of_registry(new, now);
    }
}

fn keep_of_registry(new: &mut ContainerRegistry, now: &ContainerRegistry) {
    let is_same = (&new.registry_server, &new.user_name) == (&now.registry_server, &now.user_name);
    if is_same && new.identity_reference.is_none() {
        keep(&mut new.password, &now.password);
    }
}

fn keep_of_machine(new: Option<&mut VirtualMachineConfiguration>, now: Option<&VirtualMachineConfiguration>) {
    let (Some(new), Some(now)) = (new, now) else { return };
    keep_of_each(new.extensions.as_mut(), now.extensions.as_ref(), keep_of_extension);
    if let (Some(new), Some(now)) = (&mut new.container_configuration, &now.container_configuration) {
        keep_of_containers(new, now);
    }
}

fn keep_of_containers(new: &mut ContainerConfiguration, now: &ContainerConfiguration) {
    keep_of_each(new.container_registries.as_mut(), now.container_registries.as_ref(), keep_of_registry);
}

fn keep_of_extension(new: &mut VmExtension, now: &VmExtension) {
    if (&new.name, &new.publisher, &new.kind) == (&now.name, &now.publisher, &now.kind) {
        keep(&mut new.protected_settings, &now.protected_settings);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pool() -> PoolCreate {
        serde_json::from_value(json!({
            "id": "p",
            "vmSize": "s",
            "userAccounts": [
                { "name": "u", "password": "S3CRET", "linuxUserConfiguration": { "sshPrivateKey": "S3CRET" } },
                { "name": "v", "password": "S3CRET" },
            ],
            "mountConfiguration": [
                { "azureBlobFileSystemConfiguration": { "accountName": "a", "containerName": "c", "relativeMountPath": "m",
                    "accountKey": "S3CRET" } },
                { "azureFileShareConfiguration": { "accountName": "a", "azureFileUrl": "u", "relativeMountPath": "m",
                    "accountKey": "S3CRET" } },
                { "cifsMountConfiguration": { "username": "u", "source": "s", "relativeMountPath": "m", "password": "S3CRET" } },
            ],
            "virtualMachineConfiguration": {
                "imageReference": {}, "nodeAgentSKUId": "n",
                "containerConfiguration": { "type": "dockerCompatible", "containerRegistries": [{ "username": "u", "password": "S3CRET" }] },
                "extensions": [{ "name": "e", "publisher": "p", "type": "t", "protectedSettings": { "k": "S3CRET" } }],
            },
            "startTask": { "commandLine": "c", "containerSettings": { "imageName": "i", "registry": { "password": "S3CRET" } } },
        }))
        .unwrap()
    }

    fn n_secrets(pool: &PoolCreate) -> usize {
        serde_json::to_string(pool).unwrap().matches("S3CRET").count()
    }

    #[test]
    fn what_comes_back_as_it_was_given_back_has_its_secrets_again() {
        let now = pool();
        let mut new = now.clone().without_secrets();
        assert_eq!(n_secrets(&new), 0);
        new.keep_secrets(&now);
        assert_eq!(new, now);
    }

    #[test]
    fn a_secret_that_is_said_takes_the_place_of_the_old_one() {
        let mut new = pool().without_secrets();
        new.user_accounts.as_mut().unwrap()[0].password = Some(crate::api::Secret("new".to_owned()));
        new.keep_secrets(&pool());
        assert_eq!(serde_json::to_value(&new).unwrap()["userAccounts"][0]["password"], "new");
        assert_eq!(n_secrets(&new), n_secrets(&pool()) - 1);
    }

    #[test]
    fn a_secret_does_not_go_where_it_was_not_said_for() {
        let check = |change: fn(&mut PoolCreate), n_lost: usize| {
            let mut new = pool().without_secrets();
            change(&mut new);
            new.keep_secrets(&pool());
            assert_eq!(n_secrets(&pool()) - n_secrets(&new), n_lost);
        };
        check(|_| (), 0);
        check(|p| p.user_accounts.as_mut().unwrap().swap(0, 1), 0);
        check(|p| p.user_accounts.as_mut().unwrap()[0].name = "other".into(), 2);
        let mounts = |p: &mut PoolCreate, change: fn(&mut MountConfiguration)| {
            p.mount_configuration.as_mut().unwrap().iter_mut().for_each(change);
        };
        let source = |m: &mut MountConfiguration| {
            m.cifs_mount_configuration.iter_mut().for_each(|c| c.source = "//elsewhere/s".into());
        };
        let mut new = pool().without_secrets();
        mounts(&mut new, source);
        new.keep_secrets(&pool());
        assert_eq!(n_secrets(&pool()) - n_secrets(&new), 1, "another server does not get the password");
        check(
            |p| {
                let container = p.start_task.as_mut().unwrap().container_settings.as_mut().unwrap();
                container.registry.as_mut().unwrap().registry_server = Some("elsewhere".into());
            },
            1,
        );
    }
}
