-- What has happened stays: emptying the whole table is refused as taking a row away is. An empty one may be
-- emptied, as a restore does with every table before it fills them.
CREATE FUNCTION "refuse_to_empty"() RETURNS trigger LANGUAGE plpgsql AS $$
begin
	if exists (select from events) then
		raise exception 'events are append-only' using errcode = 'restrict_violation';
	end if;
	return null;
end $$;--> statement-breakpoint
CREATE TRIGGER "events_kept" BEFORE TRUNCATE ON "events" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_to_empty"();
