-- What was asked for under a key, and what came of it: a form that is sent twice makes one record. A person's
-- keys are their own; they go after a week.
CREATE TABLE "requests_done" (
	"person_id" bigint NOT NULL REFERENCES "people"("id") ON DELETE CASCADE,
	"key" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"asked" text NOT NULL,
	"result" jsonb,
	CONSTRAINT "requests_done_person_id_key_pk" PRIMARY KEY("person_id","key"),
	CONSTRAINT "requests_done_key" CHECK ("requests_done"."key" ~ '^[A-Za-z0-9_-]{8,100}$')
);--> statement-breakpoint
CREATE INDEX "requests_done_at" ON "requests_done" USING btree ("at");
