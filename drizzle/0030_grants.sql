-- Who gives rights has proven lately who they are; what they had typed waits while they prove it.
ALTER TABLE "sessions" ADD COLUMN "proven_at" timestamp with time zone;--> statement-breakpoint
CREATE UNLOGGED TABLE "held_forms" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"person_id" bigint NOT NULL REFERENCES "people"("id") ON DELETE CASCADE,
	"back" text NOT NULL,
	"fields" jsonb NOT NULL,
	"at" timestamp with time zone NOT NULL
);--> statement-breakpoint
CREATE INDEX "held_forms_at" ON "held_forms" USING btree ("at");--> statement-breakpoint
-- Accounts of the directory whose login somebody here has already: an administrator says whether they are one.
CREATE TABLE "waiting_accounts" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
	"issuer" text NOT NULL,
	"subject" text NOT NULL,
	"login" text NOT NULL,
	"name" text,
	"email" text,
	"person_id" bigint NOT NULL REFERENCES "people"("id") ON DELETE CASCADE,
	"at" timestamp with time zone NOT NULL
);--> statement-breakpoint
CREATE UNIQUE INDEX "waiting_accounts_account" ON "waiting_accounts" USING btree ("issuer","subject");--> statement-breakpoint
CREATE INDEX "waiting_accounts_person" ON "waiting_accounts" USING btree ("person_id");
