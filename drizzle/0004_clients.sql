-- clients
SELECT 1;--> statement-breakpoint

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
CREATE INDEX "contact_points_key" ON "contact_points" USING btree ("search_key","kind");
