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
CREATE INDEX "contact_points_key" ON "contact_points" USING btree ("search_key","kind");
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
WHERE btrim(source) <> '' GROUP BY lower(source COLLATE "russian");
