-- A manager hands over what is theirs, too.
UPDATE "roles" SET "permissions" = array_append("permissions", 'deals.give')
	WHERE "code" IN ('manager', 'head', 'administrator') AND NOT 'deals.give' = ANY("permissions");
