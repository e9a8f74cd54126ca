-- Letters that leave the house, who works on the queue, and what each person wants to be told.

CREATE TABLE "mails" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "mails_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"kind" text NOT NULL,
	"key" text,
	"person_id" bigint,
	"author_id" bigint,
	"deal_id" bigint,
	"client_id" bigint,
	"interaction_id" bigint,
	"address" text NOT NULL,
	"name" text COLLATE "russian" NOT NULL,
	"language" text NOT NULL,
	"time_zone" text NOT NULL,
	"subject" text COLLATE "russian" NOT NULL,
	"content" jsonb NOT NULL,
	"html" text,
	"text" text,
	"message_id" uuid DEFAULT gen_random_uuid() NOT NULL,
	"status" text DEFAULT 'queued' NOT NULL,
	"attempts" smallint DEFAULT 0 NOT NULL,
	"error" text,
	"next_attempt_at" timestamp with time zone,
	"sent_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "mails_status" CHECK ("mails"."status" in ('queued', 'sent', 'failed', 'kept')),
	CONSTRAINT "mails_language" CHECK ("mails"."language" in ('ru', 'en')),
	CONSTRAINT "mails_sent" CHECK (("mails"."status" = 'sent') = ("mails"."sent_at" is not null))
);
--> statement-breakpoint
CREATE TABLE "job_workers" (
	"id" text PRIMARY KEY NOT NULL,
	"seen_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "people" ADD COLUMN "remind_minutes" integer DEFAULT 15;--> statement-breakpoint
ALTER TABLE "people" ADD COLUMN "digested_on" date;--> statement-breakpoint
ALTER TABLE "people" ADD COLUMN "version" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "interactions" ADD COLUMN "mailed_for" timestamp (0) with time zone;--> statement-breakpoint
ALTER TABLE "mails" ADD CONSTRAINT "mails_person_id_people_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."people"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "mails" ADD CONSTRAINT "mails_author_id_people_id_fk" FOREIGN KEY ("author_id") REFERENCES "public"."people"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "mails_key" ON "mails" USING btree ("key");--> statement-breakpoint
CREATE INDEX "mails_created" ON "mails" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "mails_status_created" ON "mails" USING btree ("status","created_at","id");--> statement-breakpoint
CREATE INDEX "mails_sent_at" ON "mails" USING btree ("sent_at","id");--> statement-breakpoint
CREATE INDEX "mails_name" ON "mails" USING btree ("name","id");--> statement-breakpoint
CREATE INDEX "mails_subject" ON "mails" USING btree ("subject","id");--> statement-breakpoint
CREATE INDEX "interactions_remind_mail" ON "interactions" USING btree ("remind_at") WHERE "interactions"."status" = 'planned' and "interactions"."reminded_at" is null and "interactions"."mailed_for" is distinct from "interactions"."remind_at";--> statement-breakpoint
ALTER TABLE "people" ADD CONSTRAINT "people_remind" CHECK ("people"."remind_minutes" between 0 and 40320);
