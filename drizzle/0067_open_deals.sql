-- concurrently
-- What one owner has in each open state is still read from the index alone: what is in the archive is not in it.
DROP INDEX CONCURRENTLY IF EXISTS "deals_owner_open";--> statement-breakpoint
CREATE INDEX CONCURRENTLY IF NOT EXISTS "deals_owner_open" ON "deals" USING btree ("owner_id","stage_id","currency","amount","next_planned_at","next_planned_on") WHERE "closed_on" IS NULL AND "archived_at" IS NULL;--> statement-breakpoint
-- The archive is looked through by itself, and is small.
DROP INDEX CONCURRENTLY IF EXISTS "deals_archived";--> statement-breakpoint
CREATE INDEX CONCURRENTLY IF NOT EXISTS "deals_archived" ON "deals" USING btree ("id") WHERE "archived_at" IS NOT NULL;
