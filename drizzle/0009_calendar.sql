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
