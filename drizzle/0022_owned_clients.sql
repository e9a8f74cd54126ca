-- What the list of somebody's clients counts, orders and offers is read from the index alone: their rows lie all over
-- a million. Texts of the longest kind fit a page of the index (forms.ts bounds them).
DROP INDEX "clients_by_owner";--> statement-breakpoint
CREATE INDEX "clients_by_owner" ON "clients" USING btree ("owner_id","id")
	INCLUDE ("name","inn","segment","region","status","archived_at");
--> statement-breakpoint

-- Whether a word, or its beginning alone, may be meant by one with a letter or two wrong: for words of few clients,
-- which need no index, and for those that words_alike finds in one.
CREATE FUNCTION word_is_alike(word text, typed text, wrong integer) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN length(word) >= length(typed) - wrong AND least(
	levenshtein_less_equal(typed, left(word, length(typed) - 1), wrong),
	levenshtein_less_equal(typed, left(word, length(typed)), wrong),
	levenshtein_less_equal(typed, left(word, length(typed) + 1), wrong)
) <= wrong;--> statement-breakpoint
-- Its setting is known only where the extension has been loaded, which a connection does at its first call.
SELECT similarity('', '');--> statement-breakpoint
CREATE OR REPLACE FUNCTION words_alike(typed text, wrong integer) RETURNS SETOF text LANGUAGE sql STABLE
SET pg_trgm.similarity_threshold = '0.14' AS $$
	SELECT DISTINCT word FROM client_words
	WHERE word % typed AND word_is_alike(word, typed, wrong) LIMIT 200
$$;
