-- Roles in an account or a resource group end with it: whoever makes another one of the same name lets nobody in by old ones.
CREATE TRIGGER forget_roles_of_account AFTER DELETE ON accounts BEGIN
    DELETE FROM role_assignments WHERE scope = lower(
        '/subscriptions/' || OLD.subscription_id || '/resourcegroups/' || OLD.resource_group
        || '/providers/microsoft.batch/batchaccounts/' || OLD.name);
END;
CREATE TRIGGER forget_roles_of_group AFTER DELETE ON resource_groups BEGIN
    DELETE FROM role_assignments WHERE scope = lower(
        '/subscriptions/' || OLD.subscription_id || '/resourcegroups/' || OLD.name);
END;
DELETE FROM role_assignments WHERE scope LIKE '%/batchaccounts/%' AND NOT EXISTS (
    SELECT 1 FROM accounts WHERE scope = lower(
        '/subscriptions/' || subscription_id || '/resourcegroups/' || resource_group
        || '/providers/microsoft.batch/batchaccounts/' || name));
