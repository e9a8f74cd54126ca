-- From which address somebody acted; jobs and commands have none.
ALTER TABLE "events" ADD COLUMN "ip" text;--> statement-breakpoint
-- The audit log reads backwards in time: everything, one person's, one noun's.
CREATE INDEX "events_at" ON "events" USING btree ("at" DESC, "id" DESC);--> statement-breakpoint
CREATE INDEX "events_actor" ON "events" USING btree ("actor_id", "at" DESC, "id" DESC);--> statement-breakpoint
CREATE INDEX "events_noun" ON "events" USING btree (split_part("type", '.', 1), "at" DESC, "id" DESC);
