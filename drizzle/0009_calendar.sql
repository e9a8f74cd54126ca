-- The calendar: private feeds, and what changed since when.
CREATE TABLE "calendar_feeds" (
	"person_id" bigint PRIMARY KEY REFERENCES "people"("id"),
	"secret_hash" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);--> statement-breakpoint
CREATE UNIQUE INDEX "calendar_feeds_secret" ON "calendar_feeds" USING btree ("secret_hash");--> statement-breakpoint
ALTER TABLE "interactions" ADD COLUMN "changed_at" timestamp with time zone;--> statement-breakpoint
UPDATE "interactions" SET "changed_at" = coalesce("completed_at", "created_at");--> statement-breakpoint
ALTER TABLE "interactions" ALTER COLUMN "changed_at" SET DEFAULT now();--> statement-breakpoint
ALTER TABLE "interactions" ALTER COLUMN "changed_at" SET NOT NULL;--> statement-breakpoint
CREATE INDEX "interactions_owner_changed" ON "interactions" USING btree ("owner_id","changed_at");--> statement-breakpoint
-- Calendars of other programs want to know when an event last changed, whatever changed it.
CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.changed_at := clock_timestamp();
  RETURN NEW;
END $$;--> statement-breakpoint
CREATE TRIGGER interactions_changed BEFORE UPDATE ON "interactions" FOR EACH ROW WHEN (OLD.version IS DISTINCT FROM NEW.version OR OLD.owner_id IS DISTINCT FROM NEW.owner_id) EXECUTE FUNCTION note_change();
--> statement-breakpoint
CREATE TABLE "calendar_accounts" (
	"person_id" bigint PRIMARY KEY REFERENCES "people"("id"),
	"login" text NOT NULL,
	"sealed_password" text NOT NULL,
	"calendar_url" text,
	"state" text DEFAULT 'ok' NOT NULL,
	"answered" smallint,
	"tried_at" timestamp with time zone,
	"synced_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "calendar_accounts_state" CHECK ("state" in ('ok', 'failing', 'refused'))
);--> statement-breakpoint
CREATE TABLE "calendar_links" (
	"person_id" bigint NOT NULL REFERENCES "calendar_accounts"("person_id") ON DELETE CASCADE,
	"href" text NOT NULL,
	"etag" text NOT NULL,
	"interaction_id" bigint,
	"synced_version" integer,
	"stranger" text,
	"copy_id" bigint,
	"conflicted_at" timestamp with time zone,
	CONSTRAINT "calendar_links_person_id_href_pk" PRIMARY KEY("person_id","href"),
	CONSTRAINT "calendar_links_whole" CHECK (("interaction_id" is null) = ("synced_version" is null))
);--> statement-breakpoint
CREATE UNIQUE INDEX "calendar_links_interaction" ON "calendar_links" USING btree ("person_id","interaction_id");
--> statement-breakpoint
-- What is over stays in the calendar where it stood.
CREATE INDEX "interactions_owner_over_at" ON "interactions" USING btree ("owner_id","planned_at") WHERE "interactions"."status" = 'done' and "interactions"."planned_at" is not null;--> statement-breakpoint
CREATE INDEX "interactions_owner_over_on" ON "interactions" USING btree ("owner_id","planned_on") WHERE "interactions"."status" = 'done' and "interactions"."planned_on" is not null;
