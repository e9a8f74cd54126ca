-- concurrently
DROP INDEX CONCURRENTLY IF EXISTS "events_noun";--> statement-breakpoint
CREATE INDEX CONCURRENTLY IF NOT EXISTS "events_noun" ON "events" USING btree ("noun","at" DESC,"id" DESC);--> statement-breakpoint
-- Who changed a record last. Deals and clients have indexes of their own.
DROP INDEX CONCURRENTLY IF EXISTS "events_record";--> statement-breakpoint
CREATE INDEX CONCURRENTLY IF NOT EXISTS "events_record" ON "events" USING btree ("noun","record_id","id") WHERE "deal_id" IS NULL AND "client_id" IS NULL AND "record_id" IS NOT NULL;--> statement-breakpoint
DROP INDEX CONCURRENTLY IF EXISTS "events_people";--> statement-breakpoint
DROP INDEX CONCURRENTLY IF EXISTS "events_catalogs";
