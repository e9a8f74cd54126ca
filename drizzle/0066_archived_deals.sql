-- What is in the archive stands on no board and in no sum: neither in the company's nor in a client's.
ALTER TABLE "deals" ADD COLUMN "archived_at" timestamp with time zone;--> statement-breakpoint
CREATE OR REPLACE FUNCTION append_deal_tallies() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO deal_tallies (stage_id, currency, hour, day, closed_on, loss_reason_id, deals, amount)
    SELECT stage_id, currency, date_trunc('hour', next_planned_at, 'UTC'), next_planned_on, closed_on, loss_reason_id, count(*), coalesce(sum(amount), 0)
    FROM (SELECT stage_id, currency, amount, closed_on,
            CASE WHEN closed_on IS NULL THEN next_planned_at END AS next_planned_at,
            CASE WHEN closed_on IS NULL THEN next_planned_on END AS next_planned_on, loss_reason_id FROM new_rows WHERE archived_at IS NULL) n
    GROUP BY 1, 2, 3, 4, 5, 6;
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO deal_tallies (stage_id, currency, hour, day, closed_on, loss_reason_id, deals, amount)
    SELECT stage_id, currency, date_trunc('hour', next_planned_at, 'UTC'), next_planned_on, closed_on, loss_reason_id, -count(*), -coalesce(sum(amount), 0)
    FROM (SELECT stage_id, currency, amount, closed_on,
            CASE WHEN closed_on IS NULL THEN next_planned_at END AS next_planned_at,
            CASE WHEN closed_on IS NULL THEN next_planned_on END AS next_planned_on, loss_reason_id FROM old_rows WHERE archived_at IS NULL) o
    GROUP BY 1, 2, 3, 4, 5, 6;
  ELSE
    INSERT INTO deal_tallies (stage_id, currency, hour, day, closed_on, loss_reason_id, deals, amount)
    SELECT stage_id, currency, hour, day, closed_on, loss_reason_id, sum(n), sum(amount) FROM (
      SELECT stage_id, currency,
        CASE WHEN closed_on IS NULL THEN date_trunc('hour', next_planned_at, 'UTC') END AS hour,
        CASE WHEN closed_on IS NULL THEN next_planned_on END AS day,
        closed_on, loss_reason_id, 1 AS n, coalesce(amount, 0) AS amount FROM new_rows WHERE archived_at IS NULL
      UNION ALL
      SELECT stage_id, currency,
        CASE WHEN closed_on IS NULL THEN date_trunc('hour', next_planned_at, 'UTC') END,
        CASE WHEN closed_on IS NULL THEN next_planned_on END,
        closed_on, loss_reason_id, -1, -coalesce(amount, 0) FROM old_rows WHERE archived_at IS NULL
    ) difference
    GROUP BY 1, 2, 3, 4, 5, 6
    HAVING sum(n) <> 0 OR sum(amount) <> 0;
  END IF;
  RETURN NULL;
END $$;--> statement-breakpoint

CREATE OR REPLACE FUNCTION refresh_client_summaries(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	UPDATE client_summaries s SET open_deals = n.open_deals, open_amount = n.open_amount, open_other = n.open_other,
		last_contact_at = n.last_contact_at, next_due_at = n.due, next_planned_on = n.planned_on,
		next_planned_at = n.planned_at, next_interaction_id = n.interaction_id, owners = n.owners
	FROM (
		WITH deal AS MATERIALIZED (
			SELECT d.client_id, d.owner_id, d.closed_on IS NULL AND d.archived_at IS NULL AS open, d.currency, d.amount, d.last_done_at,
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

CREATE OR REPLACE FUNCTION deals_summarize() RETURNS trigger LANGUAGE plpgsql AS $$
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
		WHERE c.id IS NOT NULL AND (o.client_id, o.owner_id, o.closed_on IS NULL AND o.archived_at IS NULL, o.currency, o.amount, o.last_done_at,
				o.next_planned_on, o.next_planned_at, o.next_interaction_id)
			IS DISTINCT FROM (n.client_id, n.owner_id, n.closed_on IS NULL AND n.archived_at IS NULL, n.currency, n.amount, n.last_done_at,
				n.next_planned_on, n.next_planned_at, n.next_interaction_id)
		HAVING count(*) > 0;
	END IF;
	RETURN NULL;
END $$;
