-- What an administrator sets up of the directories: each record has a version, for two may be at it.
ALTER TABLE "pipelines" ADD COLUMN "version" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "loss_reasons" ADD COLUMN "version" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "tags" ADD COLUMN "version" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "sources" ADD COLUMN "version" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
-- A state that deals have passed through stays for their history, and takes no deal any more.
ALTER TABLE "stages" ADD COLUMN "removed_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "stages" ADD CONSTRAINT "stages_final_stay" CHECK ("stages"."kind" = 'open' or "stages"."removed_at" is null);--> statement-breakpoint
CREATE UNIQUE INDEX "stages_one_end" ON "stages" USING btree ("pipeline_id","kind") WHERE "stages"."kind" <> 'open';--> statement-breakpoint
CREATE INDEX "stage_changes_from" ON "stage_changes" USING btree ("from_stage_id");--> statement-breakpoint
CREATE TABLE "organizations" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
	"name" text NOT NULL,
	"inn" text,
	"kpp" text,
	"ogrn" text,
	"bank_name" text,
	"bic" text,
	"account" text,
	"correspondent_account" text,
	"position" integer DEFAULT 0 NOT NULL,
	"active" boolean DEFAULT true NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "organizations_named" CHECK (length(btrim("organizations"."name")) > 0)
);--> statement-breakpoint
CREATE UNIQUE INDEX "organizations_name" ON "organizations" USING btree (lower("name" collate "russian"));--> statement-breakpoint
-- One row: the company's working week and hours.
CREATE TABLE "work_calendar" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
	"weekdays" smallint[] DEFAULT '{1,2,3,4,5}' NOT NULL,
	"work_from" smallint DEFAULT 540 NOT NULL,
	"work_until" smallint DEFAULT 1080 NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "work_calendar_week" CHECK (cardinality("work_calendar"."weekdays") > 0 and "work_calendar"."weekdays" <@ '{1,2,3,4,5,6,7}'),
	CONSTRAINT "work_calendar_hours" CHECK ("work_calendar"."work_from" >= 0 and "work_calendar"."work_from" < "work_calendar"."work_until" and "work_calendar"."work_until" <= 1440)
);--> statement-breakpoint
INSERT INTO "work_calendar" DEFAULT VALUES;--> statement-breakpoint
-- Whoever comes begins with the company's hours, by whichever door.
CREATE FUNCTION company_work_from() RETURNS smallint LANGUAGE sql STABLE RETURN (SELECT work_from FROM work_calendar);--> statement-breakpoint
CREATE FUNCTION company_work_until() RETURNS smallint LANGUAGE sql STABLE RETURN (SELECT work_until FROM work_calendar);--> statement-breakpoint
ALTER TABLE "people" ALTER COLUMN "work_from" SET DEFAULT company_work_from();--> statement-breakpoint
ALTER TABLE "people" ALTER COLUMN "work_until" SET DEFAULT company_work_until();--> statement-breakpoint
-- Days on which the week does not hold: holidays, and weekends that are worked.
CREATE TABLE "holidays" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
	"day" date NOT NULL,
	"name" text NOT NULL,
	"working" boolean DEFAULT false NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "holidays_named" CHECK (length(btrim("holidays"."name")) > 0)
);--> statement-breakpoint
CREATE UNIQUE INDEX "holidays_day" ON "holidays" USING btree ("day");--> statement-breakpoint
-- Who changed a record of a directory last, for telling the one who came second: platform/events/conflict.ts.
DROP INDEX "events_extra";--> statement-breakpoint
CREATE INDEX "events_catalogs" ON "events" USING btree ("id") WHERE "type" ~ '^(extra|holiday|kind|organization|pipeline|reason|source|stage|tag)\.';
