-- How people come in: identities of the directory, its groups, local passwords, sessions with their ends.
ALTER TABLE "people" ADD COLUMN "waiting" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "people" ADD COLUMN "rights_mapped" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "people" ADD CONSTRAINT "people_waiting" CHECK (not ("people"."waiting" and "people"."active"));--> statement-breakpoint
CREATE TABLE "identities" (
	"issuer" text NOT NULL,
	"subject" text NOT NULL,
	"person_id" bigint NOT NULL REFERENCES "people"("id"),
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"seen_at" timestamp with time zone NOT NULL,
	CONSTRAINT "identities_issuer_subject_pk" PRIMARY KEY("issuer","subject")
);--> statement-breakpoint
-- One person, one account of a directory: a second one of the same login is somebody else.
CREATE UNIQUE INDEX "identities_person" ON "identities" USING btree ("person_id","issuer");--> statement-breakpoint
CREATE TABLE "group_mappings" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
	"pattern" text NOT NULL,
	"role" text REFERENCES "roles"("code"),
	"team_id" bigint REFERENCES "teams"("id"),
	"position" integer DEFAULT 0 NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "group_mappings_pattern" CHECK (length("group_mappings"."pattern") between 1 and 300),
	CONSTRAINT "group_mappings_gives" CHECK ("group_mappings"."role" is not null or "group_mappings"."team_id" is not null)
);--> statement-breakpoint
CREATE INDEX "group_mappings_order" ON "group_mappings" USING btree ("position","id");--> statement-breakpoint
CREATE TABLE "local_passwords" (
	"person_id" bigint PRIMARY KEY REFERENCES "people"("id"),
	"hash" text NOT NULL,
	"made_at" timestamp with time zone NOT NULL
);--> statement-breakpoint
-- What was tried in vain: counted for passwords, so that guessing is slow; kept for an hour or so.
CREATE TABLE "sign_in_refusals" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
	"at" timestamp with time zone NOT NULL,
	"why" text NOT NULL,
	"login" text NOT NULL,
	"address" text NOT NULL
);--> statement-breakpoint
CREATE INDEX "sign_in_refusals_address" ON "sign_in_refusals" USING btree ("address","at");--> statement-breakpoint
CREATE INDEX "sign_in_refusals_at" ON "sign_in_refusals" USING btree ("at");--> statement-breakpoint
CREATE TABLE "logout_tokens" (
	"issuer" text NOT NULL,
	"jti" text NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	CONSTRAINT "logout_tokens_issuer_jti_pk" PRIMARY KEY("issuer","jti")
);--> statement-breakpoint
-- Sessions of before know neither their way nor their end: everybody signs in anew.
DELETE FROM "sessions";--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "way" text NOT NULL;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "ends_at" timestamp with time zone NOT NULL;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "address" text;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "agent" text;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "issuer" text;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "subject" text;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "sid" text;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "sealed_id_token" text;--> statement-breakpoint
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_way" CHECK ("sessions"."way" in ('demo', 'oidc', 'header', 'password'));--> statement-breakpoint
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_ends" CHECK ("sessions"."expires_at" <= "sessions"."ends_at");--> statement-breakpoint
CREATE INDEX "sessions_subject" ON "sessions" USING btree ("issuer","subject") WHERE "sessions"."issuer" is not null;
