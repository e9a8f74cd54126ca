-- The other side's text is kept and changed in place; of a series, which occurrence a step stands for.
ALTER TABLE "calendar_links" ADD COLUMN "text" text;--> statement-breakpoint
ALTER TABLE "calendar_links" ADD COLUMN "occurrence" text;--> statement-breakpoint
ALTER TABLE "calendar_links" ADD COLUMN "fault" text;--> statement-breakpoint
ALTER TABLE "calendar_links" ADD COLUMN "fault_count" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
-- A round that would take away a great deal asks first; one that failed within says so.
ALTER TABLE "calendar_accounts" DROP CONSTRAINT "calendar_accounts_state";--> statement-breakpoint
ALTER TABLE "calendar_accounts" ADD CONSTRAINT "calendar_accounts_state" CHECK ("calendar_accounts"."state" in ('ok', 'failing', 'refused', 'asking', 'broken'));--> statement-breakpoint
ALTER TABLE "calendar_accounts" ADD COLUMN "question" jsonb;--> statement-breakpoint
ALTER TABLE "calendar_accounts" ADD COLUMN "allowed" jsonb;--> statement-breakpoint
CREATE TABLE "calendar_rounds" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "calendar_rounds_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"person_id" bigint NOT NULL,
	"begun_at" timestamp with time zone NOT NULL,
	"undoing_at" timestamp with time zone,
	"undone_at" timestamp with time zone
);
--> statement-breakpoint
ALTER TABLE "calendar_rounds" ADD CONSTRAINT "calendar_rounds_person_id_calendar_accounts_person_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."calendar_accounts"("person_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "calendar_rounds_of_person" ON "calendar_rounds" USING btree ("person_id","id");--> statement-breakpoint
CREATE TABLE "calendar_round_changes" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "calendar_round_changes_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"round_id" bigint NOT NULL,
	"change" text NOT NULL,
	"href" text NOT NULL,
	"interaction_id" bigint,
	"version" integer,
	"was" jsonb,
	"text" text,
	"occurrence" text,
	"undone" boolean
);
--> statement-breakpoint
ALTER TABLE "calendar_round_changes" ADD CONSTRAINT "calendar_round_changes_round_id_calendar_rounds_id_fk" FOREIGN KEY ("round_id") REFERENCES "public"."calendar_rounds"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "calendar_round_changes_of_round" ON "calendar_round_changes" USING btree ("round_id","id");--> statement-breakpoint
-- What is known of the event of another program that a step was made of.
CREATE TABLE "calendar_origins" (
	"interaction_id" bigint PRIMARY KEY NOT NULL,
	"occurrence" text,
	"sequence" integer DEFAULT 0 NOT NULL,
	"stamp" timestamp with time zone
);
--> statement-breakpoint
ALTER TABLE "calendar_origins" ADD CONSTRAINT "calendar_origins_interaction_id_interactions_id_fk" FOREIGN KEY ("interaction_id") REFERENCES "public"."interactions"("id") ON DELETE cascade ON UPDATE no action;
