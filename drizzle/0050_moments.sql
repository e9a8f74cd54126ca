-- The moment of a change: the database's clock and nobody else's, and never before what it follows. Only where a whole
-- transaction or database tells its own times (a story of the past, a test) does what the caller says count.
CREATE FUNCTION moment_of(told timestamptz, after timestamptz DEFAULT NULL) RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
  SELECT greatest(after, CASE current_setting('app.clock', true)
    WHEN 'told' THEN told ELSE date_trunc('milliseconds', clock_timestamp()) END)
$$;--> statement-breakpoint
-- When something was last told of a deal, or, of what belongs to none, of a client.
CREATE FUNCTION last_told(deal bigint, client bigint) RETURNS timestamptz LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN deal IS NOT NULL
    THEN (SELECT at FROM events WHERE deal_id = deal ORDER BY id DESC LIMIT 1)
    ELSE (SELECT at FROM events WHERE client_id = client ORDER BY id DESC LIMIT 1) END
$$;
