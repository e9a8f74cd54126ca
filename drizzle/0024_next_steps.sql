-- What is suggested after a step of each kind, in working days, where the administrator has said nothing yet.
UPDATE "interaction_kinds" k
	SET "next_kind_id" = call."id", "next_in_days" = s.days
	FROM (VALUES ('call', 5), ('meeting', 2), ('email', 2), ('proposal', 3), ('task', 1), ('other', 1)) s(code, days),
		"interaction_kinds" call
	WHERE call."code" = 'call' AND k."code" = s.code AND k."next_kind_id" IS NULL AND k."version" = 1;
