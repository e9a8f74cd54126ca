-- What a person decides for themselves: how it looks, keys, where the board begins.
ALTER TABLE "people" ADD COLUMN "theme" text DEFAULT 'system' NOT NULL;--> statement-breakpoint
ALTER TABLE "people" ADD COLUMN "density" text DEFAULT 'normal' NOT NULL;--> statement-breakpoint
ALTER TABLE "people" ADD COLUMN "shortcuts" boolean DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE "people" ADD COLUMN "board_view" text DEFAULT 'stages' NOT NULL;--> statement-breakpoint
ALTER TABLE "people" ADD CONSTRAINT "people_look" CHECK ("people"."theme" in ('system', 'light', 'dark') and "people"."density" in ('normal', 'compact') and "people"."board_view" in ('stages', 'dates'));--> statement-breakpoint
-- The saved filter that a person begins with on a screen.
CREATE TABLE "default_filters" (
	"person_id" bigint NOT NULL REFERENCES "people"("id") ON DELETE CASCADE,
	"screen" text NOT NULL,
	"filter_id" bigint NOT NULL REFERENCES "saved_filters"("id") ON DELETE CASCADE,
	CONSTRAINT "default_filters_person_id_screen_pk" PRIMARY KEY("person_id","screen"),
	CONSTRAINT "default_filters_screen" CHECK ("default_filters"."screen" in ('board', 'deals'))
);--> statement-breakpoint
CREATE INDEX "default_filters_filter" ON "default_filters" USING btree ("filter_id");
