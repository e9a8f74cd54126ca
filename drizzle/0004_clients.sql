-- clients
-- lists, figures of a client, search
CREATE EXTENSION IF NOT EXISTS fuzzystrmatch;--> statement-breakpoint

-- What the list of clients says and sorts by, for each client what a recomputation over its deals and its
-- interactions without a deal would say. `owners`: whose those are; who does not see all of them is shown
-- what they see, counted anew (clients/summaries.ts).
CREATE TABLE "client_summaries" (
	"client_id" bigint PRIMARY KEY NOT NULL REFERENCES "clients" ("id") ON DELETE CASCADE,
	"open_deals" integer DEFAULT 0 NOT NULL,
	"open_amount" numeric(20, 2) DEFAULT '0' NOT NULL,
	"open_other" jsonb,
	"last_contact_at" timestamp (0) with time zone,
	"next_due_at" timestamp (0) with time zone,
	"next_planned_on" date,
	"next_planned_at" timestamp (0) with time zone,
	"next_interaction_id" bigint,
	"owners" bigint[] DEFAULT '{}' NOT NULL
) WITH (fillfactor = 80);--> statement-breakpoint

-- What search looks through: the name without its legal form and signs, all words of the client and its
-- contacts, their numbers (ИНН, phones), and the words' forms.
CREATE TABLE "client_search" (
	"client_id" bigint PRIMARY KEY NOT NULL REFERENCES "clients" ("id") ON DELETE CASCADE,
	"bare" text COLLATE "russian" NOT NULL,
	"archived" boolean NOT NULL,
	"words" text NOT NULL,
	"numbers" text NOT NULL,
	"vector" tsvector NOT NULL
);--> statement-breakpoint
CREATE INDEX "client_search_words" ON "client_search" USING gin ("words" gin_trgm_ops);--> statement-breakpoint
CREATE INDEX "client_search_numbers" ON "client_search" USING gin ("numbers" gin_trgm_ops);--> statement-breakpoint
CREATE INDEX "client_search_vector" ON "client_search" USING gin ("vector");--> statement-breakpoint

-- Every word of client_search, for finding what was meant where a letter is wrong. A word of two
-- transactions at once may stand here twice: a unique index would make one wait for the other.
CREATE TABLE "client_words" ("word" text COLLATE "C" NOT NULL);--> statement-breakpoint
CREATE INDEX "client_words_word" ON "client_words" USING btree ("word");--> statement-breakpoint
CREATE INDEX "client_words_alike" ON "client_words" USING gin ("word" gin_trgm_ops);--> statement-breakpoint

-- How many clients there are, for the whole company: by what a director filters, and by the hour of their
-- last contact. Differences are appended as in deal_tallies; clients/tallies.ts folds.
CREATE TABLE "client_tallies" (
	"segment" text COLLATE "russian",
	"region" text COLLATE "russian",
	"status" text NOT NULL,
	"archived" boolean NOT NULL,
	"owned" boolean NOT NULL,
	"clients" integer NOT NULL
);--> statement-breakpoint
CREATE TABLE "client_contact_tallies" (
	"hour" timestamp (0) with time zone,
	"clients" integer NOT NULL
);--> statement-breakpoint

-- Clients whose summary or words a transaction has made stale. Rows live no longer than their transaction.
CREATE UNLOGGED TABLE "client_refreshes" (
	"xact" xid8 DEFAULT pg_current_xact_id() NOT NULL,
	"summaries" bigint[] DEFAULT '{}' NOT NULL,
	"words" bigint[] DEFAULT '{}' NOT NULL
);--> statement-breakpoint

CREATE INDEX "clients_by_name" ON "clients" USING btree ("name","id");--> statement-breakpoint
CREATE INDEX "clients_by_inn" ON "clients" USING btree ("inn","id");--> statement-breakpoint
CREATE INDEX "clients_by_owner" ON "clients" USING btree ("owner_id","id");--> statement-breakpoint
CREATE INDEX "clients_by_segment" ON "clients" USING btree ("segment","id");--> statement-breakpoint
CREATE INDEX "clients_by_region" ON "clients" USING btree ("region","id");--> statement-breakpoint
CREATE INDEX "clients_by_status" ON "clients" USING btree (array_position(ARRAY['prospect','active','former'], "status"),"id");--> statement-breakpoint
CREATE INDEX "clients_archived" ON "clients" USING btree ("id") WHERE "archived_at" is not null;--> statement-breakpoint
DROP INDEX "clients_owner";--> statement-breakpoint
DROP INDEX "clients_inn";--> statement-breakpoint
-- Owners are walked by their names.
CREATE INDEX "people_name" ON "people" USING btree ("name","id");--> statement-breakpoint
CREATE INDEX "client_summaries_deals" ON "client_summaries" USING btree ("open_deals","client_id");--> statement-breakpoint
CREATE INDEX "client_summaries_amount" ON "client_summaries" USING btree ("open_amount","client_id");--> statement-breakpoint
CREATE INDEX "client_summaries_contact" ON "client_summaries" USING btree ("last_contact_at","client_id");--> statement-breakpoint
CREATE INDEX "client_summaries_next" ON "client_summaries" USING btree ("next_due_at","client_id");--> statement-breakpoint
CREATE INDEX "deals_owner_client" ON "deals" USING btree ("owner_id","client_id");--> statement-breakpoint

-- Letters and digits in lower case, «ё» as «е», everything else a space; «альфа-банк» and «м.видео» also as
-- one word. Twin of clients/search-words.ts.
CREATE FUNCTION search_words(told text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT btrim(regexp_replace(CASE WHEN lowered !~ '[-.''’&+]' THEN lowered ELSE lowered || ' ' || coalesce((
		SELECT string_agg(regexp_replace(whole[1], '[-.''’&+]', '', 'g'), ' ')
		FROM regexp_matches(lowered, '[[:alnum:]]+(?:[-.''’&+][[:alnum:]]+)+', 'g') whole
	), '') END, '[^[:alnum:]]+', ' ', 'g'))
	FROM (SELECT translate(lower(told COLLATE "russian"), 'ё', 'е') AS lowered) l
$$;--> statement-breakpoint
-- A name by which people know it: «ООО "Ромашка"» and «Ромашка, ООО» are one.
CREATE FUNCTION bare_name(told text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT coalesce((
		SELECT string_agg(word, ' ' ORDER BY place)
		FROM string_to_table(CASE WHEN plain !~ 'ответственностью|акционерное общество|предприниматель' THEN plain
			ELSE regexp_replace(plain, 'общество с ограниченной ответственностью|((публичное|открытое|закрытое|непубличное) )?акционерное общество|индивидуальный предприниматель', '', 'g') END, ' ')
			WITH ORDINALITY AS words (word, place)
		WHERE word <> ALL ('{"",ооо,оао,зао,пао,нао,ао,ип,чп,тоо,нко,ано,фгуп,муп,гуп,гбу,гбуз,мбу,мбоу,фгбу,фгбоу,фгау,гау,мау,гку,мку,снт,тсж,тсн,кфх,спк,ooo,oao,zao,pao,llc,ltd,jsc,ojsc,inc,gmbh}')
	), plain)
	FROM (SELECT btrim(regexp_replace(translate(lower(told COLLATE "russian"), 'ё', 'е'), '[^[:alnum:]]+', ' ', 'g')) AS plain) p
$$;--> statement-breakpoint

CREATE FUNCTION refresh_client_summaries(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	UPDATE client_summaries s SET open_deals = n.open_deals, open_amount = n.open_amount, open_other = n.open_other,
		last_contact_at = n.last_contact_at, next_due_at = n.due, next_planned_on = n.planned_on,
		next_planned_at = n.planned_at, next_interaction_id = n.interaction_id, owners = n.owners
	FROM (
		WITH deal AS MATERIALIZED (
			SELECT d.client_id, d.owner_id, d.closed_on IS NULL AS open, d.currency, d.amount, d.last_done_at,
				d.next_planned_on, d.next_planned_at, d.next_interaction_id
			FROM deals d WHERE d.client_id = ANY (ids)
		), alone AS MATERIALIZED (
			SELECT i.client_id, i.owner_id, i.id, i.status, i.completed_at, i.planned_on, i.planned_at
			FROM interactions i WHERE i.client_id = ANY (ids) AND i.deal_id IS NULL
		), sums AS (
			SELECT client_id, count(*) FILTER (WHERE open) AS open_deals,
				coalesce(sum(amount) FILTER (WHERE open AND currency = 'RUB'), 0) AS open_amount,
				max(last_done_at) AS last_done_at
			FROM deal GROUP BY client_id
		), others AS (
			SELECT client_id, jsonb_object_agg(currency, amount) AS open_other FROM (
				SELECT client_id, currency, sum(amount)::text AS amount FROM deal
				WHERE open AND currency <> 'RUB' AND amount IS NOT NULL GROUP BY 1, 2
			) o GROUP BY client_id
		), contacted AS (
			SELECT client_id, max(completed_at) FILTER (WHERE status = 'done') AS done_at FROM alone GROUP BY client_id
		), owned AS (
			SELECT client_id, array_agg(DISTINCT owner_id ORDER BY owner_id) AS owners
			FROM (SELECT client_id, owner_id FROM deal UNION ALL SELECT client_id, owner_id FROM alone) o GROUP BY client_id
		), planned AS (
			SELECT DISTINCT ON (client_id) client_id, due, planned_on, planned_at, interaction_id FROM (
				SELECT a.client_id, coalesce(a.planned_at, (a.planned_on + 1)::timestamp AT TIME ZONE p.time_zone) AS due,
					a.planned_on, a.planned_at, a.interaction_id
				FROM (
					SELECT client_id, owner_id, next_planned_on AS planned_on, next_planned_at AS planned_at,
						next_interaction_id AS interaction_id
					FROM deal WHERE num_nonnulls(next_planned_on, next_planned_at) > 0
					UNION ALL SELECT client_id, owner_id, planned_on, planned_at, id FROM alone WHERE status = 'planned'
				) a JOIN people p ON p.id = a.owner_id
			) d ORDER BY client_id, due, interaction_id
		)
		SELECT id, coalesce(sums.open_deals, 0)::int AS open_deals, coalesce(sums.open_amount, 0) AS open_amount,
			others.open_other, greatest(sums.last_done_at, contacted.done_at) AS last_contact_at,
			planned.due, planned.planned_on, planned.planned_at, planned.interaction_id,
			coalesce(owned.owners, '{}') AS owners
		FROM unnest(ids) id
		LEFT JOIN sums ON sums.client_id = id LEFT JOIN others ON others.client_id = id
		LEFT JOIN contacted ON contacted.client_id = id LEFT JOIN owned ON owned.client_id = id
		LEFT JOIN planned ON planned.client_id = id
	) n
	WHERE s.client_id = n.id AND (s.open_deals, s.open_amount, s.open_other, s.last_contact_at, s.next_due_at,
			s.next_planned_on, s.next_planned_at, s.next_interaction_id, s.owners)
		IS DISTINCT FROM (n.open_deals, n.open_amount, n.open_other, n.last_contact_at, n.due,
			n.planned_on, n.planned_at, n.interaction_id, n.owners);
END $$;--> statement-breakpoint

CREATE FUNCTION refresh_client_words(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO client_search (client_id, bare, archived, words, numbers, vector)
	SELECT c.id, bare_name(c.name), c.archived_at IS NOT NULL, concat(' ', w.plain, ' ' || p.mails, ' ' || w.mailed, ' '),
		concat(' ', c.inn, ' ', p.phones, ' '), to_tsvector('russian', concat(w.plain, ' ', w.mailed))
	FROM clients c
	LEFT JOIN (SELECT client_id, string_agg(name, ' ' ORDER BY id) AS names FROM contacts
		WHERE client_id = ANY (ids) GROUP BY client_id) o ON o.client_id = c.id
	LEFT JOIN (SELECT client_id, string_agg(search_key, ' ' ORDER BY id) FILTER (WHERE kind = 'email') AS mails,
			string_agg(search_key, ' ' ORDER BY id) FILTER (WHERE kind = 'phone') AS phones
		FROM contact_points WHERE client_id = ANY (ids) GROUP BY client_id) p ON p.client_id = c.id
	CROSS JOIN LATERAL (SELECT search_words(concat(c.name, ' ', o.names)) AS plain, search_words(p.mails) AS mailed) w
	WHERE c.id = ANY (ids)
	ON CONFLICT (client_id) DO UPDATE SET bare = excluded.bare, archived = excluded.archived,
		words = excluded.words, numbers = excluded.numbers, vector = excluded.vector
	WHERE (client_search.bare, client_search.archived, client_search.words, client_search.numbers)
		IS DISTINCT FROM (excluded.bare, excluded.archived, excluded.words, excluded.numbers);
	-- Words that letters go wrong in: not numbers, not initials, not mails.
	INSERT INTO client_words (word)
	SELECT word FROM (
		SELECT DISTINCT word FROM client_search s, string_to_table(s.words, ' ') word
		WHERE s.client_id = ANY (ids) AND length(word) BETWEEN 3 AND 40 AND strpos(word, '@') = 0 AND word !~ '^\d+$'
	) new
	WHERE NOT EXISTS (SELECT FROM client_words known WHERE known.word = new.word COLLATE "C");
END $$;--> statement-breakpoint

-- At the end of a transaction, when it holds the locks no longer than its commit takes: first the rows of
-- all its clients in the order of their ids, so that two never wait for each other in a circle; then, in
-- statements that see what was committed meanwhile, the figures. Whoever commits last has seen everything.
CREATE FUNCTION refresh_clients() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	figures bigint[];
	texts bigint[];
BEGIN
	WITH gone AS (DELETE FROM client_refreshes WHERE xact = pg_current_xact_id() RETURNING summaries, words)
	SELECT (SELECT array_agg(DISTINCT id) FROM gone, unnest(summaries) id WHERE id IS NOT NULL),
		(SELECT array_agg(DISTINCT id) FROM gone, unnest(words) id) INTO figures, texts;
	IF figures IS NULL AND texts IS NULL THEN RETURN NULL; END IF;
	PERFORM FROM client_summaries WHERE client_id = ANY (figures || texts) ORDER BY client_id FOR UPDATE;
	IF figures IS NOT NULL THEN PERFORM refresh_client_summaries(figures); END IF;
	IF texts IS NOT NULL THEN PERFORM refresh_client_words(texts); END IF;
	RETURN NULL;
END $$;--> statement-breakpoint
CREATE CONSTRAINT TRIGGER client_refreshes_commit AFTER INSERT ON "client_refreshes" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refresh_clients();--> statement-breakpoint

CREATE FUNCTION deals_summarize() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'INSERT' THEN
		INSERT INTO client_refreshes (summaries)
		SELECT array_agg(DISTINCT client_id) FROM new_rows WHERE client_id IS NOT NULL HAVING count(*) > 0;
	ELSIF TG_OP = 'DELETE' THEN
		INSERT INTO client_refreshes (summaries)
		SELECT array_agg(DISTINCT client_id) FROM old_rows WHERE client_id IS NOT NULL HAVING count(*) > 0;
	ELSE
		INSERT INTO client_refreshes (summaries)
		SELECT array_agg(DISTINCT c.id) FROM old_rows o JOIN new_rows n USING (id), unnest(ARRAY[o.client_id, n.client_id]) c(id)
		WHERE c.id IS NOT NULL AND (o.client_id, o.owner_id, o.closed_on IS NULL, o.currency, o.amount, o.last_done_at,
				o.next_planned_on, o.next_planned_at, o.next_interaction_id)
			IS DISTINCT FROM (n.client_id, n.owner_id, n.closed_on IS NULL, n.currency, n.amount, n.last_done_at,
				n.next_planned_on, n.next_planned_at, n.next_interaction_id)
		HAVING count(*) > 0;
	END IF;
	RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER deals_summary_insert AFTER INSERT ON "deals" REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION deals_summarize();--> statement-breakpoint
CREATE TRIGGER deals_summary_update AFTER UPDATE ON "deals" REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION deals_summarize();--> statement-breakpoint
CREATE TRIGGER deals_summary_delete AFTER DELETE ON "deals" REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION deals_summarize();--> statement-breakpoint

-- Interactions of a deal reach the client through what the deal keeps of them.
CREATE FUNCTION interactions_summarize() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'INSERT' THEN
		INSERT INTO client_refreshes (summaries)
		SELECT array_agg(DISTINCT client_id) FROM new_rows WHERE deal_id IS NULL HAVING count(*) > 0;
	ELSIF TG_OP = 'DELETE' THEN
		INSERT INTO client_refreshes (summaries)
		SELECT array_agg(DISTINCT client_id) FROM old_rows WHERE deal_id IS NULL HAVING count(*) > 0;
	ELSE
		INSERT INTO client_refreshes (summaries)
		SELECT array_agg(DISTINCT client_id) FROM (
			SELECT client_id FROM old_rows WHERE deal_id IS NULL UNION ALL SELECT client_id FROM new_rows WHERE deal_id IS NULL
		) touched HAVING count(*) > 0;
	END IF;
	RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER interactions_summary_insert AFTER INSERT ON "interactions" REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION interactions_summarize();--> statement-breakpoint
CREATE TRIGGER interactions_summary_update AFTER UPDATE ON "interactions" REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION interactions_summarize();--> statement-breakpoint
CREATE TRIGGER interactions_summary_delete AFTER DELETE ON "interactions" REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION interactions_summarize();--> statement-breakpoint

-- Contacts, phones and mails: words of their client.
CREATE FUNCTION client_parts_reword() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'INSERT' THEN
		INSERT INTO client_refreshes (words) SELECT array_agg(DISTINCT client_id) FROM new_rows HAVING count(*) > 0;
	ELSIF TG_OP = 'DELETE' THEN
		INSERT INTO client_refreshes (words) SELECT array_agg(DISTINCT client_id) FROM old_rows HAVING count(*) > 0;
	ELSE
		INSERT INTO client_refreshes (words) SELECT array_agg(DISTINCT client_id) FROM (
			SELECT client_id FROM old_rows UNION ALL SELECT client_id FROM new_rows
		) touched HAVING count(*) > 0;
	END IF;
	RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER contacts_words_insert AFTER INSERT ON "contacts" REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION client_parts_reword();--> statement-breakpoint
CREATE TRIGGER contacts_words_update AFTER UPDATE ON "contacts" REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION client_parts_reword();--> statement-breakpoint
CREATE TRIGGER contacts_words_delete AFTER DELETE ON "contacts" REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION client_parts_reword();--> statement-breakpoint
CREATE TRIGGER contact_points_words_insert AFTER INSERT ON "contact_points" REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION client_parts_reword();--> statement-breakpoint
CREATE TRIGGER contact_points_words_update AFTER UPDATE ON "contact_points" REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION client_parts_reword();--> statement-breakpoint
CREATE TRIGGER contact_points_words_delete AFTER DELETE ON "contact_points" REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION client_parts_reword();--> statement-breakpoint

CREATE FUNCTION clients_follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'TRUNCATE' THEN
		DELETE FROM client_tallies;
		DELETE FROM client_contact_tallies;
	ELSIF TG_OP = 'INSERT' THEN
		INSERT INTO client_summaries (client_id) SELECT id FROM new_rows;
		INSERT INTO client_refreshes (words) SELECT array_agg(id) FROM new_rows HAVING count(*) > 0;
		INSERT INTO client_tallies SELECT segment, region, status, archived_at IS NOT NULL, owner_id IS NOT NULL, count(*)
		FROM new_rows GROUP BY 1, 2, 3, 4, 5;
	ELSIF TG_OP = 'DELETE' THEN
		INSERT INTO client_tallies SELECT segment, region, status, archived_at IS NOT NULL, owner_id IS NOT NULL, -count(*)
		FROM old_rows GROUP BY 1, 2, 3, 4, 5;
	ELSE
		INSERT INTO client_refreshes (words)
		SELECT array_agg(id) FROM old_rows o JOIN new_rows n USING (id)
		WHERE (o.name, o.inn, o.archived_at IS NULL) IS DISTINCT FROM (n.name, n.inn, n.archived_at IS NULL)
		HAVING count(*) > 0;
		INSERT INTO client_tallies SELECT segment, region, status, archived, owned, sum(n) FROM (
			SELECT segment, region, status, archived_at IS NOT NULL AS archived, owner_id IS NOT NULL AS owned, 1 AS n FROM new_rows
			UNION ALL SELECT segment, region, status, archived_at IS NOT NULL, owner_id IS NOT NULL, -1 FROM old_rows
		) difference GROUP BY 1, 2, 3, 4, 5 HAVING sum(n) <> 0;
	END IF;
	RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER clients_follow_insert AFTER INSERT ON "clients" REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION clients_follow();--> statement-breakpoint
CREATE TRIGGER clients_follow_update AFTER UPDATE ON "clients" REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION clients_follow();--> statement-breakpoint
CREATE TRIGGER clients_follow_delete AFTER DELETE ON "clients" REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION clients_follow();--> statement-breakpoint
CREATE TRIGGER clients_follow_truncate AFTER TRUNCATE ON "clients" FOR EACH STATEMENT EXECUTE FUNCTION clients_follow();--> statement-breakpoint

CREATE FUNCTION client_summaries_tally() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'INSERT' THEN
		INSERT INTO client_contact_tallies SELECT date_trunc('hour', last_contact_at, 'UTC'), count(*) FROM new_rows GROUP BY 1;
	ELSIF TG_OP = 'DELETE' THEN
		INSERT INTO client_contact_tallies SELECT date_trunc('hour', last_contact_at, 'UTC'), -count(*) FROM old_rows GROUP BY 1;
	ELSE
		INSERT INTO client_contact_tallies SELECT hour, sum(n) FROM (
			SELECT date_trunc('hour', last_contact_at, 'UTC') AS hour, 1 AS n FROM new_rows
			UNION ALL SELECT date_trunc('hour', last_contact_at, 'UTC'), -1 FROM old_rows
		) difference GROUP BY 1 HAVING sum(n) <> 0;
	END IF;
	RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER client_summaries_tally_insert AFTER INSERT ON "client_summaries" REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION client_summaries_tally();--> statement-breakpoint
CREATE TRIGGER client_summaries_tally_update AFTER UPDATE ON "client_summaries" REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION client_summaries_tally();--> statement-breakpoint
CREATE TRIGGER client_summaries_tally_delete AFTER DELETE ON "client_summaries" REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION client_summaries_tally();--> statement-breakpoint

-- The threshold belongs to the function; naming it takes the library to be loaded.
SELECT similarity('a', 'b');--> statement-breakpoint
-- Words of client_words that a word with a letter or two wrong may have meant, also its beginning alone.
CREATE FUNCTION words_alike(typed text, wrong integer) RETURNS SETOF text LANGUAGE sql STABLE
SET pg_trgm.similarity_threshold = '0.14' AS $$
	SELECT DISTINCT word FROM client_words
	WHERE word % typed AND length(word) >= length(typed) - wrong AND least(
		levenshtein_less_equal(typed, left(word, length(typed) - 1), wrong),
		levenshtein_less_equal(typed, left(word, length(typed)), wrong),
		levenshtein_less_equal(typed, left(word, length(typed) + 1), wrong)
	) <= wrong LIMIT 200
$$;--> statement-breakpoint

-- What is there already.
INSERT INTO client_summaries (client_id) SELECT id FROM clients;--> statement-breakpoint
INSERT INTO client_tallies SELECT segment, region, status, archived_at IS NOT NULL, owner_id IS NOT NULL, count(*)
FROM clients GROUP BY 1, 2, 3, 4, 5;--> statement-breakpoint
SELECT refresh_client_summaries(array_agg(id)), refresh_client_words(array_agg(id)) FROM clients GROUP BY id / 5000;--> statement-breakpoint

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
CREATE INDEX "interactions_contact" ON "interactions" USING btree ("contact_id") WHERE "interactions"."contact_id" is not null;--> statement-breakpoint
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
ALTER TABLE "client_merges" ADD CONSTRAINT "client_merges_survivor_id_clients_id_fk" FOREIGN KEY ("survivor_id") REFERENCES "public"."clients"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
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
CREATE INDEX "interactions_of_client" ON "interactions" USING btree ("client_id","status") WHERE "interactions"."deal_id" is null;--> statement-breakpoint
-- Which records use an extra field: only the few that have any. And who changed one last.
CREATE INDEX "clients_extra" ON "clients" USING gin ("extra") WHERE "clients"."extra" <> '{}';--> statement-breakpoint
CREATE INDEX "deals_extra" ON "deals" USING gin ("extra") WHERE "deals"."extra" <> '{}';--> statement-breakpoint
CREATE INDEX "events_extra" ON "events" USING btree (("data"->>'fieldId'),"at") WHERE "events"."type" like 'extra.%';
