-- concurrently
-- Most deals and interactions come from no other program and belong to no series: indexes held a line for each all the same.
DROP INDEX CONCURRENTLY IF EXISTS "interactions_external_ref_given";--> statement-breakpoint
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "interactions_external_ref_given" ON "interactions" USING btree ("external_ref") WHERE "external_ref" IS NOT NULL;--> statement-breakpoint
DROP INDEX CONCURRENTLY IF EXISTS "interactions_external_ref";--> statement-breakpoint
DROP INDEX CONCURRENTLY IF EXISTS "deals_external_ref_given";--> statement-breakpoint
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "deals_external_ref_given" ON "deals" USING btree ("external_ref") WHERE "external_ref" IS NOT NULL;--> statement-breakpoint
DROP INDEX CONCURRENTLY IF EXISTS "deals_external_ref";--> statement-breakpoint
-- What a text finds among the deals of a group: titles and owners narrow each other while one index is read.
DROP INDEX CONCURRENTLY IF EXISTS "deals_found";--> statement-breakpoint
CREATE INDEX CONCURRENTLY IF NOT EXISTS "deals_found" ON "deals" USING gin ((ARRAY["owner_id"]),"title_search" gin_trgm_ops);--> statement-breakpoint
DROP INDEX CONCURRENTLY IF EXISTS "deals_title_search";
