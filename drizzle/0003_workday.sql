-- What a manager's whole day needs. Names that people read are sorted as Russians sort them.

CREATE TABLE "addresses" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "addresses_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"client_id" bigint NOT NULL,
	"kind" text NOT NULL,
	"value" text NOT NULL,
	"position" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "addresses_kind" CHECK ("addresses"."kind" in ('legal', 'actual', 'postal', 'delivery'))
);
--> statement-breakpoint
CREATE TABLE "client_tags" (
	"client_id" bigint NOT NULL,
	"tag_id" bigint NOT NULL,
	CONSTRAINT "client_tags_client_id_tag_id_pk" PRIMARY KEY("client_id","tag_id")
);
--> statement-breakpoint
CREATE TABLE "extra_fields" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "extra_fields_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"noun" text NOT NULL,
	"name" text COLLATE "russian" NOT NULL,
	"kind" text NOT NULL,
	"choices" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"position" integer NOT NULL,
	"active" boolean DEFAULT true NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "extra_fields_noun" CHECK ("extra_fields"."noun" in ('client', 'deal')),
	CONSTRAINT "extra_fields_kind" CHECK ("extra_fields"."kind" in ('text', 'number', 'day', 'choice', 'yes_no'))
);
--> statement-breakpoint
CREATE TABLE "sources" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "sources_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"kind" text NOT NULL,
	"name" text COLLATE "russian" NOT NULL,
	"active" boolean DEFAULT true NOT NULL,
	CONSTRAINT "sources_kind" CHECK ("sources"."kind" in ('source', 'campaign'))
);
--> statement-breakpoint
CREATE TABLE "tags" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "tags_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"name" text COLLATE "russian" NOT NULL,
	"colour" text DEFAULT 'grey' NOT NULL,
	CONSTRAINT "tags_named" CHECK (length(btrim("tags"."name")) > 0)
);
--> statement-breakpoint
CREATE TABLE "deal_collaborators" (
	"deal_id" bigint NOT NULL,
	"person_id" bigint NOT NULL,
	CONSTRAINT "deal_collaborators_deal_id_person_id_pk" PRIMARY KEY("deal_id","person_id")
);
--> statement-breakpoint
CREATE TABLE "deal_tags" (
	"deal_id" bigint NOT NULL,
	"tag_id" bigint NOT NULL,
	CONSTRAINT "deal_tags_deal_id_tag_id_pk" PRIMARY KEY("deal_id","tag_id")
);
--> statement-breakpoint
CREATE TABLE "saved_filters" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "saved_filters_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"owner_id" bigint NOT NULL,
	"screen" text NOT NULL,
	"name" text COLLATE "russian" NOT NULL,
	"query" text NOT NULL,
	"shared" boolean DEFAULT false NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "saved_filters_screen" CHECK ("saved_filters"."screen" in ('board', 'deals', 'clients'))
);
--> statement-breakpoint
CREATE TABLE "interaction_series" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "interaction_series_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"rule" text NOT NULL,
	"starts_on" date,
	"starts_at" text,
	"time_zone" text NOT NULL,
	"made_until" date,
	"ended_on" date,
	"version" integer DEFAULT 1 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "people" ADD COLUMN "work_from" smallint DEFAULT 540 NOT NULL;--> statement-breakpoint
ALTER TABLE "people" ADD COLUMN "work_until" smallint DEFAULT 1080 NOT NULL;--> statement-breakpoint
ALTER TABLE "people" ADD COLUMN "mail_reminders" boolean DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE "people" ADD COLUMN "mail_digest" boolean DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE "clients" ADD COLUMN "status" text DEFAULT 'prospect' NOT NULL;--> statement-breakpoint
ALTER TABLE "clients" ADD COLUMN "bank_name" text;--> statement-breakpoint
ALTER TABLE "clients" ADD COLUMN "bic" text;--> statement-breakpoint
ALTER TABLE "clients" ADD COLUMN "account" text;--> statement-breakpoint
ALTER TABLE "clients" ADD COLUMN "correspondent_account" text;--> statement-breakpoint
ALTER TABLE "clients" ADD COLUMN "website" text;--> statement-breakpoint
ALTER TABLE "clients" ADD COLUMN "note" text;--> statement-breakpoint
ALTER TABLE "clients" ADD COLUMN "extra" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "clients" ADD COLUMN "archived_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "clients" ADD COLUMN "merged_into" bigint;--> statement-breakpoint
ALTER TABLE "contact_points" ADD COLUMN "e164" text;--> statement-breakpoint
ALTER TABLE "contact_points" ADD COLUMN "extension" text;--> statement-breakpoint
ALTER TABLE "contacts" ADD COLUMN "role" text COLLATE "russian";--> statement-breakpoint
ALTER TABLE "contacts" ADD COLUMN "born_on" date;--> statement-breakpoint
ALTER TABLE "contacts" ADD COLUMN "note" text;--> statement-breakpoint
ALTER TABLE "contacts" ADD COLUMN "archived_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "contacts" ADD COLUMN "version" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "contacts" ADD COLUMN "name_search" text GENERATED ALWAYS AS (translate(lower(name collate "russian"), 'ё', 'е')) STORED NOT NULL;--> statement-breakpoint
ALTER TABLE "deal_products" ADD COLUMN "position" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "deals" ADD COLUMN "campaign" text COLLATE "russian";--> statement-breakpoint
ALTER TABLE "deals" ADD COLUMN "note" text;--> statement-breakpoint
ALTER TABLE "deals" ADD COLUMN "amount_from_products" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "deals" ADD COLUMN "extra" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "stages" ADD COLUMN "required_fields" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "interaction_kinds" ADD COLUMN "next_kind_id" bigint;--> statement-breakpoint
ALTER TABLE "interaction_kinds" ADD COLUMN "length_minutes" smallint;--> statement-breakpoint
ALTER TABLE "interaction_kinds" ADD COLUMN "active" boolean DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE "interaction_kinds" ADD COLUMN "version" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "interactions" ADD COLUMN "description" text;--> statement-breakpoint
ALTER TABLE "interactions" ADD COLUMN "place" text;--> statement-breakpoint
ALTER TABLE "interactions" ADD COLUMN "contact_id" bigint;--> statement-breakpoint
ALTER TABLE "interactions" ADD COLUMN "remind_minutes" integer;--> statement-breakpoint
ALTER TABLE "interactions" ADD COLUMN "remind_at" timestamp (0) with time zone;--> statement-breakpoint
ALTER TABLE "interactions" ADD COLUMN "reminded_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "interactions" ADD COLUMN "series_id" bigint;--> statement-breakpoint
ALTER TABLE "interactions" ADD COLUMN "occurrence" text;--> statement-breakpoint
ALTER TABLE "interactions" ADD COLUMN "calendar_uid" text;--> statement-breakpoint
ALTER TABLE "addresses" ADD CONSTRAINT "addresses_client_id_clients_id_fk" FOREIGN KEY ("client_id") REFERENCES "public"."clients"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "client_tags" ADD CONSTRAINT "client_tags_client_id_clients_id_fk" FOREIGN KEY ("client_id") REFERENCES "public"."clients"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "client_tags" ADD CONSTRAINT "client_tags_tag_id_tags_id_fk" FOREIGN KEY ("tag_id") REFERENCES "public"."tags"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "deal_collaborators" ADD CONSTRAINT "deal_collaborators_deal_id_deals_id_fk" FOREIGN KEY ("deal_id") REFERENCES "public"."deals"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "deal_collaborators" ADD CONSTRAINT "deal_collaborators_person_id_people_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."people"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "deal_tags" ADD CONSTRAINT "deal_tags_deal_id_deals_id_fk" FOREIGN KEY ("deal_id") REFERENCES "public"."deals"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "deal_tags" ADD CONSTRAINT "deal_tags_tag_id_tags_id_fk" FOREIGN KEY ("tag_id") REFERENCES "public"."tags"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "saved_filters" ADD CONSTRAINT "saved_filters_owner_id_people_id_fk" FOREIGN KEY ("owner_id") REFERENCES "public"."people"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "addresses_client" ON "addresses" USING btree ("client_id","position");--> statement-breakpoint
CREATE INDEX "client_tags_tag" ON "client_tags" USING btree ("tag_id","client_id");--> statement-breakpoint
CREATE UNIQUE INDEX "extra_fields_name" ON "extra_fields" USING btree ("noun",lower("name" collate "russian"));--> statement-breakpoint
CREATE UNIQUE INDEX "sources_name" ON "sources" USING btree ("kind",lower("name" collate "russian"));--> statement-breakpoint
CREATE UNIQUE INDEX "tags_name" ON "tags" USING btree (lower("name" collate "russian"));--> statement-breakpoint
CREATE INDEX "deal_collaborators_person" ON "deal_collaborators" USING btree ("person_id","deal_id");--> statement-breakpoint
CREATE INDEX "deal_tags_tag" ON "deal_tags" USING btree ("tag_id","deal_id");--> statement-breakpoint
CREATE INDEX "saved_filters_owner" ON "saved_filters" USING btree ("owner_id","screen");--> statement-breakpoint
CREATE INDEX "saved_filters_shared" ON "saved_filters" USING btree ("screen") WHERE "saved_filters"."shared";--> statement-breakpoint
ALTER TABLE "clients" ADD CONSTRAINT "clients_merged_into_clients_id_fk" FOREIGN KEY ("merged_into") REFERENCES "public"."clients"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "interaction_kinds" ADD CONSTRAINT "interaction_kinds_next_kind_id_interaction_kinds_id_fk" FOREIGN KEY ("next_kind_id") REFERENCES "public"."interaction_kinds"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "interactions" ADD CONSTRAINT "interactions_contact_id_contacts_id_fk" FOREIGN KEY ("contact_id") REFERENCES "public"."contacts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "interactions" ADD CONSTRAINT "interactions_series_id_interaction_series_id_fk" FOREIGN KEY ("series_id") REFERENCES "public"."interaction_series"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "contacts_name_search" ON "contacts" USING gin ("name_search" gin_trgm_ops);--> statement-breakpoint
CREATE UNIQUE INDEX "interactions_occurrence" ON "interactions" USING btree ("series_id","occurrence");--> statement-breakpoint
CREATE INDEX "interactions_calendar_uid" ON "interactions" USING btree ("calendar_uid") WHERE "interactions"."calendar_uid" is not null;--> statement-breakpoint
CREATE INDEX "interactions_remind" ON "interactions" USING btree ("owner_id","remind_at") WHERE "interactions"."status" = 'planned' and "interactions"."remind_at" is not null and "interactions"."reminded_at" is null;--> statement-breakpoint
CREATE INDEX "interactions_owner_done" ON "interactions" USING btree ("owner_id","completed_at") WHERE "interactions"."status" = 'done';--> statement-breakpoint
ALTER TABLE "people" ADD CONSTRAINT "people_working_hours" CHECK ("people"."work_from" >= 0 and "people"."work_from" < "people"."work_until" and "people"."work_until" <= 1440);--> statement-breakpoint
ALTER TABLE "clients" ADD CONSTRAINT "clients_status" CHECK ("clients"."status" in ('prospect', 'active', 'former'));--> statement-breakpoint
ALTER TABLE "clients" ADD CONSTRAINT "clients_merged" CHECK ("clients"."merged_into" is null or "clients"."archived_at" is not null);--> statement-breakpoint
ALTER TABLE "clients" ADD CONSTRAINT "clients_not_own_heir" CHECK ("clients"."merged_into" <> "clients"."id");--> statement-breakpoint
ALTER TABLE "interactions" ADD CONSTRAINT "interactions_remind" CHECK ("interactions"."remind_minutes" between 0 and 40320);