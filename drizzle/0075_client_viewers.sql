-- Who sees a client, beside the words that find it: of a group, a search reads what stands in both and not every client of the
-- group one by one. Owners of the client and of its deals; who helps with a deal, with a minus. Twin of clientVisibleTo in
-- clients/queries.ts.
ALTER TABLE "client_search" ADD COLUMN "seen_by" bigint[] DEFAULT '{}' NOT NULL;--> statement-breakpoint

-- Of many clients at once: an import brings thousands.
CREATE FUNCTION client_viewers(ids bigint[]) RETURNS TABLE (id bigint, seen_by bigint[]) LANGUAGE sql STABLE AS $$
	SELECT c.id, coalesce(array_agg(DISTINCT v.person ORDER BY v.person) FILTER (WHERE v.person IS NOT NULL), '{}')
	FROM unnest(ids) c(id) LEFT JOIN (
		SELECT id AS client_id, owner_id AS person FROM clients WHERE id = ANY (ids)
		UNION ALL SELECT client_id, owner_id FROM deals WHERE client_id = ANY (ids)
		UNION ALL SELECT d.client_id, -helping.person_id FROM deal_collaborators helping
			JOIN deals d ON d.id = helping.deal_id WHERE d.client_id = ANY (ids)
	) v ON v.client_id = c.id GROUP BY c.id
$$;--> statement-breakpoint
CREATE FUNCTION refresh_client_viewers(ids bigint[]) RETURNS void LANGUAGE sql AS $$
	UPDATE client_search s SET seen_by = n.seen_by FROM client_viewers(ids) n
	WHERE s.client_id = n.id AND s.seen_by <> n.seen_by
$$;--> statement-breakpoint
SELECT refresh_client_viewers(array_agg(client_id)) FROM client_search HAVING count(*) > 0;--> statement-breakpoint

-- One index for all that a search asks, so that words and viewers narrow each other while it is read.
DROP INDEX "client_search_words";--> statement-breakpoint
DROP INDEX "client_search_numbers";--> statement-breakpoint
DROP INDEX "client_search_vector";--> statement-breakpoint
CREATE INDEX "client_search_found" ON "client_search" USING gin ("seen_by","words" gin_trgm_ops,"numbers" gin_trgm_ops,"vector");--> statement-breakpoint

CREATE OR REPLACE FUNCTION refresh_client_words(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO client_search (client_id, bare, archived, words, numbers, vector, seen_by)
	SELECT c.id, bare_name(c.name), c.archived_at IS NOT NULL, concat(' ', w.plain, ' ' || p.mails, ' ' || w.mailed, ' '),
		concat(' ', c.inn, ' ', p.phones, ' '), to_tsvector('russian', concat(w.plain, ' ', w.mailed)), v.seen_by
	FROM clients c
	JOIN client_viewers(ids) v ON v.id = c.id
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

CREATE OR REPLACE FUNCTION refresh_clients() RETURNS trigger LANGUAGE plpgsql AS $$
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
	PERFORM refresh_client_viewers(figures || texts);
	RETURN NULL;
END $$;--> statement-breakpoint

-- Who helps with a deal sees its client.
CREATE FUNCTION collaborators_follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO client_refreshes (summaries)
	SELECT array_agg(DISTINCT d.client_id) FROM changed JOIN deals d ON d.id = changed.deal_id
	WHERE d.client_id IS NOT NULL HAVING count(*) > 0;
	RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER collaborators_follow_insert AFTER INSERT ON "deal_collaborators" REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION collaborators_follow();--> statement-breakpoint
CREATE TRIGGER collaborators_follow_delete AFTER DELETE ON "deal_collaborators" REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION collaborators_follow();--> statement-breakpoint

CREATE OR REPLACE FUNCTION clients_follow() RETURNS trigger LANGUAGE plpgsql AS $$
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
		INSERT INTO client_refreshes (summaries)
		SELECT array_agg(id) FROM old_rows o JOIN new_rows n USING (id) WHERE o.owner_id IS DISTINCT FROM n.owner_id
		HAVING count(*) > 0;
		INSERT INTO client_tallies SELECT segment, region, status, archived, owned, sum(n) FROM (
			SELECT segment, region, status, archived_at IS NOT NULL AS archived, owner_id IS NOT NULL AS owned, 1 AS n FROM new_rows
			UNION ALL SELECT segment, region, status, archived_at IS NOT NULL, owner_id IS NOT NULL, -1 FROM old_rows
		) difference GROUP BY 1, 2, 3, 4, 5 HAVING sum(n) <> 0;
	END IF;
	RETURN NULL;
END $$;
