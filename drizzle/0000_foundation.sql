-- What the tables stand on, whatever server they are created in.
CREATE EXTENSION IF NOT EXISTS pg_trgm;--> statement-breakpoint
-- «ё» beside «е», capitals beside small letters, as a Russian reader expects; ICU, so that every machine agrees.
CREATE COLLATION IF NOT EXISTS russian (provider = icu, locale = 'ru');
