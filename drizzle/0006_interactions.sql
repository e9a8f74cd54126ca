-- A person's days in order of time: moments and days apart, as on the board; «Мои дела» merges them.
CREATE INDEX "interactions_owner_at" ON "interactions" USING btree ("owner_id","planned_at","id") WHERE "interactions"."status" = 'planned' and "interactions"."planned_at" is not null;--> statement-breakpoint
CREATE INDEX "interactions_owner_on" ON "interactions" USING btree ("owner_id","planned_on","id") WHERE "interactions"."status" = 'planned' and "interactions"."planned_on" is not null;--> statement-breakpoint
DROP INDEX "interactions_owner_planned";--> statement-breakpoint

-- What every occurrence of a series begins with.
ALTER TABLE "interaction_series" ADD COLUMN "kind_id" bigint NOT NULL;--> statement-breakpoint
ALTER TABLE "interaction_series" ADD COLUMN "summary" text COLLATE "russian" NOT NULL;--> statement-breakpoint
ALTER TABLE "interaction_series" ADD COLUMN "description" text;--> statement-breakpoint
ALTER TABLE "interaction_series" ADD COLUMN "place" text;--> statement-breakpoint
ALTER TABLE "interaction_series" ADD COLUMN "contact_id" bigint;--> statement-breakpoint
ALTER TABLE "interaction_series" ADD COLUMN "length_minutes" smallint;--> statement-breakpoint
ALTER TABLE "interaction_series" ADD COLUMN "remind_minutes" integer;--> statement-breakpoint
ALTER TABLE "interaction_series" ADD COLUMN "owner_id" bigint NOT NULL;--> statement-breakpoint
ALTER TABLE "interaction_series" ADD COLUMN "author_id" bigint;--> statement-breakpoint
ALTER TABLE "interaction_series" ADD CONSTRAINT "interaction_series_kind_id_interaction_kinds_id_fk" FOREIGN KEY ("kind_id") REFERENCES "public"."interaction_kinds"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "interaction_series" ADD CONSTRAINT "interaction_series_owner_id_people_id_fk" FOREIGN KEY ("owner_id") REFERENCES "public"."people"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "interaction_series" ADD CONSTRAINT "interaction_series_starts" CHECK (num_nonnulls("interaction_series"."starts_on", "interaction_series"."starts_at") = 1);--> statement-breakpoint
ALTER TABLE "interaction_kinds" ADD CONSTRAINT "interaction_kinds_named" CHECK (length(btrim("interaction_kinds"."name")) > 0);--> statement-breakpoint
ALTER TABLE "interaction_kinds" ADD CONSTRAINT "interaction_kinds_length" CHECK ("interaction_kinds"."length_minutes" between 1 and 1440);--> statement-breakpoint
UPDATE "interaction_kinds" SET "length_minutes" = 60 WHERE "code" = 'meeting';
--> statement-breakpoint
-- Whether a kind is in use, and how often.
CREATE INDEX "interactions_kind" ON "interactions" USING btree ("kind_id");
