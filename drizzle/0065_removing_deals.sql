-- Heads and administrators delete deals; whoever may bring one back is the same.
UPDATE "roles" SET "permissions" = array_append("permissions", 'deals.remove')
	WHERE "code" IN ('head', 'administrator') AND NOT 'deals.remove' = ANY("permissions");
