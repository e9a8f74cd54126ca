-- Roles are sets of permissions with a scope for seeing and one for editing; a company adds its own.
CREATE TABLE "roles" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
	"code" text DEFAULT gen_random_uuid()::text NOT NULL,
	"name" text,
	"view_scope" text NOT NULL,
	"edit_scope" text NOT NULL,
	"permissions" text[] DEFAULT '{}' NOT NULL,
	"position" integer DEFAULT 0 NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "roles_scopes" CHECK ("roles"."view_scope" in ('own', 'team', 'all') and "roles"."edit_scope" in ('own', 'team', 'all')),
	CONSTRAINT "roles_edit_within_view" CHECK ("roles"."view_scope" = 'all' or "roles"."edit_scope" = 'own' or "roles"."edit_scope" = "roles"."view_scope"),
	CONSTRAINT "roles_named" CHECK ("roles"."name" is not null or "roles"."code" in ('manager', 'head', 'administrator'))
);--> statement-breakpoint
CREATE UNIQUE INDEX "roles_code" ON "roles" USING btree ("code");--> statement-breakpoint
INSERT INTO "roles" ("code", "view_scope", "edit_scope", "permissions", "position") VALUES
	('manager', 'own', 'own', '{export,import}', 1),
	('head', 'team', 'team', '{deals.reassign,export,import,filters.share}', 2),
	('administrator', 'all', 'all', '{deals.reassign,export,import,filters.share,imports.all,merges.undo,catalogs,people,mail,jobs,audit}', 3);--> statement-breakpoint
ALTER TABLE "people" DROP CONSTRAINT "people_role";--> statement-breakpoint
ALTER TABLE "people" ADD CONSTRAINT "people_role_roles_code_fk" FOREIGN KEY ("role") REFERENCES "roles"("code");--> statement-breakpoint
CREATE INDEX "people_role" ON "people" USING btree ("role");
