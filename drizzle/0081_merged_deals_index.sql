-- concurrently
-- What was merged into a deal is looked for with every page of one.
DROP INDEX CONCURRENTLY IF EXISTS "deals_merged_into";--> statement-breakpoint
CREATE INDEX CONCURRENTLY IF NOT EXISTS "deals_merged_into" ON "deals" USING btree ("merged_into") WHERE "merged_into" IS NOT NULL;
