-- What an event is about, in columns of its own. The program of before writes neither: a trigger fills them. That they are
-- not generated columns has a reason: those would rewrite a table of a million rows while everybody waits for it.
ALTER TABLE "events" ADD COLUMN "noun" text, ADD COLUMN "record_id" bigint;--> statement-breakpoint
CREATE FUNCTION "record_of"("noun" text, "data" jsonb, "deal_id" bigint, "client_id" bigint, "interaction_id" bigint)
RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	select case noun when 'deal' then deal_id when 'client' then client_id when 'interaction' then interaction_id
		else (select case when jsonb_typeof(id) = 'number' then id::bigint end
			from (select data->(case noun when 'extra' then 'fieldId' else noun || 'Id' end) as id) own) end
$$;--> statement-breakpoint
CREATE FUNCTION "name_event"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.noun := split_part(NEW.type, '.', 1);
	NEW.record_id := record_of(NEW.noun, NEW.data, NEW.deal_id, NEW.client_id, NEW.interaction_id);
	RETURN NEW;
END $$;--> statement-breakpoint
CREATE TRIGGER "events_named" BEFORE INSERT ON "events" FOR EACH ROW WHEN (NEW.noun IS NULL) EXECUTE FUNCTION "name_event"();--> statement-breakpoint

-- An event gets its noun once, where a row of before has none; what is known of somebody may be erased; nothing else changes.
CREATE OR REPLACE FUNCTION "refuse_change_but_erasing"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	unnamed events;
BEGIN
	IF TG_OP = 'UPDATE' AND OLD.noun IS NULL THEN
		unnamed := NEW;
		unnamed.noun := NULL;
		unnamed.record_id := OLD.record_id;
		IF unnamed IS NOT DISTINCT FROM OLD THEN RETURN NEW; END IF;
	END IF;
	IF TG_OP = 'UPDATE' AND current_setting('app.erasing', true) = 'yes'
		AND to_jsonb(NEW) - '{data,ip}'::text[] = to_jsonb(OLD) - '{data,ip}'::text[] THEN RETURN NEW; END IF;
	RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;--> statement-breakpoint

-- Nouns that every screen shows. The program adds those of its features as it starts.
CREATE TABLE "everywhere_nouns" ("noun" text PRIMARY KEY NOT NULL);--> statement-breakpoint
INSERT INTO "everywhere_nouns" VALUES ('extra'), ('filter'), ('holiday'), ('import'), ('kind'), ('organization'), ('person'), ('pipeline'),
	('reason'), ('role'), ('source'), ('stage'), ('tag'), ('team'), ('work');--> statement-breakpoint
-- Twin of platform/live/news.ts.
CREATE OR REPLACE FUNCTION "news_of"("happened" jsonb, "actor" bigint, "tab" text) RETURNS text LANGUAGE plpgsql STABLE AS $$
declare
	deal_ids bigint[];
	client_ids bigint[];
	step_ids bigint[];
	-- Directories that every screen shows, and what is gone with all that says whose it was.
	everybody boolean;
	-- Who saw it until now.
	lost bigint[];
	-- Whose sessions ended: their streams are asked at once whether they may go on.
	ended bigint[];
	deals jsonb;
	clients jsonb;
	steps jsonb;
	told text;
begin
	-- One look at what happened: this runs with every change of anything.
	select array_remove(array_agg(distinct deal), null),
			array_remove(array_agg(distinct client) || array_agg(distinct client_before), null),
			array_remove(array_agg(distinct step), null), bool_or(shared), array_remove(array_agg(distinct loser), null),
			array_remove(array_agg(distinct leaver), null)
		into deal_ids, client_ids, step_ids, everybody, lost, ended
		from (select (e->>'dealId')::bigint as deal, (e->>'clientId')::bigint as client,
				case when e->>'type' = 'deal.edited' then (e#>>'{data,changes,clientId,0}')::bigint end as client_before,
				(e->>'interactionId')::bigint as step,
				everywhere.noun is not null and e#>>'{data,shared}' is distinct from 'false'
					or e->>'type' = 'client.removed' as shared,
				case when e->>'type' in ('session.ended', 'password.made', 'password.removed')
					then (e#>>'{data,personId}')::bigint end as leaver,
				(case when e->>'type' in ('deal.reassigned', 'interaction.reassigned') then e#>>'{data,from}'
					when e->>'type' = 'deal.left' then e#>>'{data,personId}'
					when e->>'type' = 'interaction.deleted' then e#>>'{data,ownerId}'
					else e#>>'{data,changes,ownerId,0}' end)::bigint as loser
			from jsonb_array_elements(happened) e
			-- The program of before says no noun.
			left join everywhere_nouns everywhere on everywhere.noun = coalesce(e->>'noun', split_part(e->>'type', '.', 1))
		) happened;
	if cardinality(deal_ids || client_ids || step_ids || ended) = 0 and not everybody then return null; end if;
	if cardinality(deal_ids || client_ids || step_ids) > 60 then
		-- Only whose they are: an import of thousands is one word to those whom it concerns.
		told := jsonb_build_object('many', array(
			select owner_id from deals where id = any(deal_ids)
			union select person_id from deal_collaborators where deal_id = any(deal_ids)
			union select owner_id from clients where id = any(client_ids) and owner_id is not null
			union select owner_id from interactions where id = any(step_ids)
			union select unnest(lost)), 'ended', ended)::text;
		return case when everybody or octet_length(told) > 7500 then '{"all": true}' else told end;
	end if;
	if cardinality(deal_ids) > 0 then
		select jsonb_agg(jsonb_build_array(d.id, array[d.owner_id], array(
				select h.person_id from deal_collaborators h where h.deal_id = d.id))) into deals
			from deals d where d.id = any(deal_ids) or d.merged_into = any(deal_ids);
	end if;
	if cardinality(client_ids) > 0 then
		select jsonb_agg(jsonb_build_array(c.id, array(
			select c.owner_id where c.owner_id is not null union select o.owner_id from (
				select d.owner_id from deals d where d.client_id = c.id limit 1000) o), array(
			select distinct h.person_id from (select d.id from deals d where d.client_id = c.id limit 1000) o
			join deal_collaborators h on h.deal_id = o.id))) into clients
		from clients c where c.id = any(client_ids) or c.merged_into = any(client_ids);
	end if;
	if cardinality(step_ids) > 0 then
		select jsonb_build_array(0, array(
				select i.owner_id from interactions i where i.id = any(step_ids)
				union select d.owner_id from deals d where d.id = any(deal_ids)
				union select c.owner_id from clients c where cardinality(deal_ids) = 0
					and c.id = any(client_ids) and c.owner_id is not null), array(
				select distinct h.person_id from deal_collaborators h where h.deal_id = any(deal_ids)))
			into steps;
	end if;
	told := jsonb_strip_nulls(jsonb_build_object('by', actor, 'tab', tab, 'deals', deals, 'clients', clients,
		'steps', steps, 'lost', nullif(lost, '{}'), 'ended', nullif(ended, '{}'), 'all', case when everybody then true end))::text;
	-- NOTIFY refuses what is longer than 8,000 bytes.
	return case when octet_length(told) > 7500 then '{"all": true}' else told end;
end $$;
