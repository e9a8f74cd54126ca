-- clients
SELECT 1;--> statement-breakpoint

-- duplicates and merges
-- Phones of before the library: as far as SQL understands them; their extension off the key.
UPDATE contact_points p SET search_key = right(n.digits, 10), extension = n.extension,
	e164 = CASE WHEN n.digits ~ '^([78][34789]|[3479])\d{9}$' AND n.number !~ '\+[^7]' THEN '+7' || right(n.digits, 10) END
FROM (
	SELECT id, number, extension, regexp_replace(number, '\D', '', 'g') AS digits FROM (
		SELECT id, substring(value from '(?i)\d.*(?:доб|вн|ext|x|х|#)\D{0,12}(\d{1,11})') AS extension,
			regexp_replace(value, '(\d.*)(доб|вн|ext|x|х|#)\D{0,12}\d.*$', '\1', 'i') AS number
		FROM contact_points WHERE kind = 'phone'
	) split
) n
WHERE n.id = p.id AND n.digits <> '';--> statement-breakpoint
CREATE INDEX "contact_points_key" ON "contact_points" USING btree ("kind","search_key","client_id");--> statement-breakpoint

-- What tells a client's name from others: without legal forms (typed in Latin too), quotes and signs, «ё» as «е»,
-- its words in a fixed order. A body that is parsed now, so that it needs no search path later.
CREATE FUNCTION client_name_key(name text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (
	SELECT coalesce(
		string_agg(word, ' ' ORDER BY word COLLATE "C") FILTER (WHERE word <> ALL (ARRAY[
			'ооо', 'оао', 'зао', 'пао', 'нао', 'ао', 'одо', 'ип', 'чп', 'кфх', 'нко', 'ано', 'тоо', 'гуп', 'муп',
			'фгуп', 'фгбу', 'фку', 'гбу', 'мбу', 'гау', 'мау', 'гку', 'мку', 'чуп', 'оо', 'уп', 'ooo', 'oao', 'zao', 'pao', 'ao',
			'llc', 'ltd', 'jsc', 'ojsc', 'inc', 'gmbh'])),
		string_agg(word, ' ' ORDER BY word COLLATE "C"), '')
	FROM unnest(string_to_array(btrim(regexp_replace(regexp_replace(
		translate(lower(name COLLATE "russian"), 'ё', 'е'),
		'обществ[оа] с (ограниченной|дополнительной) ответственностью|((не)?публичное |открытое |закрытое )?акционерное общество|индивидуальный предприниматель|(автономная )?некоммерческая организация|товарищество с ограниченной ответственностью',
		' ', 'g'), '[^[:alnum:]]+', ' ', 'g')), ' ')) word
	WHERE word <> ''
);--> statement-breakpoint
ALTER TABLE "clients" ADD COLUMN "name_key" text GENERATED ALWAYS AS (client_name_key(name)) STORED NOT NULL;--> statement-breakpoint
CREATE INDEX "clients_name_key" ON "clients" USING btree ("name_key");--> statement-breakpoint
CREATE INDEX "clients_name_key_like" ON "clients" USING gin ("name_key" gin_trgm_ops);--> statement-breakpoint
CREATE INDEX "clients_merged_into" ON "clients" USING btree ("merged_into") WHERE "clients"."merged_into" is not null;--> statement-breakpoint

-- Clients whose names are like one that is typed; shop 12 is not like shop 13. The threshold belongs to the function: no session keeps it. The
-- first line loads pg_trgm, or nobody but a superuser could name its setting.
SELECT similarity('a', 'b');--> statement-breakpoint
CREATE FUNCTION clients_named_like(wanted text) RETURNS TABLE (id bigint, likeness real)
LANGUAGE sql STABLE SET pg_trgm.similarity_threshold = 0.45 AS $$
	SELECT c.id, similarity(c.name_key, client_name_key(wanted)) FROM clients c,
		LATERAL (SELECT btrim(regexp_replace(c.name_key, '\D+', ' ', 'g')) AS theirs,
			btrim(regexp_replace(client_name_key(wanted), '\D+', ' ', 'g')) AS ours) numbers
	WHERE c.name_key % client_name_key(wanted) AND c.archived_at IS NULL
		AND (theirs = '' OR ours = '' OR theirs = ours)
	ORDER BY 2 DESC, 1 LIMIT 200
$$;--> statement-breakpoint

-- A client with all that were merged into it, and the one that a merged client lives on in.
CREATE FUNCTION client_family(client bigint) RETURNS SETOF bigint LANGUAGE sql STABLE
BEGIN ATOMIC
	WITH RECURSIVE family (id) AS (
		SELECT client UNION SELECT c.id FROM clients c JOIN family f ON c.merged_into = f.id
	)
	SELECT id FROM family;
END;--> statement-breakpoint
CREATE FUNCTION client_heir(client bigint) RETURNS bigint LANGUAGE sql STABLE
BEGIN ATOMIC
	WITH RECURSIVE line (id, merged_into) AS (
		SELECT c.id, c.merged_into FROM clients c WHERE c.id = client
		UNION SELECT c.id, c.merged_into FROM clients c JOIN line l ON c.id = l.merged_into
	)
	SELECT id FROM line WHERE merged_into IS NULL;
END;--> statement-breakpoint
CREATE TABLE "client_merges" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "client_merges_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"survivor_id" bigint NOT NULL,
	"merged_ids" bigint[] NOT NULL,
	"snapshot" jsonb NOT NULL,
	"person_id" bigint,
	"at" timestamp with time zone NOT NULL,
	"undone_by" bigint,
	"undone_at" timestamp with time zone,
	"version" integer DEFAULT 1 NOT NULL
);--> statement-breakpoint
ALTER TABLE "client_merges" ADD CONSTRAINT "client_merges_survivor_id_clients_id_fk" FOREIGN KEY ("survivor_id") REFERENCES "public"."clients"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "client_merges" ADD CONSTRAINT "client_merges_person_id_people_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."people"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "client_merges" ADD CONSTRAINT "client_merges_undone_by_people_id_fk" FOREIGN KEY ("undone_by") REFERENCES "public"."people"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "client_merges_survivor" ON "client_merges" USING btree ("survivor_id");--> statement-breakpoint
CREATE TABLE "not_duplicates" (
	"kind" text NOT NULL,
	"key" text NOT NULL,
	"client_ids" bigint[] NOT NULL,
	"person_id" bigint NOT NULL,
	"at" timestamp with time zone NOT NULL,
	CONSTRAINT "not_duplicates_kind_key_pk" PRIMARY KEY("kind","key"),
	CONSTRAINT "not_duplicates_kind" CHECK ("not_duplicates"."kind" in ('inn', 'phone', 'email', 'name'))
);--> statement-breakpoint
ALTER TABLE "not_duplicates" ADD CONSTRAINT "not_duplicates_person_id_people_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."people"("id") ON DELETE no action ON UPDATE no action;
--> statement-breakpoint

-- client card
-- Where clients and deals come from: a word that is used joins the directory, whatever writes the row. One
-- row at a time, because only so does a move of a deal, which names no source, cost nothing.
CREATE FUNCTION note_source() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  said text := CASE TG_ARGV[0] WHEN 'source' THEN NEW.source ELSE to_jsonb(NEW)->>'campaign' END;
BEGIN
  IF NOT EXISTS (SELECT FROM sources WHERE kind = TG_ARGV[0] AND lower(name COLLATE "russian") = lower(said COLLATE "russian")) THEN
    INSERT INTO sources (kind, name) VALUES (TG_ARGV[0], said)
    ON CONFLICT (kind, lower(name COLLATE "russian")) DO NOTHING;
  END IF;
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER clients_note_source_insert AFTER INSERT ON "clients" FOR EACH ROW WHEN (NEW.source IS NOT NULL) EXECUTE FUNCTION note_source('source');--> statement-breakpoint
CREATE TRIGGER clients_note_source_update AFTER UPDATE OF source ON "clients" FOR EACH ROW WHEN (NEW.source IS DISTINCT FROM OLD.source AND NEW.source IS NOT NULL) EXECUTE FUNCTION note_source('source');--> statement-breakpoint
CREATE TRIGGER deals_note_source_insert AFTER INSERT ON "deals" FOR EACH ROW WHEN (NEW.source IS NOT NULL) EXECUTE FUNCTION note_source('source');--> statement-breakpoint
CREATE TRIGGER deals_note_source_update AFTER UPDATE OF source ON "deals" FOR EACH ROW WHEN (NEW.source IS DISTINCT FROM OLD.source AND NEW.source IS NOT NULL) EXECUTE FUNCTION note_source('source');--> statement-breakpoint
CREATE TRIGGER deals_note_campaign_insert AFTER INSERT ON "deals" FOR EACH ROW WHEN (NEW.campaign IS NOT NULL) EXECUTE FUNCTION note_source('campaign');--> statement-breakpoint
CREATE TRIGGER deals_note_campaign_update AFTER UPDATE OF campaign ON "deals" FOR EACH ROW WHEN (NEW.campaign IS DISTINCT FROM OLD.campaign AND NEW.campaign IS NOT NULL) EXECUTE FUNCTION note_source('campaign');--> statement-breakpoint
INSERT INTO "sources" ("kind", "name")
SELECT 'source', min(source) FROM (SELECT source FROM clients UNION ALL SELECT source FROM deals) s
WHERE btrim(source) <> '' GROUP BY lower(source COLLATE "russian");--> statement-breakpoint
-- What was agreed with a client without a deal: for its card.
CREATE INDEX "interactions_of_client" ON "interactions" USING btree ("client_id","status") WHERE "interactions"."deal_id" is null;
