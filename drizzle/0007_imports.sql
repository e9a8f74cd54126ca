-- imports
-- A file that a person has sent, what it is to be read as, and how far that has come.
CREATE TABLE "imports" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "imports_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"owner_id" bigint NOT NULL,
	"feeds" text NOT NULL,
	"file_name" text NOT NULL,
	"kind" text NOT NULL,
	"bytes" integer NOT NULL,
	"status" text DEFAULT 'mapping' NOT NULL,
	"reading" jsonb NOT NULL,
	"headers" jsonb NOT NULL,
	"fingerprint" text NOT NULL,
	"choice" jsonb,
	"fault" jsonb,
	"rows" integer,
	"done_rows" integer DEFAULT 0 NOT NULL,
	"done_line" integer DEFAULT 0 NOT NULL,
	"counts" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"undone" jsonb,
	"worker" text,
	"version" integer DEFAULT 1 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp with time zone,
	"finished_at" timestamp with time zone,
	CONSTRAINT "imports_feeds" CHECK ("imports"."feeds" in ('clients', 'contacts', 'deals', 'interactions', 'products', 'people')),
	CONSTRAINT "imports_kind" CHECK ("imports"."kind" in ('csv', 'xlsx')),
	CONSTRAINT "imports_status" CHECK ("imports"."status" in ('mapping', 'checking', 'checked', 'running', 'cancelling', 'done', 'cancelled', 'undoing', 'undone', 'failed'))
);
--> statement-breakpoint
-- The file itself: several instances share it, and none keeps it on its disk.
CREATE TABLE "import_chunks" (
	"import_id" bigint NOT NULL,
	"position" integer NOT NULL,
	"bytes" "bytea" NOT NULL,
	CONSTRAINT "import_chunks_import_id_position_pk" PRIMARY KEY("import_id","position")
);
--> statement-breakpoint
CREATE TABLE "import_rows" (
	"import_id" bigint NOT NULL,
	"line" integer NOT NULL,
	"cells" jsonb NOT NULL,
	"verdict" text,
	"reasons" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"results" jsonb DEFAULT '[]'::jsonb NOT NULL,
	CONSTRAINT "import_rows_import_id_line_pk" PRIMARY KEY("import_id","line"),
	CONSTRAINT "import_rows_verdict" CHECK ("import_rows"."verdict" in ('created', 'updated', 'unchanged', 'skipped', 'rejected'))
);
--> statement-breakpoint
-- What an import has made and changed, for undoing.
CREATE TABLE "import_records" (
	"import_id" bigint NOT NULL,
	"line" integer NOT NULL,
	"step" smallint NOT NULL,
	"noun" text NOT NULL,
	"record_id" bigint NOT NULL,
	"created" boolean NOT NULL,
	"changes" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"undone" text,
	CONSTRAINT "import_records_import_id_line_step_pk" PRIMARY KEY("import_id","line","step")
);
--> statement-breakpoint
ALTER TABLE "imports" ADD CONSTRAINT "imports_owner_id_people_id_fk" FOREIGN KEY ("owner_id") REFERENCES "public"."people"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "import_chunks" ADD CONSTRAINT "import_chunks_import_id_imports_id_fk" FOREIGN KEY ("import_id") REFERENCES "public"."imports"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "import_rows" ADD CONSTRAINT "import_rows_import_id_imports_id_fk" FOREIGN KEY ("import_id") REFERENCES "public"."imports"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "import_records" ADD CONSTRAINT "import_records_import_id_imports_id_fk" FOREIGN KEY ("import_id") REFERENCES "public"."imports"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "imports_owner" ON "imports" USING btree ("owner_id","id");--> statement-breakpoint
CREATE INDEX "imports_fingerprint" ON "imports" USING btree ("fingerprint","feeds","id") WHERE "imports"."choice" is not null;--> statement-breakpoint
CREATE INDEX "import_rows_verdict" ON "import_rows" USING btree ("import_id","verdict","line");--> statement-breakpoint
-- Names that a file says whole are looked up whole: of two hundred, trigrams would read half the index.
CREATE INDEX "clients_name_whole" ON "clients" USING hash ("name_search");--> statement-breakpoint
CREATE INDEX "import_records_record" ON "import_records" USING btree ("noun","record_id");--> statement-breakpoint

-- Undoing an import takes deals away that nobody has touched since, with their history of one line. Nobody
-- else may: the setting lives for one transaction.
CREATE FUNCTION refuse_change_but_undo() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND current_setting('app.undoing_import', true) = 'yes' THEN RETURN OLD; END IF;
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;--> statement-breakpoint
DROP TRIGGER stage_changes_append_only ON "stage_changes";--> statement-breakpoint
CREATE TRIGGER stage_changes_append_only BEFORE UPDATE OR DELETE ON "stage_changes" FOR EACH ROW EXECUTE FUNCTION refuse_change_but_undo();
