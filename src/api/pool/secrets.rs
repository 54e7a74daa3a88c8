//! Secrets go in and never come out: what a pool is given back without.

use super::{ContainerConfiguration, ContainerRegistry, ContainerSettings, PoolCreate, UserAccount};

impl PoolCreate {
    /// As GET gives the settings back: without passwords, keys and the protected settings of extensions.
    #[must_use]
    pub fn without_secrets(mut self) -> Self {
        self.user_accounts.iter_mut().flatten().for_each(hide_of_user);
        for mount in self.mount_configuration.iter_mut().flatten() {
            if let Some(blob) = &mut mount.azure_blob_file_system_configuration {
                (blob.account_key, blob.sas_key) = (None, None);
            }
            if let Some(share) = &mut mount.azure_file_share_configuration {
                share.account_key = None;
            }
            if let Some(cifs) = &mut mount.cifs_mount_configuration {
                cifs.password = None;
            }
        }
        if let Some(machine) = &mut self.virtual_machine_configuration {
            machine.extensions.iter_mut().flatten().for_each(|extension| extension.protected_settings = None);
            let containers = machine.container_configuration.as_mut();
            containers
                .and_then(|c| c.container_registries.as_mut())
                .into_iter()
                .flatten()
                .for_each(ContainerRegistry::hide);
        }
        if let Some(start_task) = &mut self.start_task {
            start_task.container_settings =
                start_task.container_settings.take().map(ContainerSettings::without_secrets);
        }
        self
    }

    pub fn container_configuration(&self) -> Option<&ContainerConfiguration> {
        self.virtual_machine_configuration.as_ref()?.container_configuration.as_ref()
    }
}

impl UserAccount {
    #[must_use]
    pub fn without_secrets(mut self) -> Self {
        hide_of_user(&mut self);
        self
    }
}

fn hide_of_user(user: &mut UserAccount) {
    user.password = None;
    if let Some(linux) = &mut user.linux_user_configuration {
        linux.ssh_private_key = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_of_a_pool_is_given_back_or_logged() {
        let pool: PoolCreate = serde_json::from_value(serde_json::json!({
            "id": "p",
            "vmSize": "s",
            "userAccounts": [{ "name": "u", "password": "S3CRET", "linuxUserConfiguration": { "sshPrivateKey": "S3CRET" } }],
            "mountConfiguration": [
                { "azureBlobFileSystemConfiguration": { "accountName": "a", "containerName": "c", "relativeMountPath": "m",
                    "accountKey": "S3CRET", "sasKey": "S3CRET" } },
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
        .unwrap();
        assert!(!format!("{pool:?}").contains("S3CRET"));
        assert_eq!(serde_json::to_string(&pool).unwrap().matches("S3CRET").count(), 9);
        let given_back = serde_json::to_string(&pool.without_secrets()).unwrap();
        assert!(!given_back.contains("S3CRET"), "{given_back}");
    }
}
