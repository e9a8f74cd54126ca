-- Events of before get their nouns: in a transaction of its own, for it holds rows that nobody else writes, and no table.
UPDATE "events" SET "noun" = split_part("type", '.', 1), "record_id" = record_of(split_part("type", '.', 1), "data",
	"deal_id", "client_id", "interaction_id")
WHERE "noun" IS NULL;--> statement-breakpoint
ANALYZE "events" ("noun", "record_id");
