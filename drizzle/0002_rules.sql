-- What drizzle's schema cannot say: append-only tables, the tallies, the directories to begin with.

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;--> statement-breakpoint
CREATE TRIGGER stage_changes_append_only BEFORE UPDATE OR DELETE ON "stage_changes" FOR EACH ROW EXECUTE FUNCTION refuse_change();--> statement-breakpoint
CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE ON "events" FOR EACH ROW EXECUTE FUNCTION refuse_change();--> statement-breakpoint

-- A stage and its deals belong to one pipeline, whatever writes the row.
ALTER TABLE "stages" ADD CONSTRAINT "stages_id_pipeline" UNIQUE ("id", "pipeline_id");--> statement-breakpoint
ALTER TABLE "deals" ADD CONSTRAINT "deals_stage_in_pipeline" FOREIGN KEY ("stage_id", "pipeline_id") REFERENCES "stages" ("id", "pipeline_id");--> statement-breakpoint

-- The difference that a statement makes to the company's totals, appended in its own transaction: no row is
-- locked that another person's change would wait for. A statement-level trigger, because COPY, imports and
-- repairs by hand must count too. board/tallies.ts adds up and folds.
CREATE FUNCTION append_deal_tallies() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO deal_tallies (stage_id, currency, hour, day, closed_on, loss_reason_id, deals, amount)
    SELECT stage_id, currency, date_trunc('hour', next_planned_at, 'UTC'), next_planned_on, closed_on, loss_reason_id, count(*), coalesce(sum(amount), 0)
    FROM (SELECT stage_id, currency, amount, closed_on,
            CASE WHEN closed_on IS NULL THEN next_planned_at END AS next_planned_at,
            CASE WHEN closed_on IS NULL THEN next_planned_on END AS next_planned_on, loss_reason_id FROM new_rows) n
    GROUP BY 1, 2, 3, 4, 5, 6;
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO deal_tallies (stage_id, currency, hour, day, closed_on, loss_reason_id, deals, amount)
    SELECT stage_id, currency, date_trunc('hour', next_planned_at, 'UTC'), next_planned_on, closed_on, loss_reason_id, -count(*), -coalesce(sum(amount), 0)
    FROM (SELECT stage_id, currency, amount, closed_on,
            CASE WHEN closed_on IS NULL THEN next_planned_at END AS next_planned_at,
            CASE WHEN closed_on IS NULL THEN next_planned_on END AS next_planned_on, loss_reason_id FROM old_rows) o
    GROUP BY 1, 2, 3, 4, 5, 6;
  ELSE
    INSERT INTO deal_tallies (stage_id, currency, hour, day, closed_on, loss_reason_id, deals, amount)
    SELECT stage_id, currency, hour, day, closed_on, loss_reason_id, sum(n), sum(amount) FROM (
      SELECT stage_id, currency,
        CASE WHEN closed_on IS NULL THEN date_trunc('hour', next_planned_at, 'UTC') END AS hour,
        CASE WHEN closed_on IS NULL THEN next_planned_on END AS day,
        closed_on, loss_reason_id, 1 AS n, coalesce(amount, 0) AS amount FROM new_rows
      UNION ALL
      SELECT stage_id, currency,
        CASE WHEN closed_on IS NULL THEN date_trunc('hour', next_planned_at, 'UTC') END,
        CASE WHEN closed_on IS NULL THEN next_planned_on END,
        closed_on, loss_reason_id, -1, -coalesce(amount, 0) FROM old_rows
    ) difference
    GROUP BY 1, 2, 3, 4, 5, 6
    HAVING sum(n) <> 0 OR sum(amount) <> 0;
  END IF;
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER deals_tally_insert AFTER INSERT ON "deals" REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION append_deal_tallies();--> statement-breakpoint
CREATE TRIGGER deals_tally_update AFTER UPDATE ON "deals" REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION append_deal_tallies();--> statement-breakpoint
CREATE TRIGGER deals_tally_delete AFTER DELETE ON "deals" REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION append_deal_tallies();--> statement-breakpoint

-- PRODUCT.md, section 2: seven states, five open, won and lost.
INSERT INTO "pipelines" ("name", "position") VALUES ('Продажи', 1);--> statement-breakpoint
INSERT INTO "stages" ("pipeline_id", "name", "position", "kind", "colour", "idle_days", "probability")
SELECT p.id, s.name, s.position, s.kind, s.colour, s.idle_days, s.probability FROM pipelines p, (VALUES
  ('Первичный интерес', 1, 'open', 'grey', 5, 10),
  ('Выявление потребностей', 2, 'open', 'blue', 7, 30),
  ('Подготовка предложения', 3, 'open', 'violet', 7, 50),
  ('Предложение и закрытие', 4, 'open', 'amber', 5, 70),
  ('Выполнение договора', 5, 'open', 'teal', 14, 90),
  ('Завершено успешно', 6, 'won', 'green', NULL, 100),
  ('Завершено неудачно', 7, 'lost', 'red', NULL, 0)
) s(name, position, kind, colour, idle_days, probability);--> statement-breakpoint
INSERT INTO "loss_reasons" ("name", "position") VALUES
  ('Дорого', 1), ('Выбрали конкурента', 2), ('Нет бюджета', 3), ('Не вышли на решающего', 4),
  ('Не устроили сроки', 5), ('Потребность отпала', 6), ('Не отвечает', 7), ('Другое', 8);--> statement-breakpoint
INSERT INTO "interaction_kinds" ("code", "name", "icon", "position", "next_in_days") VALUES
  ('call', 'Звонок', 'phone', 1, 1), ('meeting', 'Встреча', 'users', 2, 2), ('email', 'Письмо', 'mail', 3, 2),
  ('proposal', 'КП', 'file-text', 4, 3), ('task', 'Задача', 'check-square', 5, 1), ('other', 'Другое', 'circle', 6, 1);
