-- concurrently
-- The order of a record's history is that in which it was written.
CREATE INDEX CONCURRENTLY IF NOT EXISTS "events_of_deal" ON "events" USING btree ("deal_id","id" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX CONCURRENTLY IF NOT EXISTS "events_of_client" ON "events" USING btree ("client_id","id" DESC NULLS LAST);--> statement-breakpoint
DROP INDEX CONCURRENTLY IF EXISTS "events_deal";--> statement-breakpoint
DROP INDEX CONCURRENTLY IF EXISTS "events_client";
