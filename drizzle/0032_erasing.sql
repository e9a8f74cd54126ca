-- A person may demand that what is known of them goes: then the values of an event are overwritten, and its address. What
-- happened, when, to what and by whom stays, and nothing else may change it. The setting lives for one transaction.
CREATE FUNCTION "refuse_change_but_erasing"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'UPDATE' AND current_setting('app.erasing', true) = 'yes'
		AND to_jsonb(NEW) - '{data,ip}'::text[] = to_jsonb(OLD) - '{data,ip}'::text[] THEN RETURN NEW; END IF;
	RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;--> statement-breakpoint
DROP TRIGGER "events_append_only" ON "events";--> statement-breakpoint
CREATE TRIGGER "events_append_only" BEFORE UPDATE OR DELETE ON "events" FOR EACH ROW EXECUTE FUNCTION "refuse_change_but_erasing"();--> statement-breakpoint

-- The same values with a marker for every text, but for those of the names in `kept`: codes, days, moments. Whole rows
-- that an event keeps to bring something back are left out, for a marker cannot be brought back.
CREATE FUNCTION "erased"(value jsonb, kept text[], marker text, name text DEFAULT '') RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	RETURN CASE
		WHEN name = 'row' THEN 'null'
		WHEN name = 'whole' THEN '{"deals": []}'
		WHEN name = ANY (kept) THEN value
		ELSE CASE jsonb_typeof(value)
			WHEN 'object' THEN (SELECT coalesce(jsonb_object_agg(e.key, erased(e.value, kept, marker, e.key)), '{}') FROM jsonb_each(value) e)
			WHEN 'array' THEN (SELECT coalesce(jsonb_agg(erased(a.value, kept, marker, name) ORDER BY a.ordinality), '[]')
				FROM jsonb_array_elements(value) WITH ORDINALITY a)
			WHEN 'string' THEN CASE WHEN name = 'bornOn' THEN 'null' WHEN value = '""' THEN value ELSE to_jsonb(marker) END
			ELSE value END
	END;
END $$;
