-- deals
-- lists and filters
-- The list of deals is read in the order of any of its columns, both ways: plain ascending indexes, which a
-- backward scan turns round; «desc nulls last» would serve one way and no keyset.
DROP INDEX "deals_owner_closed";--> statement-breakpoint
DROP INDEX "deals_stage_closed";--> statement-breakpoint
CREATE INDEX "deals_owner_closed" ON "deals" USING btree ("owner_id","stage_id","closed_on","id") WHERE "deals"."closed_on" is not null;--> statement-breakpoint
CREATE INDEX "deals_stage_closed" ON "deals" USING btree ("stage_id","closed_on","id") WHERE "deals"."closed_on" is not null;--> statement-breakpoint
CREATE INDEX "deals_owner" ON "deals" USING btree ("owner_id","id");--> statement-breakpoint
CREATE INDEX "deals_stage" ON "deals" USING btree ("stage_id","id");--> statement-breakpoint
CREATE INDEX "deals_open" ON "deals" USING btree ("id") WHERE "deals"."closed_on" is null;--> statement-breakpoint
CREATE INDEX "deals_title" ON "deals" USING btree ("title","id");--> statement-breakpoint
CREATE INDEX "deals_amount" ON "deals" USING btree ("amount","id");--> statement-breakpoint
CREATE INDEX "deals_source" ON "deals" USING btree ("source" COLLATE "russian","id");--> statement-breakpoint
CREATE INDEX "deals_campaign" ON "deals" USING btree ("campaign","id");--> statement-breakpoint
CREATE INDEX "deals_expected" ON "deals" USING btree ("expected_close_on","id");--> statement-breakpoint
CREATE INDEX "deals_created" ON "deals" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "deals_entered" ON "deals" USING btree ("stage_entered_at","id");--> statement-breakpoint
CREATE INDEX "deals_done" ON "deals" USING btree ("last_done_at","id");--> statement-breakpoint
CREATE INDEX "deals_closed" ON "deals" USING btree ("closed_on","id");--> statement-breakpoint
CREATE INDEX "deals_probability" ON "deals" USING btree ("probability","id") WHERE "deals"."probability" is not null;--> statement-breakpoint
-- The board by dates, and the list by next step: everybody's deals in the order of what is planned.
CREATE INDEX "deals_at" ON "deals" USING btree ("next_planned_at","id") WHERE "deals"."next_planned_at" is not null;--> statement-breakpoint
CREATE INDEX "deals_on" ON "deals" USING btree ("next_planned_on","id") WHERE "deals"."next_planned_on" is not null;--> statement-breakpoint
CREATE INDEX "deals_open_none" ON "deals" USING btree ("id") WHERE "deals"."closed_on" is null and "deals"."next_planned_at" is null and "deals"."next_planned_on" is null;--> statement-breakpoint
-- A person finds a saved filter by its name: two of one name would be one too many.
CREATE UNIQUE INDEX "saved_filters_name" ON "saved_filters" USING btree ("owner_id","screen",lower("name" collate "russian"));--> statement-breakpoint
-- deal page
-- Two administrators never set up one state from the same version; products are found by typing.
ALTER TABLE "stages" ADD COLUMN "version" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "products" ADD COLUMN "name_search" text GENERATED ALWAYS AS (translate(lower(name collate "russian"), 'ё', 'е')) STORED NOT NULL;--> statement-breakpoint
CREATE INDEX "products_name_search" ON "products" USING gin ("name_search" gin_trgm_ops);
