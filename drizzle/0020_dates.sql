-- The board by dates of everybody's deals: the open ones of a pipeline as their next steps come due.
CREATE INDEX "deals_open_at" ON "deals" USING btree ("pipeline_id","next_planned_at","id") WHERE "closed_on" is null and "next_planned_at" is not null;--> statement-breakpoint
CREATE INDEX "deals_open_on" ON "deals" USING btree ("pipeline_id","next_planned_on","id") WHERE "closed_on" is null and "next_planned_on" is not null;
