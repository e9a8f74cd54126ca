-- The company's week is changed like a record of a directory.
DROP INDEX "events_catalogs";--> statement-breakpoint
CREATE INDEX "events_catalogs" ON "events" USING btree ("id") WHERE "type" ~ '^(extra|holiday|kind|organization|pipeline|reason|source|stage|tag|work)\.';
